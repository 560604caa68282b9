package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/stat"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// Bandwidth answers whether participants have what a video call wants: a downlink of 3 to 4 Mbit/s.
func Bandwidth() *board.Board {
	return &board.Board{
		UID: board.Bandwidth, Title: "Earshot / Bandwidth", Refresh: "1m", From: "now-24h",
		Description: "Do participants have the bandwidth that a video call wants? Down- and uplinks against 3 and 4 Mbit/s, and what holds video back.",
		Variables:   []variable{board.Datasource()},
		Rows: []board.Row{
			{Panels: []board.Placed{
				board.At(3, 4, bandFigure("Below 3 Mbit/s", "Share of participants with a mean downlink below 3 Mbit/s: too little for a video call of a few people.", "below_3", board.Ratio, board.Over)),
				board.At(3, 4, bandFigure("3 to 4 Mbit/s", "Share of participants with a mean downlink of 3 to 4 Mbit/s: enough, without room to spare.", "from_3_to_4", board.Ratio, board.Info)),
				board.At(3, 4, bandFigure("4 Mbit/s and more", "Share of participants with a mean downlink of 4 Mbit/s and more.", "from_4", board.Ratio, board.Info)),
				board.At(3, 4, bandFigure("Downlink, median", "Half of the participants received less, over all their transports.", "receive_p50", board.BitRate, board.Info)),
				board.At(3, 4, bandFigure("Downlink, p5", "One in twenty participants received less.", "receive_p5", board.BitRate, board.Info)),
				board.At(3, 4, bandFigure("Uplink, median", "Half of the participants sent less.", "send_p50", board.BitRate, board.Info)),
				board.At(3, 4, bandFigure("Held back by bandwidth", "Share of samples in which the video sent was made smaller for want of bandwidth.", "limited_by_bandwidth", board.Ratio, board.Over)),
				board.At(3, 4, bandFigure("Held back by CPU", "Share of samples in which the video sent was made smaller for want of processor time.", "limited_by_cpu", board.Ratio, board.Over)),
			}},
			{Title: "Over time, by when participants came", Panels: []board.Placed{
				board.At(12, 9, board.Stacked(board.Lines("Participants by downlink",
					"Shares of participants by their mean downlink, by when they came. What somebody receives also depends on how many send: a call of two needs less.",
					board.Ratio, model.Query{Type: model.Bitrate, Stats: []string{"below_3", "from_3_to_4", "from_4"}})).
					Min(0).Max(1).
					OverrideByRegexp("/below/", board.Tint(board.Bad)).
					OverrideByRegexp("/3 to 4/", board.Tint(board.Fair)).
					OverrideByRegexp("/and more/", board.Tint(board.Good))),
				board.At(12, 9, board.Limits(board.Lines("Downlink",
					"Mean downlink of participants by when they came: the median, and what 1 in 20 has less and more than. Lines: 3 and 4 Mbit/s.",
					board.BitRate, model.Query{Type: model.Bitrate, Stats: []string{"receive_p5", "receive_p50", "receive_p95"}}), board.Downlink)),
				board.At(12, 9, board.Lines("Uplink", "Mean uplink of participants by when they came: the median, and what 1 in 20 has less and more than.",
					board.BitRate, model.Query{Type: model.Bitrate, Stats: []string{"send_p5", "send_p50", "send_p95"}})),
				board.At(12, 9, board.Lines("What holds video back", "Share of samples in which the video sent was made smaller, and why (qualityLimitationReason of getStats).",
					board.Ratio, model.Query{Type: model.Bitrate, Stats: []string{"limited_by_bandwidth", "limited_by_cpu"}}).Min(0)),
			}},
			{Title: "Participants", Panels: []board.Placed{
				board.At(24, 13, lowest()),
			}},
		},
	}
}

func bandFigure(title, description, word, unit string, scale board.Scale) *stat.PanelBuilder {
	return board.Stat(title, description+" Over the whole time range.", unit, scale, model.Query{Type: model.Summary, Stats: []string{word}}).
		Decimals(1)
}

func lowest() *tablePanel {
	t := board.Table("Lowest downlinks",
		"The participants that received least, each by its mean over all its transports. Red is below 3 Mbit/s, yellow below 4. Click for the call, or for what this one hears.",
		model.Query{Type: model.Bitrate, Format: model.Table, Limit: 200})
	t = board.Column(t, "call_id", board.Offers(toCall))
	t = board.Column(t, "client_id", board.Offers(board.Link{Title: "What this one hears", URL: board.To(board.Call, board.Vars{
		"call": board.Field("call_id"), "participant": board.Field("client_id"),
	})}))
	t = board.Column(t, "receive_bps", append(board.Gauge(board.Downlink), board.Least(0), board.Most(8e6))...)
	return board.Column(t, "limited_by_bandwidth", board.Coloured(board.Over)...)
}
