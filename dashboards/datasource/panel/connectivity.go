package panel

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

func connectivity(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	q := query.ConnectivityQuery{Range: a.Range, CallID: a.Call, By: a.By}
	if a.overTime() {
		q.OverTime, q.MaxPoints = true, a.points()
	} else {
		q.Limit = a.limit(1000)
	}
	c, err := s.Connectivity(ctx, q)
	if err != nil {
		return nil, err
	}
	if !a.overTime() {
		t := frame.NewTable(a.Type, c.Points)
		if a.By != "" {
			frame.Unknown(frame.Column(t, a.By, func(p query.ConnectivityPoint) string { return p.Group }))
		}
		for _, stat := range a.Stats {
			frame.Column(t, stat, func(p query.ConnectivityPoint) *float64 { return connected(stat, &p) })
		}
		return data.Frames{t.Numeric()}, nil
	}
	sums := map[string]uint64{}
	for _, p := range c.Points {
		sums[p.Group] += p.Participants
	}
	keep := top(sums, a.limit(mostGroups))
	w := frame.NewWide(a.Type, a.Stats, millis(c.StepMs))
	for i := range c.Points {
		p := &c.Points[i]
		for _, stat := range a.Stats {
			if keep[p.Group] {
				w.Put(p.At, stat, a.group(p.Group), connected(stat, p))
			}
		}
	}
	return data.Frames{w.Frame()}, nil
}

func connected(stat string, p *query.ConnectivityPoint) *float64 {
	switch stat {
	case "connect_p50":
		return frame.Number(p.ConnectP50)
	case "connect_p95":
		return frame.Number(p.ConnectP95)
	case "connect_p99":
		return frame.Number(p.ConnectP99)
	case "connect_max":
		return frame.Number(p.ConnectMax)
	case "turn":
		return p.TURN
	case "tcp":
		return p.TCP
	case "tls":
		return p.TLS
	case "ipv6":
		return p.IPv6
	case "ice_failed":
		return p.ICEFailed
	case "ice_restarted":
		return p.ICERestarted
	case "participants":
		return frame.Count(p.Participants)
	}
	return nil
}
