package boards_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
	"github.com/earshot-rtc/earshot/dashboards/grafana/boards"
	"github.com/earshot-rtc/earshot/dashboards/grafana/saved"
)

const folder = "../dashboards"

func files(t *testing.T) []saved.File {
	t.Helper()
	all, err := saved.ReadAll(folder)
	require.NoError(t, err)
	require.Len(t, all, 8)
	return all
}

func eachPanel(t *testing.T, check func(t *testing.T, f *saved.File, p *saved.Panel)) {
	t.Helper()
	for _, f := range files(t) {
		for _, p := range f.All() {
			t.Run(f.UID+"/"+p.Title, func(t *testing.T) { check(t, &f, &p) })
		}
	}
}

func TestWhatIsCommittedIsWhatTheProgramWrites(t *testing.T) {
	for _, b := range boards.All() {
		d, err := b.Build()
		require.NoError(t, err)
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		require.NoError(t, enc.Encode(d))
		committed, err := os.ReadFile(filepath.Join(folder, b.UID+".json"))
		require.NoError(t, err)
		require.Equal(t, string(committed), out.String(), "run make generate")
	}
}

func TestDashboardsSayWhatTheyAreForAndKeepTheirNames(t *testing.T) {
	var uids []string
	for _, f := range files(t) {
		uids = append(uids, f.UID)
		require.NotEmpty(t, f.Title)
		require.NotEmpty(t, f.Description)
		require.Contains(t, f.Tags, board.Tag, "the menu lists what has the tag")
	}
	require.ElementsMatch(t, []string{
		"earshot-overview", "earshot-paths", "earshot-call", "earshot-quality", "earshot-connectivity", "earshot-bandwidth",
		"earshot-regressions", "earshot-self",
	}, uids, "links, alert rules and bookmarks have these uids")
}

func TestEveryPanelSaysWhatItShowsAndHowToReadIt(t *testing.T) {
	eachPanel(t, func(t *testing.T, _ *saved.File, p *saved.Panel) {
		require.NotEmpty(t, p.Title)
		require.Greater(t, len(p.Description), 25, "a description says what the panel shows and how to read it")
		require.True(t, strings.HasSuffix(p.Description, "."), "a description is made of sentences: %s", p.Description)
		if p.Type == "alertlist" {
			return // Grafana's own alerts
		}
		require.NotEmpty(t, p.FieldConfig.Defaults.NoValue, "say what it means that there is nothing")
		require.NotEmpty(t, p.Targets)
	})
}

func TestEveryFigureHasAUnit(t *testing.T) {
	eachPanel(t, func(t *testing.T, _ *saved.File, p *saved.Panel) {
		if p.Type == "stat" || p.Type == "timeseries" {
			require.NotEmpty(t, p.FieldConfig.Defaults.Unit)
		}
	})
}

func TestAllAskTheDataSourceThatTheReaderChose(t *testing.T) {
	want := saved.Reference{Type: model.PluginID, UID: "${datasource}"}
	for _, f := range files(t) {
		require.Equal(t, "datasource", f.Templating.List[0].Name, f.UID)
		for _, a := range f.Annotations.List {
			require.Equal(t, want, a.Datasource)
			require.Equal(t, want, a.Target.Datasource)
		}
		for _, v := range f.Templating.List {
			if v.Type == "query" || v.Type == "adhoc" {
				require.Equal(t, &want, v.Datasource, v.Name)
			}
			require.NotEmpty(t, v.Label, v.Name)
			require.NotEmpty(t, v.Description, v.Name)
		}
	}
	eachPanel(t, func(t *testing.T, _ *saved.File, p *saved.Panel) {
		if p.Type == "alertlist" {
			return
		}
		require.Equal(t, &want, p.Datasource)
		for _, q := range p.Targets {
			require.Equal(t, want, q.Datasource)
		}
	})
}

func TestPanelsHaveIDsOfTheirOwn(t *testing.T) {
	for _, f := range files(t) {
		seen := map[int]string{}
		var walk func([]saved.Panel)
		walk = func(panels []saved.Panel) {
			for _, p := range panels {
				require.Positive(t, p.ID)
				require.Empty(t, seen[p.ID], "%s: %q has the id of %q", f.UID, p.Title, seen[p.ID])
				seen[p.ID] = p.Title
				walk(p.Panels)
			}
		}
		walk(f.Panels)
	}
}

