package panel

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

func links(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	q := query.LinksQuery{Range: a.Range, SFU: a.SFU, Region: a.PublisherRegion, Access: a.By == "access"}
	if a.overTime() {
		q.OverTime, q.MaxPoints, q.Links = true, a.points(), a.limit(mostGroups)
	} else {
		q.Limit = a.limit(1000)
	}
	l, err := s.Links(ctx, q)
	if err != nil {
		return nil, err
	}
	var (
		calls  map[string]*float64
		notice string
	)
	if has(a.Stats, "calls") && !a.overTime() {
		if calls, notice, err = callsOfLinks(ctx, s, a); err != nil {
			return nil, err
		}
	}
	value := func(stat string, p *query.LinkState) *float64 {
		if stat == "calls" {
			return calls[linkName(p)]
		}
		return linkFigure(stat, p)
	}
	if !a.overTime() {
		f := linkTable(a, l.Links, value)
		if notice != "" {
			f.AppendNotices(data.Notice{Severity: data.NoticeSeverityInfo, Text: notice})
		}
		return data.Frames{f}, nil
	}
	w := frame.NewWide(a.Type, a.Stats, millis(l.StepMs))
	for i := range l.Links {
		p := &l.Links[i]
		for _, stat := range a.Stats {
			w.Put(p.At, stat, data.Labels{"link": linkName(p)}, value(stat, p))
		}
	}
	return data.Frames{w.Frame()}, nil
}

// linkName names a link; those of an SFU with its clients are one, named by the SFU.
func linkName(p *query.LinkState) string {
	if p.FromSFU == "" {
		return p.ToSFU
	}
	return between(p.FromSFU, p.ToSFU)
}

func linkFigure(stat string, p *query.LinkState) *float64 {
	switch stat {
	case "p50":
		return frame.Number(p.RTTP50)
	case "p95":
		return frame.Number(p.RTTP95)
	case "p99":
		return frame.Number(p.RTTP99)
	case "max":
		return frame.Number(p.RTTMax)
	case "loss":
		return worse(p.LossTo, p.LossFrom)
	case "lossy":
		return worse(p.LossyTo, p.LossyFrom)
	case "relay":
		return frame.Number(&p.Relay)
	case "windows":
		return frame.Count(p.Windows)
	}
	return nil
}

// worse is the greater of the figures of the two ways.
func worse(a, b *float32) *float64 {
	if a == nil || (b != nil && *b > *a) {
		return frame.Number(b)
	}
	return frame.Number(a)
}

func linkTable(a Ask, rows []query.LinkState, value func(string, *query.LinkState) *float64) *data.Frame {
	t := frame.NewTable(a.Type, rows)
	frame.Column(t, "link", func(l query.LinkState) string { return linkName(&l) })
	if a.By != "access" {
		frame.Column(t, "from_sfu", func(l query.LinkState) string { return l.FromSFU })
	}
	frame.Unknown(frame.Column(t, "from_region", func(l query.LinkState) string { return l.FromRegion }))
	frame.Column(t, "to_sfu", func(l query.LinkState) string { return l.ToSFU })
	frame.Unknown(frame.Column(t, "to_region", func(l query.LinkState) string { return l.ToRegion }))
	for _, stat := range a.Stats {
		frame.Column(t, stat, func(l query.LinkState) *float64 { return value(stat, &l) })
	}
	return t.Numeric()
}

// callsOfLinks counts the calls of links. Those of clients' links are not counted; the notice says so.
func callsOfLinks(ctx context.Context, s *query.Service, a Ask) (calls map[string]*float64, notice string, err error) {
	if a.By == "access" {
		return nil, "Calls are counted for links between SFUs only.", nil
	}
	counts, err := s.LinkCalls(ctx, query.LinkCallsQuery{Range: a.Range, SFU: a.SFU})
	if err != nil {
		return nil, "", err
	}
	out := make(map[string]*float64, len(counts))
	for _, c := range counts {
		out[between(c.FromID, c.ToID)] = frame.Count(c.Calls)
	}
	return out, "", nil
}
