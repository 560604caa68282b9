package erase_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/erase"
	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

var engine struct {
	once   sync.Once
	server *embedded.Server
	db     *clickhouse.DB
	err    error
}

func TestMain(m *testing.M) {
	embedded.RunChildIfAsked()
	code := m.Run()
	if engine.db != nil {
		_ = engine.db.Close()
	}
	if engine.server != nil {
		_ = engine.server.Shutdown(context.Background())
	}
	os.Exit(code)
}

func openStore(t *testing.T) *clickhouse.DB {
	t.Helper()
	engine.once.Do(func() {
		engine.err = func() (err error) {
			if engine.server, err = embedded.New(embedded.Config{}, embedded.Dependencies{}); err != nil {
				return err
			}
			if err = engine.server.Start(t.Context()); err != nil {
				return err
			}
			if engine.db, err = clickhouse.Open(clickhouse.Config{Addr: []string{engine.server.Addr()}}); err != nil {
				return err
			}
			_, err = clickhouse.Migrate(t.Context(), engine.db, ddl.Migrations)
			return err
		}()
	})
	if errors.Is(engine.err, embedded.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip(engine.err)
	}
	require.NoError(t, engine.err)
	return engine.db
}

// played are two calls of one tenant that are over, with the same five people, and what an SFU says of its streams.
func played(t *testing.T, tenant string) *clickhouse.DB {
	t.Helper()
	db := openStore(t)
	start := time.Now().UTC().Truncate(time.Hour).Add(-2 * time.Hour)
	for _, id := range []string{"monday", "tuesday"} {
		require.NoError(t, querytest.Call{ID: id, Start: start, Tenant: tenant}.Insert(t.Context(), db, 0, 3))
		same := func(v string) []string { return []string{v, v, v} }
		require.NoError(t, db.Insert(t.Context(), "streams", "", []clickhouse.Column{
			{Name: "sampled_at", Values: []time.Time{start, start, start}},
			{Name: "tenant", Values: same(tenant)}, {Name: "call_id", Values: same(id)},
			{Name: "source_kind", Values: []string{"client", "sfu", "sfu"}},
			{Name: "source_id", Values: []string{"ana", "fra", "nrt"}},
			{Name: "direction", Values: []string{"outbound", "inbound", "outbound"}},
			{Name: "transport_id", Values: []string{"ana-pc", "fra-eli", "nrt-chi"}},
			{Name: "track_id", Values: []string{"ana-audio", "eli-audio", "ana-audio"}},
		}))
	}
	return db
}

