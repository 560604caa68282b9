package query_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// deaf fails the test when a question reaches the store.
type deaf struct{ t *testing.T }

func (d deaf) Query(context.Context, string, clickhouse.Params, ...clickhouse.Settings) (clickhouse.Rows, error) {
	d.t.Error("a question with a wrong argument reached the store")
	return nil, context.Canceled
}

func TestWrongArgumentsAreRefusedBeforeTheStoreIsAsked(t *testing.T) {
	s := query.New(deaf{t})
	now := time.Now()
	long := query.Range{From: now.Add(-40 * 24 * time.Hour), To: now}
	series := func(q query.SeriesQuery) error { _, err := s.PathSeries(t.Context(), q); return err }
	e2e := func(q query.E2EQuery) error { _, err := s.E2E(t.Context(), q); return err }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no call":          {e2e(query.E2EQuery{}), "call: no call is named"},
		"kind":             {e2e(query.E2EQuery{CallID: "c", Kind: "text"}), `kind: "text" is neither audio nor video`},
		"limit too high":   {e2e(query.E2EQuery{CallID: "c", Limit: 50_001}), "limit: 50001 is not between 1 and 50000"},
		"limit below zero": {e2e(query.E2EQuery{CallID: "c", Limit: -1}), "limit: -1 is not between 1 and 50000"},
		"long name":        {e2e(query.E2EQuery{CallID: strings.Repeat("c", 600)}), "call: 600 bytes are more than the 512 that a name may have"},
		"long range":       {e2e(query.E2EQuery{CallID: "c", Range: long}), "from: a span of 960h0m0s is longer than the 744h0m0s that one question covers"},
		"range backwards": {
			e2e(query.E2EQuery{CallID: "c", Range: query.Range{From: time.Unix(20, 0), To: time.Unix(10, 0)}}),
			"from: 1970-01-01T00:00:20Z does not lie before to, 1970-01-01T00:00:10Z",
		},
		"no subscriber":   {series(query.SeriesQuery{CallID: "c", Kind: "audio"}), "subscriber: no subscriber is named"},
		"no kind":         {series(query.SeriesQuery{CallID: "c", SubscriberID: "s"}), "kind: neither audio nor video is asked for"},
		"too many points": {series(query.SeriesQuery{CallID: "c", SubscriberID: "s", Kind: "audio", MaxPoints: 5001}), "points: is not between 2 and 5000"},
	} {
		t.Run(name, func(t *testing.T) {
			var argument *query.ArgumentError
			require.ErrorAs(t, c.err, &argument)
			require.EqualError(t, c.err, c.want)
		})
	}
}

// reads is where a question reads a table of the store, and not what it has just read itself.
var reads = regexp.MustCompile(`FROM (\w+|\{table:Identifier\})\n`)

func TestEveryQuestionIsBoundToATenantARangeAndALimit(t *testing.T) {
	paths, err := filepath.Glob("sql/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		if strings.HasSuffix(path, "_columns.sql") {
			continue
		}
		t.Run(path, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			sql := string(data)
			require.True(t, strings.HasPrefix(sql, "-- "), "begins with what it answers")
			require.Contains(t, sql, "LIMIT ")
			require.NotContains(t, sql, "%", "nothing is put into the text")
			tables := reads.FindAllStringSubmatchIndex(sql, -1)
			own := 0
			for _, at := range tables {
				if name := sql[at[2]:at[3]]; strings.Contains(sql, name+" AS\n(\n") {
					own++ // of a WITH
					continue
				}
				// Up to the end of this SELECT.
				where, _, _ := strings.Cut(sql[at[1]:], "GROUP BY")
				where, _, _ = strings.Cut(where, "SELECT")
				require.Regexp(t, `tenant = \{tenant:String\}|\{tenant:String\} = ''`, where)
				if !strings.Contains(where, "first_day") {
					require.Contains(t, where, "{from_ms:Int64}")
					require.Contains(t, where, "{to_ms:Int64}")
				}
			}
			require.Positive(t, len(tables)-own)
		})
	}
}
