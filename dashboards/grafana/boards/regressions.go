package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// Regressions answers what got slower, since when, by how much, and why.
func Regressions() *board.Board {
	return &board.Board{
		UID: board.Regressions, Title: "Earshot / Regressions", Refresh: "30s", From: "now-24h",
		Description: "What got slower, since when, by how much, and which link, version or network is the cause.",
		Variables: choices(
			board.Listed("sfu", "SFU", "An SFU at either end of the link that got slower.", "sfus"),
		),
		Annotations: shifts(),
		Rows: []board.Row{
			{Panels: []board.Placed{
				board.At(4, 5, openRegressions()),
				board.At(20, 5, alertList()),
			}},
			{Title: "Regressions", Panels: []board.Placed{
				board.At(24, 10, regressionTable()),
				board.At(24, 6, timeline()),
			}},
			{Title: "What they look like", Panels: []board.Placed{
				board.At(12, 10, spread(rtt)),
				board.At(12, 10, spread(mouth)),
				board.At(12, 10, linkRTT()),
				board.At(12, 10, latencyByPair()),
			}},
		},
	}
}

// alertList is what Grafana's own alert rules say.
func alertList() *dashboard.PanelBuilder {
	return dashboard.NewPanelBuilder().
		Type("alertlist").
		Title("Alerts").
		Description("Alerts that Grafana has of the provisioned rules: those that fire, wait, or lack data. Empty is good.").
		Options(map[string]any{
			"viewMode": "list", "groupMode": "default", "groupBy": []string{}, "maxItems": 20, "sortOrder": 3, "dashboardAlerts": false,
			"alertName": "", "alertInstanceLabelFilter": "", "datasource": "-- Grafana --", "folder": nil, "showInactiveAlerts": false,
			"stateFilter": map[string]bool{"firing": true, "pending": true, "noData": true, "normal": false, "error": true, "recovering": true},
		})
}

// toShift is the way that got slower.
var toShift = board.Link{Title: "Where the time goes there", URL: board.To(board.Paths, board.Vars{
	"from_region": board.Field("from_region"), "to_region": board.Field("to_region"), "sfu": board.Field("sfu"), "version": board.Field("version"),
})}

// cause and severity are words that the detector says, as people read them.
var (
	causes = board.Words(
		board.Word{Value: "sfu_link", Text: "link between SFUs", Color: board.Quiet},
		board.Word{Value: "access_network", Text: "network operator", Color: board.Quiet},
		board.Word{Value: "access_sfu", Text: "SFU and its clients", Color: board.Quiet},
		board.Word{Value: "version", Text: "version of the application", Color: board.Quiet},
		board.Word{Value: "other_paths", Text: "calls take other paths", Color: board.Quiet},
		board.Word{Value: "region_pair", Text: "pair of regions", Color: board.Quiet},
	)
	severities = board.Words(
		board.Word{Value: "warning", Text: "warning", Color: board.Poor}, board.Word{Value: "critical", Text: "critical", Color: board.Bad})
	states = board.Words(
		board.Word{Value: "open", Text: "open", Color: board.Bad}, board.Word{Value: "resolved", Text: "resolved", Color: board.Good})
)

// shifted are the regressions that the choices leave.
func shifted() model.Query {
	return model.Query{
		Type: model.Regressions, PublisherRegion: "$from_region", SubscriberRegion: "$to_region", SFU: "$sfu", Version: "$version", Limit: 200,
	}
}

func regressionTable() *tablePanel {
	t := board.Table("Regressions of the time range",
		"What got slower, and whether it is over: the cause, what it is about, by how much round-trip times rose, for how many calls, and since when. The q value says how "+
			"sure that is: how likely chance alone shows as much. Click on what it is about for where the time goes there.",
		shifted()).
		NoValue("No regressions in this time range")
	t = hidden(t, "detected", "link", "version", "asn", "sfu", "from_region", "to_region", "id", "visible_from")
	t = board.Column(t, "state", states, board.TextColour(), board.Wide(90))
	t = board.Column(t, "severity", severities, board.TextColour(), board.Wide(90))
	t = board.Column(t, "cause", causes, board.Wide(180))
	t = board.Column(t, "where", board.Offers(toShift), board.Wide(160))
	for _, name := range []string{"shift", "before", "after", "q_value"} {
		t = board.Column(t, name, board.Wide(85))
	}
	t = board.Column(t, "shift_ratio", board.Wide(125))
	for _, name := range []string{"started", "resolved"} {
		t = board.Column(t, name, board.Wide(165))
	}
	return board.Column(t, "calls", board.Wide(70))
}

// timeline is what was open when.
func timeline() *statetimeline.PanelBuilder {
	return board.States("When", "Each regression from when latency moved until it was back: orange is a warning, red is critical. What still goes on reaches to the right edge.",
		shifted(),
		board.Keep("visible_from", "resolved", "where", "severity"), board.Apart("where")).
		OverrideByName("severity", []board.Property{severities, board.Titled("${__field.labels.where}")}).
		NoValue("No regressions in this time range")
}
