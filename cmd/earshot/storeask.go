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
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/processor/insert"
)

// ask asks every question of the dashboards several times, of the whole span and of one call in it. The first answers are not
// counted: they find no file in memory.
func (c *benchStoreCmd) ask(ctx context.Context, db *clickhouse.DB, server *embedded.Server, f *storeFigures) error {
	scope, err := scopeOf(ctx, db)
	if err != nil {
		return err
	}
	service := questions(db)
	for _, q := range query.Questions() {
		times := make([]float64, 0, c.Rounds)
		var used time.Duration
		for round := range c.Rounds + 1 {
			if round == 1 {
				used = cpuTimeOf(server.PID())
			}
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
		f.QueryCPUMs[q.Name] = float64((cpuTimeOf(server.PID()) - used).Microseconds()) / 1000 / float64(c.Rounds)
		fmt.Fprintf(os.Stderr, "%-28s %10.1f ms %10.1f ms of processor time\n", q.Name, f.QueryMedianMs[q.Name], f.QueryCPUMs[q.Name])
	}
	return nil
}

// scopeOf is all that is stored, and of it a call that is longer than most, and two clients of it.
func scopeOf(ctx context.Context, db *clickhouse.DB) (query.Scope, error) {
	var scope query.Scope
	span, err := clickhouse.Select[struct {
		From time.Time `ch:"first"`
		To   time.Time `ch:"last"`
	}](ctx, db, "SELECT toStartOfHour(min(window_start)) AS first, toStartOfHour(max(window_start)) + INTERVAL 1 HOUR AS last FROM e2e", nil)
	if err != nil {
		return scope, err
	}
	scope.Range = query.Range{From: span[0].From, To: span[0].To}
	calls, err := clickhouse.Select[struct {
		Call string `ch:"call_id"`
	}](ctx, db, "SELECT call_id FROM calls GROUP BY call_id ORDER BY dateDiff('ms', min(first_seen), max(last_seen)), call_id", nil)
	if err != nil {
		return scope, err
	}
	if len(calls) == 0 {
		return scope, errors.New("the store has no calls")
	}
	scope.CallID = calls[len(calls)*3/4].Call
	pairs, err := clickhouse.Select[struct {
		Subscriber string `ch:"subscriber_id"`
		Publisher  string `ch:"publisher_id"`
	}](ctx, db, `SELECT subscriber_id, publisher_id FROM peers WHERE call_id = {call:String} AND kind = 'audio'
		GROUP BY subscriber_id, publisher_id ORDER BY sum(windows) DESC, subscriber_id, publisher_id LIMIT 1`, clickhouse.Params{"call": scope.CallID})
	if err != nil {
		return scope, err
	}
	if len(pairs) == 0 {
		return scope, errors.New("the store has nothing of the call " + scope.CallID)
	}
	scope.ClientID, scope.PublisherID = pairs[0].Subscriber, pairs[0].Publisher
	return scope, nil
}

// printFill writes what filling the store took.
func (f *storeFigures) printFill(w io.Writer) {
	fmt.Fprintf(w, "%d rows of e2e of %d calls in batches of %d by %d: %.0f rows per second (all tables: %.0f), %.1f s in all, merges %.0f s more\n",
		f.Rows, f.Calls, f.Batch, f.Workers, f.RowsPerSecond, f.AllRowsPerSecond, f.FillSeconds, f.MergeSeconds)
	fmt.Fprintf(w, "%.2f µs of processor time per row of e2e here, %.2f µs in ClickHouse, merges included\n", f.ClientCPUUs, f.ServerCPUUs)
}

// print writes the figures for people.
func (f *storeFigures) print(w io.Writer) {
	if f.Batch > 0 {
		f.printFill(w)
	}
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
	fmt.Fprintf(w, "\n%-28s %10s %10s %10s %8s\n", "question", "median ms", "most ms", "CPU ms", "rows")
	for _, name := range slices.Sorted(maps.Keys(f.QueryMedianMs)) {
		fmt.Fprintf(w, "%-28s %10.1f %10.1f %10.1f %8d\n", name, f.QueryMedianMs[name], f.QueryMaxMs[name], f.QueryCPUMs[name], f.QueryRows[name])
	}
}
