package query_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// hour is a whole hour that ended a while ago, so that rows of it are kept and nothing else falls into it.
func hour() time.Time { return time.Now().UTC().Truncate(time.Hour).Add(-3 * time.Hour) }

// fill makes a column of n values.
func fill[T any](name string, n int, of func(i int) T) clickhouse.Column {
	values := make([]T, n)
	for i := range values {
		values[i] = of(i)
	}
	return clickhouse.Column{Name: name, Values: values}
}

// spread is a tenant with one hundred windows: RTTs of 10, 20 ... 1000 ms, one every 30 s, mouth-to-ear half of that. The odd ones
// are received in Japan by version 1.0, the even ones (20, 40 ...) in Germany by 2.0. Ten more windows are partial.
func spread(t *testing.T, tenant string) *query.Service {
	t.Helper()
	db, start := openStore(t), hour()
	nan := float32(0)
	nan /= nan
	const n = 110
	known := func(i int) bool { return i < 100 }
	rtt := func(i int) float32 { return float32(10 * (i + 1)) }
	pick := func(even, odd string) func(int) string {
		return func(i int) string {
			if i%2 == 1 {
				return even
			}
			return odd
		}
	}
	figure := func(of func(i int) float32) func(int) float32 {
		return func(i int) float32 {
			if !known(i) {
				return nan
			}
			return of(i)
		}
	}
	require.NoError(t, db.Insert(t.Context(), "e2e", tenant, []clickhouse.Column{
		fill("window_start", n, func(i int) time.Time { return start.Add(time.Duration(i%100) * 30 * time.Second) }),
		fill("window_ms", n, func(int) uint32 { return 5000 }),
		fill("tenant", n, func(int) string { return tenant }),
		fill("call_id", n, func(i int) string { return fmt.Sprintf("call-%d", i%4) }),
		fill("publisher_id", n, func(i int) string { return pick("ana", "bo")(i) }),
		fill("subscriber_id", n, func(int) string { return "chi" }),
		fill("kind", n, func(int) string { return "audio" }),
		fill("sfu_path", n, func(int) []string { return []string{"fra", "nrt"} }),
		fill("region_path", n, func(i int) []string {
			return []string{"eu-central", pick("eu-central", "ap-northeast")(i)}
		}),
		fill("status", n, func(i int) string {
			switch {
			case !known(i):
				return "partial"
			case i%5 == 0:
				return "imputed"
			}
			return "complete"
		}),
		fill("rtt_ms", n, figure(rtt)),
		fill("mouth_to_ear_ms", n, figure(func(i int) float32 { return rtt(i) / 2 })),
		fill("score", n, figure(func(i int) float32 { return 3 + float32(i%2) })),
		fill("loss_ratio", n, figure(func(int) float32 { return 0.01 })),
		fill("bitrate_bps", n, func(int) float32 { return 40_000 }),
		fill("blame", n, func(i int) string {
			if i < 5 {
				return "sfu_link"
			}
			return "none"
		}),
		fill("subscriber_app", n, pick("2.0", "1.0")),
		fill("subscriber_country", n, pick("DE", "JP")),
		fill("subscriber_asn", n, func(i int) uint32 { return []uint32{2516, 3320}[i%2] }),
		fill("subscriber_browser", n, pick("Chrome 131", "Safari 18")),
		fill("subscriber_network", n, pick("wifi", "cellular")),
	}))
	return query.New(db, query.WithTenant(tenant), query.WithClock(func() time.Time { return start.Add(2 * time.Hour) }))
}

