package panel

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

var budgetParts = []string{"send", "network", "residence", "jitter_buffer", "decode", "playout"}

// waterfall is one path over time. Hops are numbered in the order of the way, so that a stacked chart piles them up so.
func waterfall(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	p, err := s.PathSeries(ctx, query.SeriesQuery{
		Range: a.Range, CallID: a.Call, PublisherID: a.Publisher, SubscriberID: a.Participant, Kind: cmp.Or(a.Kind, "audio"), MaxPoints: a.points(),
	})
	if err != nil {
		return nil, err
	}
	if !a.overTime() {
		return data.Frames{lastWaterfall(a, p)}, nil
	}
	var stats []string
	for _, stat := range a.Stats {
		switch stat {
		case "hops":
			stats = append(stats, "hop")
		case "budget":
			stats = append(stats, budgetParts...)
		default:
			stats = append(stats, stat)
		}
	}
	w := frame.NewWide(a.Type, stats, stepOf(p))
	for i := range p.Points {
		pt := &p.Points[i]
		at := pt.WindowStart.Truncate(millis(p.StepMs)) // a point of a step is its worst window, wherever in it that is
		for _, stat := range stats {
			switch stat {
			case "hop":
				for n, rtt := range pt.HopRTT {
					w.Put(at, stat, data.Labels{"hop": hopName(p, pt, n)}, frame.Number(rtt))
				}
			case "rtt":
				w.Put(at, stat, nil, frame.Number(pt.RTT))
			case "mouth_to_ear":
				w.Put(at, stat, nil, frame.Number(pt.MouthToEar))
			default:
				w.Put(at, stat, nil, part(stat, &pt.Parts))
			}
		}
	}
	return data.Frames{w.Frame()}, nil
}

// stepOf is how far apart points are: a step, or a window where that is longer.
func stepOf(p *query.PathSeries) time.Duration {
	step := millis(p.StepMs)
	if len(p.Points) > 0 {
		step = max(step, millis(int64(p.Points[0].WindowMs)))
	}
	return step
}

func hopName(p *query.PathSeries, pt *query.Point, n int) string {
	nodes := p.Routes[pt.Route].Nodes
	if n+1 >= len(nodes) {
		return fmt.Sprintf("%d", n+1)
	}
	return fmt.Sprintf("%d %s > %s", n+1, cmp.Or(nodes[n], "?"), cmp.Or(nodes[n+1], "?"))
}

// lastWaterfall is the last window of the path, a row per hop or part.
func lastWaterfall(a Ask, p *query.PathSeries) *data.Frame {
	type row struct {
		name  string
		value *float64
	}
	var rows []row
	if n := len(p.Points); n > 0 {
		pt := &p.Points[n-1]
		for _, stat := range a.Stats {
			switch stat {
			case "hops":
				for i, rtt := range pt.HopRTT {
					rows = append(rows, row{hopName(p, pt, i), frame.Number(rtt)})
				}
			case "budget":
				for _, name := range budgetParts {
					rows = append(rows, row{frame.Title(name), part(name, &pt.Parts)})
				}
			case "rtt":
				rows = append(rows, row{frame.Title(stat), frame.Number(pt.RTT)})
			case "mouth_to_ear":
				rows = append(rows, row{frame.Title(stat), frame.Number(pt.MouthToEar)})
			}
		}
	}
	t := frame.NewTable(a.Type, rows)
	frame.Column(t, "part", func(r row) string { return r.name })
	f := frame.Column(t, "rtt", func(r row) *float64 { return r.value })
	f.Name, f.Config.DisplayNameFromDS, f.Config.Description = "ms", "time", ""
	return t.Frame
}
