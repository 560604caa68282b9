package boards

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/earshot-rtc/earshot/dashboards/datasource/model"
	"github.com/earshot-rtc/earshot/dashboards/grafana/board"
)

// The variables of the page of one call.
const (
	theCall     = "$call"
	thePublish  = "$publisher"
	theListener = "$participant"
)

// Call is everything about one call: who was there, over which links, how long it took, and what happened.
func Call() *board.Board {
	return &board.Board{
		UID: board.Call, Title: "Earshot / Call", Refresh: "10s", From: "now-1h",
		Description: "One call: the graph of clients and SFUs, every path hop by hop, every participant, and what happened.",
		Variables: append([]variable{board.Datasource()},
			board.Chosen("call", "Call", "The call, the last one first.", model.Query{Variable: "calls"}, dashboard.VariableSortDisabled),
			board.Chosen("publisher", "From", "Who speaks, on the path that is looked at.",
				model.Query{Variable: "publishers", Call: theCall}, dashboard.VariableSortAlphabeticalAsc),
			// The other way round, so that at first these are two.
			board.Chosen("participant", "To", "Who hears, on that path.",
				model.Query{Variable: "participants", Call: theCall}, dashboard.VariableSortAlphabeticalDesc),
			board.OneOf("kind", "Kind", "Audio or video, on that path.", "audio", "video"),
		),
		Annotations: []dashboard.AnnotationQuery{board.Happenings(theCall)},
		Rows: []board.Row{
			{Panels: callFigures()},
			{Title: "Who is where", Panels: []board.Placed{
				board.At(12, 14, board.Graph("Topology",
					"Clients and SFUs, and the links between them. The ring of a node is how the windows were that it received: green good, yellow fair, red bad. "+
						"On a link: RTT and loss.",
					model.Query{Type: model.Topology, Call: theCall})),
				board.At(12, 14, everyPath()),
			}},
			{Title: "From $publisher to $participant, $kind", Panels: []board.Placed{
				board.At(12, 10, waterfall()),
				board.At(12, 10, pathBudget()),
				board.At(12, 8, pathLatency()),
				board.At(12, 8, hopLines()),
			}},
			{Title: "Participants", Panels: []board.Placed{
				board.At(24, 9, participants()),
			}},
			{Title: "How it was", Panels: []board.Placed{
				board.At(8, 8, callQuality("Audio MOS", "What the listeners heard, by the E-model of ITU-T G.107: 4 and more is good, below 3.1 hardly anybody is content.",
					board.Score, "audio", "audio_score", board.MOS)),
				board.At(8, 8, callQuality("Video score", "What the viewers saw, an index of 0 to 100 of freezes, frame rate, size and loss.",
					board.Score, "video", "video_score", board.Video)),
				board.At(8, 8, callQuality("Loss", "Share of packets that should have come and did not.", board.Ratio, "", "loss", board.Loss)),
			}},
			{Title: "Bandwidth", Panels: []board.Placed{
				board.At(12, 9, rates("Downlink", "receive", "What each participant receives over all its transports. Lines: 3 and 4 Mbit/s, what a video call of a few people wants.")),
				board.At(12, 9, rates("Uplink", "send", "What each participant sends.")),
			}},
			{Title: "What happened", Panels: []board.Placed{
				board.At(24, 9, events()),
			}},
		},
	}
}

// callFigures are single figures of the call as a whole.
func callFigures() []board.Placed {
	of := func(title, description, field, unit string, scale board.Scale) *stat.PanelBuilder {
		return board.Stat(title, description, unit, scale, model.Query{Type: model.Call, Call: theCall}).
			ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}).Fields(field)).
			TextMode(common.BigValueTextModeValue)
	}
	one := func(width uint32, title, description, field, unit string, scale board.Scale, decimals float64) board.Placed {
		return board.At(width, 4, of(title, description, field, unit, scale).Decimals(decimals))
	}
	two := func(width uint32, title, description, fields, unit string, scale board.Scale) board.Placed {
		return board.At(width, 4, of(title, description, fields, unit, scale).Decimals(0).TextMode(common.BigValueTextModeValueAndName))
	}
	return []board.Placed{
		board.At(6, 4, of("Call", "The id of the call. Where the data source knows the call explorer, a click opens the call there.", "call", board.Score, board.Plain)),
		board.At(6, 4, of("Began", "When its first sample was taken.", "began", board.Time, board.Plain)),
		one(4, "Lasted", "From the first sample to the last.", "duration", board.Duration, board.Info, 0),
		two(4, "Took part", "How many clients and how many SFUs reported.", "/^(clients|SFUs)$/", board.Count, board.Info),
		one(4, "Bad windows", "Share of all windows that were bad to hear or to see.", "bad", board.Ratio, board.Over, 1),
		two(5, "End-to-end RTT", "Of all windows of all paths: half were below the median, one in twenty was above p95.", "/^RTT p(50|95)$/",
			board.Milliseconds, board.Latency),
		two(5, "Mouth-to-ear", "One way, from mouth to ear: half of all windows were below the median, one in twenty was above p95.",
			"/^mouth to ear p(50|95)$/", board.Milliseconds, board.Latency),
		one(4, "Audio MOS", "Mean of all that was heard, 1 to 4.5.", "audio MOS", board.Score, board.MOS, 2),
		one(3, "Video", "Mean video score of all that was seen, 0 to 100.", "video score", board.Score, board.Video, 0),
		one(3, "Loss", "Share of packets that should have come and did not.", "loss", board.Ratio, board.Loss, 2),
		one(4, "Coverage", "Share of all windows for which the whole round-trip time is known.", "coverage", board.Ratio, board.Coverage, 1),
	}
}