func TestLatencyIsTheSameFromEverySource(t *testing.T) {
	s := spread(t, "latency")
	start := hour()
	for name, c := range map[string]struct {
		q      query.LatencyQuery
		source string
	}{
		"by the hour":          {query.LatencyQuery{Range: query.Range{From: start.Add(-5 * time.Hour), To: start.Add(time.Hour)}}, "e2e_1h"},
		"by five minutes":      {query.LatencyQuery{Range: query.Range{From: start, To: start.Add(time.Hour)}}, "e2e_5m"},
		"window by window":     {query.LatencyQuery{Range: query.Range{From: start, To: start.Add(51 * time.Minute)}, OverTime: true, Step: 30 * time.Second}, "e2e"},
		"one step of one hour": {query.LatencyQuery{Range: query.Range{From: start, To: start.Add(time.Hour)}, OverTime: true, Step: time.Hour}, "e2e_1h"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Latency(t.Context(), c.q)
			require.NoError(t, err)
			require.Equal(t, c.source, got.Source)
			if name == "window by window" {
				require.Len(t, got.Points, 100)
				require.InDelta(t, 20, *got.Points[1].RTTP50, 0.3)
				require.Equal(t, start.Add(30*time.Second), got.Points[1].At)
				return
			}
			require.Len(t, got.Points, 1)
			p := got.Points[0]
			require.EqualValues(t, 110, p.Windows)
			require.EqualValues(t, 80, p.Complete)
			require.EqualValues(t, 20, p.Imputed)
			require.EqualValues(t, 10, p.Partial, "in the count, in no quantile")
			require.EqualValues(t, 100, p.RTTCount)
			require.InEpsilon(t, 500, *p.RTTP50, 0.025)
			require.InEpsilon(t, 950, *p.RTTP95, 0.025)
			require.InEpsilon(t, 990, *p.RTTP99, 0.025)
			require.InDelta(t, 1000, *p.RTTMax, 0)
			require.InDelta(t, 0.85, *p.RTTOver150, 1e-6)
			require.InDelta(t, 0.70, *p.RTTOver300, 1e-6)
			require.InDelta(t, 0.60, *p.RTTOver400, 1e-6)
			require.InEpsilon(t, 250, *p.MouthP50, 0.025)
			require.InDelta(t, 0.70, *p.MouthOver150, 1e-6)
			require.InDelta(t, 0.40, *p.MouthOver300, 1e-6)
			require.InDelta(t, 3.5, *p.AudioScore, 1e-3)
			require.Nil(t, p.VideoScore)
			require.InDelta(t, 0.01, *p.Loss, 1e-6)
			require.Nil(t, p.Freeze)
			require.InDelta(t, 40_000, p.Bitrate, 0.1)
			require.Equal(t, query.Blame{SFULink: 5}, p.Blame)
		})
	}
}

