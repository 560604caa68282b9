package query_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
)

// shifted is a tenant with an open regression of a link and a resolved one of an operator.
func shifted(t *testing.T, tenant string) (*query.Service, time.Time) {
	t.Helper()
	db, start := openStore(t), hour()
	require.NoError(t, querytest.Regressions(t.Context(), db, tenant, start))
	return query.New(db, query.WithTenant(tenant), query.WithClock(func() time.Time { return start.Add(2 * time.Hour) })), start
}

func TestRegressionsAreAsTheirLatestRowSays(t *testing.T) {
	s, start := shifted(t, "regressions")
	got, err := s.Regressions(t.Context(), query.RegressionsQuery{})
	require.NoError(t, err)
	require.Len(t, got, 2)
	r := got[0]
	require.Equal(t, "link", r.ID)
	require.Equal(t, "open", r.State)
	require.Equal(t, "critical", r.Severity)
	require.Equal(t, "fra-iad", r.Link)
	require.Equal(t, start, r.StartedAt)
	require.Equal(t, start.Add(3*time.Minute), r.DetectedAt)
	require.Nil(t, r.ResolvedAt)
	require.Empty(t, r.Reason)
	require.InDelta(t, 60, r.Shift, 0)
	require.Equal(t, []query.RegressionPair{
		{"eu-central", "us-east", 12, pointer(126.), pointer(186.)},
		{"us-east", "eu-central", 7, nil, pointer(187.)},
	}, r.Pairs)
	text, err := json.Marshal(r)
	require.NoError(t, err, "NaN is null")
	require.Contains(t, string(text), `"was_path":[]`)
	require.Equal(t, start.Add(-40*time.Minute), *got[1].ResolvedAt)
	require.Equal(t, "gone", got[1].Reason)
	require.Empty(t, got[1].Link)
}

func TestRegressionsAreFiltered(t *testing.T) {
	s, start := shifted(t, "regressions filtered")
	for name, c := range map[string]struct {
		q    query.RegressionsQuery
		want []string
	}{
		"open":                       {query.RegressionsQuery{State: "open"}, []string{"link"}},
		"resolved":                   {query.RegressionsQuery{State: "resolved"}, []string{"access"}},
		"cause":                      {query.RegressionsQuery{Cause: "access_network"}, []string{"access"}},
		"link":                       {query.RegressionsQuery{Link: "fra-iad"}, []string{"link"}},
		"link, the other way round":  {query.RegressionsQuery{Link: "iad-fra"}, []string{"link"}},
		"sfu":                        {query.RegressionsQuery{SFU: "iad"}, []string{"link"}},
		"region":                     {query.RegressionsQuery{Region: "ap-northeast"}, []string{"access"}},
		"pair":                       {query.RegressionsQuery{PublisherRegion: "us-east", SubscriberRegion: "eu-central"}, []string{"link"}},
		"no such pair":               {query.RegressionsQuery{PublisherRegion: "us-east", SubscriberRegion: "us-east"}, nil},
		"operator":                   {query.RegressionsQuery{ASN: 2516}, []string{"access"}},
		"version":                    {query.RegressionsQuery{Version: "1.0"}, nil},
		"limit":                      {query.RegressionsQuery{Limit: 1}, []string{"link"}},
		"open since before the span": {query.RegressionsQuery{Range: query.Range{From: start.Add(time.Hour), To: start.Add(2 * time.Hour)}}, []string{"link"}},
		"over before the span":       {query.RegressionsQuery{Range: query.Range{From: start.Add(-39 * time.Minute), To: start}}, nil},
		"open in the span":           {query.RegressionsQuery{Range: query.Range{From: start.Add(-50 * time.Minute), To: start}}, []string{"access"}},
		"by id, whenever it was":     {query.RegressionsQuery{ID: "access", Range: query.Range{From: start.Add(time.Hour), To: start.Add(2 * time.Hour)}}, []string{"access"}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := s.Regressions(t.Context(), c.q)
			require.NoError(t, err)
			var ids []string
			for _, r := range rows {
				ids = append(ids, r.ID)
			}
			require.Equal(t, c.want, ids)
		})
	}
	_, err := s.Regressions(t.Context(), query.RegressionsQuery{Cause: "weather"})
	require.ErrorContains(t, err, `cause: "weather" is not one of sfu_link`)
	others, err := s.For("somebody else").Regressions(t.Context(), query.RegressionsQuery{})
	require.NoError(t, err)
	require.Empty(t, others)
}

func pointer[T any](v T) *T { return &v }
