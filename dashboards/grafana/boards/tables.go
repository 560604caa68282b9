package boards

import (
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

// spreadColumns are those of figures of latency.
func spreadColumns(t *tablePanel) *tablePanel {
	for _, name := range []string{"p50", "p95", "p99", "max"} {
		t = board.Column(t, name, append(board.Filled(board.Latency), board.Decimals(0), board.Wide(85))...)
	}
	for _, name := range []string{"over_150", "over_300", "over_400"} {
		t = board.Column(t, name, append(board.Coloured(board.Over), board.Wide(110))...)
	}
	return board.Column(t, "windows", board.Wide(95))
}

// worstPairs are the pairs of regions, the slowest first.
func worstPairs() *tablePanel {
	t := board.Table("Worst region pairs",
		"From which region to which it takes longest, by the 95th percentile of end-to-end RTT. Windows say how much there is of it: a slow pair with "+
			"few windows is a few people. Click for where the time goes.",
		whose(model.Query{Type: model.Matrix, Metric: model.RTT, Format: model.Long, Stats: []string{"p50", "p95", "p99", "over_300", "windows"}, Limit: 200}))
	t = board.Column(t, "publisher_region", board.Offers(toPair))
	t = board.Column(t, "subscriber_region", board.Offers(toPair))
	return spreadColumns(t).SortBy(board.First("p95"))
}

// worstLinks are the links between SFUs, the slowest first.
func worstLinks() *tablePanel {
	return linkColumns(board.Table("Worst links between SFUs",
		"The links between SFUs over all calls, by the 95th percentile of RTT. A link that is far is slow for good reason; loss never has one. "+
			"Click for the link over time.",
		model.Query{Type: model.Links, Format: model.Table, Stats: []string{"p50", "p95", "loss", "lossy", "calls"}, Limit: 200})).
		SortBy(board.First("p95"))
}

// linkColumns are those of links: their name, their regions, and figures.
func linkColumns(t *tablePanel) *tablePanel {
	t = board.Column(t, "link", board.Offers(toLink))
	t = board.Column(t, "from_sfu", board.Hidden())
	t = board.Column(t, "to_sfu", board.Hidden())
	for _, name := range []string{"loss", "lossy", "relay"} {
		t = board.Column(t, name, append(board.Coloured(board.Loss), board.Wide(95))...)
	}
	t = board.Column(t, "calls", board.Wide(75))
	return spreadColumns(t)
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
	for _, name := range []string{"last_seen", "paths", "countries", "rtt_max", "mouth_to_ear_max", "coverage", "windows", "tcp", "ipv6"} {
		t = board.Column(t, name, board.Hidden())
	}
	t = board.Column(t, "live", append(board.Truth("live", board.Good), board.Wide(60))...)
	t = board.Column(t, "turn", append(board.Truth("TURN", board.Quiet), board.Wide(70))...)
	t = board.Column(t, "first_seen", board.Wide(165))
	t = board.Column(t, "duration", board.Unit(board.Duration), board.Wide(100))
	t = board.Column(t, "clients", board.Wide(75))
	t = board.Column(t, "sfus", board.Wide(65))
	t = latencyColumns(t, "rtt_p50", "rtt_p95")
	t = latencyColumns(t, "mouth_to_ear_p50", "mouth_to_ear_p95")
	return heardColumns(t)
}

// latencyColumns colours figures of latency by their limits.
func latencyColumns(t *tablePanel, names ...string) *tablePanel {
	short := map[string]string{"mouth_to_ear_p50": "m2e p50", "mouth_to_ear_p95": "m2e p95", "mouth_to_ear": "m2e"}
	for _, name := range names {
		properties := append(board.Filled(board.Latency), board.Decimals(0), board.Wide(85))
		if title, ok := short[name]; ok {
			properties = append(properties, board.Titled(title))
		}
		t = board.Column(t, name, properties...)
	}
	return t
}

// heardColumns colours how it sounded and looked.
func heardColumns(t *tablePanel) *tablePanel {
	t = board.Column(t, "audio_score", append(board.Coloured(board.MOS), board.Wide(95))...)
	t = board.Column(t, "video_score", append(board.Coloured(board.Video), board.Decimals(0), board.Wide(100))...)
	for _, name := range []string{"loss", "concealed", "freeze", "audio_loss", "video_loss"} {
		t = board.Column(t, name, append(board.Coloured(board.Loss), board.Wide(95))...)
	}
	return board.Column(t, "bad", append(board.Gauge(board.Over), board.Most(1), board.Wide(120))...)
}