func TestLatencyByGroupIsComputedWithinTheGroup(t *testing.T) {
	s := spread(t, "groups")
	start := hour()
	day := query.Range{From: start.Add(-5 * time.Hour), To: start.Add(time.Hour)}
	for by, c := range map[string]struct{ odd, even, source string }{
		"version":           {"1.0", "2.0", "trait_1h"},
		"asn":               {"2516", "3320", "trait_1h"},
		"subscriber_region": {"ap-northeast", "eu-central", "trait_1h"},
		"path":              {"eu-central>ap-northeast", "eu-central>eu-central", "e2e_1h"},
		"country":           {"JP", "DE", "trait_1h"},
		"browser":           {"Safari 18", "Chrome 131", "trait_1h"},
		"network":           {"cellular", "wifi", "trait_1h"},
	} {
		t.Run(by, func(t *testing.T) {
			got, err := s.Latency(t.Context(), query.LatencyQuery{Range: day, By: by})
			require.NoError(t, err)
			require.Equal(t, c.source, got.Source)
			require.Len(t, got.Points, 2)
			for _, p := range got.Points {
				require.EqualValues(t, 55, p.Windows)
				require.EqualValues(t, 50, p.RTTCount)
				if p.Group == c.odd { // 10, 30 ... 990
					require.InEpsilon(t, 490, *p.RTTP50, 0.025)
					require.InDelta(t, 990, *p.RTTMax, 0)
					require.InDelta(t, 42.0/50, *p.RTTOver150, 1e-6, "170, 190 ... 990; 150 itself is not over 150")
					require.InDelta(t, 3, *p.AudioScore, 1e-3)
					continue
				}
				require.Equal(t, c.even, p.Group) // 20, 40 ... 1000
				require.InDelta(t, 1000, *p.RTTMax, 0)
				require.InDelta(t, 4, *p.AudioScore, 1e-3)
			}
		})
	}
	t.Run("a filter narrows", func(t *testing.T) {
		got, err := s.Latency(t.Context(), query.LatencyQuery{Range: day, By: "version", LatencyFilter: query.LatencyFilter{Country: "JP"}})
		require.NoError(t, err)
		require.Equal(t, "audience_1h", got.Source)
		require.Len(t, got.Points, 1)
		require.Equal(t, "1.0", got.Points[0].Group)
	})
	t.Run("a filter on one thing tells nothing apart", func(t *testing.T) {
		got, err := s.Latency(t.Context(), query.LatencyQuery{Range: day, LatencyFilter: query.LatencyFilter{ASN: 2516}})
		require.NoError(t, err)
		require.Equal(t, "trait_1h", got.Source)
		require.Len(t, got.Points, 1)
		require.Empty(t, got.Points[0].Group)
		require.EqualValues(t, 55, got.Points[0].Windows)
	})
	t.Run("a filter on the group leaves one", func(t *testing.T) {
		got, err := s.Latency(t.Context(), query.LatencyQuery{Range: day, By: "asn", LatencyFilter: query.LatencyFilter{ASN: 3320}})
		require.NoError(t, err)
		require.Equal(t, "trait_1h", got.Source)
		require.Len(t, got.Points, 1)
		require.Equal(t, "3320", got.Points[0].Group)
	})
	t.Run("what no rollup knows together is read window by window", func(t *testing.T) {
		got, err := s.Latency(t.Context(), query.LatencyQuery{Range: day, By: "country", LatencyFilter: query.LatencyFilter{Path: "eu-central>ap-northeast"}})
		require.NoError(t, err)
		require.Equal(t, "e2e", got.Source)
		require.Len(t, got.Points, 1)
		require.Equal(t, "JP", got.Points[0].Group)
		require.EqualValues(t, 55, got.Points[0].Windows)
	})
	t.Run("only the largest groups", func(t *testing.T) {
		got, err := s.Latency(t.Context(), query.LatencyQuery{Range: day, By: "version", Groups: 1})
		require.NoError(t, err)
		require.Len(t, got.Points, 1)
	})
}

func TestQuantilesOverTimeAreOfTheirStep(t *testing.T) {
	s := spread(t, "steps")
	start := hour()
	got, err := s.Latency(t.Context(), query.LatencyQuery{
		Range: query.Range{From: start, To: start.Add(time.Hour)}, OverTime: true, Step: 10 * time.Minute,
	})
	require.NoError(t, err)
	require.Equal(t, "e2e_5m", got.Source)
	require.Len(t, got.Points, 5, "50 minutes have windows")
	for i, p := range got.Points { // twenty windows each: 10-200, 210-400 ...
		require.Equal(t, start.Add(time.Duration(i)*10*time.Minute), p.At)
		require.EqualValues(t, 20, p.RTTCount)
		require.InDelta(t, 200*(i+1), *p.RTTMax, 0)
		require.InEpsilon(t, 200*i+100, *p.RTTP50, 0.11)
	}
}

func TestARollupHasToDivideTheStep(t *testing.T) {
	s := spread(t, "divides")
	start := hour()
	for step, source := range map[time.Duration]string{
		time.Minute: "e2e_1m", 5 * time.Minute: "e2e_5m", 6 * time.Minute: "e2e_1m", 90 * time.Minute: "e2e_5m", 2 * time.Hour: "e2e_1h",
	} {
		got, err := s.Latency(t.Context(), query.LatencyQuery{Range: query.Range{From: start.Add(-5 * time.Hour), To: start.Add(time.Hour)}, OverTime: true, Step: step})
		require.NoError(t, err, step)
		require.Equal(t, source, got.Source, step)
		var windows uint64
		for _, p := range got.Points {
			windows += p.Windows
		}
		require.EqualValues(t, 110, windows, step)
	}
}

