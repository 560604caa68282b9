package clickhouse_test

import (
	"flag"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

var update = flag.Bool("update", false, "write the golden files anew")

var prod = clickhouse.Cluster{Name: "prod", ShardBy: "call_id", ShardExpression: "cityHash64(call_id)"}

// all is a plan of everything, for a database "earshot".
func all(t *testing.T, m clickhouse.Migrations) []string {
	t.Helper()
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{"localhost:1"}})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	plan, err := m.Plan(db, func(string) bool { return true })
	require.NoError(t, err)
	return plan
}

func TestEveryFormOfStatementOnACluster(t *testing.T) {
	plan := all(t, clickhouse.Migrations{Cluster: prod, Files: files(
		"0001_calls.sql", "-- What is said of calls.\n-- Twice.\nCREATE TABLE IF NOT EXISTS t\n(\n    at DateTime, -- when\n    call_id String CODEC(ZSTD(1))\n)\nENGINE = MergeTree\nPARTITION BY toDate(at)\nORDER BY (call_id, at)\nTTL at + INTERVAL 3 DAY\nSETTINGS non_replicated_deduplication_window = 1000, ttl_only_drop_parts = 1\n",
		"0002_sums.sql", "CREATE TABLE IF NOT EXISTS sums\n(\n    day Date,\n    n SimpleAggregateFunction(sum, UInt64)\n)\nENGINE = AggregatingMergeTree\nORDER BY day\n",
		"0003_sums_from_t.sql", "CREATE MATERIALIZED VIEW IF NOT EXISTS sums_from_t TO sums AS\nSELECT toDate(t.at) AS day, count() AS n\nFROM t\nWHERE call_id != ''\nGROUP BY day\n",
		"0004_t.sql", "-- More.\nALTER TABLE t\n    ADD COLUMN IF NOT EXISTS x UInt8 CODEC(LZ4),\n    ADD INDEX IF NOT EXISTS i at TYPE minmax;\n\nALTER TABLE t MODIFY SETTING non_replicated_deduplication_window = 20000\n",
		"0005_last.sql", "CREATE VIEW IF NOT EXISTS last AS\nSELECT max(at) AS at\nFROM t\n",
		"0006_no_sums.sql", "DROP VIEW IF EXISTS sums_from_t;\nDROP TABLE IF EXISTS sums\n",
	)})
	got := strings.Join(plan, ";\n\n") + ";\n"
	const golden = "testdata/cluster.sql"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestWhatCannotRunOnAClusterIsRefused(t *testing.T) {
	for name, sql := range map[string]string{
		"another statement": "OPTIMIZE TABLE t",
		"an unknown table":  "ALTER TABLE t ADD COLUMN IF NOT EXISTS x UInt8",
		"an unknown target": "CREATE MATERIALIZED VIEW IF NOT EXISTS v TO nowhere AS\nSELECT 1\nFROM t",
	} {
		t.Run(name, func(t *testing.T) {
			db, err := clickhouse.Open(clickhouse.Config{Addr: []string{"localhost:1"}})
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			_, err = clickhouse.Migrations{Cluster: prod, Files: files("0001_a.sql", sql)}.Plan(db, func(string) bool { return true })
			require.ErrorContains(t, err, "migration 0001_a.sql")
		})
	}
}

func TestTheWholeSchemaRunsOnACluster(t *testing.T) {
	tables := map[string]bool{}
	for _, s := range all(t, clickhouse.Migrations{Files: ddl.Migrations, Cluster: prod}) {
		require.Contains(t, s, "ON CLUSTER `prod`")
		require.NotRegexp(t, `ENGINE = (Aggregating)?MergeTree`, s)
		require.NotContains(t, s, "non_replicated")
		if m := regexp.MustCompile(`CREATE MATERIALIZED VIEW IF NOT EXISTS \w+ .* TO (\w+) AS`).FindStringSubmatch(s); m != nil {
			require.Regexp(t, `_local$`, m[1])
			require.Regexp(t, `(?m)^ *FROM \w+_local AS \w+$`, s)
			continue
		}
		if m := regexp.MustCompile(`CREATE TABLE IF NOT EXISTS (\w+) `).FindStringSubmatch(s); m != nil {
			tables[m[1]] = strings.Contains(s, "cityHash64(call_id)")
		}
	}
	for _, table := range []string{"samples", "streams", "hops", "e2e", "events", "calls", "participants", "peers"} {
		require.True(t, tables[table], "%s is sharded by call", table)
		require.Contains(t, tables, table+"_local")
	}
	require.False(t, tables["dead_letters"])
}

// onOne turns a cluster's statements into what one server can do: no Keeper, no other server.
func onOne(statements []string) []string {
	one := strings.NewReplacer(" ON CLUSTER `prod`", "", "ENGINE = ReplicatedMergeTree('/clickhouse/tables/all/earshot/schema_migrations', '{shard}-{replica}')", "ENGINE = MergeTree",
		"ENGINE = Replicated", "ENGINE = ", "\nENGINE = Distributed", "\n-- ")
	distributed := regexp.MustCompile(`^CREATE (TABLE IF NOT EXISTS|OR REPLACE TABLE) (\w+) AS (\w+)\n-- .*$`)
	window := regexp.MustCompile(`\breplicated_deduplication_window = (\d+), replicated_deduplication_window_seconds = \d+`)
	var all []string
	for _, s := range statements {
		s = window.ReplaceAllString(one.Replace(s), "non_replicated_deduplication_window = $1")
		if m := distributed.FindStringSubmatch(s); m != nil {
			s = "CREATE OR REPLACE VIEW " + m[2] + " AS SELECT * FROM " + m[3]
		}
		all = append(all, s)
	}
	return all
}

func TestLocalTablesOfAClusterFeedEachOther(t *testing.T) {
	db := testDB(t, clickhouse.Config{})
	for _, s := range onOne(all(t, clickhouse.Migrations{Files: ddl.Migrations, Cluster: prod}))[1:] {
		require.NoError(t, db.Exec(t.Context(), s, nil), s)
	}
	rows, err := fs.ReadFile(os.DirFS("testdata"), "store_0004.sql")
	require.NoError(t, err)
	into := regexp.MustCompile(`INSERT INTO (\w+) `)
	for statement := range strings.SplitSeq(string(rows), ";\n") {
		if strings.TrimSpace(statement) != "" {
			statement = strings.ReplaceAll(into.ReplaceAllString(statement, "INSERT INTO ${1}_local "), "{at}", "toDateTime64(toStartOfMinute(now() - INTERVAL 1 DAY), 3, 'UTC')")
			require.NoError(t, db.Exec(t.Context(), statement, nil))
		}
	}
	require.Equal(t, summaryOf0004, summary(t, db))
}
