package query_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// tenanted is a call of n windows in a tenant of its own, which nothing else is in, and a service that asks a minute after its end.
func tenanted(t *testing.T, tenant string, n int) (*query.Service, querytest.Call) {
	t.Helper()
	call := querytest.Call{ID: "call of " + tenant, Start: hour(), Tenant: tenant}
	require.NoError(t, call.Insert(t.Context(), openStore(t), 0, n))
	end := call.Start.Add(time.Duration(n) * querytest.Window)
	return query.New(openStore(t), query.WithTenant(tenant), query.WithClock(func() time.Time { return end.Add(time.Minute) })), call
}

func TestParticipantsAreSummedUp(t *testing.T) {
	s, call := tenanted(t, "participants", 8)
	got, err := s.Participants(t.Context(), query.ParticipantsQuery{CallID: call.ID})
	require.NoError(t, err)
	require.Len(t, got, 5)
	names := make([]string, len(got))
	for i, p := range got {
		names[i] = p.ClientID
	}
	require.Equal(t, []string{"ana", "bo", "chi", "dee", "eli"}, names, "as they joined")

	chi := got[2]
	require.Equal(t, call.Start.Add(2*time.Second), *chi.Joined)
	require.Nil(t, chi.Left)
	require.Equal(t, call.Start.Add(querytest.Window/2), *chi.FirstSeen)
	require.Equal(t, "chi@example.org", chi.UserID)
	require.Equal(t, []string{"cellular"}, chi.Networks)
	require.EqualValues(t, 2516, chi.ASN)
	require.EqualValues(t, 900, *chi.ConnectMs)
	require.Equal(t, "relay", chi.ICE)
	require.True(t, chi.TURN)
	require.Equal(t, "tcp", chi.Protocol)
	require.Equal(t, 4, chi.IPVersion)
	require.InDelta(t, 2e6, *chi.Receive, 0)
	require.EqualValues(t, 8, chi.Samples)
	require.EqualValues(t, 6*8, chi.Windows, "six tracks of four publishers")
	require.EqualValues(t, 8, chi.Partial, "bo's video")
	require.Equal(t, query.Blame{Downlink: 12}, chi.Blame, "two windows of six tracks")
	require.Equal(t, "own_downlink", chi.ToBlame)
	require.Zero(t, chi.Sent)

	ana := got[0]
	require.Empty(t, ana.ToBlame, "what spoilt what ana sent was not ana's")
	require.EqualValues(t, 2*4*8, ana.Sent)
	require.EqualValues(t, 2*2, ana.SentBad)
	require.Equal(t, 6, got[1].IPVersion)

	require.Len(t, chi.Peers, 6, "ana and bo send audio and video")
	p := chi.Peers[0]
	require.Equal(t, "ana", p.Publisher)
	require.Equal(t, "audio", p.Kind)
	require.EqualValues(t, 8, p.Windows)
	require.Equal(t, call.Start, p.FirstSeen)
	require.InDelta(t, 34_000, *p.Bitrate, 0.1)

	// The same from the windows themselves.
	rows, err := s.E2E(t.Context(), query.E2EQuery{CallID: call.ID, Participant: "chi", Kind: "audio"})
	require.NoError(t, err)
	var highest float32
	for _, r := range rows {
		if r.PublisherID == "ana" {
			highest = max(highest, *r.RTT)
		}
	}
	require.InDelta(t, highest, *p.RTTMax, 0.001)
	require.LessOrEqual(t, *p.RTTP95, *p.RTTMax)
	require.InEpsilon(t, highest, *p.RTTP95, 0.03)

	one, err := s.Participants(t.Context(), query.ParticipantsQuery{CallID: call.ID, Client: "dee"})
	require.NoError(t, err)
	require.Len(t, one, 1)
}

