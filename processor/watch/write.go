package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/regression"
)

// write stores an outcome under tokens that say which window it is of: what the tables have, they drop.
func (s *store) write(ctx context.Context, out *outcome) error {
	end := out.window.Add(s.window)
	for _, t := range []struct {
		name    string
		columns []clickhouse.Column
		rows    int
	}{
		{"regressions", s.regressionColumns(end, out.changes), len(out.changes)},
		{"observations", s.observationColumns(out.observed), len(out.observed)},
	} {
		if t.rows == 0 {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, s.timeout)
		err := s.db.Insert(ctx, t.name, fmt.Sprintf("%s:%d:%d", t.name, s.window.Milliseconds(), out.window.UnixMilli()), t.columns)
		cancel()
		if err != nil {
			s.metrics.errors.WithLabelValues("write").Inc()
			return err
		}
	}
	return nil
}

// of makes a column of what each row has.
func of[R, T any](name string, rows []R, value func(*R) T) clickhouse.Column {
	values := make([]T, len(rows))
	for i := range rows {
		values[i] = value(&rows[i])
	}
	return clickhouse.Column{Name: name, Values: values}
}

func (s *store) observationColumns(rows []observed) []clickhouse.Column {
	type row = observed
	return []clickhouse.Column{
		of("window_start", rows, func(r *row) time.Time { return r.at() }),
		of("window_ms", rows, func(*row) uint32 { return uint32(s.window.Milliseconds()) }),
		of("tenant", rows, func(r *row) string { return r.Tenant }),
		of("call_id", rows, func(r *row) string { return r.Call }),
		of("publisher_region", rows, func(r *row) string { return r.FromRegion }),
		of("publisher_asn", rows, func(r *row) uint32 { return r.PublisherASN }),
		of("publisher_app", rows, func(r *row) string { return r.PublisherApp }),
		of("subscriber_region", rows, func(r *row) string { return r.ToRegion }),
		of("subscriber_asn", rows, func(r *row) uint32 { return r.SubscriberASN }),
		of("subscriber_app", rows, func(r *row) string { return r.SubscriberApp }),
		of("sfu_path", rows, func(r *row) []string { return r.Path }),
		of("rtt_ms", rows, func(r *row) float32 { return r.RTT }),
		of("hop_rtt_ms", rows, func(r *row) []float32 { return r.Hops }),
		of("tracks", rows, func(r *row) uint16 { return r.Tracks }),
	}
}

func (s *store) regressionColumns(end time.Time, rows []change) []clickhouse.Column {
	type row = change
	pairs := func(name string, value func(*regression.Affected) float64) clickhouse.Column {
		return of(name, rows, func(r *row) []float64 { return each(r.Pairs, value) })
	}
	return []clickhouse.Column{
		of("id", rows, func(r *row) string { return r.ID }),
		of("tenant", rows, func(r *row) string { return r.tenant }),
		of("evaluated_at", rows, func(*row) time.Time { return end }),
		of("window_ms", rows, func(*row) uint32 { return uint32(s.window.Milliseconds()) }),
		of("state", rows, func(r *row) string { return string(r.State) }),
		of("cause", rows, func(r *row) string { return string(r.Cause) }),
		of("severity", rows, func(r *row) string { return string(r.Severity) }),
		of("from_sfu", rows, func(r *row) string { return r.Link.From }),
		of("to_sfu", rows, func(r *row) string { return r.Link.To }),
		of("sfu", rows, func(r *row) string { return r.SFU }),
		of("asn", rows, func(r *row) uint32 { return r.ASN }),
		of("version", rows, func(r *row) string { return r.Version }),
		of("was_path", rows, func(r *row) []string { return r.WasPath }),
		of("now_path", rows, func(r *row) []string { return r.NowPath }),
		of("started_at", rows, func(r *row) time.Time { return r.StartedAt }),
		of("detected_at", rows, func(r *row) time.Time { return r.DetectedAt }),
		of("updated_at", rows, func(r *row) time.Time { return r.UpdatedAt }),
		of("resolved_at", rows, func(r *row) *time.Time {
			if r.ResolvedAt.IsZero() {
				return nil
			}
			return &r.ResolvedAt
		}),
		of("reason", rows, func(r *row) string {
			if r.Reason == "" {
				return "none"
			}
			return string(r.Reason)
		}),
		of("before_ms", rows, func(r *row) float64 { return r.BeforeMs }),
		of("after_ms", rows, func(r *row) float64 { return r.AfterMs }),
		of("shift_ms", rows, func(r *row) float64 { return r.ShiftMs }),
		of("shift_low_ms", rows, func(r *row) float64 { return r.ShiftLowMs }),
		of("shift_high_ms", rows, func(r *row) float64 { return r.ShiftHighMs }),
		of("shift_ratio", rows, func(r *row) float64 { return r.ShiftRatio }),
		of("q_value", rows, func(r *row) float64 { return r.Q }),
		of("calls_before", rows, func(r *row) uint32 { return uint32(r.CallsBefore) }),
		of("calls_after", rows, func(r *row) uint32 { return uint32(r.CallsAfter) }),
		of("windows", rows, func(r *row) uint32 { return uint32(r.Windows) }),
		of("pair_publisher", rows, func(r *row) []string {
			return each(r.Pairs, func(p *regression.Affected) string { return p.Publisher })
		}),
		of("pair_subscriber", rows, func(r *row) []string {
			return each(r.Pairs, func(p *regression.Affected) string { return p.Subscriber })
		}),
		of("pair_calls", rows, func(r *row) []uint32 {
			return each(r.Pairs, func(p *regression.Affected) uint32 { return uint32(p.Calls) })
		}),
		pairs("pair_before_ms", func(p *regression.Affected) float64 { return p.BeforeMs }),
		pairs("pair_after_ms", func(p *regression.Affected) float64 { return p.AfterMs }),
		of("summary", rows, func(r *row) string { return summary(&r.Regression) }),
	}
}

func each[R, T any](rows []R, value func(*R) T) []T {
	out := make([]T, len(rows))
	for i := range rows {
		out[i] = value(&rows[i])
	}
	return out
}
