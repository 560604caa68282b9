package query

import (
	"context"
	"time"
)

// BandwidthQuery asks how participants' bit rates were spread.
type BandwidthQuery struct {
	Range
	CallID    string        // "" = all calls
	Client    string        // "" = all of them
	Step      time.Duration // 0 with OverTime: as fine as MaxPoints allows
	OverTime  bool          // points, by when participants came; otherwise one for the whole range
	MaxPoints int           // 0 = 300
}

// Bandwidth is how participants' bit rates were spread.
type Bandwidth struct {
	StepMs int64            `json:"step_ms"` // 0: one point for the whole range
	Points []BandwidthPoint `json:"points"`  // the oldest first
}

// BandwidthPoint is the participants that came in one step, each by its means over its time in the call. Nil is not known.
type BandwidthPoint struct {
	At           time.Time `ch:"at" json:"at"`
	Participants uint64    `ch:"n_participants" json:"participants"` // that received something
	Below        uint64    `ch:"n_below" json:"below_3_mbps"`
	Between      uint64    `ch:"n_between" json:"from_3_to_4_mbps"`
	Above        uint64    `ch:"n_above" json:"from_4_mbps"`
	ReceiveP5    *float32  `ch:"-" json:"receive_p5_bps"`
	ReceiveP50   *float32  `ch:"-" json:"receive_p50_bps"`
	ReceiveP95   *float32  `ch:"-" json:"receive_p95_bps"`
	SendP5       *float32  `ch:"-" json:"send_p5_bps"` // of those that sent something
	SendP50      *float32  `ch:"-" json:"send_p50_bps"`
	SendP95      *float32  `ch:"-" json:"send_p95_bps"`
	ByBandwidth  *float32  `ch:"bandwidth_share" json:"limited_by_bandwidth_ratio"` // samples in which the video sent was limited so
	ByCPU        *float32  `ch:"cpu_share" json:"limited_by_cpu_ratio"`

	Senders  uint64    `ch:"n_senders" json:"-"`
	Receives []float32 `ch:"receive_quantiles" json:"-"`
	Sends    []float32 `ch:"send_quantiles" json:"-"`
}

// Bandwidth gives how participants' bit rates were spread, against the 3 and 4 Mbit/s that a video call wants.
func (s *Service) Bandwidth(ctx context.Context, q BandwidthQuery) (*Bandwidth, error) {
	a := s.history(q.Range).text("call", q.CallID).text("client", q.Client).limit(MaxRows, 0)
	a.params["low"], a.params["high"] = float64(LowDownlink), float64(GoodDownlink)
	out := &Bandwidth{}
	if q.OverTime {
		out.StepMs = a.step(q.Step, q.MaxPoints, 300).Milliseconds()
	}
	a.number("step_ms", out.StepMs)
	points, err := all[BandwidthPoint](ctx, s, "bandwidth", a)
	if err != nil {
		return nil, err
	}
	three := func(n uint64, q []float32) (low, mid, high *float32) {
		if n == 0 || len(q) != 3 {
			return nil, nil, nil
		}
		return &q[0], &q[1], &q[2]
	}
	for i := range points {
		p := &points[i]
		p.ReceiveP5, p.ReceiveP50, p.ReceiveP95 = three(p.Participants, p.Receives)
		p.SendP5, p.SendP50, p.SendP95 = three(p.Senders, p.Sends)
	}
	out.Points = points
	return out, nil
}
