package panel

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// figures asks for what subscribers had, by group and over time as the panel wants it; step 0 is as fine as it wants.
func figures(ctx context.Context, s *query.Service, a Ask, step time.Duration) (*query.Latency, error) {
	f, err := a.filter()
	if err != nil {
		return nil, err
	}
	q := query.LatencyQuery{Range: a.Range, By: a.By, LatencyFilter: f, OverTime: a.overTime(), Groups: min(a.limit(1000), query.MaxRows)}
	if q.OverTime {
		q.Step, q.MaxPoints, q.Groups = step, a.points(), a.limit(mostGroups)
	}
	return s.Latency(ctx, q)
}

// spreadOf is a word of the spread of one metric.
func spreadOf(metric, stat string, f *query.Figures) *float64 {
	r, m := &f.RTT, &f.MouthToEar
	mouth := metric == model.MouthToEar
	pick := func(rtt, mouthToEar *float32) *float64 {
		if mouth {
			return frame.Number(mouthToEar)
		}
		return frame.Number(rtt)
	}
	switch stat {
	case "p50":
		return pick(r.RTTP50, m.MouthP50)
	case "p95":
		return pick(r.RTTP95, m.MouthP95)
	case "p99":
		return pick(r.RTTP99, m.MouthP99)
	case "max":
		return pick(r.RTTMax, m.MouthMax)
	case "over_150":
		return pick(r.RTTOver150, m.MouthOver150)
	case "over_300":
		return pick(r.RTTOver300, m.MouthOver300)
	case "over_400":
		return pick(r.RTTOver400, m.MouthOver400)
	case "windows":
		if mouth {
			return frame.Count(m.MouthCount)
		}
		return frame.Count(r.RTTCount)
	}
	return nil
}

// coverageOf is a word of how much is known.
func coverageOf(stat string, f *query.Figures) *float64 {
	switch stat {
	case "coverage":
		return frame.Ratio(f.Complete+f.Imputed, f.Windows)
	case "complete":
		return frame.Ratio(f.Complete, f.Windows)
	case "imputed":
		return frame.Ratio(f.Imputed, f.Windows)
	case "partial":
		return frame.Ratio(f.Partial, f.Windows)
	case "unresolved":
		return frame.Ratio(f.Unresolved, f.Windows)
	case "windows":
		return frame.Count(f.Windows)
	}
	return nil
}

// qualityOf is a word of how it was heard and seen.
func qualityOf(stat string, f *query.Figures) *float64 {
	switch stat {
	case "audio_score":
		return frame.Number(f.AudioScore)
	case "video_score":
		return frame.Number(f.VideoScore)
	case "loss":
		return frame.Number(f.Loss)
	case "freeze":
		return frame.Number(f.Freeze)
	case "concealed":
		return frame.Number(f.Concealed)
	case "jitter":
		return frame.Number(f.Jitter)
	case "bitrate":
		return frame.Number(&f.Bitrate)
	case "bad":
		return frame.Ratio(f.Blame.Bad(), f.Windows)
	case "windows":
		return frame.Count(f.Windows)
	}
	return nil
}

func latency(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	l, err := figures(ctx, s, a, 0)
	if err != nil {
		return nil, err
	}
	return byGroup(a, l, func(stat string, p *query.LatencyPoint) *float64 { return spreadOf(a.Metric, stat, &p.Figures) }), nil
}

func coverage(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	l, err := figures(ctx, s, a, 0)
	if err != nil {
		return nil, err
	}
	return byGroup(a, l, func(stat string, p *query.LatencyPoint) *float64 { return coverageOf(stat, &p.Figures) }), nil
}

// byGroup makes of figures a frame over time, or a table with a row per group.
func byGroup(a Ask, l *query.Latency, of func(stat string, p *query.LatencyPoint) *float64) data.Frames {
	if a.overTime() {
		w := frame.NewWide(a.Type, a.Stats, millis(l.StepMs))
		for i := range l.Points {
			p := &l.Points[i]
			for _, stat := range a.Stats {
				w.Put(p.At, stat, a.group(p.Group), of(stat, p))
			}
		}
		return data.Frames{w.Frame()}
	}
	t := frame.NewTable(a.Type, l.Points)
	if a.By != "" {
		frame.Unknown(frame.Column(t, a.By, func(p query.LatencyPoint) string { return p.Group }))
	}
	for _, stat := range a.Stats {
		frame.Column(t, stat, func(p query.LatencyPoint) *float64 { return of(stat, &p) })
	}
	return data.Frames{t.Numeric()}
}
