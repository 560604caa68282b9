package query

import (
	"context"
	"time"
)

// ParticipantsQuery asks who took part in a call.
type ParticipantsQuery struct {
	Range
	CallID string
	Client string // only this one
	Limit  int    // 0 = 2,000
}

// Participant is one client in a call, also while it runs. A nil figure is not known; it is never zero.
type Participant struct {
	ClientID     string     `ch:"client_id" json:"client_id"`
	UserID       string     `ch:"user" json:"user_id"`            // as it is stored; "" = not given
	Joined       *time.Time `ch:"joined" json:"joined"`           // as its own event says
	Left         *time.Time `ch:"left" json:"left"`               // as its own event says; nil may also mean that it is still there
	FirstSeen    *time.Time `ch:"first_sample" json:"first_seen"` // nil: it does not report
	LastSeen     *time.Time `ch:"last_sample" json:"last_seen"`
	AppVersion   string     `ch:"app" json:"app_version"`
	Browser      string     `ch:"browser_name" json:"browser"`
	OS           string     `ch:"os_name" json:"os"`
	ProbeVersion string     `ch:"probe" json:"probe_version"`
	Country      string     `ch:"country_code" json:"country"`
	Region       string     `ch:"region_name" json:"region"`
	ASN          uint32     `ch:"asn_number" json:"asn"`
	ISP          string     `ch:"isp_name" json:"isp"`
	Networks     []string   `ch:"all_networks" json:"networks"`
	Samples      uint64     `ch:"n_samples" json:"samples"`
	Late         uint64     `ch:"n_late" json:"late_samples"`

	ConnectMs   *uint32 `ch:"connected_ms" json:"connect_ms"` // until ICE and DTLS were connected
	ICE         string  `ch:"-" json:"ice"`                   // host, srflx, prflx or relay: what it had most of the time; "" = not known
	TURN        bool    `ch:"-" json:"turn"`                  // at any time
	Protocol    string  `ch:"-" json:"protocol"`              // udp, tcp or tls: what it had most of the time
	IPVersion   int     `ch:"-" json:"ip_version"`            // 4 or 6, 0 = not known
	PairChanges uint32  `ch:"n_pair_changes" json:"pair_changes"`
	ICERestarts uint64  `ch:"n_ice_restarts" json:"ice_restarts"`
	ICEFailed   bool    `ch:"any_ice_failed" json:"ice_failed"`

	Receive     *float32 `ch:"receive_mean" json:"receive_bps"` // mean over its samples
	ReceiveMax  float32  `ch:"receive_highest" json:"receive_max_bps"`
	Send        *float32 `ch:"send_mean" json:"send_bps"`
	SendMax     float32  `ch:"send_highest" json:"send_max_bps"`
	ByBandwidth *float32 `ch:"bandwidth_share" json:"limited_by_bandwidth_ratio"` // samples in which what it sends was limited so
	ByCPU       *float32 `ch:"cpu_share" json:"limited_by_cpu_ratio"`
	Rating      *float32 `ch:"rating" json:"rating"` // mean of what the user said

	Heard // what it received

	AudioScore *float32 `ch:"audio_mos" json:"audio_score"`
	VideoScore *float32 `ch:"video_index" json:"video_score"`
	AudioLoss  *float32 `ch:"audio_loss" json:"audio_loss_ratio"`
	VideoLoss  *float32 `ch:"video_loss" json:"video_loss_ratio"`
	Sent       uint64   `ch:"n_sent" json:"sent_windows"`       // what others received from it
	SentBad    uint64   `ch:"n_sent_bad" json:"sent_bad"`       // of these, with somebody to blame
	OwnUplink  uint64   `ch:"n_sent_blamed" json:"sent_blamed"` // of these, its own device or first hop
	ToBlame    string   `ch:"-" json:"to_blame"`                // own_uplink, own_downlink, sfu_link, other_side; "" = nothing was bad

	Peers []Peer `ch:"-" json:"peers"` // what it received of each other

	Candidates []uint64 `ch:"candidates" json:"-"`
	Protocols  []uint64 `ch:"protocols" json:"-"`
	IPVersions []uint64 `ch:"ip_versions" json:"-"`
}

// Peer is what one client received of another, of one kind.
type Peer struct {
	Subscriber string    `ch:"subscriber_id" json:"-"`
	Publisher  string    `ch:"publisher_id" json:"publisher"`
	Kind       string    `ch:"kind_name" json:"kind"`
	FirstSeen  time.Time `ch:"began" json:"first_window"`
	LastSeen   time.Time `ch:"ended" json:"last_window"`
	Heard
	Score   *float32 `ch:"score_mean" json:"score"` // audio: MOS; video: the index
	Loss    *float32 `ch:"loss_mean" json:"loss_ratio"`
	Bitrate *float32 `ch:"bitrate_mean" json:"bitrate_bps"`
}

// Participants lists the clients of a call in the order in which they came; a *NotFoundError where the call has no sample in the
// range.
func (s *Service) Participants(ctx context.Context, q ParticipantsQuery) ([]Participant, error) {
	a := s.history(q.Range).call(q.CallID).text("client", q.Client).limit(q.Limit, 2000)
	out, err := all[Participant](ctx, s, "participants", a)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return out, s.known(ctx, q.CallID, q.Range)
	}
	a.number("limit", MaxRows)
	peers, err := all[Peer](ctx, s, "peers", a)
	if err != nil {
		return nil, err
	}
	by := make(map[string][]Peer, len(out))
	for _, p := range peers {
		p.finish()
		by[p.Subscriber] = append(by[p.Subscriber], p)
	}
	for i := range out {
		p := &out[i]
		p.finish()
		p.Peers = by[p.ClientID]
		if p.Peers == nil {
			p.Peers = []Peer{}
		}
	}
	return out, nil
}

func (p *Participant) finish() {
	p.Heard.finish()
	p.ICE = most(p.Candidates, "host", "srflx", "prflx", "relay")
	p.TURN = len(p.Candidates) == 4 && p.Candidates[3] > 0
	p.Protocol = most(p.Protocols, "udp", "tcp", "tls")
	switch most(p.IPVersions, "4", "6") {
	case "4":
		p.IPVersion = 4
	case "6":
		p.IPVersion = 6
	}
	p.ToBlame = p.toBlame()
}

// most names the greatest count, the first of equals; "" where all are 0.
func most(counts []uint64, words ...string) string {
	word, n := "", uint64(0)
	for i, c := range counts {
		if i < len(words) && c > n {
			word, n = words[i], c
		}
	}
	return word
}

// toBlame names what spoilt the largest share of what this client heard, or of what others heard of it. Shares are compared, and
// not counts: what one client sends is received, and counted, by all others.
func (p *Participant) toBlame() string {
	share := func(n, of uint64) float64 { return float64(n) / float64(max(of, 1)) }
	word, worst := "", 0.0
	for _, c := range []struct {
		share float64
		word  string
	}{
		{share(p.OwnUplink, p.Sent), "own_uplink"},
		{share(p.Blame.Downlink+p.Blame.Receiver, p.Windows), "own_downlink"},
		{share(p.Blame.SFULink, p.Windows), "sfu_link"},
		{share(p.Blame.Uplink+p.Blame.Sender, p.Windows), "other_side"},
	} {
		if c.share > worst {
			word, worst = c.word, c.share
		}
	}
	return word
}
