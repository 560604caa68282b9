package querytest

import (
	"context"
	"math"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// Regressions writes two regressions of a tenant. The link fra-iad got 60 ms slower at start, which opened three minutes later, was
// updated, and is open. Calls of the operator 2516 got slower an hour before start, for 20 minutes.
func Regressions(ctx context.Context, db *clickhouse.DB, tenant string, start time.Time) error {
	at := func(minutes ...int) []time.Time {
		out := make([]time.Time, len(minutes))
		for i, m := range minutes {
			out[i] = start.Add(time.Duration(m) * time.Minute)
		}
		return out
	}
	resolved := start.Add(-40 * time.Minute)
	same := func(v string) []string { return []string{v, v, v} }
	return db.Insert(ctx, "regressions", "", []clickhouse.Column{
		{Name: "tenant", Values: same(tenant)},
		{Name: "id", Values: []string{"link", "link", "access"}},
		{Name: "evaluated_at", Values: at(3, 5, -40)},
		{Name: "window_ms", Values: []uint32{60_000, 60_000, 60_000}},
		{Name: "state", Values: []string{"open", "open", "resolved"}},
		{Name: "cause", Values: []string{"sfu_link", "sfu_link", "access_network"}},
		{Name: "severity", Values: []string{"warning", "critical", "warning"}},
		{Name: "from_sfu", Values: []string{"fra", "fra", ""}},
		{Name: "to_sfu", Values: []string{"iad", "iad", ""}},
		{Name: "asn", Values: []uint32{0, 0, 2516}},
		{Name: "started_at", Values: at(0, 0, -60)},
		{Name: "detected_at", Values: at(3, 3, -56)},
		{Name: "updated_at", Values: at(3, 5, -40)},
		{Name: "resolved_at", Values: []*time.Time{nil, nil, &resolved}},
		{Name: "reason", Values: []string{"none", "none", "gone"}},
		{Name: "before_ms", Values: []float64{90, 90, 40}},
		{Name: "after_ms", Values: []float64{148, 150, 75}},
		{Name: "shift_ms", Values: []float64{58, 60, 35}},
		{Name: "shift_low_ms", Values: []float64{54, 57, 31}},
		{Name: "shift_high_ms", Values: []float64{63, 63, 40}},
		{Name: "shift_ratio", Values: []float64{58. / 90, 60. / 90, 35. / 40}},
		{Name: "q_value", Values: []float64{1e-4, 1e-7, 0.01}},
		{Name: "calls_before", Values: []uint32{40, 40, 12}},
		{Name: "calls_after", Values: []uint32{9, 12, 8}},
		{Name: "windows", Values: []uint32{3, 5, 20}},
		{Name: "pair_publisher", Values: [][]string{{"eu-central"}, {"eu-central", "us-east"}, {"ap-northeast"}}},
		{Name: "pair_subscriber", Values: [][]string{{"us-east"}, {"us-east", "eu-central"}, {"ap-northeast"}}},
		{Name: "pair_calls", Values: [][]uint32{{9}, {12, 7}, {8}}},
		{Name: "pair_before_ms", Values: [][]float64{{126}, {126, math.NaN()}, {60}}},
		{Name: "pair_after_ms", Values: [][]float64{{184}, {186, 187}, {96}}},
		{Name: "summary", Values: []string{"The link fra-iad got 58 ms slower.", "The link fra-iad got 60 ms slower.", "AS2516 got 35 ms slower."}},
	})
}
