package statement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/datasource/statement"
)

var moment = statement.Moment{From: time.UnixMilli(1_000), To: time.UnixMilli(61_000), Interval: 1500 * time.Millisecond}

func TestMacrosBecomeNumbers(t *testing.T) {
	for name, c := range map[string]struct{ sql, want string }{
		"time filter":   {`SELECT 1 FROM e2e WHERE $__timeFilter( window_start )`, `SELECT 1 FROM e2e WHERE (window_start >= fromUnixTimestamp64Milli(1000) AND window_start < fromUnixTimestamp64Milli(61000))`},
		"date filter":   {`$__dateFilter(day)`, `(day >= toDate(fromUnixTimestamp64Milli(1000), 'UTC') AND day <= toDate(fromUnixTimestamp64Milli(61000), 'UTC'))`},
		"time interval": {`$__timeInterval(at)`, `toStartOfInterval(at, toIntervalSecond(1))`},
		"ends":          {`$__from, $__to`, `1000, 61000`},
		"intervals":     {`$__interval $__interval_s $__interval_ms`, `1 1 1500`},
		"in brackets":   {`f($__from)`, `f(1000)`},
		"no macro":      {`SELECT '$5', $x`, `SELECT '$5', $x`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := statement.Expand(c.sql, moment)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestWrongMacrosSayWhatThereIs(t *testing.T) {
	_, err := statement.Expand(`SELECT $__timeFilter`, moment)
	require.ErrorContains(t, err, "$__timeFilter needs a column, as in $__timeFilter(window_start)")
	_, err = statement.Expand(`SELECT $__timeGroup(at, 5m)`, moment)
	require.ErrorContains(t, err, "there is no macro $__timeGroup; there are $__timeFilter(column)")
}

func TestOneSelectIsAllowed(t *testing.T) {
	for _, sql := range []string{
		"SELECT 1", "select 1;", "  WITH a AS (SELECT 1) SELECT * FROM a", "(SELECT 1) UNION ALL (SELECT 2)", "SELECT ';' AS `a;b`, 'it''s', 'a\\'; b'",
		"-- a comment; with a semicolon\nSELECT 1 /* another; /* nested */ one */", "SELECT quantilesDDMerge(0.01, 0.5)(rtt) FROM e2e_1m",
		"SELECT 'FORMAT JSON', 'remote(x)' FROM numbers(3)", "SELECT format('{}', 'x'), formatDateTime(now(), '%F')", "SELECT settings FROM t",
		"SELECT input_format FROM t -- url(x)", "SELECT # a comment\n1",
	} {
		require.NoError(t, statement.Check(sql), sql)
	}
}

func TestOtherStatementsAreRefused(t *testing.T) {
	for sql, says := range map[string]string{
		"":                                   "there is no statement in it",
		"; ;":                                "it begins with ;",
		"INSERT INTO t SELECT 1":             "it begins with INSERT",
		"EXPLAIN SELECT 1":                   "it begins with EXPLAIN",
		"SELECT 1; SELECT 2":                 "more than one statement",
		"SELECT 1 /* a":                      "a comment /* does not end",
		"SELECT 'a":                          "a text that begins with ' does not end",
		"SELECT $$;$$":                       "texts in $$ are not for panels",
		"SELECT $a$;$a$":                     "texts in $$ are not for panels",
		"SELECT * FROM MERGE ('a', 'b')":     "MERGE() reads from elsewhere",
		"SELECT * FROM \"url\"('http://x/')": "url() reads from elsewhere",
		"SELECT dictGet('d', 'a', 1)":        "dictGet() reads from elsewhere",
		"SELECT 1 INTO\nOUTFILE 'x'":         "INTO OUTFILE is not for panels",
		"SELECT 1 FORMAT JSONEachRow ;":      "FORMAT JSONEACHROW ; is not for panels",
		"SELECT 1 SETTINGS readonly=0":       "SETTINGS READONLY= is not for panels",
		"SELECT 1 SETTINGS a, readonly = 0":  "SETTINGS A, is not for panels",
		"SELECT (SELECT 1 SETTINGS `a`)":     "SETTINGS A) is not for panels",
	} {
		require.ErrorContains(t, statement.Check(sql), says, sql)
	}
}

func FuzzCheckLetsNoSecondStatementThrough(f *testing.F) {
	for _, seed := range []string{"SELECT 1; DROP TABLE t", "SELECT '\\'; DROP", "SELECT `a``; DROP`", "SELECT /*/* */ ; */ 1", "--\n;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if statement.Check(sql) != nil {
			return
		}
		require.Error(t, statement.Check(sql+"\n; DROP TABLE t"))
	})
}
