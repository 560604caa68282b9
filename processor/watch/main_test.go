package watch_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

// One engine serves all tests, each with a database of its own.
var engine struct {
	once   sync.Once
	server *embedded.Server
	err    error
}

func TestMain(m *testing.M) {
	embedded.RunChildIfAsked()
	code := m.Run()
	if engine.server != nil {
		if err := engine.server.Shutdown(context.Background()); err != nil && code == 0 {
			code = 1
		}
	}
	if code == 0 && goleak.Find() != nil {
		code = 1
	}
	os.Exit(code)
}

func openStore(t testing.TB, database string) *clickhouse.DB {
	t.Helper()
	engine.once.Do(func() {
		if engine.server, engine.err = embedded.New(embedded.Config{}, embedded.Dependencies{}); engine.err == nil {
			engine.err = engine.server.Start(context.Background())
		}
	})
	if errors.Is(engine.err, embedded.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip(engine.err)
	}
	require.NoError(t, engine.err)
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{engine.server.Addr()}, Database: database})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = clickhouse.Migrate(t.Context(), db, tables(t))
	require.NoError(t, err)
	return db
}

// tables are those that a Watch reads and writes, without the many views that others need.
func tables(t testing.TB) fs.FS {
	t.Helper()
	some := fstest.MapFS{}
	for _, pattern := range []string{"migrations/*_e2e.sql", "migrations/*_e2e_who.sql", "migrations/*_observations.sql", "migrations/*_regressions.sql"} {
		names, err := fs.Glob(ddl.Migrations, pattern)
		require.NoError(t, err)
		require.NotEmpty(t, names)
		for _, name := range names {
			if strings.Contains(name, "_from_") {
				continue
			}
			data, err := fs.ReadFile(ddl.Migrations, name)
			require.NoError(t, err)
			some[name] = &fstest.MapFile{Data: data}
		}
	}
	return some
}

// call is one of three people, each at an SFU of its own in a row: ana at fra, bo at iad, chi at nrt. All hear all.
type call struct {
	tenant, id string
	atlantic   float32 // RTT of fra-iad, ms
}

// feed writes the windows of calls from begin up to but not including end, 5 s each, as the processor writes them.
func feed(t testing.TB, db *clickhouse.DB, begin, end time.Time, calls ...call) {
	t.Helper()
	var f rows
	for at := begin; at.Before(end); at = at.Add(5 * time.Second) {
		for _, c := range calls {
			f.add(at, c)
		}
	}
	require.NoError(t, db.Insert(context.Background(), "e2e", "", f.columns()))
}

type rows struct {
	start                                                      []time.Time
	ms                                                         []uint32
	tenant, call, publisher, subscriber, kind, status, country []string
	ssrc                                                       []uint32
	path, regions                                              [][]string
	rtt                                                        []float32
	hops                                                       [][]float32
}

var (
	sfus    = []string{"fra", "iad", "nrt"}
	regions = []string{"eu-central", "us-east", "ap-northeast"}
	people  = []string{"ana", "bo", "chi"}
)

func (f *rows) add(at time.Time, c call) {
	noise := func(n int) float32 { return float32((int(at.Unix())/5*7+n*13)%11) / 10 }
	links := []float32{c.atlantic, 150}
	for p := range people {
		for s := range people {
			if p == s {
				continue
			}
			step := 1
			if s < p {
				step = -1
			}
			hops, path, way := []float32{20 + noise(p)}, []string{sfus[p]}, []string{regions[p]}
			for i := p; i != s; i += step {
				hops = append(hops, links[min(i, i+step)]+noise(i))
				path, way = append(path, sfus[i+step]), append(way, regions[i+step])
			}
			hops = append(hops, 30+noise(s))
			sum := float32(0)
			for _, h := range hops {
				sum += h
			}
			f.row(at, c, people[p], people[s], "complete", path, way, sum, hops)
		}
	}
}

func (f *rows) row(at time.Time, c call, publisher, subscriber, status string, path, way []string, rtt float32, hops []float32) {
	f.start, f.ms = append(f.start, at), append(f.ms, 5000)
	f.tenant, f.call = append(f.tenant, c.tenant), append(f.call, c.id)
	f.publisher, f.subscriber = append(f.publisher, publisher), append(f.subscriber, subscriber)
	f.kind, f.status, f.country = append(f.kind, "audio"), append(f.status, status), append(f.country, "")
	f.ssrc = append(f.ssrc, uint32(len(f.ssrc)%6))
	f.path, f.regions, f.rtt, f.hops = append(f.path, path), append(f.regions, way), append(f.rtt, rtt), append(f.hops, hops)
}

func (f *rows) columns() []clickhouse.Column {
	return []clickhouse.Column{
		{Name: "window_start", Values: f.start}, {Name: "window_ms", Values: f.ms}, {Name: "tenant", Values: f.tenant}, {Name: "call_id", Values: f.call},
		{Name: "publisher_id", Values: f.publisher}, {Name: "subscriber_id", Values: f.subscriber}, {Name: "kind", Values: f.kind},
		{Name: "status", Values: f.status}, {Name: "subscriber_country", Values: f.country}, {Name: "ssrc", Values: f.ssrc},
		{Name: "sfu_path", Values: f.path}, {Name: "region_path", Values: f.regions}, {Name: "rtt_ms", Values: f.rtt}, {Name: "hop_rtt_ms", Values: f.hops},
	}
}
