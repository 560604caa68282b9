package panel

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

func paths(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	rows, err := s.PathsNow(ctx, query.E2EQuery{Range: a.Range, CallID: a.Call, Participant: a.Participant, Kind: a.Kind, Limit: a.limit(2000)})
	if err != nil {
		return nil, err
	}
	f := PathTable(rows)
	if a.Live {
		channel, ok := Channel(a.Channel, Stream{Call: a.Call, Participant: a.Participant, Kind: a.Kind})
		if ok {
			f.Meta.Channel = channel
		} else {
			f.AppendNotices(data.Notice{Severity: data.NoticeSeverityWarning, Text: "The id of this call is too long to stream it; the panel shows it as it refreshes."})
		}
	}
	return data.Frames{f}, nil
}

// PathTable is the latest window of each path of a call. Its fields are the same whatever the rows, as a stream wants it.
func PathTable(rows []query.E2ERow) *data.Frame {
	type row = query.E2ERow
	t := frame.NewTable(model.Paths, rows)
	frame.Column(t, "time", func(r row) time.Time { return r.WindowStart })
	frame.Unknown(frame.Column(t, "publisher", func(r row) string { return r.PublisherID }))
	frame.Column(t, "subscriber", func(r row) string { return r.SubscriberID })
	frame.Column(t, "kind", func(r row) string { return r.Kind })
	frame.Column(t, "track", func(r row) string { return r.TrackID })
	frame.Column(t, "sfu_path", func(r row) string { return frame.Way(r.SFUPath) })
	frame.Column(t, "region_path", func(r row) string { return frame.Way(r.RegionPath) })
	frame.Column(t, "status", func(r row) string { return r.Status })
	frame.Figure(t, "rtt", func(r row) *float32 { return r.RTT })
	frame.Figure(t, "rtt_err", func(r row) *float32 { return r.RTTErr })
	frame.Figure(t, "rtt_lower", func(r row) *float32 { return r.RTTLower })
	frame.Column(t, "hops", func(r row) string { return hopByHop(r.Hops) })
	frame.Column(t, "age", func(r row) *float64 { return oldest(r.Hops) })
	frame.Figure(t, "mouth_to_ear", func(r row) *float32 { return r.MouthToEar })
	frame.Figure(t, "score", func(r row) *float32 { return r.Score })
	frame.Figure(t, "loss", func(r row) *float32 { return r.Loss })
	frame.Figure(t, "jitter", func(r row) *float32 { return r.Jitter })
	frame.Figure(t, "freeze", func(r row) *float32 { return r.Freeze })
	frame.Figure(t, "concealed", func(r row) *float32 { return r.Concealed })
	frame.Column(t, "bitrate", func(r row) float64 { return float64(r.Bitrate) })
	frame.Figure(t, "frame_rate", func(r row) *float32 { return r.FrameRate })
	return t.Frame
}

// hopByHop writes the round-trip times of the hops of a path, in ms.
func hopByHop(hops []query.Hop) string {
	text := ""
	for i, h := range hops {
		if i > 0 {
			text += " + "
		}
		if h.RTT == nil {
			text += "?"
			continue
		}
		text += tenth(*h.RTT)
		if h.Status == "imputed" {
			text += "*"
		}
	}
	return text
}

func oldest(hops []query.Hop) *float64 {
	var out *float64
	for _, h := range hops {
		if age := float64(h.AgeMs); h.RTT != nil && (out == nil || age > *out) {
			out = &age
		}
	}
	return out
}
