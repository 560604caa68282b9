package watch_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/insert/rowgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

// BenchmarkObserve reads one minute after the other out of half an hour of 70,000 rows of e2e a minute, merged, which is where a minute
// lies the most scattered.
func BenchmarkObserve(b *testing.B) {
	const minutes, perMinute = 20, 70_000
	db := openStore(b, "bench")
	start := time.Now().UTC().Truncate(time.Minute).Add(-time.Hour) // what is older than the retention is merged away
	day := rowgen.New(rowgen.Config{Seed: 1, Start: start, Length: minutes * time.Minute, Rows: minutes * perMinute, Partitions: 1})
	feed, buffer := day.Partition(0), insert.NewBuffer()
	for n, more := 0, true; more; n++ {
		var batch row.Batch
		more = feed.Next(&batch, 50_000)
		for _, t := range buffer.Fill(&batch) {
			if t.Name == "e2e" {
				require.NoError(b, db.Insert(b.Context(), t.Name, strconv.Itoa(n), t.Columns))
			}
		}
		buffer.Reset()
	}
	require.NoError(b, db.Exec(b.Context(), "OPTIMIZE TABLE e2e FINAL", nil))
	sql, err := os.ReadFile("sql/observe.sql")
	require.NoError(b, err)
	type count struct {
		N uint64 `ch:"n"`
	}
	rows, before, asked := 0, cpu(b), 0
	b.ResetTimer()
	for b.Loop() {
		from := start.Add(time.Duration(5+asked%(minutes-8)) * time.Minute)
		r, err := db.Query(b.Context(), string(sql), clickhouse.Params{
			"from_ms": from.UnixMilli(), "to_ms": from.Add(time.Minute).UnixMilli(), "window_ms": 60_000,
		}, clickhouse.Settings{"max_threads": 2})
		require.NoError(b, err)
		for r.Next() {
			rows++
		}
		require.NoError(b, r.Err())
		require.NoError(b, r.Close())
		asked++
	}
	b.ReportMetric(1000*(cpu(b)-before)/float64(asked), "server-cpu-ms/op")
	b.ReportMetric(float64(rows)/float64(asked), "observations/op")
	total, err := clickhouse.Select[count](b.Context(), db, "SELECT count() AS n FROM e2e", nil)
	require.NoError(b, err)
	b.ReportMetric(float64(total[0].N)/minutes, "rows/min")
}

// cpu is the processor time that the engine has had, in seconds.
func cpu(b *testing.B) float64 {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", engine.server.PID()))
	if err != nil {
		b.Skip("processor time is read from /proc")
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	user, err := strconv.ParseFloat(fields[11], 64)
	require.NoError(b, err)
	system, err := strconv.ParseFloat(fields[12], 64)
	require.NoError(b, err)
	return (user + system) / 100
}
