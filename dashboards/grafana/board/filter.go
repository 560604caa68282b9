package board

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
)

// everything is what the data source takes for All: nothing to filter by.
const everything = "*"

// KindVariable is what a query says where the reader chooses audio or video.
const KindVariable = "$kind"

// Datasource lets the reader choose among the data sources of the plugin.
func Datasource() cog.Builder[dashboard.VariableModel] {
	return dashboard.NewDatasourceVariableBuilder(DatasourceVariable).
		Label("Data source").
		Description("Which Earshot data source all panels ask.").
		Type(model.PluginID).
		AllowCustomValue(false).
		Current(option("Earshot", "earshot"))
}

// Kind lets the reader choose audio, video or both.
func Kind() cog.Builder[dashboard.VariableModel] {
	all := option("All", "$__all")
	all.Selected = ptr(true)
	return dashboard.NewCustomVariableBuilder("kind").
		Label("Kind").
		Description("What is received: audio, video, or both.").
		Values(dashboard.StringOrMap{String: ptr("audio,video")}).
		Options([]dashboard.VariableOption{all, option("audio", "audio"), option("video", "video")}).
		Current(all).
		IncludeAll(true).
		AllValue(everything).
		AllowCustomValue(false)
}

// Listed is a variable whose values the data source lists: one of model.Variables. All is nothing to filter by.
func Listed(name, label, description, list string) cog.Builder[dashboard.VariableModel] {
	return listed(name, label, description, model.Query{Type: model.Variable, Variable: list}).
		IncludeAll(true).
		AllValue(everything).
		Current(option("All", "$__all")).
		Sort(dashboard.VariableSortAlphabeticalCaseInsensitiveAsc)
}

// Chosen is such a variable that always has one value; at first the first that is listed in the order of sort.
func Chosen(name, label, description string, q model.Query, sort dashboard.VariableSort) cog.Builder[dashboard.VariableModel] {
	q.Type = model.Variable
	return listed(name, label, description, q).Sort(sort)
}

func listed(name, label, description string, q model.Query) *dashboard.QueryVariableBuilder {
	query := map[string]any{"refId": name, "queryType": q.Type, "variable": q.Variable}
	if q.Call != "" {
		query["call"] = q.Call
	}
	return dashboard.NewQueryVariableBuilder(name).
		Label(label).
		Description(description).
		Datasource(source()).
		Query(dashboard.StringOrMap{Map: query}).
		Definition(q.Variable).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged)
}

// OneOf lets the reader choose among words; the first, at first.
func OneOf(name, label, description string, words ...string) cog.Builder[dashboard.VariableModel] {
	options := make([]dashboard.VariableOption, len(words))
	for i, w := range words {
		options[i] = option(w, w)
	}
	return dashboard.NewCustomVariableBuilder(name).
		Label(label).
		Description(description).
		Values(dashboard.StringOrMap{String: ptr(strings.Join(words, ","))}).
		Options(options).
		Current(options[0]).
		AllowCustomValue(false)
}

// AdHoc lets the reader filter by whatever the data source knows.
func AdHoc() cog.Builder[dashboard.VariableModel] {
	return dashboard.NewAdHocVariableBuilder("filters").
		Label("Filters").
		Description("Other filters: country, network operator, path ...").
		Datasource(source())
}

func option(text, value string) dashboard.VariableOption {
	return dashboard.VariableOption{Text: dashboard.StringOrArrayOfString{String: &text}, Value: dashboard.StringOrArrayOfString{String: &value}}
}
