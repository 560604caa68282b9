package panel

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// buffered is the one word of quality that the budget answers, and no rollup by audience.
const buffered = "jitter_buffer"

func quality(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	if a.Call != "" {
		return qualityOfCall(ctx, s, a)
	}
	buffers, step := map[string]*float64{}, time.Duration(0)
	if slices.Contains(a.Stats, buffered) {
		parts, err := budgetOf(ctx, s, a)
		if err != nil {
			return nil, err
		}
		for _, p := range parts.Points {
			buffers[key(a, p.At, p.Group)] = frame.Number(p.JitterBuffer)
		}
		step = millis(parts.StepMs) // so that the points of both are the same
	}
	l, err := figures(ctx, s, a, step)
	if err != nil {
		return nil, err
	}
	return byGroup(a, l, func(stat string, p *query.LatencyPoint) *float64 {
		if stat == buffered {
			return buffers[key(a, p.At, p.Group)]
		}
		return qualityOf(stat, &p.Figures)
	}), nil
}

// key is of a group at a time; in a table there is one time, which begins with what each source has.
func key(a Ask, at time.Time, group string) string {
	if !a.overTime() {
		return group
	}
	return fmt.Sprintf("%d %s", at.UnixMilli(), group)
}

// qualityOfCall is that of one call, audio and video apart: over time always, since a table of it is that of its participants.
func qualityOfCall(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	q, err := s.Quality(ctx, query.QualityQuery{
		Range: a.Range, CallID: a.Call, Participant: a.Participant, Kind: a.Kind, MaxPoints: a.points(),
	})
	if err != nil {
		return nil, err
	}
	w := frame.NewWide(a.Type, a.Stats, millis(q.StepMs))
	for i := range q.Points {
		p := &q.Points[i]
		for _, stat := range a.Stats {
			switch {
			case stat == "audio_score" && p.Kind != "audio", stat == "video_score" && p.Kind != "video",
				stat == "concealed" && p.Kind != "audio", stat == "freeze" && p.Kind != "video":
				continue // what the other kind does not have
			case stat == "audio_score", stat == "video_score":
				w.Put(p.At, stat, nil, frame.Number(p.Score))
			default:
				w.Put(p.At, stat, data.Labels{"kind": p.Kind}, qualityInCall(stat, p))
			}
		}
	}
	return data.Frames{w.Frame()}, nil
}

func qualityInCall(stat string, p *query.QualityPoint) *float64 {
	switch stat {
	case "loss":
		return frame.Number(p.Loss)
	case "freeze":
		return frame.Number(p.Freeze)
	case "concealed":
		return frame.Number(p.Concealed)
	case "jitter":
		return frame.Number(p.Jitter)
	case buffered:
		return frame.Number(p.JitterBuf)
	case "bitrate":
		return frame.Number(&p.Bitrate)
	case "windows":
		return frame.Count(p.Windows)
	case "bad":
		bad := uint64(0)
		for _, n := range p.Blame {
			bad += n
		}
		return frame.Ratio(bad, p.Windows)
	}
	return nil
}
