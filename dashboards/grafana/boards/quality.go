package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// Quality answers how it sounded and looked, and for whom it was worse.
func Quality() *board.Board {
	return &board.Board{
		UID: board.Quality, Title: "Earshot / Quality", Refresh: "30s", From: "now-3h",
		Description: "How did it sound and look? Scores, loss, freezes, concealment, jitter; by version, browser and network.",
		Variables: []variable{
			board.Datasource(), fromRegion(), toRegion(), version(),
			board.Listed("browser", "Browser", "Name and major version, of who hears.", "browsers"),
			board.Listed("network", "Network", "Kind of network, of who hears: wifi, cellular, ethernet ...", "networks"),
			board.AdHoc(),
		},
		Annotations: shifts(),
		Rows: []board.Row{
			{Panels: []board.Placed{
				board.At(4, 4, qualityFigure("Audio MOS", "Mean of all that was heard, by the E-model of ITU-T G.107: 4 and more is good, below 3.1 hardly anybody is content.",
					"audio", "audio_score", board.Score, board.MOS, 2)),
				board.At(4, 4, qualityFigure("Video score", "Mean of all that was seen, an index of 0 to 100 of freezes, frame rate, size and loss.",
					"video", "video_score", board.Score, board.Video, 0)),
				board.At(4, 4, qualityFigure("Audio loss", "Share of audio packets that did not come.", "audio", "loss", board.Ratio, board.Loss, 2)),
				board.At(4, 4, qualityFigure("Concealed audio", "Share of what was played that the receiver made up, since the packets were missing or late.",
					"audio", "concealed", board.Ratio, board.Loss, 2)),
				board.At(4, 4, qualityFigure("Frozen video", "Share of the time in which the picture stood still.", "video", "freeze", board.Ratio, board.Loss, 2)),
				board.At(4, 4, qualityFigure("Bad windows", "Share of the windows of received tracks that were bad to hear or to see.", "", "bad", board.Ratio, board.Over, 1)),
			}},
			{Title: "Scores", Panels: []board.Placed{
				board.At(12, 9, board.Limits(qualityLines("Audio MOS over time", "Mean of all that was heard, 1 to 4.5. Lines: 4.03 good, 3.6 fair, 3.1 poor.",
					board.Score, "audio_score", "audio"), board.MOS).AxisSoftMin(1).AxisSoftMax(4.5)),
				board.At(12, 9, board.Limits(qualityLines("Video score over time", "Mean of all that was seen, 0 to 100.",
					board.Score, "video_score", "video"), board.Video).AxisSoftMax(100)),
			}},
			{Title: "What spoils it", Panels: []board.Placed{
				board.At(8, 8, qualityLines("Loss", "Share of packets that did not come, of audio and of video.", board.Ratio, "loss", "audio", "video")),
				board.At(8, 8, qualityLines("Concealed audio", "Share of what was played that the receiver made up. Some percent are heard as robotic or clipped speech.",
					board.Ratio, "concealed", "audio")),
				board.At(8, 8, qualityLines("Frozen video", "Share of the time in which the picture stood still.", board.Ratio, "freeze", "video")),
				board.At(8, 8, qualityLines("Jitter", "Interarrival jitter, RFC 3550 section 6.4.1, of audio and of video.", board.Milliseconds, "jitter", "audio", "video")),
				board.At(8, 8, qualityLines("Jitter buffer", "Mean delay in the jitter buffer: what the receiver adds to be safe from jitter.", board.Milliseconds, "jitter_buffer", "audio", "video")),
				board.At(8, 8, qualityLines("Bit rate of a track", "Mean over the received tracks, of audio and of video.", board.BitRate, "bitrate", "audio", "video")),
			}},
			{Title: "For whom", Panels: []board.Placed{
				board.At(12, 9, qualityTable("By version", "version", "version", "version")),
				board.At(12, 9, qualityLinesBy("Audio MOS by version", "version")),
				board.At(12, 9, qualityTable("By browser", "browser", "browser", "browser")),
				board.At(12, 9, qualityTable("By network", "network", "network", "network")),
				board.At(12, 9, qualityTable("By country", "country", "country", "")),
				board.At(12, 9, qualityTable("By network operator", "asn", "asn", "")),
			}},
		},
	}
}

func heard(q model.Query) model.Query {
	q.Type = model.Quality
	q.PublisherRegion, q.SubscriberRegion, q.Version, q.Browser, q.Network = "$from_region", "$to_region", "$version", "$browser", "$network"
	return q
}

func qualityFigure(title, description, kind, word, unit string, scale board.Scale, decimals float64) *stat.PanelBuilder {
	return board.Stat(title, description+" Over the whole time range.", unit, scale, heard(model.Query{Format: model.Table, Kind: kind, Stats: []string{word}})).
		Decimals(decimals)
}

// qualityLines is one figure over time, a line for each kind.
func qualityLines(title, description, unit, word string, kinds ...string) *timeseries.PanelBuilder {
	queries := make([]model.Query, len(kinds))
	for i, kind := range kinds {
		queries[i] = heard(model.Query{Kind: kind, Stats: []string{word}})
	}
	p := board.Lines(title, description, unit, queries...)
	for i, kind := range kinds {
		p = p.OverrideByQuery(board.Letter(i), []board.Property{board.Titled(kind)})
	}
	return p
}

func qualityLinesBy(title, by string) *timeseries.PanelBuilder {
	return board.Lead(board.Lines(title, "Mean of all that was heard, 1 to 4.5, of who hears. A new version that falls below the others is one to roll back.",
		board.Score, heard(model.Query{Kind: "audio", By: by, Stats: []string{"audio_score"}, Limit: 12})),
		board.Link{Title: "Only this", URL: board.To(board.Quality, board.Vars{by: board.Label(by)}, "from_region", "to_region")}).
		AxisSoftMin(3).AxisSoftMax(4.5).
		Legend(board.LegendRight("mean", "min"))
}

func qualityTable(title, by, field, variable string) *tablePanel {
	stats := []string{"audio_score", "video_score", "loss", "concealed", "freeze", "bad", "windows"}
	t := board.Table(title, "Over the whole time range, of who hears, the groups with most windows first. Few windows say little.",
		heard(model.Query{Format: model.Table, By: by, Limit: 100, Stats: stats}))
	if variable != "" {
		t = board.Column(t, field, board.Offers(board.Link{
			Title: "Only this", URL: board.To(board.Quality, board.Vars{variable: board.Field(field)}, "from_region", "to_region"),
		}))
	}
	return columns(t, stats...)
}
