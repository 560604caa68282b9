package clickhouse_test

import (
	"database/sql"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

func column(name string, values any) clickhouse.Column {
	return clickhouse.Column{Name: name, Values: values}
}

// text reads a whole expression back as the server itself prints it, so that encoder and decoder cannot agree on an error.
func text(t *testing.T, db *clickhouse.DB, sql string, params clickhouse.Params) string {
	t.Helper()
	rows, err := db.Query(t.Context(), sql, params)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var lines []string
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		lines = append(lines, s)
	}
	require.NoError(t, rows.Err())
	return strings.Join(lines, "\n")
}

func TestInsertWritesEveryTypeAsTheServerReadsIt(t *testing.T) {
	db := testDB(t, clickhouse.Config{})
	at := time.Date(2026, 3, 1, 12, 30, 15, 123456789, time.UTC)
	nan := float32(math.NaN())
	half, nothing := float32(0.5), (*float32)(nil)
	many := make([]string, 3)
	for i := range many {
		many[i] = fmt.Sprint("v", i)
	}
	for name, c := range map[string]struct {
		typ    string
		values any
		want   string
	}{
		"strings":                  {"String", []string{"a", "", "ü'\\\n"}, `['a','','ü\'\\\n']`},
		"low cardinality":          {"LowCardinality(String)", []string{"a", "", "a"}, `['a','','a']`},
		"enum by name":             {"Enum8('unknown' = 0, 'client' = 1, 'it\\'s, \"odd\" = 2' = -7)", []string{"client", "unknown", "it's, \"odd\" = 2"}, `['client','unknown','it\'s, "odd" = 2']`},
		"enum by number":           {"Enum8('unknown' = 0, 'client' = 1)", []int8{1, 0, 1}, `['client','unknown','client']`},
		"wide enum by name":        {"Enum16('a' = 1000, 'b' = -1000)", []string{"a", "b", "b"}, `['a','b','b']`},
		"bools":                    {"Bool", []bool{true, false, true}, `[true,false,true]`},
		"uint8":                    {"UInt8", []uint8{0, 1, 255}, `[0,1,255]`},
		"uint16":                   {"UInt16", []uint16{0, 1, 65535}, `[0,1,65535]`},
		"uint32":                   {"UInt32", []uint32{0, 1, 1 << 31}, `[0,1,2147483648]`},
		"uint64":                   {"UInt64", []uint64{0, 1, 1 << 63}, `[0,1,9223372036854775808]`},
		"int8":                     {"Int8", []int8{-1, 0, 1}, `[-1,0,1]`},
		"int16":                    {"Int16", []int16{-1, 0, 1}, `[-1,0,1]`},
		"int32":                    {"Int32", []int32{-1, 0, 1}, `[-1,0,1]`},
		"int64":                    {"Int64", []int64{-1, 0, 1}, `[-1,0,1]`},
		"float32 with NaN":         {"Float32", []float32{1.5, nan, -2}, `[1.5,nan,-2]`},
		"float64":                  {"Float64", []float64{1.5, 0, -2}, `[1.5,0,-2]`},
		"times in ms":              {"DateTime64(3, 'UTC')", []time.Time{at, {}, at.In(time.FixedZone("x", 3600))}, `['2026-03-01 12:30:15.123','1970-01-01 00:00:00.000','2026-03-01 12:30:15.123']`},
		"times in µs":              {"DateTime64(6, 'UTC')", []time.Time{at, at, at}, `['2026-03-01 12:30:15.123456','2026-03-01 12:30:15.123456','2026-03-01 12:30:15.123456']`},
		"times as ticks":           {"DateTime64(3, 'UTC')", []int64{at.UnixMilli(), 0, 1}, `['2026-03-01 12:30:15.123','1970-01-01 00:00:00.000','1970-01-01 00:00:00.001']`},
		"times in seconds":         {"DateTime('UTC')", []time.Time{at, at, at}, `['2026-03-01 12:30:15','2026-03-01 12:30:15','2026-03-01 12:30:15']`},
		"nullable from NaN":        {"Nullable(Float32)", []float32{1.5, nan, 0}, `[1.5,NULL,0]`},
		"nullable from pointers":   {"Nullable(Float32)", []*float32{&half, nothing, &half}, `[0.5,NULL,0.5]`},
		"nullable from sql.Null":   {"Nullable(UInt32)", []sql.Null[uint32]{{V: 7, Valid: true}, {V: 8}, {}}, `[7,NULL,NULL]`},
		"nullable flat":            {"Nullable(String)", &clickhouse.Nullable[string]{Values: []string{"a", "", ""}, Nulls: []uint8{0, 1, 0}}, `['a',NULL,'']`},
		"nullable without any":     {"Nullable(UInt8)", []uint8{1, 2, 3}, `[1,2,3]`},
		"arrays":                   {"Array(Float32)", [][]float32{{1, nan}, nil, {2}}, `[[1,nan],[],[2]]`},
		"arrays flat":              {"Array(UInt32)", &clickhouse.Array[uint32]{Values: []uint32{1, 2, 3}, Ends: []uint64{2, 2, 3}}, `[[1,2],[],[3]]`},
		"arrays of low cardinal":   {"Array(LowCardinality(String))", [][]string{{"a", "b"}, nil, {"a", ""}}, `[['a','b'],[],['a','']]`},
		"empty arrays of low card": {"Array(LowCardinality(String))", [][]string{nil, nil, nil}, `[[],[],[]]`},
		"arrays of enums":          {"Array(Enum8('none' = 0, 'stun' = 3))", [][]int8{{3, 0}, nil, {3}}, `[['stun','none'],[],['stun']]`},
		"maps":                     {"Map(LowCardinality(String), Float32)", []map[string]float32{{"b": 2, "a": 1}, nil, {"a": 3}}, `[{'a':1,'b':2},{},{'a':3}]`},
		"maps flat":                {"Map(String, UInt64)", &clickhouse.Map[uint64]{Keys: many, Values: []uint64{1, 2, 3}, Ends: []uint64{0, 1, 3}}, `[{},{'v0':1},{'v1':2,'v2':3}]`},
	} {
		t.Run(name, func(t *testing.T) {
			table := strings.NewReplacer(" ", "_", ".", "_", "µ", "u").Replace(name)
			require.NoError(t, db.Exec(t.Context(), "CREATE TABLE "+table+" (n UInt64, v "+c.typ+") ENGINE = MergeTree ORDER BY n", nil))
			require.NoError(t, db.Insert(t.Context(), table, "", []clickhouse.Column{column("v", c.values), column("n", []uint64{0, 1, 2})}))
			// Tuples of toString would lose NULL and quotes; an array of the values shows both.
			got := text(t, db, "SELECT toString(arrayMap(x -> x.2, arraySort(groupArray((n, tuple(v).1 AS v))))) FROM "+table, nil)
			if strings.HasPrefix(c.typ, "Nullable") { // groupArray leaves NULLs out of plain values, not out of tuples
				got = text(t, db, "SELECT toString(arrayMap(x -> x.2, arraySort(x -> x.1, groupArray((n, v))))) FROM "+table, nil)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestInsertKeepsDictionariesOfEverySize(t *testing.T) {
	db := testDB(t, clickhouse.Config{})
	for _, distinct := range []int{1, 255, 256, 257, 65535, 65536, 65537} {
		t.Run(fmt.Sprint(distinct), func(t *testing.T) {
			table := fmt.Sprint("d", distinct)
			require.NoError(t, db.Exec(t.Context(), "CREATE TABLE "+table+" (n UInt64, v LowCardinality(String)) ENGINE = MergeTree ORDER BY n", nil))
			values, numbers := make([]string, distinct), make([]uint64, distinct)
			for i := range values {
				values[i], numbers[i] = fmt.Sprint(i), uint64(i)
			}
			require.NoError(t, db.Insert(t.Context(), table, "", []clickhouse.Column{column("n", numbers), column("v", values)}))
			require.Equal(t, fmt.Sprint(distinct), text(t, db, "SELECT toString(countIf(v = toString(n))) FROM "+table, nil))
		})
	}
}

func TestInsertRefusesWhatDoesNotFit(t *testing.T) {
	db := testDB(t, clickhouse.Config{})
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE t (n UInt32, e Enum8('a' = 1), l Array(UInt8)) ENGINE = MergeTree ORDER BY n", nil))
	for name, c := range map[string]struct {
		columns []clickhouse.Column
		want    string
	}{
		"no columns":         {nil, "no columns"},
		"uneven columns":     {[]clickhouse.Column{column("n", []uint32{1}), column("e", []string{})}, "column e has 0 rows, column n has 1"},
		"type of no meaning": {[]clickhouse.Column{column("n", 7)}, "column n: values of type int"},
		"wrong width":        {[]clickhouse.Column{column("n", []uint64{1})}, "UInt32"},
		"unknown enum":       {[]clickhouse.Column{column("e", []string{"b"})}, `"b" is no value of Enum8`},
		"scalar for array":   {[]clickhouse.Column{column("l", []uint8{1})}, "Array(UInt8)"},
		"array cut short":    {[]clickhouse.Column{column("l", &clickhouse.Array[uint8]{Values: []uint8{1}, Ends: []uint64{2}})}, "the rows end at 2, but there are 1 values"},
		"unknown column":     {[]clickhouse.Column{column("nope", []uint32{1})}, "nope"},
	} {
		t.Run(name, func(t *testing.T) {
			err := db.Insert(t.Context(), "t", "", c.columns)
			require.ErrorContains(t, err, c.want)
			require.False(t, clickhouse.Transient(err), "it would fail again")
		})
	}
	err := db.Insert(t.Context(), "no_such_table", "", []clickhouse.Column{column("n", []uint32{1})})
	require.Equal(t, 60, clickhouse.Code(err))
	require.NoError(t, db.Insert(t.Context(), "t", "", []clickhouse.Column{column("n", []uint32{1})}), "the pool still works")
	require.Equal(t, "1", text(t, db, "SELECT toString(count()) FROM t", nil))
}

func TestRepeatedTokenIsStoredOnce(t *testing.T) {
	db := testDB(t, clickhouse.Config{})
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100", nil))
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE sums (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100", nil))
	require.NoError(t, db.Exec(t.Context(), "CREATE MATERIALIZED VIEW v TO sums AS SELECT sum(n) AS n FROM t", nil))
	for range 3 {
		require.NoError(t, db.Insert(t.Context(), "t", "samples:0:0-1", []clickhouse.Column{column("n", []uint32{1, 2})}))
	}
	require.NoError(t, db.Insert(t.Context(), "t", "samples:0:2-3", []clickhouse.Column{column("n", []uint32{1, 2})}))
	require.Equal(t, "4", text(t, db, "SELECT toString(count()) FROM t", nil), "the same rows under another token are others")
	require.Equal(t, "2", text(t, db, "SELECT toString(count()) FROM sums", nil), "views too")
}

func TestInsertsRunInParallelOnABoundedPool(t *testing.T) {
	db := testDB(t, clickhouse.Config{MaxConns: 2})
	require.NoError(t, db.Exec(t.Context(), "CREATE TABLE t (n UInt32) ENGINE = MergeTree ORDER BY n", nil))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if err := db.Insert(t.Context(), "t", "", []clickhouse.Column{column("n", []uint32{1})}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, "40", text(t, db, "SELECT toString(count()) FROM t", nil))
}

func TestAbsentServerIsNamedAndTransient(t *testing.T) {
	db, err := clickhouse.Open(clickhouse.Config{Addr: []string{"127.0.0.1:1"}})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, queryErr := db.Query(t.Context(), "SELECT 1", nil)
	for name, err := range map[string]error{
		"ping": db.Ping(t.Context()), "query": queryErr, "exec": db.Exec(t.Context(), "SELECT 1", nil),
		"insert": db.Insert(t.Context(), "t", "", []clickhouse.Column{column("n", []uint32{1})}),
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, err, clickhouse.ErrUnavailable)
			require.ErrorContains(t, err, "127.0.0.1:1")
			require.True(t, clickhouse.Transient(err))
		})
	}
}
