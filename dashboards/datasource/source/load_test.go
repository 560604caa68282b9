package source_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// slow is a statement that runs for seconds.
const slow = `SELECT count() AS running FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))`

// running counts the statements that the server still works at.
func running(t *testing.T) uint64 {
	t.Helper()
	type row struct {
		N uint64 `ch:"n"`
	}
	rows, err := clickhouse.Select[row](context.WithoutCancel(t.Context()), openStore(t), "SELECT count() AS n FROM system.processes WHERE query LIKE '%AS running%' AND query NOT LIKE '%processes%'", nil)
	require.NoError(t, err)
	return rows[0].N
}

func TestACancelledQueryStopsAtTheServer(t *testing.T) {
	p := serve(t, options{"rawSql": true, "timeoutSeconds": 50})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := p.ask(ctx, inSQL(t, slow))
		done <- err
	}()
	require.Eventually(t, func() bool { return running(t) > 0 }, 20*time.Second, 20*time.Millisecond)
	cancel()
	require.Equal(t, codes.Canceled, status.Code(<-done))
	require.Eventually(t, func() bool { return running(t) == 0 }, 20*time.Second, 20*time.Millisecond)
}

func TestASlowQueryEndsAtTheTimeout(t *testing.T) {
	p := serve(t, options{"rawSql": true, "timeoutSeconds": 1})
	got := p.one(t, inSQL(t, slow))
	require.ErrorContains(t, got.Error, "took longer than the data source allows; ask for a shorter range, or raise its timeout")
	require.Equal(t, backend.StatusTimeout, got.Status)
}

// A dashboard sends more queries at once than there are connections: they wait for each other, and all are answered.
func TestManyQueriesAtOnceAreAllAnswered(t *testing.T) {
	p := serve(t, options{"timeoutSeconds": 60})
	queries := slices.Repeat([]string{`{"queryType":"regressions"}`, `{"queryType":"variable","variable":"sfus"}`, `{"queryType":"events","call":"demo"}`}, 2)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			out, err := p.ask(t.Context(), queries...)
			if err != nil {
				t.Error(err)
				return
			}
			for ref, r := range out.Responses {
				if r.Error != nil || len(r.Frames) != 1 || r.Frames[0].Rows() == 0 {
					t.Errorf("%s: %v", ref, r.Error)
				}
			}
		})
	}
	group.Wait()
}
