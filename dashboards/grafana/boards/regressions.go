package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

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
				board.At(24, 11, regressionTable()),
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

func regressionTable() *tablePanel {
	return board.Table("Regressions of the time range",
		"What got slower, and whether it is over: the cause, the way that is affected, since when, by how much, and how sure that is. Click for the way.",
		model.Query{Type: model.Regressions, PublisherRegion: "$from_region", SubscriberRegion: "$to_region", SFU: "$sfu", Version: "$version", Limit: 200}).
		NoValue("No regressions in this time range")
}
