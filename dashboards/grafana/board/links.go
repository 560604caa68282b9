package board

import (
	"maps"
	"slices"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The dashboards, by their uids.
const (
	Overview     = "earshot-overview"
	Paths        = "earshot-paths"
	Call         = "earshot-call"
	Quality      = "earshot-quality"
	Connectivity = "earshot-connectivity"
	Bandwidth    = "earshot-bandwidth"
	Regressions  = "earshot-regressions"
	Self         = "earshot-self"
)

// Vars are values for the variables of the dashboard that a link leads to.
type Vars map[string]string

// To is the address of a dashboard with the time range and the data source of where one comes from, the variables that are kept, and
// the values of vars.
func To(uid string, vars Vars, kept ...string) string {
	parts := []string{"${__url_time_range}", "${" + DatasourceVariable + ":queryparam}"}
	for _, name := range kept {
		parts = append(parts, "${"+name+":queryparam}") // "All" stays All
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		parts = append(parts, "var-"+name+"="+vars[name])
	}
	return "/d/" + uid + "/" + strings.TrimPrefix(uid, "earshot-") + "?" + strings.Join(parts, "&")
}

// Field is the value of another field in the row that was clicked.
func Field(name string) string { return "${__data.fields." + name + ":percentencode}" }

// Label is the value of a label of the line that was clicked.
func Label(name string) string { return "${__field.labels." + name + ":percentencode}" }

// Var is the value of a variable of the dashboard where the link stands.
func Var(name string) string { return "${" + name + ":percentencode}" }

// Link is what a click on a value offers.
type Link struct {
	Title  string `json:"title"`
	URL    string `json:"url"`
	Window bool   `json:"targetBlank"` // opens in a window of its own
}

// menu lists all dashboards of the tag, and keeps the time.
func menu() dashboard.DashboardLink {
	return dashboard.DashboardLink{
		Type: dashboard.DashboardLinkTypeDashboards, Title: "Earshot", Tags: []string{Tag}, AsDropdown: true, KeepTime: true,
		Icon: "external link", Tooltip: "The other dashboards, with the same time",
	}
}

// Button leads from the top of a dashboard to another place.
func Button(title, tooltip, address string, window bool) dashboard.DashboardLink {
	return dashboard.DashboardLink{
		Type: dashboard.DashboardLinkTypeLink, Title: title, Tooltip: tooltip, Url: &address, Icon: "external link", TargetBlank: window, Tags: []string{},
	}
}

// Panel leads from the corner of a panel to another dashboard.
func Panel(title, address string) cog.Builder[dashboard.DashboardLink] {
	return dashboard.NewDashboardLinkBuilder(title).Type(dashboard.DashboardLinkTypeLink).Url(address)
}
