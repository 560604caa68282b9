package query

import (
	"context"
	"time"
)

// connectGroups are what connectivity can be told apart by: the names of the API, and the columns.
var connectGroups = map[string]string{
	"version": "app_version", "browser": "browser", "os": "os", "country": "country", "asn": "asn", "isp": "isp",
}

// ConnectivityGroups are the words that ConnectivityQuery.By takes.
func ConnectivityGroups() []string {
	return []string{"version", "browser", "os", "country", "asn", "isp"}
}

// ConnectivityQuery asks how participants were connected.
type ConnectivityQuery struct {
	Range
	CallID    string        // "" = all calls
	By        string        // one of ConnectivityGroups; "" = all together
	Step      time.Duration // 0 with OverTime: as fine as MaxPoints allows
	OverTime  bool          // points, by when participants came; otherwise one for the whole range
	MaxPoints int           // 0 = 300
	Limit     int           // 0 = 1,000, or 20,000 over time
}

// Connectivity is shares of participants.
type Connectivity struct {
	StepMs int64               `json:"step_ms"` // 0: one point for the whole range
	Points []ConnectivityPoint `json:"points"`  // by time, then by the number of participants
}

// ConnectivityPoint is one group in one step. A share is of those of whom the fact is known, nil where it is of nobody.
type ConnectivityPoint struct {
	At           time.Time `ch:"at" json:"at"`
	Group        string    `ch:"group_name" json:"group"`
	Participants uint64    `ch:"n_participants" json:"participants"` // each once, however long it stayed
	TURN         *float64  `ch:"-" json:"turn_ratio"`
	TCP          *float64  `ch:"-" json:"tcp_ratio"`
	TLS          *float64  `ch:"-" json:"tls_ratio"`
	IPv6         *float64  `ch:"-" json:"ipv6_ratio"`
	ICEFailed    *float64  `ch:"-" json:"ice_failed_ratio"`
	ICERestarted *float64  `ch:"-" json:"ice_restarted_ratio"`
	ConnectP50   *float32  `ch:"-" json:"connect_p50_ms"` // until ICE and DTLS were connected
	ConnectP95   *float32  `ch:"-" json:"connect_p95_ms"`
	ConnectP99   *float32  `ch:"-" json:"connect_p99_ms"`
	ConnectMax   *float32  `ch:"-" json:"connect_max_ms"`

	Candidate uint64    `ch:"n_candidate" json:"-"`
	Relay     uint64    `ch:"n_relay" json:"-"`
	Protocol  uint64    `ch:"n_protocol" json:"-"`
	OverTCP   uint64    `ch:"n_tcp" json:"-"`
	OverTLS   uint64    `ch:"n_tls" json:"-"`
	IP        uint64    `ch:"n_ip" json:"-"`
	OverIPv6  uint64    `ch:"n_ipv6" json:"-"`
	Failed    uint64    `ch:"n_failed" json:"-"`
	Restarted uint64    `ch:"n_restarted" json:"-"`
	Connects  uint64    `ch:"n_connect" json:"-"`
	Quantiles []float32 `ch:"connect_quantiles" json:"-"`
	Highest   float32   `ch:"connect_highest" json:"-"`
}

// Connectivity gives shares of TURN, TCP and IPv6 among participants, and how long connecting took.
func (s *Service) Connectivity(ctx context.Context, q ConnectivityQuery) (*Connectivity, error) {
	otherwise := 1000
	if q.OverTime {
		otherwise = 20_000
	}
	a := s.history(q.Range).text("call", q.CallID).oneOf("by", q.By, ConnectivityGroups()).limit(q.Limit, otherwise)
	a.params["by"] = nothing
	if q.By != "" && a.err == nil {
		a.params["by"] = connectGroups[q.By]
	}
	out := &Connectivity{}
	if q.OverTime {
		out.StepMs = a.step(q.Step, q.MaxPoints, 300).Milliseconds()
	}
	a.number("step_ms", out.StepMs)
	points, err := all[ConnectivityPoint](ctx, s, "connectivity", a)
	if err != nil {
		return nil, err
	}
	if len(points) == 0 && q.CallID != "" {
		if err := s.known(ctx, q.CallID, q.Range); err != nil {
			return nil, err
		}
	}
	for i := range points {
		points[i].finish(q.By)
	}
	out.Points = points
	return out, nil
}

func (p *ConnectivityPoint) finish(by string) {
	share := func(n, of uint64) *float64 {
		if of == 0 {
			return nil
		}
		v := float64(n) / float64(of)
		return &v
	}
	p.TURN, p.TCP, p.TLS = share(p.Relay, p.Candidate), share(p.OverTCP, p.Protocol), share(p.OverTLS, p.Protocol)
	p.IPv6 = share(p.OverIPv6, p.IP)
	p.ICEFailed, p.ICERestarted = share(p.Failed, p.Participants), share(p.Restarted, p.Participants)
	p.ConnectP50, p.ConnectP95, p.ConnectP99, p.ConnectMax = quantiles(p.Connects, p.Quantiles, p.Highest)
	if by == "" || (by == "asn" && p.Group == "0") {
		p.Group = ""
	}
}
