package clickhouse_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

func TestTheTablesOfTheSchemaCanBeMadeOnTheRealEngine(t *testing.T) {
	db := emptyServer(t)
	applied, err := clickhouse.Migrate(t.Context(), db, ddl.Migrations)
	require.NoError(t, err)
	require.NotEmpty(t, applied)
	require.Contains(t, text(t, db, "SHOW TABLES", nil), "e2e")
	applied, err = clickhouse.Migrate(t.Context(), db, ddl.Migrations)
	require.NoError(t, err)
	require.Empty(t, applied)
}

// released are the migrations that stores out there have, with the first bytes of their digests.
var released = map[string]string{
	"0001_samples.sql": "b0109e924f585cad", "0002_streams.sql": "b7501c0263ab99c8", "0003_hops.sql": "ea0dc3065b204d9a", "0004_e2e.sql": "07ea224c6f50e106",
}

// store0004 is a store as of migration 0004 with rows in it.
func store0004(t *testing.T) *clickhouse.DB {
	t.Helper()
	db := emptyServer(t)
	old := fstest.MapFS{}
	for name := range released {
		data, err := fs.ReadFile(ddl.Migrations, "migrations/"+name)
		require.NoError(t, err)
		old[name] = &fstest.MapFile{Data: data}
	}
	_, err := clickhouse.Migrate(t.Context(), db, old)
	require.NoError(t, err)
	rows, err := os.ReadFile("testdata/store_0004.sql")
	require.NoError(t, err)
	at := time.Now().Add(-24 * time.Hour).Truncate(time.Minute).Unix() // young enough to stay
	for statement := range strings.SplitSeq(string(rows), ";\n") {
		if statement = strings.ReplaceAll(statement, "{at}", fmt.Sprintf("toDateTime64(%d, 3, 'UTC')", at)); strings.TrimSpace(statement) != "" {
			require.NoError(t, db.Exec(t.Context(), statement, nil))
		}
	}
	return db
}

func TestReleasedMigrationsStayAsTheyAre(t *testing.T) {
	for name, digest := range released {
		data, err := fs.ReadFile(ddl.Migrations, "migrations/"+name)
		require.NoError(t, err)
		sum := sha256.Sum256(data)
		require.Equal(t, digest, hex.EncodeToString(sum[:8]), "%s is in stores out there: write a change as a new migration", name)
	}
}

func TestAnOldStoreKeepsItsRows(t *testing.T) {
	db := store0004(t)
	columns := func(table string) string {
		return text(t, db, "SELECT arrayStringConcat(groupArray(name), ', ') FROM (SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {t:String} ORDER BY position)", clickhouse.Params{"t": table})
	}
	tables := []string{"samples", "streams", "hops", "e2e"}
	old, before := map[string]string{}, map[string]string{}
	read := func(table string) string {
		return text(t, db, "SELECT toString(tuple("+old[table]+")) AS row FROM "+table+" ORDER BY row", nil)
	}
	for _, table := range tables {
		old[table] = columns(table)
		before[table] = read(table)
		require.NotEmpty(t, before[table])
	}
	_, err := clickhouse.Migrate(t.Context(), db, ddl.Migrations)
	require.NoError(t, err)
	for _, table := range tables {
		require.Equal(t, before[table], read(table), table)
	}
	require.Equal(t, "('','none',0)", text(t, db, "SELECT DISTINCT toString((subscriber_country, blame, length(publisher_network))) FROM e2e", nil))
	require.Equal(t, "0", text(t, db, "SELECT toString(count()) FROM e2e_1m", nil), "views see new rows only")
}

