package query

import "context"

// NodeScores is how the windows were that a client received, or that went through an SFU: good, fair or bad by their score. Audio is
// good from a MOS of 4.0 and bad below 3.6 (ITU-T G.107: "satisfied", and "many dissatisfied"), video from an index of 70 and below 40.
type NodeScores struct {
	Kind  string   `ch:"node_kind" json:"kind"` // client or sfu
	ID    string   `ch:"node_id" json:"id"`
	Good  uint64   `ch:"n_good" json:"good"`
	Fair  uint64   `ch:"n_fair" json:"fair"`
	Poor  uint64   `ch:"n_poor" json:"poor"`
	Audio *float32 `ch:"audio_mean" json:"audio_score"` // mean MOS
	Bad   float32  `ch:"bad_share" json:"bad_ratio"`    // windows with somebody to blame
}

// NodeScores gives how the windows of a call were, by node.
func (s *Service) NodeScores(ctx context.Context, q CallQuery) ([]NodeScores, error) {
	return all[NodeScores](ctx, s, "node_scores", s.arguments(q.Range).call(q.CallID))
}