func TestEventsComeInPages(t *testing.T) {
	s, call := tenanted(t, "events", querytest.MoveAt+1)
	at := call.Start.Add(time.Hour / 2)
	n := 7 // at one instant
	require.NoError(t, openStore(t).Insert(t.Context(), "events", "", []clickhouse.Column{
		fill("at", n, func(int) time.Time { return at }),
		fill("tenant", n, func(int) string { return "events" }),
		fill("call_id", n, func(int) string { return call.ID }),
		fill("source_kind", n, func(int) string { return "client" }),
		fill("source_id", n, func(int) string { return "ana" }),
		fill("type", n, func(int) string { return "custom" }),
		fill("value", n, func(i int) string { return string(rune('a' + i)) }),
	}))
	day := query.Range{From: call.Start.Add(-time.Hour), To: call.Start.Add(time.Hour)}
	whole, err := s.Events(t.Context(), query.EventsQuery{Range: day, CallID: call.ID})
	require.NoError(t, err)
	require.Len(t, whole.Events, 5+1+7)
	require.Nil(t, whole.Next)
	require.Equal(t, query.Event{At: call.Start, SourceKind: "client", SourceID: "ana", Type: "join"}, whole.Events[0])
	require.Equal(t, "ice_restart", whole.Events[5].Type)

	for _, limit := range []int{1, 2, 3, 4, 5, 13} {
		var all []query.Event
		q := query.EventsQuery{Range: day, CallID: call.ID, Limit: limit}
		for range 20 {
			page, err := s.Events(t.Context(), q)
			require.NoError(t, err)
			all = append(all, page.Events...)
			if q.After = page.Next; q.After == nil {
				break
			}
		}
		require.Equal(t, whole.Events, all, "in pages of %d", limit)
	}

	joins, err := s.Events(t.Context(), query.EventsQuery{Range: day, CallID: call.ID, Type: "join", SourceID: "bo"})
	require.NoError(t, err)
	require.Len(t, joins.Events, 1)
}

func TestWindowsComeInPages(t *testing.T) {
	s, call := tenanted(t, "windows", 3)
	q := query.E2EQuery{CallID: call.ID, Limit: 7}
	var got []query.E2ERow
	for range 20 {
		page, err := s.Windows(t.Context(), q)
		require.NoError(t, err)
		got = append(got, page.Windows...)
		if q.After = page.Next; q.After == nil {
			break
		}
	}
	whole, err := s.E2E(t.Context(), query.E2EQuery{CallID: call.ID})
	require.NoError(t, err)
	require.Len(t, whole, 24*3)
	require.Equal(t, whole, got)
}

func TestTopologyIsAGraphWithFigures(t *testing.T) {
	s, call := tenanted(t, "topology", 4)
	got, err := s.Topology(t.Context(), query.CallQuery{CallID: call.ID})
	require.NoError(t, err)
	require.Len(t, got.Nodes, 8)
	require.Len(t, got.Edges, 7)
	for _, e := range got.Edges {
		require.EqualValues(t, 4, e.Windows)
		require.NotNil(t, e.RTT)
		require.Equal(t, []string{"udp"}, e.Protocols)
		require.InDelta(t, 0.001, *e.LossFromTo, 1e-6)
		require.Nil(t, e.LossToFrom)
		require.InDelta(t, 4.2, *e.Score, 0.2, "audio of the paths over it")
	}
	require.Equal(t, query.NodeName{Kind: "client", ID: "ana"}, got.Edges[0].From)
	require.Equal(t, query.NodeName{Kind: "sfu", ID: "fra"}, got.Edges[0].To)
}

func TestQualityIsByStepAndKind(t *testing.T) {
	s, call := tenanted(t, "quality", 12)
	got, err := s.Quality(t.Context(), query.QualityQuery{
		Range: query.Range{From: call.Start, To: call.Start.Add(time.Minute)}, CallID: call.ID, Participant: "chi", Step: 30 * time.Second,
	})
	require.NoError(t, err)
	require.EqualValues(t, 30_000, got.StepMs)
	require.Len(t, got.Points, 4)
	p := got.Points[0]
	require.Equal(t, call.Start, p.At)
	require.Equal(t, "audio", p.Kind)
	require.EqualValues(t, 4*6, p.Windows)
	require.Equal(t, map[string]uint64{"downlink": 4}, p.Blame, "the fourth window, of four tracks")
	require.InDelta(t, 34_000, p.Bitrate, 0.1)
	require.InDelta(t, 0.001, *p.Concealed, 1e-6)
	require.LessOrEqual(t, *p.ScoreWorst, *p.Score)
	require.Equal(t, "video", got.Points[1].Kind)
	require.EqualValues(t, 2*6, got.Points[1].Windows)
}

