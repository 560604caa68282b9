package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// Self answers whether Earshot itself is well: do samples come, in time, and does all of them become something.
func Self() *board.Board {
	return &board.Board{
		UID: board.Self, Title: "Earshot / Earshot itself", Refresh: "30s", From: "now-3h",
		Description: "Is Earshot itself well? Samples that come, how late, what becomes of them, and what could not be read. All of it from the store.",
		Variables:   []variable{board.Datasource()},
		Rows: []board.Row{
			{Panels: []board.Placed{
				board.At(4, 4, selfFigure("Newest result", "How old the newest window is that can be seen here. Some 20 s are a window, the wait for late samples, and the insert.",
					"freshness", board.Seconds, board.Fresh, 0)),
				board.At(4, 4, selfFigure("Samples", "Samples of clients and SFUs stored per second.", "samples_rate", board.PerSecond, board.Info, 1)),
				board.At(4, 4, selfFigure("Sources", "Clients and SFUs that reported.", "sources", board.Count, board.Info, 0).
					ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"sum"}))),
				board.At(4, 4, selfFigure("Delay, p95", "From when a probe took a sample until a collector had it: one in twenty took longer.", "delay_p95", board.Milliseconds, board.Delay, 0)),
				board.At(4, 4, selfFigure("Late", "Share of samples that came too late for at least one of their windows. What they say is stored, but in no window.", "late_ratio", board.Ratio, board.Failures, 2)),
				board.At(4, 4, selfFigure("Could not be read", "Records in the whole time range that were no samples, or not to be understood.", "dead_letters", board.Count, board.Any, 0).
					ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"sum"}))),
			}},
			{Title: "What comes in", Panels: []board.Placed{
				board.At(12, 9, selfLines("Samples by source", "Samples per second, of clients and of SFUs. None of one kind, while there are calls, is a probe or a collector that is away.",
					board.PerSecond, "source_kind", "samples_rate")),
				board.At(12, 9, selfLines("Sources by version of the probe", "Clients and SFUs that reported, by the version of their probe.", board.Count, "probe_version", "sources")),
				board.At(12, 8, selfLines("From probe to collector", "How long samples are on their way from probe to collector: the median, and p95. Clocks are corrected by the probes' time exchange.",
					board.Milliseconds, "", "delay_p50", "delay_p95")),
				board.At(12, 8, selfLines("Late samples", "Share of samples too late for at least one window. Longer `processor.lateness` lets them in, and makes everything later.",
					board.Ratio, "", "late_ratio")),
			}},
			{Title: "What becomes of it", Panels: []board.Placed{
				board.At(12, 9, selfLines("Rows by table", "Rows per second that the processor writes, by table.", board.PerSecond, "", "rows_rate")),
				board.At(12, 9, selfLines("Not stitched", "Share of windows whose publisher is not known (unresolved: an SFU that does not report, or forwards that it does not tell), "+
					"and of those with a hop that nobody measured (partial).", board.Ratio, "", "unresolved_ratio", "partial_ratio")),
				board.At(12, 9, board.Stacked(board.Lines("How much is known",
					"Shares of windows with every hop measured (complete), with an older value of a hop (imputed), with a hop missing (partial).",
					board.Ratio, model.Query{Type: model.Coverage, Stats: []string{"complete", "imputed", "partial"}})).Min(0).Max(1).
					OverrideByName("complete", board.Tint(board.Good)).
					OverrideByName("imputed", board.Tint(board.Fair)).
					OverrideByName("partial", board.Tint(board.Bad))),
				board.At(12, 9, selfLines("Could not be read, by reason", "Records per step that collectors refused or the processor could not read, by reason. "+
					"docs/operating.md says what the reasons mean.", board.Count, "", "dead_letters")),
			}},
		},
	}
}

func selfFigure(title, description, word, unit string, scale board.Scale, decimals float64) *stat.PanelBuilder {
	return board.Stat(title, description, unit, scale, model.Query{Type: model.Pipeline, Format: model.Table, Stats: []string{word}}).
		Decimals(decimals)
}

func selfLines(title, description, unit, by string, words ...string) *timeseries.PanelBuilder {
	return board.Lines(title, description, unit, model.Query{Type: model.Pipeline, By: by, Stats: words}).Min(0)
}
