package processor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// searched are the tables of package processor/watch: what it finds depends on which rows were there when it looked.
var searched = []string{"observations", "regressions"}

// tables lists what holds rows, rollups and summaries included.
func tables(t *testing.T, db *clickhouse.DB) []string {
	t.Helper()
	type table struct {
		Name string `ch:"name"`
	}
	rows, err := clickhouse.Select[table](t.Context(), db, `
		SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name NOT LIKE 'schema_%' ORDER BY name`, nil)
	require.NoError(t, err)
	names := make([]string, 0, len(rows))
	for _, r := range rows {
		if !slices.Contains(searched, r.Name) {
			names = append(names, r.Name)
		}
	}
	for _, must := range []string{"samples", "streams", "hops", "e2e", "events", "dead_letters", "e2e_1m", "e2e_1h", "hops_1m", "hops_1h", "calls", "participants", "peers"} {
		require.Contains(t, names, must)
	}
	return names
}

// print is what a table holds: equal rows, in whatever order, give equal prints.
type print struct {
	Rows uint64 `ch:"rows"`
	Sum  uint64 `ch:"sum"`
	Xor  uint64 `ch:"xored"`
}

// columns are those of a table in a form that does not show in which order, and in how many parts, rows came: states are
// finalised, and sets sorted.
func columns(t *testing.T, db *clickhouse.DB, table string) string {
	t.Helper()
	type column struct {
		Name string `ch:"name"`
		Type string `ch:"type"`
	}
	rows, err := clickhouse.Select[column](t.Context(), db,
		"SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {t:String} ORDER BY position", clickhouse.Params{"t": table})
	require.NoError(t, err)
	list := make([]string, len(rows))
	for i, c := range rows {
		name := "`" + c.Name + "`"
		switch {
		case strings.HasPrefix(c.Type, "AggregateFunction("):
			name = "finalizeAggregation(" + name + ")"
		case strings.HasPrefix(c.Type, "SimpleAggregateFunction(groupUniqArray"):
			name = "arraySort(" + name + ")"
		}
		list[i] = name
	}
	return strings.Join(list, ", ")
}

// source is a table as it is when all its parts are merged.
func source(t *testing.T, db *clickhouse.DB, table string) string {
	t.Helper()
	type engine struct {
		Name string `ch:"engine"`
	}
	e, err := clickhouse.Select[engine](t.Context(), db, "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = {t:String}", clickhouse.Params{"t": table})
	require.NoError(t, err)
	name := fmt.Sprintf("%s.`%s`", db.Database(), table)
	if strings.Contains(e[0].Name, "Aggregating") || strings.Contains(e[0].Name, "Replacing") || strings.Contains(e[0].Name, "Summing") {
		name += " FINAL"
	}
	return name
}

func printOf(t *testing.T, db *clickhouse.DB, table string) print {
	t.Helper()
	got, err := clickhouse.Select[print](t.Context(), db, fmt.Sprintf(
		"SELECT count() AS rows, sum(h) AS sum, groupBitXor(h) AS xored FROM (SELECT cityHash64(toString(tuple(%s))) AS h FROM %s)",
		columns(t, db, table), source(t, db, table)), nil)
	require.NoError(t, err, table)
	return got[0]
}

// shown is how many rows of a table are shown that differ.
const shown = 12

// differences says which columns differ, and shows the rows that one of the databases has more often than the other.
func differences(t *testing.T, want, got *clickhouse.DB, table string) string {
	t.Helper()
	type sum struct {
		Sum uint64 `ch:"sum"`
	}
	var b strings.Builder
	names := columns(t, want, table)
	for c := range strings.SplitSeq(names, ", ") {
		var sums [2]uint64
		for i, db := range []*clickhouse.DB{want, got} {
			s, err := clickhouse.Select[sum](t.Context(), db, fmt.Sprintf("SELECT sum(cityHash64(toString(tuple(%s)))) AS sum FROM %s", c, source(t, db, table)), nil)
			require.NoError(t, err)
			sums[i] = s[0].Sum
		}
		if sums[0] != sums[1] {
			fmt.Fprintf(&b, "%s differs; ", c)
		}
	}
	type text struct {
		Row   string `ch:"text"`
		Wants uint64 `ch:"wants"`
		Gots  uint64 `ch:"gots"`
		All   uint64 `ch:"of"`
	}
	rows, err := clickhouse.Select[text](t.Context(), want, fmt.Sprintf(`
		SELECT text, sum(w) AS wants, sum(g) AS gots, count() OVER () AS of FROM (
			SELECT toString(tuple(%[1]s)) AS text, 1 AS w, 0 AS g FROM %[2]s UNION ALL SELECT toString(tuple(%[1]s)) AS text, 0 AS w, 1 AS g FROM %[3]s)
		GROUP BY text HAVING wants != gots ORDER BY text LIMIT %[4]d`, names, source(t, want, table), source(t, got, table), shown), nil)
	require.NoError(t, err)
	for _, r := range rows {
		fmt.Fprintf(&b, "\n  one of %d, %d times in %s and %d in %s: %s", r.All, r.Wants, want.Database(), r.Gots, got.Database(), r.Row)
	}
	return b.String()
}

// same holds two databases against each other, table by table, and says how much it was and what differs.
func same(t *testing.T, want, got *clickhouse.DB) bool {
	t.Helper()
	names := tables(t, want)
	require.Equal(t, names, tables(t, got))
	var total uint64
	equal := true
	for _, name := range names {
		a, b := printOf(t, want, name), printOf(t, got, name)
		t.Logf("%-22s %8d rows, checksum %016x", name, b.Rows, b.Sum)
		total += b.Rows
		if a != b {
			equal = false
			t.Errorf("%s: undisturbed %+v, disturbed %+v; %s", name, a, b, differences(t, want, got, name))
		}
	}
	t.Logf("%d tables, %d rows compared", len(names), total)
	for _, name := range []string{"samples", "streams", "hops", "e2e", "events", "dead_letters", "e2e_1m", "calls", "participants", "peers"} {
		require.True(t, slices.Contains(names, name) && printOf(t, got, name).Rows > 0, "%s is empty", name)
	}
	return equal
}
