package source_test

import (
	"flag"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/experimental"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
)

var update = flag.Bool("update", false, "write the frames of testdata anew")

// epoch is when the call begins in the golden frames.
var epoch = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// Each query's frames are as Grafana gets them: names, units, labels, types and values.
var golden = map[string]string{
	"latency":                 `{"queryType":"latency"}`,
	"latency_by_path":         `{"queryType":"latency","metric":"mouth_to_ear","stats":["p50","over_150"],"by":"path","kind":"audio"}`,
	"latency_table":           `{"queryType":"latency","by":"country","format":"table","stats":["p95","over_300","windows"]}`,
	"latency_one_number":      `{"queryType":"latency","format":"table","stats":["p95"]}`,
	"latency_none":            `{"queryType":"latency","path":"nowhere"}`,
	"matrix":                  `{"queryType":"matrix"}`,
	"matrix_long":             `{"queryType":"matrix","format":"long","stats":["p50","p95","windows"]}`,
	"coverage":                `{"queryType":"coverage","stats":["coverage","partial"]}`,
	"coverage_by_region":      `{"queryType":"coverage","by":"subscriber_region","format":"table"}`,
	"quality":                 `{"queryType":"quality","stats":["audio_score","video_score","loss","jitter_buffer","bad"]}`,
	"quality_by_browser":      `{"queryType":"quality","stats":["audio_score","concealed"],"by":"browser","format":"table"}`,
	"quality_of_call":         `{"queryType":"quality","call":"demo","stats":["audio_score","video_score","loss","jitter_buffer"]}`,
	"hops":                    `{"queryType":"hops","stats":["network","jitter_buffer"]}`,
	"hops_by_region":          `{"queryType":"hops","by":"publisher_region","format":"table"}`,
	"hops_of_call":            `{"queryType":"hops","call":"demo"}`,
	"links":                   `{"queryType":"links"}`,
	"links_table":             `{"queryType":"links","format":"table","stats":["p50","p95","loss","lossy","windows","calls"]}`,
	"links_to_clients":        `{"queryType":"links","format":"table","by":"access"}`,
	"topology":                `{"queryType":"topology","call":"demo"}`,
	"topology_of_sfus":        `{"queryType":"topology"}`,
	"calls":                   `{"queryType":"calls"}`,
	"call":                    `{"queryType":"call","call":"demo"}`,
	"participants":            `{"queryType":"participants","call":"demo"}`,
	"paths":                   `{"queryType":"paths","call":"demo","participant":"chi","kind":"audio"}`,
	"paths_live":              `{"queryType":"paths","call":"demo","participant":"chi","kind":"audio","live":true}`,
	"waterfall":               `{"queryType":"waterfall","call":"demo","publisher":"bo","participant":"chi"}`,
	"waterfall_budget":        `{"queryType":"waterfall","call":"demo","publisher":"ana","participant":"chi","stats":["budget","mouth_to_ear"]}`,
	"waterfall_table":         `{"queryType":"waterfall","call":"demo","publisher":"ana","participant":"chi","stats":["hops","rtt"],"format":"table"}`,
	"events":                  `{"queryType":"events","call":"demo"}`,
	"events_annotations":      `{"queryType":"events","call":"demo","format":"annotations"}`,
	"rates":                   `{"queryType":"rates","call":"demo","participant":"bo"}`,
	"bitrate":                 `{"queryType":"bitrate","stats":["below_3","from_4","receive_p50","send_p50","limited_by_cpu","participants"]}`,
	"bitrate_lowest":          `{"queryType":"bitrate","format":"table","limit":2}`,
	"connectivity":            `{"queryType":"connectivity","stats":["connect_p50","turn","ice_failed"]}`,
	"connectivity_by_country": `{"queryType":"connectivity","by":"country","format":"table","stats":["connect_p95","turn","tcp","ipv6","participants"]}`,
	"regressions":             `{"queryType":"regressions"}`,
	"regressions_alert":       `{"queryType":"regressions","format":"alert"}`,
	"regressions_none":        `{"queryType":"regressions","format":"alert","version":"none"}`,
	"regressions_annotations": `{"queryType":"regressions","format":"annotations"}`,
	"pipeline":                `{"queryType":"pipeline","stats":["samples_rate","late_ratio","delay_p95"],"by":"source_kind"}`,
	"pipeline_rows":           `{"queryType":"pipeline","stats":["rows_rate"]}`,
	"pipeline_dead_letters":   `{"queryType":"pipeline","stats":["dead_letters"]}`,
	"pipeline_now":            `{"queryType":"pipeline","format":"table","stats":["sources","freshness","partial_ratio","unresolved_ratio"]}`,
	"summary":                 `{"queryType":"summary","stats":["p50","p95","over_150","coverage","audio_score","bad","active_calls","calls","participants"]}`,
	"summary_over_time":       `{"queryType":"summary","format":"timeseries","stats":["p95","active_calls"]}`,
	"variable":                `{"queryType":"variable","variable":"asns"}`,
	"sql":                     `{"queryType":"sql","format":"table","sql":"SELECT kind, count() AS n, avg(rtt_ms) AS rtt, groupUniqArray(status) AS statuses FROM e2e WHERE $__timeFilter(window_start) GROUP BY kind ORDER BY kind"}`,
	"sql_over_time":           `{"queryType":"sql","sql":"SELECT $__timeInterval(window_start) AS time, toString(kind) AS kind, max(rtt_ms) AS rtt FROM e2e WHERE $__timeFilter(window_start) GROUP BY time, kind ORDER BY time, kind"}`,
}

