package panel

import (
	"context"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// counted are the words of a summary that calls answer, and not windows.
var counted = []string{"active_calls", "calls", "participants"}

// banded are those that the bit rates of participants answer; over time they are a query of type bitrate.
var banded = []string{
	"below_3", "from_3_to_4", "from_4", "receive_p5", "receive_p50", "receive_p95", "send_p5", "send_p50", "send_p95",
	"limited_by_bandwidth", "limited_by_cpu",
}

// summary is single figures of the range, or the same over time.
func summary(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	var windows, counts, bands []string
	for _, stat := range a.Stats {
		switch {
		case has(counted, stat):
			counts = append(counts, stat)
		case has(banded, stat):
			bands = append(bands, stat)
		default:
			windows = append(windows, stat)
		}
	}
	if len(bands) > 0 && a.overTime() {
		return nil, &query.ArgumentError{Field: "stats", Problem: bands[0] + " over time is a query of type bitrate"}
	}
	l := &query.Latency{}
	activity := &query.Activity{}
	var err error
	if len(windows) > 0 {
		if l, err = figures(ctx, s, a, 0); err != nil {
			return nil, err
		}
	}
	if len(counts) > 0 {
		q := query.ActivityQuery{Range: a.Range}
		if a.overTime() {
			q.OverTime, q.MaxPoints = true, a.points()
		}
		if activity, err = s.Activity(ctx, q); err != nil {
			return nil, err
		}
	}
	if a.overTime() {
		var out data.Frames
		if len(windows) > 0 {
			w := frame.NewWide(a.Type, windows, millis(l.StepMs))
			for i := range l.Points {
				for _, stat := range windows {
					w.Put(l.Points[i].At, stat, nil, summed(a.Metric, stat, &l.Points[i].Figures))
				}
			}
			out = append(out, w.Frame())
		}
		if len(counts) > 0 {
			w := frame.NewWide(a.Type, counts, millis(activity.StepMs))
			for i := range activity.Points {
				for _, stat := range counts {
					w.Put(activity.Points[i].At, stat, nil, going(stat, &activity.Points[i]))
				}
			}
			out = append(out, w.Frame())
		}
		return out, nil
	}
	var point query.LatencyPoint
	if len(l.Points) > 0 {
		point = l.Points[0]
	}
	now := query.ActivityPoint{}
	if len(activity.Points) > 0 {
		now = activity.Points[0]
	}
	var rates query.BandwidthPoint
	if len(bands) > 0 {
		b, err := s.Bandwidth(ctx, query.BandwidthQuery{Range: a.Range})
		if err != nil {
			return nil, err
		}
		if len(b.Points) > 0 {
			rates = b.Points[0]
		}
	}
	t := frame.NewTable(a.Type, []struct{}{{}})
	for _, stat := range a.Stats {
		frame.Column(t, stat, func(struct{}) *float64 {
			switch {
			case has(counted, stat):
				return going(stat, &now)
			case has(banded, stat):
				return spreadOfRates(stat, &rates)
			}
			return summed(a.Metric, stat, &point.Figures)
		})
	}
	return data.Frames{t.Numeric()}, nil
}

func summed(metric, stat string, f *query.Figures) *float64 {
	switch stat {
	case "coverage":
		return coverageOf(stat, f)
	case "audio_score", "video_score", "loss", "bad":
		return qualityOf(stat, f)
	}
	return spreadOf(metric, stat, f)
}

func going(stat string, p *query.ActivityPoint) *float64 {
	switch stat {
	case "active_calls":
		return frame.Count(p.Active)
	case "calls":
		return frame.Count(p.Calls)
	}
	return frame.Count(p.Participants)
}
