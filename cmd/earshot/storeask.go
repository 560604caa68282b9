package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/insert/rowgen"
)

// ask asks every question of the dashboards several times, of the whole span and of one call in it. The first answers are not
// counted: they find no file in memory.
func (c *benchStoreCmd) ask(ctx context.Context, db *clickhouse.DB, start time.Time, calls []rowgen.Span, f *storeFigures) error {
	scope, err := scopeOf(ctx, db, calls)
	if err != nil {
		return err
	}
	scope.Range = query.Range{From: start, To: start.Add(c.Length)}
	service := questions(db)
	for _, q := range query.Questions() {
		times := make([]float64, 0, c.Rounds)
		for round := range c.Rounds + 1 {
			began := time.Now()
			rows, err := q.Ask(ctx, service, scope)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return fmt.Errorf("question %s: %w", q.Name, err)
			}
			if round > 0 {
				times = append(times, float64(time.Since(began).Microseconds())/1000)
			}
			f.QueryRows[q.Name] = rows
		}
		f.QueryMedianMs[q.Name], f.QueryMaxMs[q.Name] = median(times), slices.Max(times)
		fmt.Fprintf(os.Stderr, "%-28s %10.1f ms\n", q.Name, f.QueryMedianMs[q.Name])
	}
	return nil
}

// scopeOf chooses a call that is longer than most, and two clients of it.
func scopeOf(ctx context.Context, db *clickhouse.DB, calls []rowgen.Span) (query.Scope, error) {
	byLength := slices.SortedFunc(slices.Values(calls), func(a, b rowgen.Span) int { return int(a.To.Sub(a.From) - b.To.Sub(b.From)) })
	call := byLength[len(byLength)*3/4]
	pairs, err := clickhouse.Select[struct {
		Subscriber string `ch:"subscriber_id"`
		Publisher  string `ch:"publisher_id"`
	}](ctx, db, `SELECT subscriber_id, publisher_id FROM peers WHERE call_id = {call:String} AND kind = 'audio'
		GROUP BY subscriber_id, publisher_id ORDER BY sum(windows) DESC, subscriber_id, publisher_id LIMIT 1`, clickhouse.Params{"call": call.CallID})
	if err != nil {
		return query.Scope{}, err
	}
	if len(pairs) == 0 {
		return query.Scope{}, errors.New("the store has nothing of the call " + call.CallID)
	}
	return query.Scope{CallID: call.CallID, ClientID: pairs[0].Subscriber, PublisherID: pairs[0].Publisher}, nil
}

// print writes the figures for people.
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
		if t.Table != insert.E2E || t.ColumnRows == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%-22s %10s  %s\n", "column of e2e", "bytes/row", "codec")
		for _, col := range t.Columns {
			fmt.Fprintf(w, "%-22s %10.2f  %s\n", col.Name, float64(col.Bytes)/float64(t.ColumnRows), col.Codec)
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
