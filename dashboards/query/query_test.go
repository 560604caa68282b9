package query_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

// One engine serves all tests: each asks about calls of its own.
var engine struct {
	once   sync.Once
	server *embedded.Server
	db     *clickhouse.DB
	err    error
}

func TestMain(m *testing.M) {
	embedded.RunChildIfAsked()
	code := m.Run()
	if engine.db != nil {
		_ = engine.db.Close()
	}
	if engine.server != nil {
		if err := engine.server.Shutdown(context.Background()); err != nil && code == 0 {
			code = 1
		}
	}
	os.Exit(code)
}

func startEngine(ctx context.Context) error {
	var err error
	if engine.server, err = embedded.New(embedded.Config{}, embedded.Dependencies{}); err != nil {
		return err
	}
	if err = engine.server.Start(ctx); err != nil {
		return err
	}
	if engine.db, err = clickhouse.Open(clickhouse.Config{Addr: []string{engine.server.Addr()}}); err != nil {
		return err
	}
	_, err = clickhouse.Migrate(ctx, engine.db, ddl.Migrations)
	return err
}

func openStore(t *testing.T) *clickhouse.DB {
	t.Helper()
	engine.once.Do(func() { engine.err = startEngine(t.Context()) })
	if errors.Is(engine.err, embedded.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip(engine.err)
	}
	require.NoError(t, engine.err)
	return engine.db
}

// seeded is a call of n windows that ended just now, and a service that asks about it.
func seeded(t *testing.T, id string, n int) (*query.Service, querytest.Call) {
	t.Helper()
	db := openStore(t)
	now := time.Now().Truncate(querytest.Window)
	call := querytest.Call{ID: id, Start: now.Add(-time.Duration(n) * querytest.Window).UTC()}
	require.NoError(t, call.Insert(t.Context(), db, 0, n))
	return query.New(db, query.WithClock(func() time.Time { return now })), call
}

func TestCallsFindsAndCounts(t *testing.T) {
	s, call := seeded(t, "calls/über-100%_a", 3)
	all, err := s.Calls(t.Context(), query.CallsQuery{})
	require.NoError(t, err)
	require.NotEmpty(t, all.Calls)

	found, err := s.Calls(t.Context(), query.CallsQuery{Search: "ÜBER-100%_"})
	require.NoError(t, err)
	require.Len(t, found.Calls, 1)
	c := found.Calls[0]
	require.Equal(t, call.ID, c.CallID)
	require.EqualValues(t, 5, c.Clients)
	require.EqualValues(t, 3, c.SFUs)
	require.EqualValues(t, 8*3, c.Samples)
	require.EqualValues(t, 6*4, c.Paths, "six tracks, four subscribers each")
	require.True(t, c.Live)
	require.Equal(t, call.Start.Add(querytest.Window/2), c.FirstSeen)

	none, err := s.Calls(t.Context(), query.CallsQuery{Search: "100__a"})
	require.NoError(t, err)
	require.Empty(t, none.Calls, "a search is no pattern")
}

func TestCallEndsWhenItsSamplesDo(t *testing.T) {
	_, call := seeded(t, "ended", 2)
	late := query.New(openStore(t), query.WithClock(func() time.Time { return call.Start.Add(10 * time.Minute) }))
	o, err := late.CallOverview(t.Context(), query.CallQuery{CallID: "ended"})
	require.NoError(t, err)
	require.False(t, o.Live)
}

func TestCallOverviewNamesEveryNode(t *testing.T) {
	s, call := seeded(t, "overview", 10)
	o, err := s.CallOverview(t.Context(), query.CallQuery{CallID: "overview"})
	require.NoError(t, err)
	require.True(t, o.Live)
	require.Equal(t, query.Stored{Samples: 80, Late: 1}, o.Stored)
	require.Equal(t, call.Start.Add(querytest.Window/2), o.FirstSeen)
	ids := map[string]string{}
	for _, n := range o.Nodes {
		ids[n.Kind+" "+n.ID] = n.Region
		require.EqualValues(t, 10, n.Samples)
	}
	require.Equal(t, map[string]string{
		"client ana": "", "client bo": "", "client chi": "", "client dee": "", "client eli": "",
		"sfu fra": "eu-central", "sfu iad": "us-east", "sfu nrt": "ap-northeast",
	}, ids)
}

