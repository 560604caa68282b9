package panel

import (
	"context"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

func events(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	got, err := s.Events(ctx, query.EventsQuery{Range: a.Range, CallID: a.Call, SourceID: a.Participant, Limit: a.limit(1000)})
	if err != nil {
		return nil, err
	}
	type row = query.Event
	t := frame.NewTable(a.Type, got.Events)
	frame.Column(t, "time", func(e row) time.Time { return e.At })
	if a.Format == model.Annotations {
		frame.Column(t, "title", func(e row) string { return happened(&e) })
		frame.Column(t, "text", func(e row) string { return strings.TrimSpace(e.Value + " " + e.TrackID) })
		frame.Column(t, "tags", func(e row) string { return e.Type + "," + e.SourceKind })
		return data.Frames{t.Frame}, nil
	}
	frame.Column(t, "source", func(e row) string { return e.SourceID })
	frame.Column(t, "source_kind", func(e row) string { return e.SourceKind })
	frame.Column(t, "type", func(e row) string { return e.Type })
	frame.Column(t, "value", func(e row) string { return e.Value })
	frame.Column(t, "number", func(e row) float64 { return e.Number })
	frame.Column(t, "track", func(e row) string { return e.TrackID })
	frame.Column(t, "transport", func(e row) string { return e.TransportID })
	return data.Frames{t.Frame}, nil
}

func happened(e *query.Event) string {
	return e.SourceID + ": " + strings.ReplaceAll(e.Type, "_", " ")
}
