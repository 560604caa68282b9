package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// Connectivity answers whether people get in, how fast, and which way.
func Connectivity() *board.Board {
	return &board.Board{
		UID: board.Connectivity, Title: "Earshot / Connectivity", Refresh: "1m", From: "now-24h",
		Description: "Do people get in, how fast, and which way? Time to connect, TURN, TCP, TLS, IPv6, ICE failures and restarts.",
		Variables: []variable{
			board.Datasource(),
			board.OneOf("by", "By", "What participants are told apart by.", "country", "isp", "browser", "os", "version", "asn"),
		},
		Rows: []board.Row{
			{Panels: []board.Placed{
				board.At(3, 4, connectFigure("Connect, median", "Half of the participants were connected (ICE and DTLS) sooner.", "connect_p50", board.Milliseconds, board.Connect)),
				board.At(3, 4, connectFigure("Connect, p95", "One in twenty participants took longer.", "connect_p95", board.Milliseconds, board.Connect)),
				board.At(3, 4, connectFigure("Over TURN", "Share of participants that were connected over a TURN server. It costs money and some time, but works where nothing else does.",
					"turn", board.Ratio, board.Info)),
				board.At(3, 4, connectFigure("Over TCP", "Share of participants over TCP: where loss becomes waiting.", "tcp", board.Ratio, board.Loss)),
				board.At(3, 4, connectFigure("Over TLS", "Share of participants over TLS: the last way through a firewall.", "tls", board.Ratio, board.Loss)),
				board.At(3, 4, connectFigure("IPv6", "Share of participants over IPv6.", "ipv6", board.Ratio, board.Info)),
				board.At(3, 4, connectFigure("ICE failed", "Share of participants whose ICE failed at least once.", "ice_failed", board.Ratio, board.Failures)),
				board.At(3, 4, connectFigure("ICE restarted", "Share of participants that had to restart ICE: somebody who changes networks, or a server that went away.",
					"ice_restarted", board.Ratio, board.Over)),
			}},
			{Title: "Over time", Panels: []board.Placed{
				board.At(12, 9, board.Spread(board.Limits(connectLines("Time to connect", "From making the connection until ICE and DTLS are connected, by when participants came: the median, p95 and p99.",
					board.Milliseconds, "connect_p50", "connect_p95", "connect_p99"), board.Connect))),
				board.At(12, 9, connectLines("Which way", "Shares of participants over TURN, TCP, TLS and IPv6, by when they came. A jump in TURN or TCP is a firewall, or a server that UDP does not reach.",
					board.Ratio, "turn", "tcp", "tls", "ipv6").Max(1)),
				board.At(12, 8, connectLines("ICE failures and restarts", "Shares of participants, by when they came.", board.Ratio, "ice_failed", "ice_restarted")),
				board.At(12, 8, connectLines("Participants that came", "How many came in each step: what the shares are of.", board.Count, "participants")),
			}},
			{Title: "By $by", Panels: []board.Placed{
				board.At(24, 11, connectTable()),
				board.At(12, 9, connectLinesBy("Time to connect by $by, p95", "connect_p95", board.Milliseconds)),
				board.At(12, 9, connectLinesBy("Over TURN by $by", "turn", board.Ratio)),
			}},
		},
	}
}

func connectFigure(title, description, word, unit string, scale board.Scale) *stat.PanelBuilder {
	p := board.Stat(title, description+" Over the whole time range.", unit, scale, model.Query{Type: model.Connectivity, Format: model.Table, Stats: []string{word}})
	if unit == board.Ratio {
		return p.Decimals(1)
	}
	return p.Decimals(0)
}

func connectLines(title, description, unit string, words ...string) *timeseries.PanelBuilder {
	return board.Lines(title, description, unit, model.Query{Type: model.Connectivity, Stats: words}).Min(0)
}

func connectLinesBy(title, word, unit string) *timeseries.PanelBuilder {
	return board.Lines(title, "One line per group, by when participants came.",
		unit, model.Query{Type: model.Connectivity, By: "$by", Stats: []string{word}}).
		Min(0).
		Legend(board.LegendRight("mean", "max"))
}

func connectTable() *tablePanel {
	t := board.Table("Connectivity by $by", "Every group over the whole time range, the one with most participants first.",
		model.Query{
			Type: model.Connectivity, Format: model.Table, By: "$by", Limit: 200,
			Stats: []string{"participants", "connect_p50", "connect_p95", "connect_p99", "turn", "tcp", "tls", "ipv6", "ice_failed", "ice_restarted"},
		})
	for _, name := range []string{"connect_p50", "connect_p95", "connect_p99"} {
		t = board.Column(t, name, board.Filled(board.Connect)...)
	}
	for _, name := range []string{"turn", "tcp", "tls", "ipv6"} {
		t = board.Column(t, name, append(board.Gauge(board.Info), board.Most(1))...)
	}
	t = board.Column(t, "ice_failed", board.Coloured(board.Failures)...)
	return board.Column(t, "ice_restarted", board.Coloured(board.Over)...)
}
