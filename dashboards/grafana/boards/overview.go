package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// Overview is the page to keep open: is it slow, for how many, and where.
func Overview() *board.Board {
	return &board.Board{
		UID: board.Overview, Title: "Earshot / Overview", Refresh: "30s", From: "now-3h",
		Description: "Is it slow, for how many, and where? From here a click leads to the region pair, the link, the call.",
		Variables:   choices(),
		Annotations: shifts(),
		Rows: []board.Row{
			{Panels: []board.Placed{
				board.At(8, 4, figure(rtt)),
				board.At(8, 4, figure(mouth)),
				board.At(4, 4, activeCalls()),
				board.At(4, 4, openRegressions()),
				board.At(8, 4, overFigure(rtt)),
				board.At(8, 4, overFigure(mouth)),
				board.At(4, 4, coverageFigure()),
				board.At(4, 4, badFigure()),
			}},
			{Title: "Latency", Panels: []board.Placed{
				board.At(12, 9, spread(rtt)),
				board.At(12, 9, spread(mouth)),
			}},
			{Title: "How many are affected", Panels: []board.Placed{
				board.At(6, 8, shares(rtt)),
				board.At(6, 8, shares(mouth)),
				board.At(6, 8, coverageLines()),
				board.At(6, 8, board.Lines("Calls", "Calls that went on in each step. What happens to few calls is seen in few: read the shares beside it with this.",
					board.Count, model.Query{Type: model.Summary, Format: model.TimeSeries, Stats: []string{"active_calls"}}).Min(0)),
			}},
			{Title: "Where", Panels: []board.Placed{
				board.At(12, 10, worstPairs()),
				board.At(12, 10, worstLinks()),
			}},
			{Title: "Calls", Panels: []board.Placed{
				board.At(24, 10, worstCalls()),
			}},
		},
	}
}

// figure is p50, p95 and p99 over the whole range.
func figure(m metric) *stat.PanelBuilder {
	q := whose(model.Query{Type: model.Summary, Metric: m.name, Stats: quantiles})
	return board.Stat(m.title, m.is+"\n\nOver the whole time range: the median, and what one in twenty and one in a hundred windows is above.",
		board.Milliseconds, board.Latency, q).
		Decimals(0)
}

func overFigure(m metric) *stat.PanelBuilder {
	q := whose(model.Query{Type: model.Summary, Metric: m.name, Stats: over})
	return board.Stat(m.title+" over the limits", "Share of the windows of received tracks with "+m.title+" over 150, 300 and 400 ms, over the whole time range.",
		board.Ratio, board.Over, q).
		Decimals(1)
}

func activeCalls() *stat.PanelBuilder {
	return board.Stat("Active calls", "Calls that sent a sample in the last 30 seconds of the time range.", board.Count, board.Info,
		whose(model.Query{Type: model.Summary, Stats: []string{"active_calls"}})).
		Decimals(0)
}

func openRegressions() *stat.PanelBuilder {
	return board.Stat("Open regressions", "Shifts of latency that Earshot found and that are not over. Click for what moved, and by how much.",
		board.Count, board.Any, model.Query{Type: model.Regressions, Format: model.Alert}).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"count"})).
		ColorMode(common.BigValueColorModeBackground).
		OverrideByName("shift", []board.Property{board.Unit(board.Count), board.Decimals(0)}).
		Links([]cog.Builder[dashboard.DashboardLink]{board.Panel("Regressions", board.To(board.Regressions, nil))}).
		NoValue("0")
}

func coverageFigure() *stat.PanelBuilder {
	return board.Stat("Coverage", "Share of the windows of received tracks for which the whole round-trip time is known. The figures on this page speak of these only.",
		board.Ratio, board.Coverage, whose(model.Query{Type: model.Summary, Stats: []string{"coverage"}})).
		Decimals(1)
}

func badFigure() *stat.PanelBuilder {
	return board.Stat("Bad windows", "Share of the windows of received tracks that were bad to hear or to see, whatever the reason.",
		board.Ratio, board.Over, whose(model.Query{Type: model.Summary, Stats: []string{"bad"}})).
		Decimals(1)
}
