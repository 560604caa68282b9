package query_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
)

var fiveCalls sync.Once

// several are five calls of 1, 2 ... 5 windows that ended one after the other, a minute apart; the last one a moment ago.
func several(t *testing.T, opts ...query.Option) *query.Service {
	t.Helper()
	const tenant, n = "five", 5
	db, start := openStore(t), hour()
	fiveCalls.Do(func() {
		for i := 1; i <= n; i++ {
			began := start.Add(time.Duration(i)*time.Minute - time.Duration(i)*querytest.Window)
			call := querytest.Call{ID: fmt.Sprintf("call-%02d", i), Start: began, Tenant: tenant}
			require.NoError(t, call.Insert(t.Context(), db, 0, i))
		}
	})
	now := func() time.Time { return start.Add(n * time.Minute) }
	return query.New(db, append([]query.Option{query.WithTenant(tenant), query.WithClock(now)}, opts...)...)
}

func ids(calls []query.Call) []string {
	out := []string{}
	for _, c := range calls {
		out = append(out, c.CallID)
	}
	return out
}

func TestCallsComeInPagesInEveryOrder(t *testing.T) {
	s := several(t)
	for i, order := range append(query.CallSorts(), "") {
		t.Run("by "+order, func(t *testing.T) {
			q := query.CallsQuery{Sort: order, Ascending: i%2 == 1}
			whole, err := s.Calls(t.Context(), q)
			require.NoError(t, err)
			require.Len(t, whole.Calls, 5)
			require.Nil(t, whole.Next)
			var got []string
			q.Limit = 2
			for range 5 {
				page, err := s.Calls(t.Context(), q)
				require.NoError(t, err)
				got = append(got, ids(page.Calls)...)
				if q.After = page.Next; q.After == nil {
					break
				}
			}
			require.Equal(t, ids(whole.Calls), got)
		})
	}
	newest, err := s.Calls(t.Context(), query.CallsQuery{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"call-05"}, ids(newest.Calls))
	shortest, err := s.Calls(t.Context(), query.CallsQuery{Sort: "duration", Ascending: true, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"call-01"}, ids(shortest.Calls))
}

func TestCallsAreFoundByWhoTookPartAndHowTheyWent(t *testing.T) {
	s := several(t)
	start := hour()
	yes, no := true, false
	high, low := 300.0, 1.0
	all := []string{"call-05", "call-04", "call-03", "call-02", "call-01"}
	for name, c := range map[string]struct {
		q    query.CallsQuery
		want []string
	}{
		"everything":             {query.CallsQuery{}, all},
		"a part of the id":       {query.CallsQuery{Search: "LL-03"}, all[2:3]},
		"exactly this one":       {query.CallsQuery{CallID: "call-0"}, []string{}},
		"a client":               {query.CallsQuery{Client: "dee"}, all},
		"no such client":         {query.CallsQuery{Client: "nobody"}, []string{}},
		"a user":                 {query.CallsQuery{User: "ana@example.org"}, all},
		"a user as another":      {query.CallsQuery{User: "ana@example.org", Client: "bo"}, []string{}},
		"a version in a country": {query.CallsQuery{Version: "1.1.0", Country: "JP"}, all},
		"never in one client":    {query.CallsQuery{Version: "1.2.0", Country: "JP"}, []string{}},
		"a browser":              {query.CallsQuery{Browser: "Safari 18"}, all},
		"a region":               {query.CallsQuery{Region: "us-east"}, all},
		"no such region":         {query.CallsQuery{Region: "mars"}, []string{}},
		"over TURN":              {query.CallsQuery{TURN: &yes}, all},
		"without TURN":           {query.CallsQuery{TURN: &no}, []string{}},
		"live":                   {query.CallsQuery{Live: &yes}, all[:1]},
		"over":                   {query.CallsQuery{Live: &no}, all[1:]},
		"slow":                   {query.CallsQuery{MinRTT: &high}, all},
		"good":                   {query.CallsQuery{MaxScore: &low}, []string{}},
		"long":                   {query.CallsQuery{MinDuration: 15 * time.Second}, all[:2]},
		"short":                  {query.CallsQuery{MaxDuration: 5 * time.Second}, all[3:]},
		"large":                  {query.CallsQuery{MinClients: 6}, []string{}},
		"with some windows":      {query.CallsQuery{MinWindows: 24 * 4}, all[:2]},
		"before":                 {query.CallsQuery{Range: query.Range{From: start, To: start.Add(time.Minute)}}, all[4:]},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Calls(t.Context(), c.q)
			require.NoError(t, err)
			require.Equal(t, c.want, ids(got.Calls))
		})
	}
}

func TestACallIsSummedUp(t *testing.T) {
	s := several(t)
	page, err := s.Calls(t.Context(), query.CallsQuery{CallID: "call-04"})
	require.NoError(t, err)
	c := page.Calls[0]
	require.EqualValues(t, 15_000, c.DurationMs, "from the middle of the first window to that of the last")
	require.EqualValues(t, 5, c.Clients)
	require.EqualValues(t, 3, c.SFUs)
	require.EqualValues(t, 8*4, c.Samples)
	require.EqualValues(t, 24, c.Paths)
	require.EqualValues(t, 24*4, c.Windows)
	require.EqualValues(t, 2*4, c.Partial, "bo's video to chi and dee")
	require.Equal(t, []string{"DE", "JP", "US"}, c.Countries)
	require.Equal(t, []string{"ap-northeast", "eu-central", "us-east"}, c.Regions)
	require.Equal(t, query.Blame{Downlink: 6}, c.Blame, "the fourth window of what chi receives")
	require.InDelta(t, 6.0/96, *c.Bad, 1e-6)
	require.True(t, c.TURN)
	require.True(t, c.TCP)
	require.True(t, c.IPv6)
	require.Greater(t, *c.RTTP95, *c.RTTP50)
	require.InDelta(t, 4.2, *c.AudioScore, 0.1)
	require.InDelta(t, 88, *c.VideoScore, 0.1)
}

func TestAUserIsFoundUnderTheKeyOfTheCollector(t *testing.T) {
	hide := func(tenant, user string) string {
		return map[string]string{"five/Ana": "ana@example.org"}[tenant+"/"+user]
	}
	got, err := several(t, query.WithUserKey(hide)).Calls(t.Context(), query.CallsQuery{User: "Ana", Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"call-05"}, ids(got.Calls))
}