// summary is what the tables hold that the views fill.
func summary(t *testing.T, db *clickhouse.DB) map[string]string {
	t.Helper()
	return map[string]string{
		"e2e_1m":       text(t, db, "SELECT toString((sum(windows), sum(complete), sum(partial), sum(unresolved), sum(rtt_sum_us), max(rtt_max_us), sum(mouth_to_ear_over_150), arrayMap(q -> round(q), quantilesDDMerge(0.01, 0, 1)(rtt)))) FROM e2e_1m", nil),
		"e2e_1h":       text(t, db, "SELECT toString((sum(windows), sum(rtt_sum_us), arrayMap(q -> round(q), quantilesDDMerge(0.01, 0, 1)(rtt)))) FROM e2e_1h", nil),
		"e2e_5m":       text(t, db, "SELECT toString((sum(windows), sum(complete), sum(rtt_sum_us), arrayMap(q -> round(q), quantilesDDMerge(0.01, 0, 1)(rtt)))) FROM e2e_5m", nil),
		"audience_1h":  text(t, db, "SELECT toString((sum(windows), sum(rtt_sum_us))) FROM audience_1h", nil),
		"trait_1h":     text(t, db, "SELECT toString((trait, sum(windows), sum(rtt_sum_us), arrayMap(q -> round(q), quantilesDDMerge(0.01, 0, 1)(rtt)))) AS row FROM trait_1h GROUP BY trait ORDER BY row", nil),
		"trait_5m":     text(t, db, "SELECT toString((trait, sum(windows), sum(rtt_sum_us), arrayMap(q -> round(q), quantilesDDMerge(0.01, 0, 1)(rtt)))) AS row FROM trait_5m GROUP BY trait ORDER BY row", nil),
		"hops_1m":      text(t, db, "SELECT toString((sum(windows), sum(rtt_sum_us), sum(relay), sum(tcp), sum(udp))) FROM hops_1m", nil),
		"hops_1h":      text(t, db, "SELECT toString((sum(windows), sum(rtt_sum_us))) FROM hops_1h", nil),
		"peers":        text(t, db, "SELECT toString((subscriber_id, publisher_id, sum(windows), sum(rtt_sum_us))) FROM peers GROUP BY subscriber_id, publisher_id", nil),
		"participants": text(t, db, "SELECT toString((client_id, sum(samples), sum(late_samples), sum(windows), sum(sent_windows), sum(rtt_count))) AS row FROM participants GROUP BY client_id ORDER BY row", nil),
		"calls":        text(t, db, "SELECT toString((call_id, sum(samples), uniqExactMerge(clients), uniqExactMerge(sfus), sum(windows))) FROM calls GROUP BY call_id", nil),
	}
}

var summaryOf0004 = map[string]string{
	"e2e_1m":      "(3,2,1,1,202500,161250,1,[41,162])",
	"e2e_1h":      "(3,202500,[41,162])",
	"e2e_5m":      "(3,2,202500,[41,162])",
	"audience_1h": "(3,202500)",
	"trait_1h": "('app',3,202500,[41,162])\n('asn',3,202500,[41,162])\n('browser',3,202500,[41,162])\n" +
		"('country',3,202500,[41,162])\n('network',3,202500,[41,162])\n('subscriber_region',3,202500,[41,162])",
	"trait_5m": "('app',3,202500,[41,162])\n('asn',3,202500,[41,162])\n('browser',3,202500,[41,162])\n" +
		"('country',3,202500,[41,162])\n('network',3,202500,[41,162])\n('subscriber_region',3,202500,[41,162])",
	"hops_1m":      "(3,43000,1,1,2)",
	"hops_1h":      "(3,43000)",
	"peers":        "('bo','ana',2,202500)",
	"participants": "('ana',2,1,0,2,0)\n('bo',1,0,2,0,2)",
	"calls":        "('standup',4,2,1,2)",
}

func TestBackfillShowsTheViewsWhatWasThereBeforeThem(t *testing.T) {
	db := store0004(t)
	m := clickhouse.Migrations{Files: ddl.Migrations}
	_, err := m.Up(t.Context(), db)
	require.NoError(t, err)
	var told []string
	fill := func(rebuild bool) error {
		told = nil
		return m.Backfill(t.Context(), db, rebuild, func(table, _ string) { told = append(told, table) })
	}
	require.NoError(t, fill(false))
	require.Equal(t, summaryOf0004, summary(t, db))
	require.Contains(t, told, "e2e")
	tables := text(t, db, "SHOW TABLES", nil)
	require.NotContains(t, tables, "backfill")

	require.ErrorIs(t, fill(false), clickhouse.ErrFilled, "what is there is not counted twice")
	require.Equal(t, summaryOf0004, summary(t, db))
	require.NoError(t, fill(true))
	require.Equal(t, summaryOf0004, summary(t, db))

	t.Run("after one that was interrupted", func(t *testing.T) {
		require.NoError(t, db.Insert(t.Context(), "schema_migrations", "", []clickhouse.Column{
			column("name", []string{"backfill"}), column("checksum", []string{"begun"}), column("applied_at", []time.Time{time.Now().Add(time.Second)}),
		}))
		require.NoError(t, db.Exec(t.Context(), "CREATE TABLE schema_backfill (nothing UInt8) ENGINE = Null", nil))
		require.NoError(t, db.Exec(t.Context(), "CREATE TABLE e2e_backfill ENGINE = Null AS SELECT * FROM e2e LIMIT 0", nil))
		require.ErrorContains(t, fill(false), "DROP TABLE schema_backfill")
		require.NoError(t, db.Exec(t.Context(), "DROP TABLE schema_backfill", nil))
		require.NoError(t, fill(false))
		require.Equal(t, summaryOf0004, summary(t, db))
	})
}