func everyPath() *tablePanel {
	thisPath := board.Link{Title: "This path over time", URL: board.To(board.Call, board.Vars{
		"publisher": board.Field("publisher"), "participant": board.Field("subscriber"), "kind": board.Field("kind"),
	}, "call")}
	t := board.Table("Every path, now",
		"The latest window of every path: who hears whom, over which SFUs, and how long that takes, hop by hop. Status: complete has every hop measured, imputed "+
			"has an older value of one, partial lacks one. Click on a path to see it over time.",
		model.Query{Type: model.Paths, Call: theCall, Live: true})
	for _, name := range []string{"publisher", "subscriber"} {
		t = board.Column(t, name, board.Wide(90), board.Offers(thisPath))
	}
	t = hidden(t, "time", "track", "region_path", "rtt_lower", "age", "jitter", "freeze", "concealed", "frame_rate")
	t = board.Column(t, "kind", board.Wide(65))
	t = board.Column(t, "status", board.Wide(90), board.Words(
		board.Word{Value: "complete", Text: "complete", Color: board.Good}, board.Word{Value: "imputed", Text: "imputed", Color: board.Fair},
		board.Word{Value: "partial", Text: "partial", Color: board.Poor}), board.TextColour())
	t = board.Column(t, "rtt_err", board.Wide(65))
	return columns(t, "rtt", "mouth_to_ear", "loss")
}

func onePath(q model.Query) model.Query {
	q.Call, q.Publisher, q.Participant, q.Kind = theCall, thePublish, theListener, board.KindVariable
	return q
}

func waterfall() *timeseries.PanelBuilder {
	return board.Stacked(board.Lines("Hop by hop",
		"The round-trip time of each hop of the path, piled up in the order of the way: the top edge is the end-to-end RTT. The hop that grows is the one.",
		board.Milliseconds, onePath(model.Query{Type: model.Waterfall, Stats: []string{"hops"}})))
}

func pathBudget() *timeseries.PanelBuilder {
	return partColours(board.Stacked(board.Lines("From mouth to ear",
		"One way, part by part, piled up: sending, network (half of each hop), residence in SFUs, jitter buffer, decoding, playout.",
		board.Milliseconds, onePath(model.Query{Type: model.Waterfall, Stats: []string{"budget"}}))))
}

func pathLatency() *timeseries.PanelBuilder {
	return board.Limits(board.Lines("End-to-end RTT and mouth-to-ear of the path",
		"Both over time; a vertical line is an event of the call.",
		board.Milliseconds, onePath(model.Query{Type: model.Waterfall, Stats: []string{"rtt", "mouth_to_ear"}})), board.Latency)
}

func hopLines() *timeseries.PanelBuilder {
	return board.Lines("All links of the call", "RTT of every link of the call over time, between clients and SFUs and between SFUs.",
		board.Milliseconds, model.Query{Type: model.Hops, Call: theCall}).
		Legend(board.LegendRight("lastNotNull", "max"))
}

func participants() *tablePanel {
	t := board.Table("Participants",
		"Who took part, how connected, how it was for each, and what was to blame where it was bad: the own uplink or downlink, a link between SFUs, or the other side. "+
			"Click on one to hear with its ears.",
		model.Query{Type: model.Participants, Call: theCall})
	t = board.Column(t, "client_id", board.Offers(board.Link{Title: "What this one hears", URL: board.To(board.Call, board.Vars{
		"participant": board.Field("client_id"),
	}, "call", "publisher", "kind")}))
	t = hidden(t, "first_seen", "last_seen", "os", "rtt_max", "mouth_to_ear_max", "coverage", "windows", "blame", "rating", "ice_failed")
	t = board.Column(t, "receive_bps", append(board.Coloured(board.Downlink), board.Wide(105))...)
	t = board.Column(t, "connect", append(board.Coloured(board.Connect), board.Wide(120))...)
	return columns(t, "turn", "rtt_p50", "rtt_p95", "mouth_to_ear_p50", "mouth_to_ear_p95", "bad", "audio_score", "video_score", "audio_loss", "video_loss")
}

func callQuality(title, description, unit, kind, word string, scale board.Scale) *timeseries.PanelBuilder {
	return board.Limits(board.Lines(title, description+" The median over all that was received.",
		unit, model.Query{Type: model.Quality, Call: theCall, Kind: kind, Stats: []string{word}}), scale)
}

func rates(title, word, description string) *timeseries.PanelBuilder {
	return board.Limits(board.Lines(title, description, board.BitRate, model.Query{Type: model.Rates, Call: theCall, Stats: []string{word}}), board.Downlink).
		Legend(board.LegendRight("mean", "max"))
}

func events() *tablePanel {
	return board.Table("Events", "Joins, leaves, ICE states and restarts, selected pairs, tracks, devices, feedback: what clients and SFUs reported, the latest first.",
		model.Query{Type: model.Events, Call: theCall, Limit: 500})
}
