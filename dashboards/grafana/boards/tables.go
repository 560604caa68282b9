package boards

import (
	"strings"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// Links from a row to where it is looked at more closely.
var (
	toPair = board.Link{Title: "Where the time goes between these regions", URL: board.To(board.Paths, board.Vars{
		"from_region": board.Field("publisher_region"), "to_region": board.Field("subscriber_region"),
	}, "kind", "version")}
	toCall = board.Link{Title: "This call", URL: board.To(board.Call, board.Vars{"call": board.Field("call_id")})}
	toLink = board.Link{Title: "This link over time", URL: board.To(board.Paths, board.Vars{"sfu": board.Field("to_sfu")}, "kind")}
)

// columns colours the figures of a table that are asked for by their names: the same everywhere.
func columns(t *tablePanel, names ...string) *tablePanel {
	for _, name := range names {
		switch name {
		case "p50", "p95", "p99", "max", "rtt", "rtt_p50", "rtt_p95":
			t = board.Column(t, name, latency(85)...)
		case "mouth_to_ear", "mouth_to_ear_p50", "mouth_to_ear_p95":
			t = board.Column(t, name, append(latency(85), board.Titled(strings.Replace(strings.ReplaceAll(name, "_", " "), "mouth to ear", "m2e", 1)))...)
		case "over_150", "over_300", "over_400":
			t = board.Column(t, name, append(board.Coloured(board.Over), board.Wide(110))...)
		case "loss", "lossy", "relay", "concealed", "freeze", "audio_loss", "video_loss":
			t = board.Column(t, name, append(board.Coloured(board.Loss), board.Wide(95))...)
		case "audio_score":
			t = board.Column(t, name, append(board.Coloured(board.MOS), board.Wide(95))...)
		case "video_score":
			t = board.Column(t, name, append(board.Coloured(board.Video), board.Decimals(0), board.Wide(100))...)
		case "bad":
			t = board.Column(t, name, append(board.Gauge(board.Over), board.Most(1), board.Wide(120))...)
		case "turn":
			t = board.Column(t, name, append(board.Truth("TURN", board.Quiet), board.Wide(70))...)
		case "windows", "calls", "clients", "sfus":
			t = board.Column(t, name, board.Wide(90))
		}
	}
	return t
}

// latency is a cell in the colour of its limits.
func latency(width int) []board.Property {
	return append(board.Filled(board.Latency), board.Decimals(0), board.Wide(width))
}

// hidden keeps columns out of sight.
func hidden(t *tablePanel, names ...string) *tablePanel {
	for _, name := range names {
		t = board.Column(t, name, board.Hidden())
	}
	return t
}

// worstPairs are the pairs of regions, the slowest first.
func worstPairs() *tablePanel {
	stats := []string{"p50", "p95", "p99", "over_300", "windows"}
	t := board.Table("Worst region pairs",
		"From which region to which it takes longest, by the 95th percentile of end-to-end RTT. Windows say how much there is of it: a slow pair with "+
			"few windows is a few people. Click for where the time goes.",
		whose(model.Query{Type: model.Matrix, Metric: model.RTT, Format: model.Long, Stats: stats, Limit: 200}))
	t = board.Column(t, "publisher_region", board.Offers(toPair))
	t = board.Column(t, "subscriber_region", board.Offers(toPair))
	return columns(t, stats...).SortBy(board.First("p95"))
}

// worstLinks are the links between SFUs, the slowest first.
func worstLinks() *tablePanel {
	return linkTable("Worst links between SFUs",
		"The links between SFUs over all calls, by the 95th percentile of RTT. A link that is far is slow for good reason; loss never has one. "+
			"Click for the link over time.",
		model.Query{Stats: []string{"p50", "p95", "loss", "lossy", "calls"}})
}

// linkTable has a row per link, the slowest first.
func linkTable(title, description string, q model.Query) *tablePanel {
	q.Type, q.Format, q.Limit = model.Links, model.Table, 500
	t := board.Column(board.Table(title, description, q), "link", board.Offers(toLink))
	t = hidden(t, "to_sfu")
	if q.By != "access" {
		t = hidden(t, "from_sfu")
	}
	return columns(t, q.Stats...).SortBy(board.First("p95"))
}

// worstCalls are the calls to look at first.
func worstCalls() *tablePanel {
	return callTable("Calls to look at first", "The calls of the time range with the largest share of bad windows; those of a few seconds are left out. "+
		"Click on one for all that is known of it.", "bad", 25)
}

// callTable is a list of calls, each a click away.
func callTable(title, description, sort string, limit int) *tablePanel {
	t := board.Table(title, description, model.Query{
		Type: model.Calls, Sort: sort, Limit: limit, PublisherRegion: "$from_region", Version: "$version",
	})
	t = board.Column(t, "call_id", board.Offers(toCall))
	t = hidden(t, "last_seen", "paths", "countries", "rtt_max", "mouth_to_ear_max", "coverage", "windows", "tcp", "ipv6")
	t = board.Column(t, "live", append(board.Truth("live", board.Good), board.Wide(60))...)
	t = board.Column(t, "first_seen", board.Wide(165))
	t = board.Column(t, "duration", board.Unit(board.Duration), board.Wide(100))
	return columns(t, "clients", "sfus", "rtt_p50", "rtt_p95", "mouth_to_ear_p50", "mouth_to_ear_p95", "audio_score", "video_score", "loss", "bad", "turn")
}
