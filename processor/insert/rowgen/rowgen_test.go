package rowgen_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/insert/rowgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

func all(cfg rowgen.Config) *row.Batch {
	d := rowgen.New(cfg)
	b := &row.Batch{}
	for p := range 12 {
		f := d.Partition(p)
		for f.Next(b, len(b.E2E)+1000) {
		}
	}
	return b
}

func TestTheSameSeedMakesTheSameRows(t *testing.T) {
	cfg := rowgen.Config{Seed: 7, Rows: 20_000}
	a, b := all(cfg), all(cfg)
	require.Equal(t, a.Samples, b.Samples)
	require.Equal(t, a.Hops, b.Hops)
	require.Equal(t, a.Events, b.Events)
	require.Len(t, b.E2E, len(a.E2E))
	for i := range a.E2E {
		require.Equal(t, a.E2E[i].SSRC, b.E2E[i].SSRC)
		require.Equal(t, a.E2E[i].RTTMs, b.E2E[i].RTTMs)
	}
	cfg.Seed = 8
	require.NotEqual(t, a.E2E[0].CallID, all(cfg).E2E[0].CallID)
}

func TestThereAreAsManyRowsAsAskedFor(t *testing.T) {
	for _, rows := range []int{10_000, 300_000} {
		b := all(rowgen.Config{Rows: rows})
		require.InEpsilon(t, rows, len(b.E2E), 0.12)
	}
}

func TestRowsAreOfTheDayInOrderAndOfKnownCalls(t *testing.T) {
	d := rowgen.New(rowgen.Config{Rows: 50_000})
	calls := map[string]rowgen.Span{}
	for _, s := range d.Calls() {
		calls[s.CallID] = s
	}
	statuses := map[row.Status]int{}
	for p := range 12 {
		var last int64
		b := &row.Batch{}
		f := d.Partition(p)
		for f.Next(b, len(b.E2E)+1000) {
		}
		for i := range b.E2E {
			r := &b.E2E[i]
			require.GreaterOrEqual(t, r.WindowStart, last)
			last = r.WindowStart
			require.Contains(t, calls, r.CallID)
			require.GreaterOrEqual(t, r.WindowStart, calls[r.CallID].From.UnixMilli())
			require.Less(t, r.WindowStart, calls[r.CallID].To.UnixMilli())
			require.Len(t, r.HopRTTMs, int(r.HopsExpected))
			require.Equal(t, r.Status != row.Partial, r.RTTMs.Valid)
			statuses[r.Status]++
		}
	}
	require.Len(t, statuses, 3, "some rows are imputed and some partial")
	require.Greater(t, statuses[row.Complete], 20*statuses[row.Imputed])
}

func BenchmarkRows(b *testing.B) {
	d := rowgen.New(rowgen.Config{Rows: 50_000_000})
	f, batch := d.Partition(0), &row.Batch{}
	rows := 0
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		if !f.Next(batch, 10_000) {
			f = d.Partition(0)
		}
		rows += len(batch.E2E)
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
