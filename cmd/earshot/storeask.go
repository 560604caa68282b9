package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/insert/rowgen"
)

// ask asks every question of the dashboards several times.
func (c *benchStoreCmd) ask(ctx context.Context, db *clickhouse.DB, start time.Time, calls []rowgen.Span, f *storeFigures) error {
	return nil
}

func (f *storeFigures) print(w io.Writer) {
	fmt.Fprintf(w, "%d rows of e2e of %d calls in batches of %d by %d: %.0f rows per second (all tables: %.0f), %.1f s in all, merges %.0f s more\n",
		f.Rows, f.Calls, f.Batch, f.Workers, f.RowsPerSecond, f.AllRowsPerSecond, f.FillSeconds, f.MergeSeconds)
	fmt.Fprintf(w, "%.2f µs of processor time per row of e2e here, %.2f µs in ClickHouse, merges included\n", f.ClientCPUUs, f.ServerCPUUs)
	fmt.Fprintf(w, "%.1f bytes per row of e2e on disk, %.1f with all other tables; ClickHouse %s, %d CPUs\n\n",
		f.BytesPerRow, f.AllBytesPerRow, f.Engine, f.CPUs)
	fmt.Fprintf(w, "%-20s %12s %10s %14s %6s\n", "table", "rows", "bytes/row", "bytes/e2e row", "parts")
	for _, t := range f.Tables {
		fmt.Fprintf(w, "%-20s %12d %10.1f %14.1f %6d\n", t.Table, t.Rows, t.perRow(t.Bytes), float64(t.Bytes)/float64(f.Rows), t.Parts)
	}
	for _, t := range f.Tables {
		if t.Table != "e2e" {
			continue
		}
		fmt.Fprintf(w, "\n%-22s %10s  %s\n", "column of e2e", "bytes/row", "codec")
		for _, col := range t.Columns {
			fmt.Fprintf(w, "%-22s %10.2f  %s\n", col.Name, t.perRow(col.Bytes), col.Codec)
		}
	}
	if len(f.QueryMedianMs) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%-28s %10s %10s %8s\n", "question", "median ms", "most ms", "rows")
	for _, name := range slices.Sorted(maps.Keys(f.QueryMedianMs)) {
		fmt.Fprintf(w, "%-28s %10.1f %10.1f %8d\n", name, f.QueryMedianMs[name], f.QueryMaxMs[name], f.QueryRows[name])
	}
}
