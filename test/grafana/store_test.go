package grafana_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/datasource/source"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/insert/rowgen"
	"github.com/earshot-rtc/earshot/processor/row"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

// store is one engine for all tests, filled once.
var store struct {
	once   sync.Once
	server *embedded.Server
	db     *clickhouse.DB
	source *source.Source
	err    error
}

func TestMain(m *testing.M) {
	embedded.RunChildIfAsked()
	code := m.Run()
	if store.source != nil {
		store.source.Dispose()
	}
	if store.db != nil {
		_ = store.db.Close()
	}
	if store.server != nil {
		if err := store.server.Shutdown(context.Background()); err != nil && code == 0 {
			code = 1
		}
	}
	os.Exit(code)
}

// filled makes sure of the store, with two hours of calls that end now, and of a data source that asks it.
func filled(t *testing.T) {
	t.Helper()
	store.once.Do(func() { store.err = fill(t.Context()) })
	if errors.Is(store.err, embedded.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip(store.err)
	}
	require.NoError(t, store.err)
}

func fill(ctx context.Context) (err error) {
	if store.server, err = embedded.New(embedded.Config{}, embedded.Dependencies{}); err != nil {
		return err
	}
	if err = store.server.Start(ctx); err != nil {
		return err
	}
	if store.db, err = clickhouse.Open(clickhouse.Config{Addr: []string{store.server.Addr()}}); err != nil {
		return err
	}
	if _, err = clickhouse.Migrate(ctx, store.db, ddl.Migrations); err != nil {
		return err
	}
	settings, err := json.Marshal(map[string]any{"address": store.server.Addr(), "timeoutSeconds": 60})
	if err != nil {
		return err
	}
	store.source = source.New(backend.DataSourceInstanceSettings{UID: "earshot", Type: model.PluginID, JSONData: settings})
	now := time.Now().UTC().Truncate(querytest.Window)
	if err = many(ctx, now); err != nil {
		return err
	}
	// The call of the lab: three SFUs in a line and five clients, still going on, the last that was seen.
	const windows = 60
	lab := querytest.Call{ID: "lab", Start: now.Add(-windows * querytest.Window)}
	if err = lab.Insert(ctx, store.db, 0, windows); err != nil {
		return err
	}
	return errors.Join(unreadable(ctx, now), shifts(ctx, now))
}

// shifts are a regression that goes on and one that is over.
func shifts(ctx context.Context, now time.Time) error {
	at := func(ago time.Duration) []time.Time { return []time.Time{now.Add(-ago)} }
	one := func(name, text string) clickhouse.Column {
		return clickhouse.Column{Name: name, Values: []string{text}}
	}
	figure := func(name string, v float64) clickhouse.Column {
		return clickhouse.Column{Name: name, Values: []float64{v}}
	}
	when := func(name string, ago time.Duration) clickhouse.Column {
		return clickhouse.Column{Name: name, Values: at(ago)}
	}
	open := []clickhouse.Column{
		one("id", "open"), one("state", "open"), one("cause", "sfu_link"), one("severity", "warning"), one("from_sfu", "fra"), one("to_sfu", "iad"),
		one("summary", "the link fra-iad got slower by 60 ms"), figure("before_ms", 90), figure("after_ms", 150), figure("shift_ms", 60),
		figure("shift_ratio", 0.67), when("started_at", 4*time.Minute), when("detected_at", 2*time.Minute), when("updated_at", 0), when("evaluated_at", 0),
	}
	over := []clickhouse.Column{
		one("id", "over"), one("state", "resolved"), one("cause", "version"), one("severity", "critical"), one("version", "1.2.0"),
		one("summary", "version 1.2.0 got slower by 60 ms"), figure("before_ms", 120), figure("after_ms", 180), figure("shift_ms", 60),
		figure("shift_ratio", 0.5), when("started_at", time.Hour), when("detected_at", 55*time.Minute), when("updated_at", 30*time.Minute),
		when("evaluated_at", 20*time.Minute), when("resolved_at", 20*time.Minute),
	}
	return errors.Join(store.db.Insert(ctx, "regressions", "open", open), store.db.Insert(ctx, "regressions", "over", over))
}

// many are calls of all lengths, sizes and topologies, in rows of the processor's own.
func many(ctx context.Context, now time.Time) error {
	const span = 2 * time.Hour
	day := rowgen.New(rowgen.Config{Seed: 7, Start: now.Add(-span), Length: span - time.Minute, Rows: 4_000, Partitions: 1, Streams: true})
	feed, buffer := day.Partition(0), insert.NewBuffer()
	for n, more := 0, true; more; n++ {
		var batch row.Batch
		more = feed.Next(&batch, 50_000)
		for _, t := range buffer.Fill(&batch) {
			if err := store.db.Insert(ctx, t.Name, fmt.Sprintf("%s:%d", t.Name, n), t.Columns); err != nil {
				return err
			}
		}
		buffer.Reset()
	}
	return nil
}

// unreadable are records that nobody could read.
func unreadable(ctx context.Context, now time.Time) error {
	var batch row.Batch
	for i, reason := range []string{"malformed", "malformed", "unknown_origin"} {
		*batch.AddDead() = row.DeadLetter{
			ReceivedAt: now.Add(-time.Duration(i) * time.Minute).UnixMilli(), Topic: "earshot.samples.v1", Offset: uint64(i), Reason: reason,
			Detail: "not a sample", Bytes: 17,
		}
	}
	for _, t := range insert.NewBuffer().Fill(&batch) {
		if err := store.db.Insert(ctx, t.Name, "dead", t.Columns); err != nil {
			return err
		}
	}
	return nil
}