func TestE2EGivesEveryWindowWithItsHops(t *testing.T) {
	s, call := seeded(t, "e2e", 4)
	rows, err := s.E2E(t.Context(), query.E2EQuery{CallID: "e2e", Participant: "chi", Kind: "audio"})
	require.NoError(t, err)
	require.Len(t, rows, 4*4, "four publishers, four windows")
	r := rows[0]
	require.Equal(t, call.Start, r.WindowStart)
	require.Equal(t, "ana", r.PublisherID)
	require.Equal(t, "audio", r.Kind)
	require.Equal(t, []string{"fra", "iad", "nrt"}, r.SFUPath)
	require.Equal(t, []string{"eu-central", "us-east", "ap-northeast"}, r.RegionPath)
	require.Equal(t, "complete", r.Status)
	require.Len(t, r.Hops, 4)
	var sum float32
	for _, h := range r.Hops {
		sum += *h.RTT
		require.Equal(t, "measured", h.Status)
	}
	require.InDelta(t, *r.RTT, sum, 0.01)
	require.Equal(t, "stun", r.Hops[3].Source)
	require.EqualValues(t, 1600, r.Hops[3].AgeMs)
	require.InDelta(t, 1.2, *r.RTTErr, 0.01)
	require.InDelta(t, 14, *r.Budget.Send, 0)
	require.Equal(t, map[string]float32{"delay": 1.5}, r.ScoreParts)
	require.Nil(t, r.CaptureDelay)
	require.NotNil(t, r.Budget.Missing, "an empty array is no null in JSON")
}

func TestMissingHopIsUnknownAndNotZero(t *testing.T) {
	s, _ := seeded(t, "partial", 1)
	rows, err := s.E2E(t.Context(), query.E2EQuery{CallID: "partial", Participant: "chi", Kind: "video"})
	require.NoError(t, err)
	i := 0
	for rows[i].PublisherID != "bo" {
		i++
	}
	r := rows[i]
	require.Equal(t, "partial", r.Status)
	require.Nil(t, r.RTT)
	require.Nil(t, r.RTTErr)
	require.NotNil(t, r.RTTLower)
	require.Nil(t, r.Hops[1].RTT)
	require.Nil(t, r.Hops[1].Err)
	require.Equal(t, "missing", r.Hops[1].Status)
	require.Nil(t, r.MouthToEar)
	require.Equal(t, []string{"network"}, r.Budget.Missing)
}

func TestPathsNowKeepsTheLatestWindowOfEveryRoute(t *testing.T) {
	n := querytest.MoveAt + 3
	s, call := seeded(t, "moved", n)
	rows, err := s.PathsNow(t.Context(), query.E2EQuery{CallID: "moved", Participant: "bo", Kind: "audio"})
	require.NoError(t, err)
	last := call.Start.Add(time.Duration(n-1) * querytest.Window)
	before := call.Start.Add((querytest.MoveAt - 1) * querytest.Window)
	at := map[string]time.Time{}
	for _, r := range rows {
		at[r.PublisherID+">"+r.SubscriberID+" "+strings.Join(r.SFUPath, ",")] = r.WindowStart
	}
	require.Equal(t, last, at["bo>ana nrt,iad,fra"])
	require.Equal(t, before, at["bo>ana iad,fra"])
	require.Equal(t, last, at["bo>chi nrt"])
	require.Len(t, at, len(rows))
	require.Len(t, rows, 14, "four subscribers and three publishers, before and after")
}

func TestPathSeriesFollowsATrackOverItsRoutes(t *testing.T) {
	n := querytest.MoveAt + 3
	s, call := seeded(t, "series", n)
	q := query.SeriesQuery{
		Range: query.Range{From: call.Start, To: call.Start.Add(time.Duration(n) * querytest.Window)}, CallID: "series",
		PublisherID: "bo", SubscriberID: "chi", Kind: "audio",
	}
	got, err := s.PathSeries(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, got.Points, n)
	require.Equal(t, []query.Route{
		{SFUPath: []string{"iad", "nrt"}, RegionPath: []string{"us-east", "ap-northeast"}, Nodes: []string{"bo", "iad", "nrt", "chi"}},
		{SFUPath: []string{"nrt"}, RegionPath: []string{"ap-northeast"}, Nodes: []string{"bo", "nrt", "chi"}},
	}, got.Routes)
	require.Equal(t, 0, got.Points[querytest.MoveAt-1].Route)
	require.Equal(t, 1, got.Points[querytest.MoveAt].Route)
	require.Len(t, got.Points[querytest.MoveAt].HopRTT, 2)

	q.MaxPoints = 5
	thin, err := s.PathSeries(t.Context(), q)
	require.NoError(t, err)
	require.EqualValues(t, 30_000, thin.StepMs)
	require.Less(t, len(thin.Points), 9)
	var worst, shown float32
	for _, p := range got.Points {
		worst = max(worst, *p.RTT)
	}
	for _, p := range thin.Points {
		shown = max(shown, *p.RTT)
	}
	require.InDelta(t, worst, shown, 0, "thinning keeps the peak")
}