func TestPanelsDoNotOverlap(t *testing.T) {
	for _, f := range files(t) {
		taken := map[[2]int]string{}
		for _, p := range f.Panels {
			g := p.GridPos
			require.Positive(t, g.W)
			require.Positive(t, g.H)
			require.LessOrEqual(t, g.X+g.W, board.Columns, "%s: %q goes over the edge", f.UID, p.Title)
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					require.Empty(t, taken[[2]int{x, y}], "%s: %q lies on %q", f.UID, p.Title, taken[[2]int{x, y}])
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
	}
}

func TestEveryQuestionIsOneOfTheModel(t *testing.T) {
	for _, f := range files(t) {
		for _, a := range f.Annotations.List {
			require.NoError(t, board.Query{Query: a.Target.Query}.Validate(), "%s: annotation %q", f.UID, a.Name)
		}
		for _, v := range f.Templating.List {
			if v.Type != "query" {
				continue
			}
			q, err := model.Parse(v.Query)
			require.NoError(t, err, "%s: variable %s", f.UID, v.Name)
			require.Equal(t, model.Variable, q.Type)
		}
	}
	eachPanel(t, func(t *testing.T, _ *saved.File, p *saved.Panel) {
		letters := map[string]bool{}
		for _, q := range p.Targets {
			require.NoError(t, board.Query{Query: q.Query}.Validate())
			require.NotEqual(t, model.SQL, q.Type, "a data source need not allow SQL")
			require.False(t, letters[q.RefID], "two questions have the letter %s", q.RefID)
			letters[q.RefID] = true
		}
	})
}

// variables are those that a text mentions: $name, ${name} or ${name:format}.
var variables = regexp.MustCompile(`\$\{?([a-zA-Z_][a-zA-Z0-9_.]*)`)

// filters are the fields of a question in which a variable may stand.
func filters(q model.Query) []string {
	return []string{
		q.Kind, q.By, q.Call, q.Participant, q.Publisher, q.PublisherRegion, q.SubscriberRegion, q.Path, q.Version, q.ASN, q.Country,
		q.Browser, q.Network, q.SFU,
	}
}

func TestQuestionsSpeakOfVariablesThatTheDashboardHas(t *testing.T) {
	for _, f := range files(t) {
		known := map[string]bool{}
		used := map[string]bool{"datasource": true, "filters": true}
		for _, v := range f.Templating.List {
			known[v.Name] = true
		}
		mention := func(where, text string) {
			for _, m := range variables.FindAllStringSubmatch(text, -1) {
				require.True(t, known[m[1]], "%s: %s speaks of $%s, which is no variable of the dashboard", f.UID, where, m[1])
				used[m[1]] = true
			}
		}
		for _, p := range f.All() {
			mention(p.Title, p.Title)
			for _, q := range p.Targets {
				for _, text := range filters(q.Query) {
					mention(p.Title, text)
				}
			}
		}
		for _, v := range f.Templating.List {
			if v.Type == "query" {
				mention("variable "+v.Name, string(v.Query))
			}
		}
		for _, p := range f.Panels {
			if p.Type == "row" {
				mention("row", p.Title)
			}
		}
		for name := range known {
			require.True(t, used[name], "%s: nothing depends on the variable %s", f.UID, name)
		}
	}
}

func TestLinksLeadSomewhere(t *testing.T) {
	all := files(t)
	variablesOf := map[string][]string{}
	for _, f := range all {
		for _, v := range f.Templating.List {
			variablesOf[f.UID] = append(variablesOf[f.UID], v.Name)
		}
	}
	target := regexp.MustCompile(`^/d/([a-z-]+)/[a-z-]+\?(.*)$`)
	links := 0
	for _, f := range all {
		for _, p := range f.All() {
			some, err := p.LinksOf()
			require.NoError(t, err)
			for _, l := range some {
				links++
				require.NotEmpty(t, l.Title, "%s: %q", f.UID, p.Title)
				m := target.FindStringSubmatch(l.URL)
				require.NotNil(t, m, "%s: %q: %s leads to no dashboard", f.UID, p.Title, l.URL)
				require.Contains(t, variablesOf, m[1], "%s: %q: there is no such dashboard", f.UID, p.Title)
				require.Contains(t, m[2], "${__url_time_range}", "%s: %q: a link keeps the time", f.UID, p.Title)
				for _, part := range strings.Split(m[2], "&") {
					if name, ok := strings.CutPrefix(part, "var-"); ok {
						name, _, _ = strings.Cut(name, "=")
						require.Contains(t, variablesOf[m[1]], name, "%s: %q: %s has no variable %s", f.UID, p.Title, m[1], name)
					} else if name, ok := strings.CutSuffix(part, ":queryparam}"); ok {
						name = strings.TrimPrefix(name, "${")
						require.Contains(t, variablesOf[f.UID], name, "%s: %q keeps a variable that it does not have", f.UID, p.Title)
						require.Contains(t, variablesOf[m[1]], name, "%s: %q: %s has no variable %s", f.UID, p.Title, m[1], name)
					}
				}
			}
		}
	}
	require.Greater(t, links, 15)
}

// From the overview a click leads to the region pair, from there to a call, and there to one path.
func TestAWayLeadsFromTheOverviewToOnePath(t *testing.T) {
	leads := map[string][]string{}
	for _, f := range files(t) {
		for _, p := range f.All() {
			links, err := p.LinksOf()
			require.NoError(t, err)
			for _, l := range links {
				leads[f.UID] = append(leads[f.UID], l.URL)
			}
		}
	}
	to := func(from, uid string, names ...string) bool {
		return slices.ContainsFunc(leads[from], func(url string) bool {
			ok := strings.HasPrefix(url, "/d/"+uid+"/")
			for _, name := range names {
				ok = ok && strings.Contains(url, "var-"+name+"=")
			}
			return ok
		})
	}
	require.True(t, to(board.Overview, board.Paths, "from_region", "to_region"))
	require.True(t, to(board.Overview, board.Paths, "sfu"))
	require.True(t, to(board.Overview, board.Call, "call"))
	require.True(t, to(board.Paths, board.Call, "call"))
	require.True(t, to(board.Call, board.Call, "publisher", "participant", "kind"))
	require.True(t, to(board.Bandwidth, board.Call, "call", "participant"))
}

func TestLatencyIsMarkedWithItsRegressions(t *testing.T) {
	for _, f := range files(t) {
		latency := slices.ContainsFunc(f.All(), func(p saved.Panel) bool {
			return slices.ContainsFunc(p.Targets, func(q saved.Target) bool { return q.Type == model.Latency && p.Type == "timeseries" })
		})
		marked := false
		for _, a := range f.Annotations.List {
			marked = marked || a.Target.Type == model.Regressions
		}
		require.True(t, marked || !latency, "%s shows latency over time, but no regressions", f.UID)
	}
}

func TestAlertRulesLeadToPanelsThatThereAre(t *testing.T) {
	panels := map[string]map[int]string{}
	for _, f := range files(t) {
		panels[f.UID] = map[int]string{}
		for _, p := range f.All() {
			panels[f.UID][p.ID] = p.Title
		}
	}
	raw, err := os.ReadFile("../provisioning/alerting/earshot.yaml")
	require.NoError(t, err)
	var rules struct {
		Groups []struct {
			Rules []struct {
				Title        string
				DashboardUID string `yaml:"dashboardUid"`
				PanelID      int    `yaml:"panelId"`
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &rules))
	shown := map[string]string{}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			shown[r.Title] = panels[r.DashboardUID][r.PanelID]
		}
	}
	require.Equal(t, map[string]string{
		"EarshotLatencyRegression": "Regressions of the time range", "EarshotLatencyHigh": "RTT over 150, 300, 400 ms",
		"EarshotCoverageLow": "Coverage", "EarshotNoData": "Newest result", "EarshotSamplesDelayed": "From probe to collector",
	}, shown)
}
