package query_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// lastHour is a call of ten minutes in a whole hour that ended a while ago, of a tenant of its own, and a service that asks as it ends.
func lastHour(t *testing.T, tenant string) (*query.Service, querytest.Call, query.Range) {
	t.Helper()
	call := querytest.Call{ID: tenant, Start: hour(), Tenant: tenant}
	require.NoError(t, call.Insert(t.Context(), openStore(t), 0, 120))
	end := call.Start.Add(10 * time.Minute)
	return query.New(openStore(t), query.WithTenant(tenant), query.WithClock(func() time.Time { return end })), call, query.Range{From: call.Start, To: end}
}

func TestPartsOfTheBudgetSumToMouthToEarFromEverySource(t *testing.T) {
	s, call, span := lastHour(t, "budget")
	for name, c := range map[string]struct {
		q      query.BudgetQuery
		source string
		points int
	}{
		"by the hour":      {query.BudgetQuery{Range: query.Range{From: call.Start, To: call.Start.Add(7 * time.Hour)}, By: "version"}, "e2e_1h", 2},
		"by the minute":    {query.BudgetQuery{Range: span, OverTime: true, Step: time.Minute}, "e2e_1m", 10},
		"window by window": {query.BudgetQuery{Range: span, OverTime: true, Step: 5 * time.Second}, "e2e", 120},
		"by path":          {query.BudgetQuery{Range: span, By: "path", LatencyFilter: query.LatencyFilter{Kind: "audio"}}, "e2e_1m", 8},
		"of a country":     {query.BudgetQuery{Range: span, LatencyFilter: query.LatencyFilter{Country: "JP"}}, "e2e", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Budget(t.Context(), c.q)
			require.NoError(t, err)
			require.Equal(t, c.source, got.Source)
			require.Len(t, got.Points, c.points)
			for _, p := range got.Points {
				require.Positive(t, p.Windows)
				require.InDelta(t, *p.MouthToEar, *p.Send+*p.Network+*p.Residence+*p.JitterBuffer+*p.Decode+*p.Playout, 0.1)
				require.InDelta(t, 14, *p.Send, 0.01)
			}
		})
	}
	_, err := s.Budget(t.Context(), query.BudgetQuery{Range: query.Range{From: call.Start.Add(-24 * time.Hour), To: call.Start}, LatencyFilter: query.LatencyFilter{Browser: "Chrome 131"}})
	var argument *query.ArgumentError
	require.ErrorAs(t, err, &argument, "no rollup knows browsers, and a day of windows is not read for it")
	_, err = s.Budget(t.Context(), query.BudgetQuery{By: "browser"})
	require.ErrorAs(t, err, &argument)
}

func TestActivityCountsACallInEveryStepThatItTouches(t *testing.T) {
	s, call, span := lastHour(t, "activity")
	now, err := s.Activity(t.Context(), query.ActivityQuery{Range: span})
	require.NoError(t, err)
	require.Equal(t, []query.ActivityPoint{{At: span.From, Calls: 1, Active: 1, Participants: 5}}, now.Points)

	over, err := s.Activity(t.Context(), query.ActivityQuery{
		Range: query.Range{From: call.Start.Add(-5 * time.Minute), To: call.Start.Add(15 * time.Minute)}, OverTime: true, Step: time.Minute,
	})
	require.NoError(t, err)
	require.Len(t, over.Points, 10)
	for i, p := range over.Points {
		require.Equal(t, call.Start.Add(time.Duration(i)*time.Minute), p.At)
		require.EqualValues(t, 1, p.Calls)
	}
	later := query.New(openStore(t), query.WithTenant("activity"), query.WithClock(func() time.Time { return call.Start.Add(20 * time.Minute) }))
	now, err = later.Activity(t.Context(), query.ActivityQuery{Range: query.Range{From: call.Start, To: call.Start.Add(20 * time.Minute)}})
	require.NoError(t, err)
	require.EqualValues(t, 1, now.Points[0].Calls)
	require.Zero(t, now.Points[0].Active, "it has ended")
	none, err := s.Activity(t.Context(), query.ActivityQuery{Range: query.Range{From: call.Start.Add(-2 * time.Hour), To: call.Start.Add(-time.Hour)}})
	require.NoError(t, err)
	require.Empty(t, none.Points)
}