func TestHopsNowAndOverTime(t *testing.T) {
	s, call := seeded(t, "hops", 4)
	links, err := s.HopsNow(t.Context(), query.HopsQuery{CallID: "hops"})
	require.NoError(t, err)
	require.Len(t, links, 7, "five clients and two links between SFUs")
	for _, l := range links {
		require.Equal(t, call.Start.Add(3*querytest.Window), l.WindowStart)
		require.NotNil(t, l.RTT)
		require.Nil(t, l.LossToFrom)
	}
	over, err := s.HopSeries(t.Context(), query.HopsQuery{CallID: "hops", FromID: "fra", ToID: "iad"})
	require.NoError(t, err)
	require.Len(t, over, 4)
	require.Equal(t, query.End{Kind: "sfu", ID: "iad", Transport: "iad-fra", Region: "us-east"}, over[0].To)
}

func TestSamplesStoredCountsASampleOnce(t *testing.T) {
	s, call := seeded(t, "stored", 10)
	// The same sample again, as a split SFU sample or a replay under another token would bring it.
	require.NoError(t, call.Insert(t.Context(), openStore(t), 4, 3))
	got, err := s.SamplesStored(t.Context(), query.SamplesQuery{CallID: "stored"})
	require.NoError(t, err)
	require.Equal(t, query.Stored{Samples: 80, Late: 1}, got)
}

func TestUnknownCallIsNamedWithThoseThatAreKnown(t *testing.T) {
	s, _ := seeded(t, "known", 1)
	ask := map[string]func() error{
		"e2e":      func() error { _, err := s.E2E(t.Context(), query.E2EQuery{CallID: "nope"}); return err },
		"paths":    func() error { _, err := s.PathsNow(t.Context(), query.E2EQuery{CallID: "nope"}); return err },
		"overview": func() error { _, err := s.CallOverview(t.Context(), query.CallQuery{CallID: "nope"}); return err },
		"hops":     func() error { _, err := s.HopsNow(t.Context(), query.HopsQuery{CallID: "nope"}); return err },
		"series": func() error {
			_, err := s.PathSeries(t.Context(), query.SeriesQuery{CallID: "nope", SubscriberID: "a", Kind: "audio"})
			return err
		},
	}
	for name, do := range ask {
		t.Run(name, func(t *testing.T) {
			err := do()
			var missing *query.NotFoundError
			require.ErrorAs(t, err, &missing)
			require.Contains(t, missing.Known, "known")
			require.True(t, strings.HasPrefix(err.Error(), `no call "nope" in the last 24h; known calls: `), err.Error())
		})
	}
}

func TestFilterThatMatchesNothingIsNoError(t *testing.T) {
	s, _ := seeded(t, "filtered", 1)
	rows, err := s.PathsNow(t.Context(), query.E2EQuery{CallID: "filtered", Participant: "nobody"})
	require.NoError(t, err)
	require.NotNil(t, rows)
	require.Empty(t, rows)
}

func TestArgumentsStayArguments(t *testing.T) {
	id := "x' OR 1=1 --\\ \t\n\"{call:String}"
	s, _ := seeded(t, id, 1)
	rows, err := s.E2E(t.Context(), query.E2EQuery{CallID: id})
	require.NoError(t, err)
	require.Len(t, rows, 24)
	rows, err = s.E2E(t.Context(), query.E2EQuery{CallID: id, Participant: "' OR '1'='1"})
	require.NoError(t, err)
	require.Empty(t, rows)
}

func TestTenantsDoNotSeeEachOther(t *testing.T) {
	seeded(t, "mine", 1)
	other := query.New(openStore(t), query.WithTenant("acme"))
	calls, err := other.Calls(t.Context(), query.CallsQuery{})
	require.NoError(t, err)
	require.Empty(t, calls.Calls)
	_, err = other.E2E(t.Context(), query.E2EQuery{CallID: "mine"})
	require.EqualError(t, err, `no call "mine" in the last 24h; no call at all is known`)
}
