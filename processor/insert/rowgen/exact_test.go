package rowgen_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	engine "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/insert/rowgen"
	"github.com/earshot-rtc/earshot/processor/row"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

func server(t *testing.T) string {
	t.Helper()
	if _, err := engine.Find(); errors.Is(err, engine.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	s, err := engine.New(engine.Config{}, engine.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	return s.Addr()
}

// fill inserts a day in batches of so many rows of e2e, each so many times under its token.
func fill(t *testing.T, addr, database string, start time.Time, batchRows, times int) *clickhouse.DB {
	t.Helper()
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{addr}, Database: database})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = clickhouse.Migrate(t.Context(), db, ddl.Migrations)
	require.NoError(t, err)
	day := rowgen.New(rowgen.Config{Seed: 3, Rows: 6000, Partitions: 2, Start: start, Length: 2 * time.Hour, Streams: true})
	buffer := insert.NewBuffer()
	for p := range 2 {
		feed := day.Partition(p)
		for n, more := 0, true; more; n++ {
			var batch row.Batch
			more = feed.Next(&batch, batchRows)
			for _, tab := range buffer.Fill(&batch) {
				for range times {
					require.NoError(t, db.Insert(t.Context(), tab.Name, fmt.Sprintf("%s:%d:%d", tab.Name, p, n), tab.Columns))
				}
			}
			buffer.Reset()
		}
	}
	return db
}

var (
	simple = regexp.MustCompile(`^SimpleAggregateFunction\((\w+), `)
	state  = regexp.MustCompile(`^AggregateFunction\((\w+)`)
)

// digest is what a table holds, whatever parts it is in: rows of a key merged, all of them hashed.
func digest(t *testing.T, db *clickhouse.DB, table string) string {
	t.Helper()
	columns, err := clickhouse.Select[struct {
		Name string `ch:"name"`
		Type string `ch:"type"`
	}](t.Context(), db, "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {t:String} ORDER BY position", clickhouse.Params{"t": table})
	require.NoError(t, err)
	var keys, values []string
	for _, c := range columns {
		name := "x." + c.Name
		if m := simple.FindStringSubmatch(c.Type); m != nil {
			value := m[1] + "(" + name + ")"
			if strings.HasPrefix(m[1], "groupUniqArray") {
				value = "arraySort(" + value + ")"
			}
			values = append(values, value)
		} else if m := state.FindStringSubmatch(c.Type); m != nil {
			f := m[1] + "Merge"
			if m[1] == "quantilesDD" {
				f += "(0.01, 0, 0.25, 0.5, 0.95, 1)"
			}
			values = append(values, f+"("+name+")")
		} else {
			keys = append(keys, name)
		}
	}
	query := "SELECT tuple(" + strings.Join(keys, ", ") + ") AS k, count() AS v FROM " + table + " AS x GROUP BY k"
	if len(values) > 0 {
		query = "SELECT tuple(" + strings.Join(keys, ", ") + ") AS k, tuple(" + strings.Join(values, ", ") + ") AS v FROM " + table + " AS x GROUP BY k"
	}
	r, err := clickhouse.Select[struct {
		N uint64 `ch:"n"`
		H string `ch:"h"`
	}](t.Context(), db, "SELECT count() AS n, hex(groupBitXor(cityHash64(toString(k), toString(v)))) AS h FROM ("+query+")", nil)
	require.NoError(t, err, table)
	require.NotZero(t, r[0].N, table)
	return fmt.Sprintf("%d rows, %s", r[0].N, r[0].H)
}

func TestNeitherRepeatsNorTheCutsOfBatchesShowInAnyTable(t *testing.T) {
	addr := server(t)
	start := time.Now().UTC().Truncate(24 * time.Hour).Add(-25 * time.Hour) // over a midnight
	once := fill(t, addr, "once", start, 2500, 1)
	thrice := fill(t, addr, "thrice", start, 2500, 3)
	other := fill(t, addr, "other", start, 900, 1)
	require.NoError(t, other.Exec(t.Context(), "OPTIMIZE TABLE e2e_1m FINAL", nil))
	for _, table := range []string{
		"samples", "streams", "hops", "e2e", "events", "e2e_1m", "e2e_1h", "audience_1h", "hops_1m", "hops_1h", "peers", "participants", "calls",
	} {
		want := digest(t, once, table)
		require.Equal(t, want, digest(t, thrice, table), "%s, every insert three times", table)
		require.Equal(t, want, digest(t, other, table), "%s, other batches", table)
	}
}
