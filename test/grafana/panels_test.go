package grafana_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/saved"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

// ask sends a query to the data source as Grafana's server does.
func ask(ctx context.Context, t *testing.T, q model.Query, r query.Range) data.Frames {
	t.Helper()
	raw, err := json.Marshal(q)
	require.NoError(t, err)
	answer, err := store.source.QueryData(ctx, &backend.QueryDataRequest{Queries: []backend.DataQuery{{
		RefID: "A", QueryType: q.Type, JSON: raw, MaxDataPoints: 600, Interval: 15 * time.Second,
		TimeRange: backend.TimeRange{From: r.From, To: r.To},
	}}})
	require.NoError(t, err)
	require.NoError(t, answer.Responses["A"].Error)
	return answer.Responses["A"].Frames
}

// lastHours is the span that the dashboards have at first.
func lastHours() query.Range {
	now := time.Now()
	return query.Range{From: now.Add(-3 * time.Hour), To: now}
}

// values are what a dashboard's variables stand at when somebody opens it: All, or the first that there is.
func values(ctx context.Context, t *testing.T, f *saved.File, r query.Range) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, v := range f.Templating.List {
		switch {
		case v.IncludeAll || v.Type == "adhoc" || v.Type == "datasource":
			out[v.Name] = ""
		case v.Type == "custom":
			var words string
			require.NoError(t, json.Unmarshal(v.Query, &words))
			out[v.Name], _, _ = strings.Cut(words, ",")
		case v.Type == "query":
			q, err := model.Parse(v.Query)
			require.NoError(t, err)
			listed := texts(ask(ctx, t, replaced(q, out), r))
			require.NotEmpty(t, listed, "%s: the variable %s has no values", f.UID, v.Name)
			out[v.Name] = listed[0]
			if v.Sort == 2 {
				out[v.Name] = listed[len(listed)-1] // what is listed is in the order of the alphabet
			}
		}
	}
	return out
}

func texts(frames data.Frames) []string {
	var out []string
	for _, f := range frames {
		field, _ := f.FieldByName("value")
		for i := range field.Len() {
			out = append(out, field.At(i).(string))
		}
	}
	return out
}

// replaced puts values where variables stand, as the front end does.
func replaced(q model.Query, values map[string]string) model.Query {
	for _, field := range []*string{
		&q.Kind, &q.By, &q.Call, &q.Participant, &q.Publisher, &q.PublisherRegion, &q.SubscriberRegion, &q.Path, &q.Version, &q.ASN,
		&q.Country, &q.Browser, &q.Network, &q.SFU,
	} {
		if name, ok := strings.CutPrefix(*field, "$"); ok {
			*field = values[name]
		}
	}
	return q
}

// known is how many values of the frames are known, besides texts and times.
func known(frames data.Frames) int {
	n := 0
	for _, f := range frames {
		for _, field := range f.Fields {
			if !field.Type().Numeric() && field.Type() != data.FieldTypeBool {
				continue
			}
			for i := range field.Len() {
				if _, ok := field.ConcreteAt(i); ok {
					n++
				}
			}
		}
	}
	return n
}

// Where nothing happened there is nothing to show, and that is said as what it is: good news.
func TestPanelsOfRegressionsSayThatThereAreNone(t *testing.T) {
	files, err := saved.ReadAll("../../dashboards/grafana/dashboards")
	require.NoError(t, err)
	for _, f := range files {
		for _, p := range f.All() {
			for _, q := range p.Targets {
				if q.Type == model.Regressions {
					require.Contains(t, []string{"0", "No regressions in this time range"}, p.FieldConfig.Defaults.NoValue, "%s: %s", f.UID, p.Title)
				}
			}
		}
	}
}

func TestEveryPanelHasSomethingToShow(t *testing.T) {
	filled(t)
	r := lastHours()
	files, err := saved.ReadAll("../../dashboards/grafana/dashboards")
	require.NoError(t, err)
	for _, f := range files {
		at := values(t.Context(), t, &f, r)
		for _, p := range f.All() {
			t.Run(f.UID+"/"+p.Title, func(t *testing.T) {
				var all data.Frames
				for _, q := range p.Targets {
					frames := ask(t.Context(), t, replaced(q.Query, at), r)
					require.Positive(t, known(frames), "query %s: no figure in %d frames", q.RefID, len(frames))
					all = append(all, frames...)
				}
				speaksOfItsColumns(t, &p, all)
			})
		}
		for _, a := range f.Annotations.List {
			t.Run(f.UID+"/annotation "+a.Name, func(t *testing.T) {
				for _, frame := range ask(t.Context(), t, replaced(a.Target.Query, at), r) {
					for _, name := range []string{"time", "title", "text", "tags"} {
						field, _ := frame.FieldByName(name)
						require.NotNil(t, field, "annotations have a field %s", name)
					}
				}
			})
		}
	}
}

// speaksOfItsColumns: what is otherwise with a column of a table or a line, and the fields that links speak of, are ones that there are.
func speaksOfItsColumns(t *testing.T, p *saved.Panel, frames data.Frames) {
	t.Helper()
	names := map[string]bool{}
	for _, frame := range frames {
		for _, field := range frame.Fields {
			names[field.Name] = true
		}
	}
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.ID == "byName" {
			require.Contains(t, names, o.Matcher.Options)
		}
	}
	links, err := p.LinksOf()
	require.NoError(t, err)
	for _, l := range links {
		for _, part := range strings.Split(l.URL, "${__data.fields.")[1:] {
			name, _, _ := strings.Cut(part, ":")
			require.Contains(t, names, name, l.URL)
		}
	}
}
