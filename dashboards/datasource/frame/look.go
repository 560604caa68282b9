// Package frame makes Grafana's data frames: typed rows and points come in, frames go out whose fields say how they want to be shown,
// so that a panel looks right as it is.
package frame

import (
	"strconv"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// look is how the values of a field are shown.
type look struct {
	name     string // to people
	unit     string // Grafana's
	decimals int    // -1: as many as fit
	help     string
}

const (
	ms    = "ms"
	share = "percentunit"
	bits  = "bps"
	count = "short"
	auto  = -1
)

// looks are those of all fields, by name; the same name means the same everywhere.
var looks = map[string]look{
	"p50": {"p50", ms, 1, "Half of the windows had less"}, "p95": {"p95", ms, 1, "19 of 20 windows had less"},
	"p99": {"p99", ms, 1, "99 of 100 windows had less"}, "max": {"max", ms, 1, "The highest of any window"},
	"over_150": {"over 150 ms", share, 1, "Share of windows"}, "over_300": {"over 300 ms", share, 1, "Share of windows"},
	"over_400": {"over 400 ms", share, 1, "Share of windows"},
	"windows":  {"windows", count, auto, "Received tracks times windows"},

	"send": {"send", ms, 1, "In the sender: encoding and pacing"}, "network": {"network", ms, 1, "Half of each hop's round-trip time"},
	"residence":     {"in SFUs", ms, 1, "From receive to send"},
	"jitter_buffer": {"jitter buffer", ms, 1, "Mean delay in the receiver's jitter buffer"},
	"decode":        {"decode", ms, 1, ""}, "playout": {"playout", ms, 1, "In the receiver, audio only"},

	"audio_score": {"audio MOS", "none", 2, "Mean of the E-model's, 1 to 4.5"}, "video_score": {"video score", "none", 1, "An index, 0 to 100"},
	"score": {"score", "none", 2, "Audio: MOS, 1 to 4.5; video: an index, 0 to 100"}, "score_worst": {"worst score", "none", 2, ""},
	"loss": {"loss", share, 2, "Packets that did not come"}, "freeze": {"freezes", share, 2, "Share of the time in which the picture stood still"},
	"concealed": {"concealed", share, 2, "Share of the audio that was made up"}, "jitter": {"jitter", ms, 1, "RFC 3550 section 6.4.1"},
	"bitrate": {"bit rate", bits, auto, "Of a received track"}, "bad": {"bad", share, 1, "Windows with somebody to blame"},
	"frame_rate": {"frame rate", "suffix: fps", 1, ""},

	"lossy": {"lossy", share, 1, "Windows with more than 2 % loss"}, "relay": {"over TURN", share, 1, "Windows"},
	"calls": {"calls", count, auto, ""}, "active_calls": {"active calls", count, auto, ""}, "participants": {"participants", count, auto, ""},
	"links": {"links", count, auto, ""},

	"connect_p50": {"connect p50", ms, 0, "Until ICE and DTLS were connected"}, "connect_p95": {"connect p95", ms, 0, "Until ICE and DTLS were connected"},
	"connect_p99": {"connect p99", ms, 0, "Until ICE and DTLS were connected"}, "connect_max": {"connect max", ms, 0, "Until ICE and DTLS were connected"},
	"turn": {"TURN", share, 1, "Participants that were connected over a TURN server"}, "tcp": {"TCP", share, 1, "Participants"},
	"tls": {"TLS", share, 1, "Participants"}, "ipv6": {"IPv6", share, 1, "Participants"},
	"ice_failed": {"ICE failed", share, 1, "Participants"}, "ice_restarted": {"ICE restarted", share, 1, "Participants"},

	"coverage": {"coverage", share, 1, "Windows with a round-trip time"}, "complete": {"complete", share, 1, "Windows with every hop measured"},
	"imputed": {"imputed", share, 1, "Windows with an older value of a hop"}, "partial": {"partial", share, 1, "Windows with a hop that is not known"},
	"unresolved": {"unresolved", share, 1, "Windows without a known sender"},

	"receive": {"received", bits, auto, ""}, "receive_bps": {"received", bits, auto, "Mean"}, "receive_max": {"received, max", bits, auto, ""},
	"available_receive": {"available down", bits, auto, "As bandwidth estimation says"}, "available_send": {"available up", bits, auto, "As bandwidth estimation says"},
	"send_bps": {"sent", bits, auto, "Mean"}, "send_max": {"sent, max", bits, auto, ""},
	"limited": {"limited by bandwidth", share, 1, "Samples in which what is sent was held back"},
	"below_3": {"below 3 Mbit/s", share, 1, "Participants, by their mean downlink"}, "from_3_to_4": {"3 to 4 Mbit/s", share, 1, "Participants, by their mean downlink"},
	"from_4":     {"4 Mbit/s and more", share, 1, "Participants, by their mean downlink"},
	"receive_p5": {"downlink p5", bits, auto, ""}, "receive_p50": {"downlink p50", bits, auto, ""}, "receive_p95": {"downlink p95", bits, auto, ""},
	"send_p5": {"uplink p5", bits, auto, ""}, "send_p50": {"uplink p50", bits, auto, ""}, "send_p95": {"uplink p95", bits, auto, ""},
	"limited_by_bandwidth": {"limited by bandwidth", share, 1, "Samples in which the video sent was held back"},
	"limited_by_cpu":       {"limited by CPU", share, 1, "Samples in which the video sent was held back"},

	"samples_rate": {"samples", "cps", 1, "Stored samples per second"}, "sources": {"sources", count, auto, "Clients and SFUs that reported"},
	"delay_p50": {"delay p50", ms, 0, "From sampled to received"}, "delay_p95": {"delay p95", ms, 0, "From sampled to received"},
	"late_ratio": {"late", share, 2, "Samples too late for a window"}, "rows_rate": {"rows", "rowsps", 1, "Rows per second"},
	"unresolved_ratio": {"unresolved", share, 2, "Windows without a known sender"}, "partial_ratio": {"partial", share, 2, "Windows with a hop that is not known"},
	"dead_letters": {"could not be read", count, auto, "Records"}, "freshness": {"freshness", "s", 0, "Since the newest window"},

	"rtt": {"RTT", ms, 1, "End to end and back"}, "rtt_err": {"±", ms, 1, "Half the width of the error band"}, "rtt_lower": {"RTT at least", ms, 1, "Of a partial path: what is known of it"},
	"rtt_p50": {"RTT p50", ms, 1, ""}, "rtt_p95": {"RTT p95", ms, 1, ""}, "rtt_p99": {"RTT p99", ms, 1, ""}, "rtt_max": {"RTT max", ms, 1, ""},
	"mouth_to_ear":     {"mouth to ear", ms, 1, "One way"},
	"mouth_to_ear_p50": {"mouth to ear p50", ms, 1, "One way"}, "mouth_to_ear_p95": {"mouth to ear p95", ms, 1, "One way"},
	"mouth_to_ear_max": {"mouth to ear max", ms, 1, "One way"},
	"hop":              {"hop", ms, 1, "Round-trip time of one link of the path"},
	"age":              {"age", ms, 0, "Of the oldest measurement"},
	"duration":         {"duration", ms, auto, ""}, "connect": {"time to connect", ms, 0, "Until ICE and DTLS were connected"},
	"clients": {"clients", count, auto, ""}, "sfus": {"SFUs", count, auto, ""}, "samples": {"samples", count, auto, ""},
	"paths": {"paths", count, auto, "Sender, receiver and kind"}, "audio_loss": {"audio loss", share, 2, ""}, "video_loss": {"video loss", share, 2, ""},
	"loss_from_to": {"loss there", share, 2, "Packets"}, "loss_to_from": {"loss back", share, 2, "Packets"}, "rating": {"rating", "none", 1, "Of the user"},

	"before": {"before", ms, 1, ""}, "after": {"after", ms, 1, ""}, "shift": {"shift", ms, 1, "How much longer it takes"},
	"shift_ratio": {"shift, relative", share, 0, ""}, "q_value": {"q value", "none", 4, "How likely chance alone shows as much"},

	"call_id": {"call", "", auto, ""}, "client_id": {"participant", "", auto, ""}, "publisher": {"from", "", auto, "Who sends"}, "subscriber": {"to", "", auto, "Who receives"},
	"first_seen": {"began", "", auto, ""}, "last_seen": {"last seen", "", auto, ""}, "live": {"live", "", auto, ""},
	"publisher_region": {"from region", "", auto, ""}, "subscriber_region": {"to region", "", auto, ""}, "sfu_path": {"path", "", auto, "The SFUs"},
	"region_path": {"regions", "", auto, "Of the SFUs"}, "sfu_regions": {"SFU regions", "", auto, ""}, "blame": {"to blame", "", auto, "What spoilt most"},
	"app_version": {"version", "", auto, ""}, "asn": {"operator", "", auto, "Number of the network"}, "from_sfu": {"from SFU", "", auto, ""}, "to_sfu": {"to SFU", "", auto, ""},
	"from_region": {"from region", "", auto, ""}, "to_region": {"to region", "", auto, ""},
}

// config is how the field of a name is shown; shown, where it is not "", is its name to people.
func config(name, shown string) *data.FieldConfig {
	l, known := looks[name]
	if !known {
		l = look{name: name, decimals: auto}
	}
	c := &data.FieldConfig{DisplayNameFromDS: l.name, Unit: l.unit, Description: l.help}
	if shown != "" {
		c.DisplayNameFromDS = shown
	}
	if l.decimals >= 0 {
		c.SetDecimals(uint16(l.decimals)) // #nosec G115 -- small, from the table above
	}
	if l.unit == share {
		c.SetMin(0)
	}
	return c
}

// Title is how a field's name is said to people.
func Title(name string) string {
	if l, known := looks[name]; known {
		return l.name
	}
	return name
}

// Number widens a figure to what frames hold, without digits that it did not have.
func Number(v *float32) *float64 {
	if v == nil {
		return nil
	}
	wide, err := strconv.ParseFloat(strconv.FormatFloat(float64(*v), 'g', -1, 32), 64)
	if err != nil || wide != wide || wide-wide != 0 {
		return nil // NaN and infinities are not known
	}
	return &wide
}

// Ratio is n of all, nil of none.
func Ratio(n, of uint64) *float64 {
	if of == 0 {
		return nil
	}
	v := float64(n) / float64(of)
	return &v
}

// Count is a count as a figure.
func Count(n uint64) *float64 { v := float64(n); return &v }
