package model_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
)

var update = flag.Bool("update", false, "write words.json anew")

// The front end reads words.json, so that both sides know the same words.
func TestWordsAreThoseOfTheFrontEnd(t *testing.T) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	require.NoError(t, enc.Encode(map[string]any{"types": model.Catalogue(), "keys": model.Keys(), "variables": model.Variables()}))
	if *update {
		require.NoError(t, os.WriteFile("words.json", b.Bytes(), 0o644))
	}
	want, err := os.ReadFile("words.json")
	require.NoError(t, err)
	require.Equal(t, string(want), b.String(), "go test ./dashboards/datasource/model -update writes it anew")
}

func TestDefaultsAreWordsOfTheirType(t *testing.T) {
	for _, w := range model.Catalogue() {
		q := model.Query{
			Type: w.Type, Call: "c", Participant: "p", Publisher: "q", SQL: "SELECT 1", Variable: "regions",
		}
		q, err := q.Normal()
		require.NoError(t, err)
		require.NoError(t, q.Validate(), w.Type)
		require.NotEmpty(t, q.Format, w.Type)
		require.Equal(t, w.Default, q.Stats)
		for _, s := range w.Stats {
			q.Stats = []string{s}
			require.NoError(t, q.Validate())
		}
	}
}

func TestParseFillsInAndKeepsWhatIsSaid(t *testing.T) {
	q, err := model.Parse([]byte(`{"refId":"A","queryType":"latency","by":"path","filters":[{"key":"publisher_region","operator":"=","value":"eu"},{"key":"","operator":"","value":""}]}`))
	require.NoError(t, err)
	require.Equal(t, model.Query{
		Type: "latency", Metric: "rtt", Stats: []string{"p50", "p95", "p99"}, By: "path", Format: "timeseries", PublisherRegion: "eu",
	}, q)
}

func TestWrongQueriesSayWhatToChange(t *testing.T) {
	for name, c := range map[string]struct{ query, says string }{
		"no JSON":            {`{`, "the query is no JSON of the Earshot data source"},
		"no type":            {`{}`, "queryType: the query says nothing; choose one of latency, hops"},
		"unknown type":       {`{"queryType":"latencies"}`, `queryType: "latencies" is not one of latency`},
		"unknown stat":       {`{"queryType":"latency","stats":["p42"]}`, `stats: latency has no "p42"; they are p50`},
		"unknown group":      {`{"queryType":"latency","by":"user"}`, `by: latency has no "user"; it is one of publisher_region`},
		"unknown metric":     {`{"queryType":"matrix","metric":"ping"}`, `metric: matrix has no "ping"; it is one of rtt, mouth_to_ear`},
		"unknown format":     {`{"queryType":"calls","format":"graph"}`, `format: calls has no "graph"; it is one of table`},
		"unknown sort":       {`{"queryType":"calls","sort":"name"}`, `sort: calls has no "name"`},
		"no call":            {`{"queryType":"participants"}`, "call: a query of type participants needs it"},
		"no subscriber":      {`{"queryType":"waterfall","call":"c","publisher":"p"}`, "participant: a query of type waterfall needs it"},
		"no SQL":             {`{"queryType":"sql","sql":" "}`, "sql: a query of type sql needs it"},
		"negative limit":     {`{"queryType":"calls","limit":-1}`, "limit: -1 is not between 1 and 50000"},
		"kind":               {`{"queryType":"latency","kind":"text"}`, `kind: "text" is neither audio nor video`},
		"operator number":    {`{"queryType":"latency","asn":"Telekom"}`, `asn: "Telekom" is no number of a network operator`},
		"unknown filter":     {`{"queryType":"latency","filters":[{"key":"user","operator":"=","value":"x"}]}`, `filters: there is no key "user"`},
		"operator of filter": {`{"queryType":"latency","filters":[{"key":"path","operator":"!=","value":"x"}]}`, "filters: path !=: the only operator is ="},
		"contradiction":      {`{"queryType":"latency","path":"a","filters":[{"key":"path","operator":"=","value":"b"}]}`, "filters: path = b contradicts the panel, which has a already"},
		"unknown variable":   {`{"queryType":"variable","variable":"users"}`, `variable: "users" is not one of regions`},
		"variable of a call": {`{"queryType":"variable","variable":"tracks"}`, "call: the tracks are those of a call; name it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := model.Parse([]byte(c.query))
			require.ErrorContains(t, err, c.says)
		})
	}
}
