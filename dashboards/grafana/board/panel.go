package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/nodegraph"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
)

// Stat is one figure, coloured by its scale, or several side by side.
func Stat(title, description, unit string, scale Scale, queries ...model.Query) *stat.PanelBuilder {
	return stat.NewPanelBuilder().
		Title(title).Description(description).Datasource(source()).Targets(ask(queries)).
		Unit(unit).
		Thresholds(scale.thresholds()).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)).
		ColorMode(common.BigValueColorModeValue).
		GraphMode(common.BigValueGraphModeNone).
		TextMode(common.BigValueTextModeAuto).
		Orientation(common.VizOrientationAuto).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
		NoValue("–")
}

// Lines is figures over time. A gap is where nothing is known; it is bridged over two or three points that are missing and no more.
func Lines(title, description, unit string, queries ...model.Query) *timeseries.PanelBuilder {
	return timeseries.NewPanelBuilder().
		Title(title).Description(description).Datasource(source()).Targets(ask(queries)).
		Unit(unit).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdPaletteClassic)).
		DrawStyle(common.GraphDrawStyleLine).
		LineWidth(1.5).
		LineInterpolation(common.LineInterpolationLinear).
		FillOpacity(6).
		ShowPoints(common.VisibilityModeAuto).
		PointSize(4).
		AxisSoftMin(0).
		SpanNulls(common.BoolOrFloat64{Float64: ptr(float64(bridged))}).
		Legend(legend("mean", "max", "lastNotNull")).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending)).
		NoValue("No data in this time range")
}

// bridged is the longest gap in milliseconds that a line goes over.
const bridged = 3 * 60 * 1000

// Limits draws the scale's steps as dashed lines.
func Limits(p *timeseries.PanelBuilder, scale Scale) *timeseries.PanelBuilder {
	quiet := Scale{Base: "transparent", Steps: scale.Steps}
	return p.Thresholds(quiet.thresholds()).
		ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
}

// Stacked piles the lines up.
func Stacked(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return p.Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A")).
		FillOpacity(55).LineWidth(0.5).ShowPoints(common.VisibilityModeNever)
}

// Spread draws the three quantiles of latency in colours that tell them apart, and what lies between as a band.
func Spread(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return p.
		OverrideByRegexp("/p50$/", Look("semi-dark-green", 2, 10)).
		OverrideByRegexp("/p95$/", Look("semi-dark-orange", 2, 0)).
		OverrideByRegexp("/p99$/", Look("semi-dark-red", 1.5, 0))
}

// Look is the colour of a line, how wide it is, and how much of what is below is filled, in percent.
func Look(color string, width, fill float64) []Property {
	return []Property{
		{Id: "color", Value: map[string]any{"mode": "fixed", "fixedColor": color}},
		{Id: "custom.lineWidth", Value: width},
		{Id: "custom.fillOpacity", Value: fill},
	}
}

// Tint is a colour for a line and all that is below it.
func Tint(color string) []Property { return Look(color, 0.5, 55) }

// Table has a row per thing. What a column is like stands in Column.
func Table(title, description string, queries ...model.Query) *table.PanelBuilder {
	t := table.NewPanelBuilder().
		Title(title).Description(description).Datasource(source()).Targets(ask(queries)).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)).
		Thresholds(Plain.thresholds()).
		CellHeight(common.TableCellHeightSm).
		ShowHeader(true).
		Filterable(true).
		NoValue("Nothing in this time range")
	for _, kind := range []string{"string", "number", "time", "boolean"} {
		t = t.OverrideByFieldType(kind, []Property{{Id: "noValue", Value: "–"}}) // in a cell; the whole panel says more
	}
	return t
}

// States is what was in which state when: rows with a time that begins, perhaps one that ends, and a word.
func States(title, description string, q model.Query, steps ...dashboard.DataTransformerConfig) *statetimeline.PanelBuilder {
	return statetimeline.NewPanelBuilder().
		Title(title).Description(description).Datasource(source()).Targets(ask([]model.Query{q})).
		Transformations(steps).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdFixed).FixedColor(Accent)).
		ShowValue(common.VisibilityModeAuto).
		RowHeight(0.8).
		FillOpacity(75).
		Legend(common.NewVizLegendOptionsBuilder().ShowLegend(false).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom))
}

// Keep leaves out all fields but some.
func Keep(names ...string) dashboard.DataTransformerConfig {
	return dashboard.DataTransformerConfig{Id: "filterFieldsByName", Options: map[string]any{"include": map[string]any{"names": names}}}
}

// Apart makes a frame of its own of the rows of each value of a field.
func Apart(name string) dashboard.DataTransformerConfig {
	return dashboard.DataTransformerConfig{Id: "partitionByValues", Options: map[string]any{
		"fields": []string{name}, "keepFields": false, "naming": map[string]any{"asLabels": true},
	}}
}

// Graph is a call as nodes and edges.
func Graph(title, description string, queries ...model.Query) *nodegraph.PanelBuilder {
	return nodegraph.NewPanelBuilder().
		Title(title).Description(description).Datasource(source()).Targets(ask(queries)).
		ZoomMode(nodegraph.ZoomModeCooperative).
		NoValue("Nothing in this time range")
}

// LegendRight is for many lines: a table beside the chart, the highest first.
func LegendRight(calcs ...string) *common.VizLegendOptionsBuilder {
	names := map[string]string{"max": "Max", "mean": "Mean", "min": "Min", "lastNotNull": "Last *"}
	return legend(calcs...).Placement(common.LegendPlacementRight).SortBy(names[calcs[len(calcs)-1]]).SortDesc(true)
}

// First sorts a table by a column, as it is titled, the highest first.
func First(title string) []cog.Builder[common.TableSortByFieldState] {
	return []cog.Builder[common.TableSortByFieldState]{common.NewTableSortByFieldStateBuilder().DisplayName(title).Desc(true)}
}

// ColouredCells colours all cells by the panel's scale.
func ColouredCells() common.TableCellOptions {
	return common.TableCellOptions{TableColoredBackgroundCellOptions: &common.TableColoredBackgroundCellOptions{
		Type: common.TableCellDisplayModeColorBackground, Mode: ptr(common.TableCellBackgroundDisplayModeBasic),
	}}
}

func legend(calcs ...string) *common.VizLegendOptionsBuilder {
	return common.NewVizLegendOptionsBuilder().
		DisplayMode(common.LegendDisplayModeTable).Placement(common.LegendPlacementBottom).ShowLegend(true).Calcs(calcs)
}
