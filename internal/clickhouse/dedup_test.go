package clickhouse_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// cascade is a table with two views, one of which feeds two more that share a target. Each view fails while the table trap has
// its number.
var cascade = []string{
	"CREATE TABLE trap (view UInt8) ENGINE = MergeTree ORDER BY view",
	"CREATE TABLE t (day UInt16, k UInt32) ENGINE = MergeTree PARTITION BY day ORDER BY k SETTINGS non_replicated_deduplication_window = 1000",
	"CREATE TABLE a (day UInt16, k UInt32, n SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree PARTITION BY day ORDER BY k SETTINGS non_replicated_deduplication_window = 1000",
	"CREATE TABLE b (k UInt32, n SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY k SETTINGS non_replicated_deduplication_window = 1000",
	"CREATE TABLE c (k UInt32, n SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY k SETTINGS non_replicated_deduplication_window = 1000",
	"CREATE MATERIALIZED VIEW v1 TO a AS SELECT day, k % 100000 AS k, count() + throwIf((SELECT count() FROM trap WHERE view = 1) > 0) AS n FROM t GROUP BY day, k",
	"CREATE MATERIALIZED VIEW v2 TO b AS SELECT k % 3 AS k, count() + throwIf((SELECT count() FROM trap WHERE view = 2) > 0) AS n FROM t GROUP BY k",
	"CREATE MATERIALIZED VIEW v3 TO c AS SELECT k % 7 AS k, sum(n) + throwIf((SELECT count() FROM trap WHERE view = 3) > 0) AS n FROM a GROUP BY k",
	"CREATE MATERIALIZED VIEW v4 TO c AS SELECT k % 7 AS k, sum(n) + throwIf((SELECT count() FROM trap WHERE view = 4) > 0) AS n FROM a GROUP BY k",
}

func TestARepeatedInsertLeavesTablesAndViewsAsOneDoes(t *testing.T) {
	const rows = 150_000 // enough for an aggregation on two levels, which would give many blocks
	days, keys := make([]uint16, rows), make([]uint32, rows)
	for i := range rows {
		days[i], keys[i] = uint16(20_000+i%2), uint32(i)
	}
	for profile, settings := range map[string]clickhouse.Settings{
		"of the server": nil,
		"that views ignore tokens and errors": {
			"deduplicate_blocks_in_dependent_materialized_views": 0, "materialized_views_ignore_errors": 1, "parallel_view_processing": 1,
			"insert_deduplicate": 0,
		},
	} {
		t.Run("profile "+profile, func(t *testing.T) {
			db := testDB(t, clickhouse.Config{Settings: settings})
			for _, sql := range cascade {
				require.NoError(t, db.Exec(t.Context(), sql, nil))
			}
			insert := func(token string) error {
				return db.Insert(t.Context(), "t", token, []clickhouse.Column{column("day", days), column("k", keys)})
			}
			want := func(times uint64) {
				t.Helper()
				n := times * rows
				require.Equal(t, fmt.Sprintf("(%d,%d,%d,%d)", n, n, n, 2*n), text(t, db,
					"SELECT toString(((SELECT count() FROM t), (SELECT sum(n) FROM a), (SELECT sum(n) FROM b), (SELECT sum(n) FROM c)))", nil))
			}
			require.NoError(t, insert("first"))
			require.NoError(t, insert("first"))
			want(1)
			for view := range 4 {
				token := fmt.Sprint("view ", view+1)
				require.NoError(t, db.Insert(t.Context(), "trap", "", []clickhouse.Column{column("view", []uint8{uint8(view + 1)})}))
				require.Equal(t, 395, clickhouse.Code(insert(token)), "the view fails")
				require.Error(t, insert(token), "and again")
				require.NoError(t, db.Exec(t.Context(), "TRUNCATE TABLE trap", nil))
				require.NoError(t, insert(token))
				require.NoError(t, insert(token))
				want(uint64(view) + 2)
			}
		})
	}
}