// rows counts by table what mentions a word in any of its columns.
func mentions(t *testing.T, db *clickhouse.DB, tenant, word string) map[string]uint64 {
	t.Helper()
	out := map[string]uint64{}
	for _, table := range []string{"samples", "streams", "hops", "e2e", "events", "participants", "peers", "calls", "observations", "erasures", "erasing"} {
		where := ""
		if table != "erasing" {
			where = "WHERE tenant = {tenant:String}"
		}
		columns := "*"
		if table == "calls" || table == "participants" || table == "peers" {
			columns = "* EXCEPT (rtt, mouth_to_ear)"
		}
		rows, err := db.Query(t.Context(), "SELECT count() FROM (SELECT toString(tuple("+columns+")) AS text FROM "+table+" "+where+
			") WHERE position(text, {word:String}) > 0", clickhouse.Params{"tenant": tenant, "word": word})
		require.NoError(t, err, table)
		for rows.Next() {
			var n uint64
			require.NoError(t, rows.Scan(&n))
			if n > 0 {
				out[table] = n
			}
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
	return out
}

func run(t *testing.T, db *clickhouse.DB, s erase.Subject) (*erase.Found, *erase.Report) {
	t.Helper()
	e := erase.New(db)
	found, err := e.Find(t.Context(), s)
	require.NoError(t, err)
	report, err := e.Erase(t.Context(), found)
	require.NoError(t, err)
	return found, report
}

func TestAUserGoesFromEveryTableAndNobodyElseDoes(t *testing.T) {
	db := played(t, "user")
	played(t, "neighbour")
	before := mentions(t, db, "neighbour", "ana")
	require.Contains(t, mentions(t, db, "user", "ana"), "participants")

	found, report := run(t, db, erase.Subject{Tenant: "user", Kind: erase.User, Name: "Ana", Also: "ana@example.org"})
	require.Len(t, found.Calls, 2)
	require.Equal(t, []string{"ana"}, found.Calls[0].Clients)
	require.False(t, found.Calls[0].Live)
	require.Empty(t, report.Remained)
	removed := map[string]uint64{}
	for _, r := range report.Removed {
		removed[r.Table] = r.Rows
	}
	// By hand, for two calls of three windows: ana sends two tracks to four others and receives four.
	require.EqualValues(t, 2*3*(2*4+4), removed["e2e"])
	require.EqualValues(t, 2*3, removed["samples"])
	require.EqualValues(t, 2*3, removed["hops"])
	require.EqualValues(t, 2, removed["events"])
	require.EqualValues(t, 2*2, removed["streams"], "ana's own, and what nrt sends of ana's")

	require.Empty(t, mentions(t, db, "user", "ana"))
	require.Contains(t, mentions(t, db, "user", "eli"), "streams", "the others stay")
	require.Equal(t, before, mentions(t, db, "neighbour", "ana"), "another tenant's stay")

	s := query.New(db, query.WithTenant("user"))
	calls, err := s.Calls(t.Context(), query.CallsQuery{})
	require.NoError(t, err)
	require.Len(t, calls.Calls, 2)
	require.EqualValues(t, 4, calls.Calls[0].Clients, "counted anew from who is left")
	latency, err := s.Latency(t.Context(), query.LatencyQuery{})
	require.NoError(t, err)
	require.EqualValues(t, 2*3*24, latency.Points[0].Windows, "rollups hold no names and stay")
}

func TestAnErasureIsRecordedWithoutTheName(t *testing.T) {
	db := played(t, "record")
	_, report := run(t, db, erase.Subject{Tenant: "record", Kind: erase.Client, Name: "dee"})
	rows, err := db.Query(t.Context(), "SELECT toString(erasure_id), toString(kind), calls, removed['e2e'], remained FROM erasures WHERE tenant = 'record'", nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	require.True(t, rows.Next())
	var (
		id, kind              string
		calls, e2e, remaining uint64
	)
	require.NoError(t, rows.Scan(&id, &kind, &calls, &e2e, &remaining))
	require.Equal(t, report.ID, id)
	require.Equal(t, "client", kind)
	require.EqualValues(t, 2, calls)
	require.Positive(t, e2e)
	require.Zero(t, remaining)
	require.False(t, rows.Next())
	require.Empty(t, mentions(t, db, "record", "dee"))

	// Nor do the server's own notes name anybody.
	log, err := db.Query(t.Context(), "SELECT command FROM system.mutations WHERE position(command, 'dee') > 0 AND position(command, 'left') = 0 AND command LIKE 'DELETE%'", nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, log.Close()) }()
	require.False(t, log.Next(), "the statements that remove rows are kept by ClickHouse")
}

func TestACallGoesWithItsSummary(t *testing.T) {
	db := played(t, "call")
	require.NoError(t, db.Insert(t.Context(), "observations", "", []clickhouse.Column{
		{Name: "window_start", Values: []time.Time{time.Now(), time.Now()}},
		{Name: "tenant", Values: []string{"call", "call"}}, {Name: "call_id", Values: []string{"monday", "tuesday"}},
	}))
	found, report := run(t, db, erase.Subject{Tenant: "call", Kind: erase.Call, Name: "monday"})
	require.Len(t, found.Calls, 1)
	require.Empty(t, report.Remained)
	require.Empty(t, mentions(t, db, "call", "monday"))
	require.NotEmpty(t, mentions(t, db, "call", "tuesday"))
}

func TestTheSummaryOfACallGoesWithItsLastClient(t *testing.T) {
	db := openStore(t)
	require.NoError(t, db.Insert(t.Context(), "samples", "", []clickhouse.Column{
		{Name: "sampled_at", Values: []time.Time{time.Now()}},
		{Name: "tenant", Values: []string{"last"}}, {Name: "call_id", Values: []string{"waiting"}},
		{Name: "source_kind", Values: []string{"client"}}, {Name: "source_id", Values: []string{"zoe"}},
	}))
	require.Contains(t, mentions(t, db, "last", "waiting"), "calls")
	_, report := run(t, db, erase.Subject{Tenant: "last", Kind: erase.Client, Name: "zoe"})
	require.Equal(t, []erase.TableRows{{Table: "samples", Rows: 1}, {Table: "participants", Rows: 1}}, report.Removed)
	require.Empty(t, mentions(t, db, "last", "waiting"))
}

func TestWhatIsNotThereIsNotErased(t *testing.T) {
	db := played(t, "nothing")
	for _, s := range []erase.Subject{
		{Tenant: "nothing", Kind: erase.User, Name: "nobody"},
		{Tenant: "elsewhere", Kind: erase.User, Name: "ana@example.org"},
		{Tenant: "nothing", Kind: erase.Client, Name: "' OR 1=1 --"},
	} {
		found, err := erase.New(db).Find(t.Context(), s)
		require.NoError(t, err)
		require.Empty(t, found.Calls)
		require.Zero(t, found.Total())
	}
	_, err := erase.New(db).Find(t.Context(), erase.Subject{Kind: erase.Call})
	require.EqualError(t, err, "no call is named")
}

func TestLookingLeavesNothingBehind(t *testing.T) {
	db := played(t, "look")
	e := erase.New(db)
	found, err := e.Find(t.Context(), erase.Subject{Tenant: "look", Kind: erase.User, Name: "ana@example.org"})
	require.NoError(t, err)
	require.Positive(t, found.Total())
	require.NoError(t, e.Forget(t.Context(), found))
	require.NotContains(t, mentions(t, db, "look", "ana"), "erasing")
	require.Contains(t, mentions(t, db, "look", "ana"), "e2e")
}

func TestACallThatGoesOnIsSaidSo(t *testing.T) {
	db := openStore(t)
	now := time.Now().UTC().Truncate(querytest.Window)
	require.NoError(t, querytest.Call{ID: "now", Start: now.Add(-2 * querytest.Window), Tenant: "live"}.Insert(t.Context(), db, 0, 2))
	e := erase.New(db)
	found, err := e.Find(t.Context(), erase.Subject{Tenant: "live", Kind: erase.Client, Name: "bo"})
	require.NoError(t, err)
	require.Len(t, found.Calls, 1)
	require.True(t, found.Calls[0].Live)
	require.NoError(t, e.Forget(t.Context(), found))
	require.False(t, strings.Contains(found.Calls[0].CallID, "bo"))
}