func TestFramesAreThoseOfTheGoldenFiles(t *testing.T) {
	p := serve(t, options{"rawSql": true, "consoleUrl": "https://earshot.example.org/"})
	p.settings.UID = "earshot"
	asked := map[string]bool{}
	for name, query := range golden {
		t.Run(name, func(t *testing.T) {
			q, err := model.Parse([]byte(query))
			require.NoError(t, err)
			asked[q.Type] = true
			got := p.one(t, query)
			require.NoError(t, got.Error)
			for _, f := range got.Frames {
				move(f)
			}
			experimental.CheckGoldenJSONResponse(t, "testdata", name, &got, *update)
		})
	}
	for _, queryType := range model.Types() {
		require.True(t, asked[queryType], "no golden frame of type %s", queryType)
	}
}

// move puts the times of a frame where they are on every run.
func move(f *data.Frame) {
	if f.Meta != nil {
		f.Meta.ExecutedQueryString = "" // has times in it
	}
	for _, field := range f.Fields {
		for i := range field.Len() {
			switch at := field.At(i).(type) {
			case time.Time:
				field.Set(i, at.Add(epoch.Sub(start)).UTC())
			case *time.Time:
				if at != nil {
					moved := at.Add(epoch.Sub(start)).UTC()
					field.Set(i, &moved)
				}
			}
		}
	}
}

func TestQueriesOfARequestAreAnsweredEachByItself(t *testing.T) {
	p := serve(t, nil)
	out, err := p.ask(t.Context(), `{"queryType":"summary"}`, `{"queryType":"latency","stats":["p42"]}`, `{"queryType":"participants","call":"nowhere"}`,
		`{"queryType":"sql","sql":"SELECT 1"}`, `{"queryType":"calls"}`, `nonsense`)
	require.NoError(t, err)
	require.NoError(t, out.Responses["A"].Error)
	require.ErrorContains(t, out.Responses["B"].Error, `stats: latency has no "p42"`)
	require.Equal(t, backend.StatusBadRequest, out.Responses["B"].Status)
	require.ErrorContains(t, out.Responses["C"].Error, `no call "nowhere" in the last`)
	require.Equal(t, backend.StatusNotFound, out.Responses["C"].Status)
	require.Equal(t, backend.ErrorSourceDownstream, out.Responses["C"].ErrorSource)
	require.ErrorContains(t, out.Responses["D"].Error, "does not allow queries in SQL")
	require.NoError(t, out.Responses["E"].Error)
	require.ErrorContains(t, out.Responses["F"].Error, "is no JSON of the Earshot data source")
}

func TestADataSourceShowsItsTenantOnly(t *testing.T) {
	p := serve(t, options{"tenant": "acme", "rawSql": true})
	got := p.one(t, `{"queryType":"calls"}`)
	require.NoError(t, got.Error)
	require.Equal(t, 1, got.Frames[0].Rows())
	require.Equal(t, "theirs", got.Frames[0].Fields[0].At(0))
	require.ErrorContains(t, p.one(t, `{"queryType":"participants","call":"demo"}`).Error, `known calls: theirs`)
	// What the query says of a tenant is nobody's business.
	got = p.one(t, `{"queryType":"calls","tenant":""}`)
	require.Equal(t, "theirs", got.Frames[0].Fields[0].At(0))
}

func TestAdHocFiltersNarrowAPanel(t *testing.T) {
	p := serve(t, nil)
	got := p.one(t, `{"queryType":"latency","by":"subscriber_region","format":"table","filters":[{"key":"publisher_region","operator":"=","value":"us-east"},{"key":"subscriber_region","operator":"=","value":"eu-central"}]}`)
	require.NoError(t, got.Error)
	require.Equal(t, 1, got.Frames[0].Rows())
	require.Equal(t, "eu-central", got.Frames[0].Fields[0].At(0))
	require.ErrorContains(t, p.one(t, `{"queryType":"latency","filters":[{"key":"user","operator":"=","value":"x"}]}`).Error, `there is no key "user"`)
}

func TestRowsBeyondTheLimitAreLeftOut(t *testing.T) {
	p := serve(t, options{"maxRows": 3, "rawSql": true})
	for _, query := range []string{
		`{"queryType":"paths","call":"demo"}`, `{"queryType":"events","call":"demo"}`, `{"queryType":"latency","by":"asn","format":"table"}`,
		`{"queryType":"sql","sql":"SELECT number FROM numbers(1000000)"}`,
	} {
		got := p.one(t, query)
		require.NoError(t, got.Error)
		require.LessOrEqual(t, got.Frames[0].Rows(), 3, query)
	}
	got := p.one(t, `{"queryType":"sql","sql":"SELECT number FROM numbers(1000000)"}`)
	require.Contains(t, got.Frames[0].Meta.Notices[0].Text, "Only the first 3 rows")
}