func TestMatrixTellsPairsOfRegionsApart(t *testing.T) {
	s := spread(t, "matrix")
	start := hour()
	got, err := s.Matrix(t.Context(), query.MatrixQuery{Range: query.Range{From: start, To: start.Add(time.Hour)}})
	require.NoError(t, err)
	require.Len(t, got.Pairs, 2)
	for _, p := range got.Pairs {
		require.Equal(t, "eu-central", p.Publisher)
		require.Contains(t, []string{"eu-central", "ap-northeast"}, p.Subscriber)
		require.EqualValues(t, 55, p.Windows)
	}
}

func TestCoverageCountsWhatHasARoundTripTime(t *testing.T) {
	s := spread(t, "coverage")
	start := hour()
	for _, over := range []bool{false, true} {
		got, err := s.Coverage(t.Context(), query.CoverageQuery{
			Range: query.Range{From: start, To: start.Add(time.Hour)}, OverTime: over, Step: time.Hour,
		})
		require.NoError(t, err)
		require.Len(t, got.Points, 1)
		p := got.Points[0]
		require.Equal(t, start, p.At)
		require.EqualValues(t, 110, p.Windows)
		require.EqualValues(t, 80, p.Complete)
		require.InDelta(t, 100.0/110, p.Ratio, 1e-9)
	}
}

func TestLinksAreToldApartByTheirEnds(t *testing.T) {
	seeded(t, "links", 1)
	start := hour()
	call := querytest.Call{ID: "links", Start: start, Tenant: "links"}
	require.NoError(t, call.Insert(t.Context(), openStore(t), 0, 12))
	s := query.New(openStore(t), query.WithTenant("links"), query.WithClock(func() time.Time { return start.Add(time.Hour) }))
	got, err := s.Links(t.Context(), query.LinksQuery{Range: query.Range{From: start, To: start.Add(10 * time.Minute)}})
	require.NoError(t, err)
	require.Len(t, got.Links, 2)
	far := got.Links[0]
	require.Equal(t, "iad", far.FromSFU, "the slowest comes first")
	require.Equal(t, "nrt", far.ToSFU)
	require.Equal(t, "us-east", far.FromRegion)
	require.EqualValues(t, 12, far.Windows)
	require.InDelta(t, 156.5, *far.RTTP50, 3)
	require.InDelta(t, 0.001, *far.LossTo, 1e-6)
	require.Nil(t, far.LossFrom, "nobody reported it")

	access, err := s.Links(t.Context(), query.LinksQuery{Range: query.Range{From: start, To: start.Add(10 * time.Minute)}, Access: true, SFU: "fra"})
	require.NoError(t, err)
	require.Len(t, access.Links, 1)
	require.EqualValues(t, 24, access.Links[0].Windows, "ana and eli")

	over, err := s.Links(t.Context(), query.LinksQuery{Range: query.Range{From: start, To: start.Add(10 * time.Minute)}, OverTime: true, Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, over.Links, 2)
	require.Equal(t, start, over.Links[0].At)

	all, err := s.Links(t.Context(), query.LinksQuery{Range: query.Range{From: start, To: start.Add(10 * time.Minute)}, OverTime: true, Step: time.Minute, Access: true})
	require.NoError(t, err)
	busiest, err := s.Links(t.Context(), query.LinksQuery{Range: query.Range{From: start, To: start.Add(10 * time.Minute)}, OverTime: true, Step: time.Minute, Access: true, Links: 1})
	require.NoError(t, err)
	require.NotEmpty(t, busiest.Links)
	require.Less(t, len(busiest.Links), len(all.Links))
	for _, l := range busiest.Links {
		require.Equal(t, busiest.Links[0].ToSFU, l.ToSFU)
	}
}
