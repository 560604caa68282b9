package panel

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

func hops(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	if a.Call != "" {
		return linksOfCall(ctx, s, a)
	}
	b, err := budgetOf(ctx, s, a)
	if err != nil {
		return nil, err
	}
	if a.overTime() {
		w := frame.NewWide(a.Type, a.Stats, millis(b.StepMs))
		for i := range b.Points {
			p := &b.Points[i]
			for _, stat := range a.Stats {
				w.Put(p.At, stat, a.group(p.Group), meanPart(stat, p))
			}
		}
		return data.Frames{w.Frame()}, nil
	}
	t := frame.NewTable(a.Type, b.Points)
	if a.By != "" {
		frame.Unknown(frame.Column(t, a.By, func(p query.BudgetPoint) string { return p.Group }))
	}
	for _, stat := range a.Stats {
		frame.Column(t, stat, func(p query.BudgetPoint) *float64 { return meanPart(stat, &p) })
	}
	return data.Frames{t.Numeric()}, nil
}

func budgetOf(ctx context.Context, s *query.Service, a Ask) (*query.BudgetParts, error) {
	if a.By != "" && !slices.Contains(query.BudgetGroups(), a.By) {
		return nil, &query.ArgumentError{Field: "by", Problem: fmt.Sprintf("the parts of mouth to ear are not told apart by %s; they are by %s",
			a.By, strings.Join(query.BudgetGroups(), ", "))}
	}
	f, err := a.filter()
	if err != nil {
		return nil, err
	}
	q := query.BudgetQuery{Range: a.Range, By: a.By, LatencyFilter: f, OverTime: a.overTime(), Groups: a.limit(1000)}
	if q.OverTime {
		q.MaxPoints, q.Groups = a.points(), a.limit(mostGroups)
	}
	return s.Budget(ctx, q)
}

func meanPart(stat string, p *query.BudgetPoint) *float64 {
	return part(stat, &query.Budget{
		Send: p.Send, Network: p.Network, Residence: p.Residence, JitterBuffer: p.JitterBuffer, Decode: p.Decode, Playout: p.Playout,
	})
}

// part is one of the parts of mouth to ear.
func part(stat string, b *query.Budget) *float64 {
	switch stat {
	case "send":
		return frame.Number(b.Send)
	case "network":
		return frame.Number(b.Network)
	case "residence":
		return frame.Number(b.Residence)
	case "jitter_buffer":
		return frame.Number(b.JitterBuffer)
	case "decode":
		return frame.Number(b.Decode)
	case "playout":
		return frame.Number(b.Playout)
	}
	return nil
}

// linksOfCall is the round-trip time of each link of a call over time.
func linksOfCall(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	l, err := s.CallLinks(ctx, query.CallLinksQuery{Range: a.Range, CallID: a.Call, Client: a.Participant, MaxPoints: a.points()})
	if err != nil {
		return nil, err
	}
	w := frame.NewWide(a.Type, []string{"rtt"}, millis(l.StepMs))
	for i := range l.Points {
		p := &l.Points[i]
		w.Put(p.At, "rtt", data.Labels{"link": between(p.FromID, p.ToID)}, frame.Number(p.RTT))
	}
	return data.Frames{w.Frame()}, nil
}

// between names a link by its ends, in the order of the alphabet unless one is not known.
func between(from, to string) string {
	if to != "" && to < from {
		from, to = to, from
	}
	if to == "" {
		to = "?"
	}
	return from + "-" + to
}