func TestIngestCountsSamplesAndTheirDelay(t *testing.T) {
	s, call, span := lastHour(t, "ingest")
	got, err := s.Ingest(t.Context(), query.PipelineQuery{Range: span, By: "source_kind", OverTime: true, Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, got.Points, 20, "clients and SFUs, ten minutes")
	p := got.Points[0]
	require.Equal(t, "client", p.Group)
	require.EqualValues(t, 60, p.Samples, "five clients, twelve windows")
	require.InDelta(t, 1, p.Rate, 1e-9)
	require.InDelta(t, 40, *p.DelayP50, 0.5)
	require.EqualValues(t, 1, p.Late)

	whole, err := s.Ingest(t.Context(), query.PipelineQuery{Range: span})
	require.NoError(t, err)
	require.Len(t, whole.Points, 1)
	require.EqualValues(t, 960, whole.Points[0].Samples)
	require.InDelta(t, 1.6, whole.Points[0].Rate, 1e-9)
	require.Empty(t, whole.Points[0].Group)

	// A minute that is not over has fewer samples and no lower rate.
	half := query.New(openStore(t), query.WithTenant("ingest"), query.WithClock(func() time.Time { return call.Start.Add(30 * time.Second) }))
	part, err := half.Ingest(t.Context(), query.PipelineQuery{Range: query.Range{From: call.Start, To: call.Start.Add(time.Minute)}, OverTime: true, Step: time.Minute})
	require.NoError(t, err)
	require.InDelta(t, 96./30, part.Points[0].Rate, 1e-9)
	_, err = s.Ingest(t.Context(), query.PipelineQuery{By: "browser"})
	require.ErrorContains(t, err, `by: "browser" is not one of source_kind, probe_version`)
}

func TestRowsAndSourcesAreCountedByTheRollups(t *testing.T) {
	s, call, span := lastHour(t, "rows")
	got, err := s.RowsStored(t.Context(), query.PipelineQuery{Range: span})
	require.NoError(t, err)
	counts := map[string]uint64{}
	for _, p := range got.Points {
		counts[p.Name] = p.N
	}
	require.Equal(t, map[string]uint64{"samples": 960, "streams": 0, "e2e": 2880, "hops": 840}, counts)
	who, err := s.Sources(t.Context(), query.PipelineQuery{Range: span})
	require.NoError(t, err)
	require.Equal(t, []query.TallyPoint{{At: span.From, Name: "client", N: 5}, {At: span.From, Name: "sfu", N: 3}}, who.Points)
	newest, err := s.NewestWindow(t.Context(), span)
	require.NoError(t, err)
	require.Equal(t, call.Start.Add(10*time.Minute), newest.UTC())
	none, err := s.For("nobody").NewestWindow(t.Context(), span)
	require.NoError(t, err)
	require.Nil(t, none)
	old, err := s.NewestWindow(t.Context(), query.Range{From: call.Start.Add(-time.Hour), To: call.Start.Add(time.Hour)})
	require.NoError(t, err)
	require.Equal(t, call.Start.Add(9*time.Minute), old.UTC(), "what is older than a quarter of an hour is known to the minute")
}

func TestWhatCouldNotBeReadIsCountedOverTimeForWhoeverHasNoTenant(t *testing.T) {
	at := hour().Add(-48 * time.Hour)
	require.NoError(t, openStore(t).Insert(t.Context(), "dead_letters", "over-time", []clickhouse.Column{
		{Name: "received_at", Values: []time.Time{at, at.Add(time.Second), at.Add(time.Minute)}},
		{Name: "topic", Values: []string{"t", "t", "t"}}, {Name: "reason", Values: []string{"decode", "decode", "key"}},
	}))
	q := query.PipelineQuery{Range: query.Range{From: at, To: at.Add(time.Hour)}, OverTime: true, Step: time.Minute}
	s := query.New(openStore(t))
	got, err := s.Unreadable(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, got.Points, 2)
	require.Equal(t, "decode", got.Points[0].Name)
	require.EqualValues(t, 2, got.Points[0].N)
	none, err := s.For("acme").Unreadable(t.Context(), q)
	require.NoError(t, err)
	require.Empty(t, none.Points)
}

func TestLinksOfACallOverTime(t *testing.T) {
	s, call, span := lastHour(t, "calllinks")
	got, err := s.CallLinks(t.Context(), query.CallLinksQuery{Range: span, CallID: call.ID, Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, got.Points, 7*10, "five clients, and two links between SFUs")
	for _, p := range got.Points {
		require.NotNil(t, p.RTT)
		require.GreaterOrEqual(t, *p.RTTMax, *p.RTT)
	}
	own, err := s.CallLinks(t.Context(), query.CallLinksQuery{Range: span, CallID: call.ID, Client: "chi", Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, own.Points, 10)
	var missing *query.NotFoundError
	_, err = s.CallLinks(t.Context(), query.CallLinksQuery{Range: span, CallID: "nowhere"})
	require.ErrorAs(t, err, &missing)

	counts, err := s.LinkCalls(t.Context(), query.LinkCallsQuery{Range: span})
	require.NoError(t, err)
	require.Equal(t, []query.LinkCalls{{FromID: "fra", ToID: "iad", Calls: 1}, {FromID: "iad", ToID: "nrt", Calls: 1}}, counts)
	days, err := s.LinkCalls(t.Context(), query.LinkCallsQuery{Range: query.Range{From: span.To.Add(-72 * time.Hour), To: span.To}})
	require.NoError(t, err)
	require.Equal(t, counts, days, "from the rollup")
}

func TestNodesOfACallHaveScores(t *testing.T) {
	s, call, span := lastHour(t, "nodescores")
	got, err := s.NodeScores(t.Context(), query.CallQuery{Range: span, CallID: call.ID})
	require.NoError(t, err)
	require.Len(t, got, 8, "five clients, three SFUs")
	for _, n := range got {
		require.Positive(t, n.Good, n.ID)
		require.InDelta(t, 4.2, *n.Audio, 0.2)
		if n.ID == "chi" {
			require.InDelta(t, 0.25, n.Bad, 1e-6)
		}
	}
}

func TestBandwidthIsSpreadOverParticipants(t *testing.T) {
	s, _, span := lastHour(t, "bandwidth")
	got, err := s.Bandwidth(t.Context(), query.BandwidthQuery{Range: span})
	require.NoError(t, err)
	require.Len(t, got.Points, 1)
	p := got.Points[0]
	require.Equal(t, []uint64{5, 1, 2, 2}, []uint64{p.Participants, p.Below, p.Between, p.Above})
	require.InDelta(t, 3.9e6, *p.ReceiveP50, 1)
	require.InDelta(t, 90_000, *p.SendP50, 1)
	require.Zero(t, *p.ByCPU)
	over, err := s.Bandwidth(t.Context(), query.BandwidthQuery{Range: span, OverTime: true, Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, over.Points, 1, "all came in the first minute")
}

func TestValuesAreThoseOfTheTenant(t *testing.T) {
	s, call, span := lastHour(t, "values")
	for of, want := range map[string][]string{
		"regions": {"ap-northeast", "eu-central", "us-east"}, "sfus": {"nrt", "fra", "iad"}, "versions": {"1.2.0", "1.1.0"},
		"asns": {"2516", "3320", "7922"}, "networks": {"wifi", "cellular", "ethernet"}, "calls": {"values"},
		"participants": {"ana", "bo", "chi", "dee", "eli"}, "publishers": {"ana", "bo", "dee", "eli"},
		"tracks": {"ana-audio", "ana-video", "bo-audio", "bo-video", "dee-audio", "eli-audio"},
	} {
		got, err := s.Values(t.Context(), query.ValuesQuery{Range: span, Of: of, CallID: call.ID})
		require.NoError(t, err, of)
		require.Equal(t, want, got, of)
		none, err := s.For("nobody").Values(t.Context(), query.ValuesQuery{Range: span, Of: of, CallID: call.ID})
		require.NoError(t, err, of)
		require.Empty(t, none, of)
	}
	_, err := s.Values(t.Context(), query.ValuesQuery{Of: "users"})
	require.ErrorContains(t, err, `of: "users" is not one of regions`)
	_, err = s.Values(t.Context(), query.ValuesQuery{Of: "tracks"})
	require.ErrorContains(t, err, "call: no call is named")
}

func TestAPointOfAPathHasItsParts(t *testing.T) {
	s, call, span := lastHour(t, "parts")
	got, err := s.PathSeries(t.Context(), query.SeriesQuery{Range: span, CallID: call.ID, PublisherID: "ana", SubscriberID: "chi", Kind: "audio"})
	require.NoError(t, err)
	b := got.Points[0].Parts
	require.InDelta(t, *got.Points[0].MouthToEar, *b.Send+*b.Network+*b.Residence+*b.JitterBuffer+*b.Decode+*b.Playout, 0.01)
}
