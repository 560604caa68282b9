package query

import (
	"cmp"
	"context"
	"time"
)

// LinksQuery asks how the links of SFUs did, over all calls. Empty filters match everything.
type LinksQuery struct {
	Range
	Access    bool          // the links of SFUs with their clients; otherwise those between SFUs
	SFU       string        // at either end
	Region    string        // at either end
	Step      time.Duration // 0 with OverTime: as fine as MaxPoints allows
	OverTime  bool          // points; otherwise one for the whole range
	MaxPoints int           // 0 = 300
	Links     int           // over time: at most so many, those with the most windows; 0 = 20
	Limit     int           // rows; 0 = 1,000, or 20,000 over time
}

// Links is how links did, by step.
type Links struct {
	From   time.Time   `json:"from"` // the span that was covered: the one asked for, rounded to what the source has
	To     time.Time   `json:"to"`
	StepMs int64       `json:"step_ms"` // 0: one point for the whole range
	Source string      `json:"source"`
	Links  []LinkState `json:"links"` // by time, then the highest p95 first
}

// LinkState is the link, or all links, of two ends in one step. From sorts before To; for links with clients it is them.
type LinkState struct {
	At         time.Time `ch:"at" json:"at"`
	FromSFU    string    `ch:"from_sfu" json:"from_sfu"` // "" = clients
	FromRegion string    `ch:"from_region" json:"from_region"`
	ToSFU      string    `ch:"to_sfu" json:"to_sfu"`
	ToRegion   string    `ch:"to_region" json:"to_region"`
	Windows    uint64    `ch:"n_windows" json:"windows"`
	RTTCount   uint64    `ch:"n_rtt" json:"rtt_windows"` // windows in which the round-trip time was measured
	RTTP50     *float32  `ch:"-" json:"rtt_p50_ms"`
	RTTP95     *float32  `ch:"-" json:"rtt_p95_ms"`
	RTTP99     *float32  `ch:"-" json:"rtt_p99_ms"`
	RTTMax     *float32  `ch:"-" json:"rtt_max_ms"`
	LossTo     *float32  `ch:"loss_from_to_mean" json:"loss_from_to_ratio"`
	LossFrom   *float32  `ch:"loss_to_from_mean" json:"loss_to_from_ratio"`
	LossyTo    *float32  `ch:"lossy_from_to_share" json:"lossy_from_to_ratio"` // windows with more than 2 % loss
	LossyFrom  *float32  `ch:"lossy_to_from_share" json:"lossy_to_from_ratio"`
	Relay      float32   `ch:"relay_share" json:"relay_ratio"`
	TCP        *float32  `ch:"tcp_share" json:"tcp_ratio"`
	IPv6       *float32  `ch:"ipv6_share" json:"ipv6_ratio"`

	Quantiles []float32 `ch:"rtt_quantiles" json:"-"`
	Highest   float32   `ch:"rtt_highest" json:"-"`
}

// Links gives how the links of SFUs did.
func (s *Service) Links(ctx context.Context, q LinksQuery) (*Links, error) {
	otherwise, most := 1000, MaxRows
	if q.OverTime {
		otherwise, most = 20_000, cmp.Or(q.Links, 20)
	}
	a := s.history(q.Range).text("sfu", q.SFU).text("region", q.Region).limit(most, 0)
	a.params["links"] = a.params["limit"]
	a.limit(q.Limit, otherwise)
	a.params["from_kind"] = "sfu"
	if q.Access {
		a.params["from_kind"] = "client"
	}
	out := &Links{}
	if q.OverTime {
		out.StepMs = max(a.step(q.Step, q.MaxPoints, 300), time.Minute).Milliseconds()
	}
	a.number("step_ms", out.StepMs)
	source := a.pick(linkSources, nil, time.Duration(out.StepMs)*time.Millisecond)
	links, err := all[LinkState](ctx, s, source.sql, a)
	if err != nil {
		return nil, err
	}
	for i := range links {
		l := &links[i]
		l.RTTP50, l.RTTP95, l.RTTP99, l.RTTMax = quantiles(l.RTTCount, l.Quantiles, l.Highest)
	}
	out.From, out.To, out.Source, out.Links = a.span.From, a.span.To, source.table, links
	return out, nil
}