func TestConnectivityCountsAParticipantOnce(t *testing.T) {
	s, call := tenanted(t, "connectivity", 5)
	second := querytest.Call{ID: "second", Start: call.Start, Tenant: "connectivity"}
	require.NoError(t, second.Insert(t.Context(), openStore(t), 0, 50))
	got, err := s.Connectivity(t.Context(), query.ConnectivityQuery{})
	require.NoError(t, err)
	require.Len(t, got.Points, 1)
	p := got.Points[0]
	require.EqualValues(t, 10, p.Participants)
	require.InDelta(t, 4.0/10, *p.TURN, 1e-9, "chi and eli")
	require.InDelta(t, 2.0/10, *p.TCP, 1e-9, "chi")
	require.InDelta(t, 0, *p.TLS, 1e-9)
	require.InDelta(t, 2.0/10, *p.IPv6, 1e-9, "bo")
	require.InDelta(t, 2.0/10, *p.ICERestarted*1, 0.11, "bo, in the longer call")
	require.InDelta(t, 240, *p.ConnectP50, 0, "of 150, 180, 240, 420 and 900")
	require.InDelta(t, 900, *p.ConnectMax, 0)

	byVersion, err := s.Connectivity(t.Context(), query.ConnectivityQuery{By: "version"})
	require.NoError(t, err)
	require.Len(t, byVersion.Points, 2)
	require.Equal(t, "1.2.0", byVersion.Points[0].Group)
	require.EqualValues(t, 6, byVersion.Points[0].Participants)
	require.InDelta(t, 2.0/6, *byVersion.Points[0].TURN, 1e-9, "eli")
}

