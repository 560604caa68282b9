package query

import (
	"context"
	"time"
)

// CallLinksQuery asks how all links of a call did over time.
type CallLinksQuery struct {
	Range
	CallID    string
	Client    string        // only its links; "" = all
	Step      time.Duration // 0: as fine as MaxPoints allows
	MaxPoints int           // 0 = 300
}

// CallLinks is the links of a call over time.
type CallLinks struct {
	StepMs int64           `json:"step_ms"`
	Points []CallLinkPoint `json:"points"` // the oldest first
}

// CallLinkPoint is the links between two ends in one step: the median over the windows, the worst loss of the two ways.
type CallLinkPoint struct {
	At       time.Time `ch:"at" json:"at"`
	FromKind string    `ch:"from_kind_name" json:"from_kind"`
	FromID   string    `ch:"from_id" json:"from"`
	ToKind   string    `ch:"to_kind_name" json:"to_kind"`
	ToID     string    `ch:"to_id" json:"to"` // "" = it does not report
	RTT      *float32  `ch:"rtt" json:"rtt_ms"`
	RTTMax   *float32  `ch:"rtt_max" json:"rtt_max_ms"`
	Loss     *float32  `ch:"loss" json:"loss_ratio"`
}

// CallLinks gives how all links of a call did; a *NotFoundError where the call has no sample in the range.
func (s *Service) CallLinks(ctx context.Context, q CallLinksQuery) (*CallLinks, error) {
	a := s.arguments(q.Range).call(q.CallID).text("client", q.Client).limit(MaxRows, 0)
	if err := s.narrow(ctx, a, q.CallID); err != nil {
		return nil, err
	}
	out := &CallLinks{StepMs: a.step(q.Step, q.MaxPoints, 300).Milliseconds()}
	points, err := all[CallLinkPoint](ctx, s, "call_links", a)
	if err != nil {
		return nil, err
	}
	out.Points = points
	return out, nil
}
