package panel

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// reading is one value of how the pipeline does.
type reading struct {
	at     time.Time
	stat   string
	labels data.Labels
	value  *float64
}

// pipeline is how Earshot itself does. Each word has groups of its own: tables, reasons, kinds of source.
func pipeline(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	q := query.PipelineQuery{Range: a.Range, By: a.By}
	if a.overTime() {
		q.OverTime, q.MaxPoints = true, a.points()
	}
	var out data.Frames
	var single []reading
	for _, part := range []struct {
		stats []string
		read  func(context.Context, *query.Service, Ask, query.PipelineQuery) ([]reading, time.Duration, error)
	}{
		{[]string{"samples_rate", "delay_p50", "delay_p95", "late_ratio"}, ingest},
		{[]string{"sources"}, sources}, {[]string{"rows_rate"}, rowsStored}, {[]string{"dead_letters"}, unreadable},
		{[]string{"unresolved_ratio", "partial_ratio"}, unstitched}, {[]string{"freshness"}, freshness},
	} {
		var asked []string
		for _, stat := range part.stats {
			if has(a.Stats, stat) {
				asked = append(asked, stat)
			}
		}
		if len(asked) == 0 {
			continue
		}
		readings, step, err := part.read(ctx, s, a, q)
		if err != nil {
			return nil, err
		}
		w := frame.NewWide(a.Type, asked, step)
		for _, r := range readings {
			if has(asked, r.stat) {
				w.Put(r.at, r.stat, r.labels, r.value)
				single = append(single, r)
			}
		}
		out = append(out, w.Frame())
	}
	if a.overTime() {
		return out, nil
	}
	return data.Frames{readingTable(a, single)}, nil
}

// readingTable has a row per group and a column per word.
func readingTable(a Ask, all []reading) *data.Frame {
	var groups []string
	values := map[[2]string]*float64{}
	for _, r := range all {
		group := ""
		for _, v := range r.labels {
			group = v
		}
		if !has(groups, group) {
			groups = append(groups, group)
		}
		values[[2]string{group, r.stat}] = r.value
	}
	t := frame.NewTable(a.Type, groups)
	if len(groups) > 1 || (len(groups) == 1 && groups[0] != "") {
		frame.Column(t, "name", func(g string) string { return g })
	}
	for _, stat := range a.Stats {
		frame.Column(t, stat, func(g string) *float64 { return values[[2]string{g, stat}] })
	}
	return t.Numeric()
}

func ingest(ctx context.Context, s *query.Service, a Ask, q query.PipelineQuery) ([]reading, time.Duration, error) {
	in, err := s.Ingest(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	var out []reading
	for i := range in.Points {
		p := &in.Points[i]
		g := a.group(p.Group)
		out = append(out,
			reading{p.At, "samples_rate", g, &p.Rate}, reading{p.At, "late_ratio", g, frame.Ratio(p.Late, p.Samples)},
			reading{p.At, "delay_p50", g, frame.Number(p.DelayP50)}, reading{p.At, "delay_p95", g, frame.Number(p.DelayP95)})
	}
	return out, millis(in.StepMs), nil
}

func sources(ctx context.Context, s *query.Service, _ Ask, q query.PipelineQuery) ([]reading, time.Duration, error) {
	t, err := s.Sources(ctx, q)
	return tallied(t, "sources", "source_kind", false, err)
}

func rowsStored(ctx context.Context, s *query.Service, _ Ask, q query.PipelineQuery) ([]reading, time.Duration, error) {
	t, err := s.RowsStored(ctx, q)
	return tallied(t, "rows_rate", "table", true, err)
}

func unreadable(ctx context.Context, s *query.Service, _ Ask, q query.PipelineQuery) ([]reading, time.Duration, error) {
	t, err := s.Unreadable(ctx, q)
	if err != nil || len(t.Points) > 0 {
		return tallied(t, "dead_letters", "reason", false, err)
	}
	// That there were none is known, and good to see.
	none := func(at time.Time) reading {
		return reading{at, "dead_letters", data.Labels{"reason": "none"}, frame.Count(0)}
	}
	if q.OverTime {
		return []reading{none(q.From), none(q.To)}, q.To.Sub(q.From), nil
	}
	return []reading{none(q.To)}, 0, nil
}

func tallied(t *query.Tally, stat, label string, perSecond bool, err error) ([]reading, time.Duration, error) {
	if err != nil {
		return nil, 0, err
	}
	var out []reading
	for i := range t.Points {
		p := &t.Points[i]
		value := frame.Count(p.N)
		if perSecond {
			value = &p.Rate
		}
		out = append(out, reading{p.At, stat, data.Labels{label: p.Name}, value})
	}
	return out, millis(t.StepMs), nil
}

func unstitched(ctx context.Context, s *query.Service, a Ask, q query.PipelineQuery) ([]reading, time.Duration, error) {
	c, err := s.Coverage(ctx, query.CoverageQuery{Range: q.Range, OverTime: q.OverTime, MaxPoints: q.MaxPoints, Kind: a.Kind})
	if err != nil {
		return nil, 0, err
	}
	var out []reading
	for i := range c.Points {
		p := &c.Points[i]
		out = append(out, reading{p.At, "unresolved_ratio", nil, frame.Ratio(p.Unresolved, p.Windows)},
			reading{p.At, "partial_ratio", nil, frame.Ratio(p.Partial, p.Windows)})
	}
	return out, millis(c.StepMs), nil
}

// freshness is how old the newest window of the range is, at its end or now, whichever is first.
func freshness(ctx context.Context, s *query.Service, _ Ask, q query.PipelineQuery) ([]reading, time.Duration, error) {
	newest, err := s.NewestWindow(ctx, q.Range)
	if err != nil {
		return nil, 0, err
	}
	end := q.To
	if now := s.Now(); now.Before(end) {
		end = now
	}
	r := reading{at: end, stat: "freshness"}
	if newest != nil {
		age := max(end.Sub(*newest).Seconds(), 0)
		r.value = &age
	}
	return []reading{r}, 0, nil
}
