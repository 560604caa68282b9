package clickhouse_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

func files(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

// emptyServer is a DB whose database does not exist yet.
func emptyServer(t *testing.T) *clickhouse.DB {
	t.Helper()
	needEngine(t)
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{engine.Addr()}, Database: fmt.Sprintf("migrated_%d", databases.Add(1))})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

const (
	makeA = "-- makes a; and nothing else\nCREATE TABLE IF NOT EXISTS a (n UInt8, s String DEFAULT ';--') ENGINE = MergeTree ORDER BY n;\n"
	growA = "ALTER TABLE a ADD COLUMN IF NOT EXISTS m UInt8;\nALTER TABLE a ADD COLUMN IF NOT EXISTS o UInt8"
)

func TestMigrateCreatesTheDatabaseAndAppliesEachFileOnce(t *testing.T) {
	db := emptyServer(t)
	list := files("migrations/0001_a.sql", makeA, "migrations/README.md", "not one")
	applied, err := clickhouse.Migrate(t.Context(), db, list)
	require.NoError(t, err)
	require.Equal(t, []string{"0001_a.sql"}, applied)

	list["migrations/0002_grow.sql"] = &fstest.MapFile{Data: []byte(growA)}
	applied, err = clickhouse.Migrate(t.Context(), db, list)
	require.NoError(t, err)
	require.Equal(t, []string{"0002_grow.sql"}, applied)

	applied, err = clickhouse.Migrate(t.Context(), db, list)
	require.NoError(t, err)
	require.Empty(t, applied)
	require.Equal(t, "m,n,o,s", text(t, db, "SELECT arrayStringConcat(arraySort(groupArray(name)), ',') FROM system.columns WHERE database = currentDatabase() AND table = 'a'", nil))
}

func TestMigrateRefusesAnEditedFile(t *testing.T) {
	db := emptyServer(t)
	_, err := clickhouse.Migrate(t.Context(), db, files("0001_a.sql", makeA))
	require.NoError(t, err)
	_, err = clickhouse.Migrate(t.Context(), db, files("0001_a.sql", makeA+"-- edited", "0002_grow.sql", growA))
	require.ErrorContains(t, err, "migration 0001_a.sql was changed after it had been applied")
	require.Equal(t, "1", text(t, db, "SELECT toString(count()) FROM schema_migrations", nil))

	_, err = clickhouse.Migrate(t.Context(), db, files("0001_a.sql", "-- makes a; and nothing else\r\n"+makeA[29:]))
	require.NoError(t, err, "line ends of another system are no edit")
}

func TestMigrateStopsAtTheFirstMistakeAndGoesOnWhenItIsMended(t *testing.T) {
	db := emptyServer(t)
	_, err := clickhouse.Migrate(t.Context(), db, files("0001_a.sql", makeA, "0002_bad.sql", "CREATE TABLE b (", "0003_grow.sql", growA))
	require.ErrorContains(t, err, "migration 0002_bad.sql")
	applied, err := clickhouse.Migrate(t.Context(), db, files("0001_a.sql", makeA, "0002_bad.sql", "SELECT 1", "0003_grow.sql", growA))
	require.NoError(t, err)
	require.Equal(t, []string{"0002_bad.sql", "0003_grow.sql"}, applied)
}

func TestMigrateRefusesFilesThatCannotBeOrdered(t *testing.T) {
	db := emptyServer(t)
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"none":           {files(), "no .sql file"},
		"bad name":       {files("a.sql", makeA), "migration a.sql: the name is not like 0001_what.sql"},
		"number twice":   {files("0001_a.sql", makeA, "0001_b.sql", makeA), "0001_a.sql and 0001_b.sql have the same number"},
		"only a comment": {files("0001_a.sql", "-- later; perhaps\n"), "no statement"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clickhouse.Migrate(t.Context(), db, c.files)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestProcessesThatStartAtOnceMigrateTogether(t *testing.T) {
	for range 5 {
		db := emptyServer(t)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if _, err := clickhouse.Migrate(t.Context(), db, files("0001_a.sql", makeA, "0002_grow.sql", growA)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		applied, err := clickhouse.Migrate(t.Context(), db, files("0001_a.sql", makeA, "0002_grow.sql", growA))
		require.NoError(t, err)
		require.Empty(t, applied)
	}
}

func TestStatusAndPlanSayWhatIsToBeDone(t *testing.T) {
	db := emptyServer(t)
	list := files("0001_a.sql", makeA, "0002_grow.sql", growA)
	m := clickhouse.Migrations{Files: list}
	states := func() map[string]clickhouse.State {
		all, err := m.Status(t.Context(), db)
		require.NoError(t, err)
		by := map[string]clickhouse.State{}
		for _, s := range all {
			by[s.Name] = s.State
			require.Equal(t, s.State == clickhouse.Pending, s.AppliedAt.IsZero())
		}
		return by
	}
	require.Equal(t, map[string]clickhouse.State{"0001_a.sql": clickhouse.Pending, "0002_grow.sql": clickhouse.Pending}, states(), "there is no database")
	_, err := clickhouse.Migrate(t.Context(), db, files("0001_a.sql", makeA))
	require.NoError(t, err)
	require.Equal(t, map[string]clickhouse.State{"0001_a.sql": clickhouse.Applied, "0002_grow.sql": clickhouse.Pending}, states())
	plan, err := m.Plan(db, func(name string) bool { return states()[name] == clickhouse.Pending })
	require.NoError(t, err)
	require.Len(t, plan, 4)
	require.Equal(t, "ALTER TABLE a ADD COLUMN IF NOT EXISTS o UInt8", plan[3])
	for _, statement := range plan {
		require.NoError(t, db.Exec(t.Context(), statement, nil), "a plan can be run by hand")
	}
	_, err = m.Up(t.Context(), db)
	require.NoError(t, err, "and up after it")
	list["0001_a.sql"] = &fstest.MapFile{Data: []byte(makeA + "-- edited")}
	require.Equal(t, clickhouse.Changed, states()["0001_a.sql"])
	plan, err = m.Plan(db, func(name string) bool { return states()[name] == clickhouse.Pending })
	require.NoError(t, err)
	require.Empty(t, plan)
}
