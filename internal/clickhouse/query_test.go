package clickhouse_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

func TestQueryBindsEveryKindOfParameterAtTheServer(t *testing.T) {
	db := testDB(t, clickhouse.Config{})
	at := time.Date(2026, 3, 1, 12, 30, 15, 123456000, time.FixedZone("x", 7200))
	for name, c := range map[string]struct {
		typ   string
		value any
		want  string
	}{
		"string":             {"String", "plain", "plain"},
		"hostile string":     {"String", `'; DROP TABLE x; -- \' {a:String}` + "\t\n", `'; DROP TABLE x; -- \' {a:String}` + "\t\n"},
		"empty string":       {"String", "", ""},
		"int":                {"Int64", -7, "-7"},
		"uint64":             {"UInt64", uint64(math.MaxUint64), "18446744073709551615"},
		"float":              {"Float64", 0.25, "0.25"},
		"bool":               {"Bool", true, "true"},
		"time to the µs":     {"DateTime64(6, 'UTC')", at, "2026-03-01 10:30:15.123456"},
		"strings":            {"Array(String)", []string{"a", "it's", `b\`}, `['a','it\'s','b\\']`},
		"numbers":            {"Array(UInt32)", []uint32{1, 2}, "[1,2]"},
		"no strings":         {"Array(String)", []string{}, "[]"},
		"identifier, quoted": {"String", "a`b", "a`b"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, text(t, db, "SELECT toString({p:"+c.typ+"})", clickhouse.Params{"p": c.value}))
		})
	}
}

func TestSelectScansIntoStructs(t *testing.T) {
	type row struct {
		N    uint64             `ch:"n"`
		None *float32           `ch:"none"`
		List []string           `ch:"list"`
		Kind string             `ch:"kind"`
		Map  map[string]float32 `ch:"m"`
		At   time.Time          `ch:"at"`
	}
	db := testDB(t, clickhouse.Config{})
	rows, err := clickhouse.Select[row](t.Context(), db, `SELECT number AS n, if(n = 0, NULL, toFloat32(n)) AS none,
		[toLowCardinality('a')] AS list, CAST(1, 'Enum8(\'x\' = 1)') AS kind, map(toLowCardinality('k'), toFloat32(0.5)) AS m,
		toDateTime64(1.5, 3, 'UTC') AS at FROM numbers({count:UInt64})`, clickhouse.Params{"count": 2})
	require.NoError(t, err)
	one := float32(1)
	same := row{List: []string{"a"}, Kind: "x", Map: map[string]float32{"k": 0.5}, At: time.UnixMilli(1500).UTC()}
	first, second := same, same
	second.N, second.None = 1, &one
	require.Equal(t, []row{first, second}, rows)
}

func TestSettingsBoundAQuery(t *testing.T) {
	slow := "SELECT sum(sleepEachRow(0.05)) FROM numbers(200) SETTINGS max_block_size = 1"
	t.Run("of the query", func(t *testing.T) {
		db := testDB(t, clickhouse.Config{})
		_, err := clickhouse.Select[struct{}](t.Context(), db, "SELECT sum(number) FROM numbers(1000000)", nil,
			clickhouse.Settings{"max_rows_to_read": 10})
		require.Equal(t, 158, clickhouse.Code(err))
	})
	t.Run("of the connection", func(t *testing.T) {
		db := testDB(t, clickhouse.Config{Settings: clickhouse.Settings{"max_execution_time": 0.2}})
		_, err := clickhouse.Select[struct{}](t.Context(), db, slow, nil)
		require.Equal(t, 159, clickhouse.Code(err))
	})
	t.Run("of the context", func(t *testing.T) {
		db := testDB(t, clickhouse.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := clickhouse.Select[struct{}](ctx, db, slow, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestMistakesAreTheServersWords(t *testing.T) {
	db := testDB(t, clickhouse.Config{})
	_, err := db.Query(t.Context(), "SELECT nothing_like_this", nil)
	require.ErrorContains(t, err, "nothing_like_this")
	require.Equal(t, 47, clickhouse.Code(err))
	require.False(t, clickhouse.Transient(err))
	require.NotErrorIs(t, err, clickhouse.ErrUnavailable)

	_, err = db.Query(t.Context(), "SELECT {p:String}", nil)
	require.ErrorContains(t, err, "p", "a parameter that is not given")

	missing, err := clickhouse.Open(clickhouse.Config{Addr: []string{engine.Addr()}, Database: "no_such_database"})
	require.NoError(t, err)
	defer func() { require.NoError(t, missing.Close()) }()
	require.Equal(t, 81, clickhouse.Code(missing.Ping(t.Context())))
}
