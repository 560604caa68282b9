package panel

import (
	"context"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/earshot-rtc/earshot/dashboards/datasource/frame"
	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

func regressions(ctx context.Context, s *query.Service, a Ask) (data.Frames, error) {
	f, err := a.filter()
	if err != nil {
		return nil, err
	}
	q := query.RegressionsQuery{
		Range: a.Range, SFU: a.SFU, PublisherRegion: f.PublisherRegion, SubscriberRegion: f.SubscriberRegion, Version: f.Version, ASN: f.ASN,
		Limit: a.limit(1000),
	}
	if a.Format == model.Alert || a.Live {
		q.State = "open"
	}
	rows, err := s.Regressions(ctx, q)
	if err != nil {
		return nil, err
	}
	switch a.Format {
	case model.Alert:
		return data.Frames{regressionAlerts(a, rows)}, nil
	case model.Annotations:
		return data.Frames{regressionNotes(a, rows)}, nil
	}
	return data.Frames{regressionTable(a, rows)}, nil
}

func regressionTable(a Ask, rows []query.Regression) *data.Frame {
	type row = query.Regression
	t := frame.NewTable(a.Type, rows)
	frame.Column(t, "started", func(r row) time.Time { return r.StartedAt })
	frame.Column(t, "resolved", func(r row) *time.Time { return r.ResolvedAt })
	frame.Column(t, "state", func(r row) string { return r.State })
	frame.Column(t, "severity", func(r row) string { return r.Severity })
	frame.Column(t, "cause", func(r row) string { return r.Cause })
	frame.Column(t, "where", func(r row) string { return where(&r) })
	frame.Column(t, "shift", func(r row) float64 { return r.Shift })
	frame.Column(t, "shift_ratio", func(r row) float64 { return r.ShiftRatio })
	frame.Column(t, "before", func(r row) float64 { return r.Before })
	frame.Column(t, "after", func(r row) float64 { return r.After })
	frame.Column(t, "calls", func(r row) uint64 { return uint64(r.CallsNow) })
	frame.Column(t, "pairs", func(r row) string { return pairs(r.Pairs) })
	frame.Column(t, "summary", func(r row) string { return r.Summary })
	frame.Column(t, "detected", func(r row) time.Time { return r.DetectedAt })
	frame.Column(t, "q_value", func(r row) float64 { return r.Q })
	frame.Column(t, "link", func(r row) string { return r.Link })
	frame.Column(t, "version", func(r row) string { return r.Version })
	frame.Column(t, "asn", func(r row) string { return operator(r.ASN, "") })
	frame.Column(t, "sfu", func(r row) string { return r.SFU })
	frame.Column(t, "from_region", func(r row) string { from, _ := ends(&r); return from })
	frame.Column(t, "to_region", func(r row) string { _, to := ends(&r); return to })
	frame.Column(t, "id", func(r row) string { return r.ID })
	// A timeline takes what begins before its left edge for something outside.
	frame.Column(t, "visible_from", func(r row) time.Time {
		if r.StartedAt.Before(a.Range.From) {
			return a.Range.From
		}
		return r.StartedAt
	})
	return t.Frame
}

// regressionAlerts has the labels of an alert as its texts and how much longer it takes as its number.
func regressionAlerts(a Ask, rows []query.Regression) *data.Frame {
	type row = query.Regression
	t := frame.NewTable(a.Type, rows)
	frame.Column(t, "id", func(r row) string { return r.ID })
	frame.Column(t, "cause", func(r row) string { return r.Cause })
	frame.Column(t, "link", func(r row) string { return r.Link })
	frame.Column(t, "sfu", func(r row) string { return r.SFU })
	frame.Column(t, "from_region", func(r row) string { from, _ := ends(&r); return from })
	frame.Column(t, "to_region", func(r row) string { _, to := ends(&r); return to })
	frame.Column(t, "version", func(r row) string { return r.Version })
	frame.Column(t, "asn", func(r row) string { return operator(r.ASN, "") })
	frame.Column(t, "severity", func(r row) string { return r.Severity })
	frame.Column(t, "shift", func(r row) float64 { return r.Shift })
	return t.Numeric()
}

func regressionNotes(a Ask, rows []query.Regression) *data.Frame {
	type row = query.Regression
	t := frame.NewTable(a.Type, rows)
	frame.Column(t, "time", func(r row) time.Time { return r.StartedAt })
	frame.Column(t, "timeEnd", func(r row) *time.Time { return r.ResolvedAt })
	frame.Column(t, "title", func(r row) string { return fmt.Sprintf("+%.0f ms: %s", r.Shift, where(&r)) })
	frame.Column(t, "text", func(r row) string { return r.Summary })
	frame.Column(t, "tags", func(r row) string { return r.Cause + "," + r.State })
	frame.Column(t, "id", func(r row) string { return r.ID })
	return t.Frame
}

// where says in a few words what got slower.
func where(r *query.Regression) string {
	switch {
	case r.Link != "":
		return r.Link
	case r.SFU != "":
		return "clients of " + r.SFU
	case r.ASN != 0:
		return operator(r.ASN, "")
	case r.Version != "":
		return "version " + r.Version
	}
	return pairs(r.Pairs)
}

// ends are the regions of a regression that is felt between two of them only: those of one that several feel would change with time,
// and an alert's labels must not.
func ends(r *query.Regression) (from, to string) {
	if r.Cause != "region_pair" || len(r.Pairs) == 0 {
		return "", ""
	}
	return r.Pairs[0].Publisher, r.Pairs[0].Subscriber
}

func pairs(list []query.RegressionPair) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.Publisher + " > " + p.Subscriber
	}
	return frame.Join(texts)
}