func TestBitrateIsHeldAgainstWhatVideoWants(t *testing.T) {
	s, call := tenanted(t, "bitrate", 6)
	got, err := s.Bitrate(t.Context(), query.BitrateQuery{CallID: call.ID})
	require.NoError(t, err)
	require.EqualValues(t, 5, got.Participants)
	require.EqualValues(t, 1, got.Below, "chi: 2.0")
	require.EqualValues(t, 2, got.Between, "bo: 3.5, eli: 3.9")
	require.EqualValues(t, 2, got.Above, "dee: 4.2, ana: 5.0")
	require.InDelta(t, 3.9e6, *got.P50, 0)
	require.Equal(t, "chi", got.Lowest[0].ClientID)
	require.InDelta(t, 60_000, *got.Lowest[0].Send, 0)

	over, err := s.Rates(t.Context(), query.RatesQuery{CallID: call.ID, Client: "bo", Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, over.Points, 1)
	require.InDelta(t, 3.5e6, over.Points[0].Receive, 0)
	require.Nil(t, over.Points[0].AvailableReceive)
}

func TestDeadLettersAreForThoseWithoutATenant(t *testing.T) {
	db, at := openStore(t), hour()
	require.NoError(t, db.Insert(t.Context(), "dead_letters", "", []clickhouse.Column{
		fill("received_at", 3, func(i int) time.Time { return at.Add(time.Duration(i) * time.Second) }),
		fill("topic", 3, func(int) string { return "earshot.samples.v1" }),
		fill("offset", 3, func(i int) uint64 { return uint64(i) }),
		fill("reason", 3, func(i int) string { return []string{"truncated", "truncated", "no_call"}[i] }),
		fill("detail", 3, func(i int) string { return []string{"first", "second", "third"}[i] }),
		fill("bytes", 3, func(i int) uint32 { return uint32(10 * (i + 1)) }),
	}))
	s := query.New(db)
	got, err := s.DeadLetters(t.Context(), query.DeadLettersQuery{})
	require.NoError(t, err)
	require.Equal(t, []query.DeadLetters{
		{Reason: "truncated", Records: 2, Bytes: 30, First: at, Last: at.Add(time.Second), LastDetail: "second"},
		{Reason: "no_call", Records: 1, Bytes: 30, First: at.Add(2 * time.Second), Last: at.Add(2 * time.Second), LastDetail: "third"},
	}, got)
	got, err = s.For("acme").DeadLetters(t.Context(), query.DeadLettersQuery{})
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestAQuestionEndsWithItsAsker(t *testing.T) {
	s, call := tenanted(t, "cancelled", 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, q := range query.Questions() {
		_, err := q.Ask(ctx, s, query.Scope{CallID: call.ID, ClientID: "chi", PublisherID: "ana"})
		require.ErrorIs(t, err, context.Canceled, q.Name)
	}
}

func TestEveryQuestionOfTheCatalogueIsAnswered(t *testing.T) {
	s, call := tenanted(t, "catalogue", 24)
	require.NoError(t, querytest.Regressions(t.Context(), openStore(t), call.Tenant, call.Start))
	seen := map[string]bool{}
	for _, q := range query.Questions() {
		require.False(t, seen[q.Name], q.Name)
		seen[q.Name] = true
		require.NotEmpty(t, q.Help)
		rows, err := q.Ask(t.Context(), s, query.Scope{CallID: call.ID, ClientID: "chi", PublisherID: "ana"})
		require.NoError(t, err, q.Name)
		if !strings.HasPrefix(q.Name, "dead_letters") {
			require.Positive(t, rows, q.Name)
		}
		rows, err = q.Ask(t.Context(), s.For("another"), query.Scope{CallID: call.ID, ClientID: "chi", PublisherID: "ana"})
		require.Zero(t, rows, q.Name)
		if err != nil {
			var missing *query.NotFoundError
			require.ErrorAs(t, err, &missing, q.Name)
			require.Empty(t, missing.Known, q.Name)
		}
	}
}

func TestNoArgumentBecomesSQL(t *testing.T) {
	s, call := tenanted(t, "injection", 2)
	for _, evil := range []string{
		"x'; DROP TABLE e2e; --", `\' OR \'\'=\'`, "{tenant:String}\x00\t\n\\N", "`e2e`') UNION ALL SELECT * FROM e2e --",
	} {
		calls, err := s.Calls(t.Context(), query.CallsQuery{Search: evil})
		require.NoError(t, err, evil)
		require.Empty(t, calls.Calls, evil)
		calls, err = s.Calls(t.Context(), query.CallsQuery{
			User: evil, Client: evil, Version: evil, Country: evil, Region: evil, Browser: evil, After: &query.Place{Key: 1e300, CallID: evil},
		})
		require.NoError(t, err, evil)
		require.Empty(t, calls.Calls, evil)
		got, err := s.Latency(t.Context(), query.LatencyQuery{LatencyFilter: query.LatencyFilter{
			PublisherRegion: evil, SubscriberRegion: evil, Path: evil, Version: evil, Country: evil, Browser: evil, Network: evil,
		}})
		require.NoError(t, err, evil)
		require.Empty(t, got.Points, evil)
		events, err := s.Events(t.Context(), query.EventsQuery{CallID: call.ID, SourceID: evil})
		require.NoError(t, err, evil)
		require.Empty(t, events.Events, evil)
		for field, err := range map[string]error{
			"by":   func() error { _, err := s.Latency(t.Context(), query.LatencyQuery{By: evil}); return err }(),
			"sort": func() error { _, err := s.Calls(t.Context(), query.CallsQuery{Sort: evil}); return err }(),
			"type": func() error {
				_, err := s.Events(t.Context(), query.EventsQuery{CallID: call.ID, Type: evil})
				return err
			}(),
			"kind": func() error {
				_, err := s.Quality(t.Context(), query.QualityQuery{CallID: call.ID, Kind: evil})
				return err
			}(),
		} {
			var argument *query.ArgumentError
			require.ErrorAs(t, err, &argument, evil)
			require.Equal(t, field, argument.Field)
		}
	}
	rows, err := s.E2E(t.Context(), query.E2EQuery{CallID: call.ID})
	require.NoError(t, err)
	require.Len(t, rows, 48, "the tables are still there")
}
