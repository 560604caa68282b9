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
	for _, c := range []struct{ name, title string }{{"p50", "p50"}, {"p95", "p95"}, {"p99", "p99"}, {"max", "Max"}} {
		t = board.Column(t, c.name, append(board.Filled(board.Latency), board.Titled(c.title), board.Unit(board.Milliseconds), board.Decimals(0), board.Wide(75))...)
	}
	for _, c := range []struct{ name, title string }{{"over_150", "> 150 ms"}, {"over_300", "> 300 ms"}, {"over_400", "> 400 ms"}} {
		t = board.Column(t, c.name, append(board.Coloured(board.Over), board.Titled(c.title), board.Unit(board.Ratio), board.Decimals(1), board.Wide(90))...)
	}
	return board.Column(t, "windows", board.Titled("Windows"), board.Unit(board.Count), board.Wide(90))
}

// worstPairs are the pairs of regions, the slowest first.
func worstPairs() *tablePanel {
	t := board.Table("Worst region pairs",
		"From which region to which it takes longest, by the 95th percentile of end-to-end RTT. Windows say how much there is of it: a slow pair with "+
			"few windows is a few people. Click for where the time goes.",
		whose(model.Query{Type: model.Matrix, Metric: model.RTT, Format: model.Long, Stats: []string{"p50", "p95", "p99", "over_300", "windows"}, Limit: 200}))
	t = board.Column(t, "publisher_region", board.Titled("From"), board.Offers(toPair))
	t = board.Column(t, "subscriber_region", board.Titled("To"), board.Offers(toPair))
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
	t = board.Column(t, "link", board.Titled("Link"), board.Offers(toLink))
	t = board.Column(t, "from_sfu", board.Hidden())
	t = board.Column(t, "to_sfu", board.Hidden())
	t = board.Column(t, "from_region", board.Titled("From"))
	t = board.Column(t, "to_region", board.Titled("To"))
	for _, c := range []struct{ name, title string }{{"loss", "Loss"}, {"lossy", "Lossy"}, {"relay", "TURN"}} {
		t = board.Column(t, c.name, append(board.Coloured(board.Loss), board.Titled(c.title), board.Unit(board.Ratio), board.Decimals(2), board.Wide(85))...)
	}
	t = board.Column(t, "calls", board.Titled("Calls"), board.Unit(board.Count), board.Wide(75))
	return spreadColumns(t)
}

// worstCalls are the calls to look at first.
func worstCalls() *tablePanel {
	return callTable("Calls to look at first", "The calls of the time range with the largest share of bad windows. Click on one for all that is known of it.",
		"bad", 25)
}

// callTable is a list of calls, each a click away.
func callTable(title, description, sort string, limit int) *tablePanel {
	t := board.Table(title, description, model.Query{
		Type: model.Calls, Sort: sort, Limit: limit, PublisherRegion: "$from_region", Version: "$version",
	})
	t = board.Column(t, "call_id", board.Titled("Call"), board.Offers(toCall))
	t = board.Column(t, "first_seen", board.Titled("Began"), board.Wide(170))
	t = board.Column(t, "last_seen", board.Titled("Last seen"), board.Wide(170))
	t = board.Column(t, "duration_ms", board.Titled("Lasted"), board.Unit(board.Duration), board.Wide(90))
	t = board.Column(t, "clients", board.Titled("Clients"), board.Wide(80))
	t = board.Column(t, "sfus", board.Titled("SFUs"), board.Wide(70))
	for _, c := range []struct{ name, title string }{
		{"rtt_p50_ms", "RTT p50"}, {"rtt_p95_ms", "RTT p95"}, {"mouth_to_ear_p50_ms", "M2E p50"}, {"mouth_to_ear_p95_ms", "M2E p95"},
	} {
		t = board.Column(t, c.name, append(board.Filled(board.Latency), board.Titled(c.title), board.Unit(board.Milliseconds), board.Decimals(0), board.Wide(85))...)
	}
	t = board.Column(t, "audio_score", append(board.Coloured(board.MOS), board.Titled("Audio MOS"), board.Decimals(2), board.Wide(95))...)
	t = board.Column(t, "video_score", append(board.Coloured(board.Video), board.Titled("Video"), board.Decimals(0), board.Wide(75))...)
	t = board.Column(t, "loss_ratio", append(board.Coloured(board.Loss), board.Titled("Loss"), board.Unit(board.Ratio), board.Decimals(2), board.Wide(80))...)
	return board.Column(t, "bad_ratio", append(board.Gauge(board.Over), board.Titled("Bad"), board.Unit(board.Ratio), board.Decimals(1), board.Most(1), board.Wide(110))...)
}
