package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/nodegraph"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// Paths answers where the time goes: which part of the way, which pair of regions, which link.
func Paths() *board.Board {
	return &board.Board{
		UID: board.Paths, Title: "Earshot / Paths and hops", Refresh: "30s", From: "now-3h",
		Description: "Where does the time go? The parts of the way, the pairs of regions, and the links between SFUs.",
		Variables: choices(
			board.Listed("path", "Path", "Regions of the SFUs on the way, from who speaks to who hears.", "paths"),
			board.Listed("sfu", "SFU", "An SFU at either end of a link.", "sfus"),
		),
		Annotations: shifts(),
		Rows: []board.Row{
			{Panels: []board.Placed{
				board.At(15, 10, budget()),
				board.At(9, 10, budgetByPath()),
			}},
			{Title: "Paths", Panels: []board.Placed{
				board.At(12, 10, latencyByPath()),
				board.At(12, 10, pathTable()),
			}},
			{Title: "From region to region", Panels: []board.Placed{
				board.At(12, 9, matrix(rtt, "p50")),
				board.At(12, 9, matrix(mouth, "p95")),
			}},
			{Title: "Links between SFUs", Panels: []board.Placed{
				board.At(10, 13, mesh()),
				board.At(14, 13, links()),
				board.At(12, 9, linkRTT()),
				board.At(12, 9, linkLoss()),
			}},
			{Title: "Links of SFUs with their clients", Panels: []board.Placed{
				board.At(24, 9, access()),
			}},
			{Title: "Calls", Panels: []board.Placed{
				board.At(24, 10, callTable("Slowest calls", "The calls of the time range with the highest RTT of their slow windows (p95), of the version and region chosen above. "+
					"Click on one for all that is known of it.", "rtt", 50)),
			}},
		},
	}
}

func onPath(q model.Query) model.Query {
	q = whose(q)
	q.Path = "$path"
	return q
}

var parts = []string{"send", "network", "residence", "jitter_buffer", "decode", "playout"}

func budget() *timeseries.PanelBuilder {
	return partColours(board.Stacked(board.Lines("Where the time goes, mouth to ear",
		"The mean way from mouth to ear, part by part, over time: sending (encoder, pacer), network (half of each hop), residence in SFUs, jitter buffer, "+
			"decoding, playout. What grows is what to mend: the network, a server, or the devices.",
		board.Milliseconds, onPath(model.Query{Type: model.Hops, Stats: parts}))))
}

// partColours are those of the parts of the way, the same wherever it is shown.
func partColours(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	for _, c := range []struct{ part, color string }{
		{"send", "purple"}, {"network", "blue"}, {"residence", "yellow"}, {"jitter_buffer", "orange"}, {"decode", "light-green"}, {"playout", "dark-green"},
	} {
		p = board.Column(p, c.part, board.Tint(c.color)...)
	}
	return p
}

func budgetByPath() *tablePanel {
	t := board.Table("Where the time goes, by path",
		"The mean parts of mouth to ear over the whole time range, for each path through regions of SFUs. Click for one path.",
		onPath(model.Query{Type: model.Hops, Format: model.Table, By: "path", Stats: parts, Limit: 50}))
	for _, name := range parts {
		t = board.Column(t, name, append(board.Gauge(board.Info), board.Decimals(0), board.Least(0), board.Most(200))...)
	}
	return board.Column(t, "path", board.Offers(toPath), board.Wide(200))
}

// keptOnPaths are the choices of this page but for the path.
var keptOnPaths = []string{"kind", "from_region", "to_region", "version", "sfu"}

// toPath is the same page with one path alone.
var toPath = board.Link{Title: "This path alone", URL: board.To(board.Paths, board.Vars{"path": board.Field("path")}, keptOnPaths...)}

func latencyByPath() *timeseries.PanelBuilder {
	q := onPath(model.Query{Type: model.Latency, Metric: model.RTT, By: "path", Stats: []string{"p95"}, Limit: 12})
	return board.Lead(board.Limits(board.Lines("End-to-end RTT by path, p95",
		"What one in twenty windows is above, for each path through regions of SFUs; the twelve with most windows. A step on all paths over one link is that link. "+
			"Click on a line for that path alone.",
		board.Milliseconds, q), board.Latency),
		board.Link{Title: "This path alone", URL: board.To(board.Paths, board.Vars{"path": board.Label("path")}, keptOnPaths...)})
}

func pathTable() *tablePanel {
	stats := []string{"p50", "p95", "p99", "over_300", "windows"}
	t := board.Table("Paths",
		"Every path through regions of SFUs over the whole time range, the busiest first. Click on one to see it alone.",
		onPath(model.Query{Type: model.Latency, Metric: model.RTT, Format: model.Table, By: "path", Stats: stats, Limit: 200}))
	t = board.Column(t, "path", board.Offers(toPath))
	return columns(t, stats...)
}

func matrix(m metric, stat string) *tablePanel {
	return board.Table(m.title+" from region to region, "+stat,
		m.is+"\n\nRow: where who speaks meets the service. Column: where who hears does. Over the whole time range; empty is where nobody spoke to anybody.",
		whose(model.Query{Type: model.Matrix, Metric: m.name, Stats: []string{stat}})).
		Thresholds(board.Steps(board.Latency)).
		CellOptions(board.ColouredCells()).
		Unit(board.Milliseconds).Decimals(0)
}

func mesh() *nodegraph.PanelBuilder {
	return board.Column(board.Graph("SFU mesh",
		"The SFUs, and the links between them over all calls of the time range: RTT and loss on the links. The ring of an SFU is red for the share of windows "+
			"in which its links lost more than 2 %. Click on an SFU for its links alone.",
		model.Query{Type: model.Topology}),
		"title", board.Offers(board.Link{Title: "Links of this SFU", URL: board.To(board.Paths, board.Vars{"sfu": board.Field("title")}, "kind", "from_region", "to_region", "version", "path")}))
}

func links() *tablePanel {
	return linkTable("Links between SFUs",
		"Every link between two SFUs over the whole time range. RTT p50 tells how far they are apart; p95 far above it is a link that wavers. "+
			"Lossy: windows with more than 2 % loss.",
		model.Query{SFU: "$sfu", Stats: []string{"p50", "p95", "p99", "loss", "lossy", "calls"}})
}

func linkRTT() *timeseries.PanelBuilder {
	return board.Lines("RTT of links between SFUs, p95", "One line per link. A step up is a new route or a full line; Earshot marks it in red when it lasts.",
		board.Milliseconds, model.Query{Type: model.Links, SFU: "$sfu", Stats: []string{"p95"}}).
		Legend(board.LegendRight("mean", "max"))
}

func linkLoss() *timeseries.PanelBuilder {
	return board.Lines("Loss on links between SFUs", "Share of packets lost on each link, the worse of its two ways.",
		board.Ratio, model.Query{Type: model.Links, SFU: "$sfu", Stats: []string{"loss"}}).
		Legend(board.LegendRight("mean", "max"))
}

func access() *tablePanel {
	return linkTable("Links of SFUs with their clients",
		"All clients of an SFU together: how far they are, what they lose, how many need TURN.",
		model.Query{By: "access", SFU: "$sfu", Stats: []string{"p50", "p95", "p99", "loss", "lossy", "relay", "windows"}})
}
