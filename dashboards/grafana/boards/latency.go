package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// A metric of latency, and how it is explained.
type metric struct{ name, title, short, is string }

var (
	rtt = metric{model.RTT, "End-to-end RTT", "RTT",
		"End-to-end round-trip time: the sum of all hops from who speaks to who hears and back, measured at the same moment."}
	mouth = metric{model.MouthToEar, "Mouth-to-ear", "Mouth-to-ear",
		"One way, from the mouth of who speaks to the ear of who hears: sending, network, SFUs, jitter buffer, decoding, playout."}
)

var (
	quantiles = []string{"p50", "p95", "p99"}
	over      = []string{"over_150", "over_300", "over_400"}
)

// spread is p50, p95 and p99 of a metric over time, with the limits of 150, 300 and 400 ms.
func spread(m metric) *timeseries.PanelBuilder {
	q := whose(model.Query{Type: model.Latency, Metric: m.name, Stats: quantiles})
	return board.Spread(board.Limits(board.Lines(m.title+" over time",
		m.is+"\n\nThe median, and what one in twenty and one in a hundred windows of received tracks is above. Dashed lines: 150 ms (nobody minds), "+
			"300 ms, 400 ms (talking becomes hard). Red marks are regressions that Earshot found.",
		board.Milliseconds, q), board.Latency))
}

// shares is how much of what was received is over the limits, over time.
func shares(m metric) *timeseries.PanelBuilder {
	q := whose(model.Query{Type: model.Latency, Metric: m.name, Stats: over})
	return board.Lines(m.short+" over 150, 300, 400 ms",
		"Share of the windows of received tracks with "+m.title+" over each limit. A pair of people who talk for a minute has 24 such windows "+
			"with audio both ways: so this is the share of pair-minutes that were slow.",
		board.Ratio, q).
		Min(0).
		OverrideByRegexp("/150/", board.Look(board.Fair, 1.5, 12)).
		OverrideByRegexp("/300/", board.Look(board.Poor, 1.5, 25)).
		OverrideByRegexp("/400/", board.Look(board.Bad, 1.5, 40))
}

// latencyByPair is one line per region where people hear.
func latencyByPair() *timeseries.PanelBuilder {
	q := whose(model.Query{Type: model.Latency, Metric: model.RTT, By: "subscriber_region", Stats: []string{"p95"}, Limit: 12})
	return board.Lead(board.Limits(board.Lines("End-to-end RTT by region of who hears, p95",
		"What one in twenty windows is above, for each region. All regions at once is not a link, but a version or a place that all go through. "+
			"Click on a line for where the time goes there.",
		board.Milliseconds, q), board.Latency),
		board.Link{Title: "Where the time goes there", URL: board.To(board.Paths, board.Vars{"to_region": board.Label("subscriber_region")}, "kind", "version")}).
		Legend(board.LegendRight("mean", "max"))
}

// coverageLines is for how much of what was received the round-trip time is known.
func coverageLines() *timeseries.PanelBuilder {
	return board.Limits(board.Lines("Coverage",
		"Share of the windows of received tracks for which the whole round-trip time is known. What falls is a probe that is missing, or an SFU that does not report.",
		board.Ratio, whose(model.Query{Type: model.Coverage, Stats: []string{"coverage"}})), board.Coverage).
		Min(0).Max(1)
}
