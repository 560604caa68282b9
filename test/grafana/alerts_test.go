package grafana_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/query"
)

const alerting = "../../dashboards/grafana/provisioning/alerting"

// rule is an alert rule as Grafana reads it.
type rule struct {
	UID          string            `yaml:"uid"`
	Title        string            `yaml:"title"`
	Condition    string            `yaml:"condition"`
	For          string            `yaml:"for"`
	NoDataState  string            `yaml:"noDataState"`
	ExecErrState string            `yaml:"execErrState"`
	Annotations  map[string]string `yaml:"annotations"`
	Labels       map[string]string `yaml:"labels"`
	Data         []struct {
		RefID      string         `yaml:"refId"`
		Datasource string         `yaml:"datasourceUid"`
		Model      map[string]any `yaml:"model"`
		Range      struct {
			From int `yaml:"from"`
			To   int `yaml:"to"`
		} `yaml:"relativeTimeRange"`
	} `yaml:"data"`
}

func rules(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(alerting, "earshot.yaml"))
	require.NoError(t, err)
	var file struct {
		Version int `yaml:"apiVersion"`
		Groups  []struct {
			Name     string `yaml:"name"`
			Folder   string `yaml:"folder"`
			Interval string `yaml:"interval"`
			OrgID    int    `yaml:"orgId"`
			Rules    []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	require.Equal(t, 1, file.Version)
	var all []rule
	for _, g := range file.Groups {
		require.Equal(t, "Earshot", g.Folder)
		interval, err := time.ParseDuration(g.Interval)
		require.NoError(t, err)
		require.Zero(t, interval%(10*time.Second), "Grafana's scheduler has a beat of 10 s")
		all = append(all, g.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

// asked is the query of a rule to the data source.
func (r *rule) asked(t *testing.T) (model.Query, query.Range) {
	t.Helper()
	now := time.Now()
	for _, d := range r.Data {
		if d.Datasource == "earshot" {
			raw, err := json.Marshal(d.Model)
			require.NoError(t, err)
			q, err := model.Parse(raw)
			require.NoError(t, err, r.Title)
			return q, query.Range{From: now.Add(-time.Duration(d.Range.From) * time.Second), To: now.Add(-time.Duration(d.Range.To) * time.Second)}
		}
	}
	require.Fail(t, "no query to the data source", r.Title)
	return model.Query{}, query.Range{}
}

func TestAlertRulesSayWhatTheyMeanAndWhatToDo(t *testing.T) {
	page, err := os.ReadFile("../../docs/alerting.md")
	require.NoError(t, err)
	uid := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,40}$`)
	seen := map[string]bool{}
	for _, r := range rules(t) {
		t.Run(r.Title, func(t *testing.T) {
			require.Regexp(t, uid, r.UID)
			require.False(t, seen[r.UID] || seen[r.Title])
			seen[r.UID], seen[r.Title] = true, true
			require.Contains(t, []string{"OK", "NoData", "Alerting", "KeepLast"}, r.NoDataState)
			require.Contains(t, []string{"OK", "Error", "Alerting", "KeepLast"}, r.ExecErrState)
			_, err := time.ParseDuration(r.For)
			require.NoError(t, err)
			require.NotEmpty(t, r.Annotations["summary"])
			require.NotEmpty(t, r.Annotations["description"])
			require.Equal(t, "https://github.com/earshot-rtc/earshot/blob/main/docs/alerting.md#"+strings.ToLower(r.Title), r.Annotations["runbook_url"])
			require.Contains(t, string(page), "\n### "+r.Title+"\n", "the page has its runbook")
			refs := map[string]bool{}
			for _, d := range r.Data {
				require.Contains(t, []string{"earshot", "__expr__"}, d.Datasource)
				require.Equal(t, d.RefID, d.Model["refId"])
				if d.Datasource == "__expr__" {
					require.Contains(t, refs, d.Model["expression"], "an expression is of a query before it")
				}
				refs[d.RefID] = true
			}
			require.True(t, refs[r.Condition])
		})
	}
}

// Grafana makes numbers of a frame without times: one for each row, its texts are labels.
func TestAlertRulesAskForNumbers(t *testing.T) {
	filled(t)
	for _, r := range rules(t) {
		t.Run(r.Title, func(t *testing.T) {
			q, span := r.asked(t)
			frames := ask(t.Context(), t, q, span)
			require.Len(t, frames, 1)
			numbers, labels := 0, map[string]string{}
			for _, field := range frames[0].Fields {
				switch {
				case field.Type().Numeric():
					numbers++
					require.Equal(t, 1, field.Len(), "one row: all calls, or one regression")
				default:
					require.Contains(t, []data.FieldType{data.FieldTypeString, data.FieldTypeNullableString}, field.Type(), field.Name)
					labels[field.Name] = fmt.Sprint(field.At(0))
				}
			}
			require.Equal(t, 1, numbers)
			text := said(t, r.Annotations["summary"], labels, 0.42)
			require.NotContains(t, text, "<no value>")
			if r.Title == "EarshotLatencyRegression" {
				require.Equal(t, "fra-iad", labels["link"])
				require.Equal(t, "The link fra-iad got slower by 0 ms round trip", text)
			}
		})
	}
}

func TestWithoutARegressionThereIsNoData(t *testing.T) {
	filled(t)
	for _, r := range rules(t) {
		if q, span := r.asked(t); q.Type == model.Regressions {
			q.Version = "never was"
			for _, f := range ask(t.Context(), t, q, span) {
				require.Zero(t, f.Rows())
			}
			require.Equal(t, "OK", r.NoDataState)
		}
	}
}

func TestTheSummaryNamesWhatEveryCauseNames(t *testing.T) {
	for _, r := range rules(t) {
		if r.Title != "EarshotLatencyRegression" {
			continue
		}
		for cause, c := range map[string]struct {
			label, value, says string
		}{
			"sfu_link":       {"link", "fra-iad", "The link fra-iad got slower by 60 ms round trip"},
			"access_sfu":     {"sfu", "nrt", "The way between nrt and its clients got slower by 60 ms round trip"},
			"access_network": {"asn", "AS3320", "The way of clients of AS3320 to their SFUs got slower by 60 ms round trip"},
			"version":        {"version", "2.0", "Clients with version 2.0 got slower by 60 ms round trip"},
			"other_paths":    {"link", "", "Calls take other, slower paths by 60 ms round trip"},
			"region_pair":    {"from_region", "DE", "Calls from DE to got slower by 60 ms round trip"},
		} {
			require.Equal(t, c.says, said(t, r.Annotations["summary"], map[string]string{"cause": cause, c.label: c.value}, 60))
		}
		for _, cause := range query.RegressionCauses() {
			require.NotEmpty(t, said(t, r.Annotations["summary"], map[string]string{"cause": cause}, 60))
		}
	}
}

// said is a template as Grafana expands it.
func said(t *testing.T, text string, labels map[string]string, value float64) string {
	t.Helper()
	type number struct{ Value float64 }
	funcs := template.FuncMap{"humanizePercentage": func(v float64) string { return fmt.Sprintf("%.4g%%", 100*v) }}
	tmpl, err := template.New("").Funcs(funcs).Option("missingkey=zero").Parse("{{ $labels := .Labels }}{{ $values := .Values }}" + text)
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, tmpl.Execute(&b, map[string]any{"Labels": labels, "Values": map[string]number{"A": {value}}}))
	return strings.Join(strings.Fields(b.String()), " ")
}

// The examples have to be right for whoever takes the # away.
func TestExamplesOfContactPointsCanBeUncommented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(alerting, "contact-points.yaml"))
	require.NoError(t, err)
	body := regexp.MustCompile(`(?m)^# `).ReplaceAllString(string(text[strings.Index(string(text), "apiVersion"):]), "")
	var file struct {
		ContactPoints []any `yaml:"contactPoints"`
		Policies      []any `yaml:"policies"`
		MuteTimes     []any `yaml:"muteTimes"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(body), &file))
	require.Len(t, file.ContactPoints, 1)
	require.Len(t, file.Policies, 1)
	require.Len(t, file.MuteTimes, 1)
}
