package querytest

import (
	"cmp"
	"math"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

type sample struct {
	at       time.Time
	kind, id string
	sequence uint64
	late     bool
}

type event struct {
	at       time.Time
	id, what string
}

type link struct {
	start                      time.Time
	fromKind, from, fromRegion string
	toKind, to, toRegion       string
	rtt                        float64
	source                     string
}

type track struct {
	start, epoch                time.Time
	publisher, subscriber, kind string
	ssrc                        uint32
	sfus, regions               []string
	status                      string
	measured                    int
	rtt, err, lower             float32
	from, to, source, hopStatus []string
	hopRTT, hopErr              []float32
	age                         []uint32
	network, buffer, mouth      float32
	loss, score                 float32
	blame                       string
}

var nan = float32(math.NaN())

// route fills in the hops of a track and what follows from them.
func (t *track) route(pub, sub client, w int) {
	t.sfus = route(pub.sfu, sub.sfu)
	for _, s := range t.sfus {
		t.regions = append(t.regions, regions[s])
	}
	t.status, t.blame = "complete", "none"
	if sub.id == "chi" && w%4 == 3 {
		t.blame = "downlink"
	}
	t.hop(pub.id, pub.sfu, pub.rtt+2*wander(pub.id+pub.sfu, w), "rtcp_rr")
	for i := range t.sfus[1:] {
		a, b := t.sfus[i], t.sfus[i+1]
		low, high := min(a, b), max(a, b)
		t.hop(a, b, rttBetween(a, b)+3*wander(low+high, w), "rtcp_rr")
		if pub.id == "bo" && t.kind == "video" && low == "iad" {
			last := len(t.hopRTT) - 1
			t.hopRTT[last], t.hopErr[last], t.source[last], t.hopStatus[last] = nan, nan, "none", "missing"
			t.status = "partial"
		}
	}
	t.hop(sub.sfu, sub.id, sub.rtt+2*wander(sub.id+sub.sfu, w), "stun")
	if pub.id == "eli" && w%7 == 6 {
		t.hopStatus[0], t.hopErr[0], t.age[0] = "imputed", 6, 14200
		t.status = "imputed"
	}
	var sum, square float64
	for i, v := range t.hopRTT {
		if math.IsNaN(float64(v)) {
			continue
		}
		t.measured++
		sum += float64(v)
		square += float64(t.hopErr[i]) * float64(t.hopErr[i])
	}
	t.rtt, t.err, t.lower = float32(sum), float32(math.Sqrt(square)), nan
	t.network, t.buffer = t.rtt/2, float32(42+10*wander(sub.id+"jb", w))
	t.mouth = 14 + t.network + 0.6*float32(len(t.sfus)) + t.buffer + 3 + 20
	t.loss = float32(0.004 * wander(pub.id+sub.id+"loss", w))
	t.score = 4.38 - 0.002*max(t.mouth-120, 0)
	if t.kind == "video" {
		t.score = 88 - 20*t.loss
	}
	if t.status == "partial" {
		t.lower, t.rtt, t.err, t.network, t.mouth, t.score = t.rtt, nan, nan, nan, nan, nan
	}
}

func (t *track) hop(from, to string, rtt float64, source string) {
	t.from, t.to = append(t.from, from), append(t.to, to)
	t.hopRTT, t.hopErr = append(t.hopRTT, float32(rtt)), append(t.hopErr, 0.6)
	t.age = append(t.age, uint32(400+300*len(t.from)))
	t.source, t.hopStatus = append(t.source, source), append(t.hopStatus, "measured")
}

func column[R, T any](name string, rows []R, of func(R) T) clickhouse.Column {
	values := make([]T, len(rows))
	for i, r := range rows {
		values[i] = of(r)
	}
	return clickhouse.Column{Name: name, Values: values}
}

func sampleColumns(rows []sample) []clickhouse.Column {
	return []clickhouse.Column{
		column("sampled_at", rows, func(r sample) time.Time { return r.at }),
		column("received_at", rows, func(r sample) time.Time { return r.at.Add(40 * time.Millisecond) }),
		column("source_kind", rows, func(r sample) string { return r.kind }),
		column("source_id", rows, func(r sample) string { return r.id }),
		column("session_id", rows, func(r sample) string { return r.id + "-session" }),
		column("sequence", rows, func(r sample) uint64 { return r.sequence }),
		column("late", rows, func(r sample) bool { return r.late }),
		column("user_id", rows, func(r sample) string { return people[r.id].user }),
		column("app_version", rows, func(r sample) string { return people[r.id].app }),
		column("browser", rows, func(r sample) string { return people[r.id].browser }),
		column("network_type", rows, func(r sample) string { return people[r.id].network }),
		column("country", rows, func(r sample) string { return people[r.id].country }),
		column("asn", rows, func(r sample) uint32 { return people[r.id].asn }),
		column("sfu_region", rows, func(r sample) string { return regions[r.id] }),
		column("local_candidate", rows, func(r sample) string { return cmp.Or(people[r.id].candidate, "unknown") }),
		column("protocol", rows, func(r sample) string { return cmp.Or(people[r.id].protocol, "unknown") }),
		column("relay", rows, func(r sample) bool { return people[r.id].relay }),
		column("ip_version", rows, func(r sample) uint8 { return people[r.id].ip }),
		column("connect_ms", rows, func(r sample) uint32 { return people[r.id].connectMs }),
		column("receive_bps", rows, func(r sample) uint64 { return people[r.id].receive }),
		column("send_bps", rows, func(r sample) uint64 { return people[r.id].send }),
	}
}

func eventColumns(rows []event) []clickhouse.Column {
	return []clickhouse.Column{
		column("at", rows, func(r event) time.Time { return r.at }),
		column("source_kind", rows, func(event) string { return "client" }),
		column("source_id", rows, func(r event) string { return r.id }),
		column("type", rows, func(r event) string { return r.what }),
	}
}

func linkColumns(rows []link) []clickhouse.Column {
	rtt := func(add float64) func(link) float32 { return func(r link) float32 { return float32(r.rtt + add) } }
	return []clickhouse.Column{
		column("window_start", rows, func(r link) time.Time { return r.start }),
		column("window_ms", rows, func(link) uint32 { return uint32(Window.Milliseconds()) }),
		column("from_kind", rows, func(r link) string { return r.fromKind }),
		column("from_id", rows, func(r link) string { return r.from }),
		column("from_transport", rows, func(r link) string { return r.from + "-" + r.to }),
		column("from_region", rows, func(r link) string { return r.fromRegion }),
		column("to_kind", rows, func(r link) string { return r.toKind }),
		column("to_id", rows, func(r link) string { return r.to }),
		column("to_transport", rows, func(r link) string { return r.to + "-" + r.from }),
		column("to_region", rows, func(r link) string { return r.toRegion }),
		column("paired_by", rows, func(link) string { return "link_key" }),
		column("rtt_ms", rows, rtt(0)),
		column("rtt_err_ms", rows, func(link) float32 { return 0.6 }),
		column("rtt_min_ms", rows, rtt(-0.4)),
		column("rtt_mean_ms", rows, rtt(0.1)),
		column("rtt_max_ms", rows, rtt(1.7)),
		column("rtt_count", rows, func(link) uint32 { return 5 }),
		column("rtt_source", rows, func(r link) string { return r.source }),
		column("rtt_end", rows, func(link) string { return "from" }),
		column("loss_from_to", rows, func(link) float32 { return 0.001 }),
		column("loss_to_from", rows, func(link) float32 { return nan }),
		column("protocol", rows, func(link) string { return "udp" }),
	}
}

func trackColumns(rows []track) []clickhouse.Column {
	const32 := func(name string, v float32) clickhouse.Column {
		return column(name, rows, func(track) float32 { return v })
	}
	return []clickhouse.Column{
		column("window_start", rows, func(r track) time.Time { return r.start }),
		column("window_ms", rows, func(track) uint32 { return uint32(Window.Milliseconds()) }),
		column("publisher_id", rows, func(r track) string { return r.publisher }),
		column("subscriber_id", rows, func(r track) string { return r.subscriber }),
		column("kind", rows, func(r track) string { return r.kind }),
		column("track_id", rows, func(r track) string { return r.publisher + "-" + r.kind }),
		column("ssrc", rows, func(r track) uint32 { return r.ssrc }),
		column("transport_id", rows, func(r track) string { return r.subscriber + "-pc" }),
		column("epoch_start", rows, func(r track) time.Time { return r.epoch }),
		column("sfu_path", rows, func(r track) []string { return r.sfus }),
		column("region_path", rows, func(r track) []string { return r.regions }),
		column("status", rows, func(r track) string { return r.status }),
		column("hops_expected", rows, func(r track) uint8 { return uint8(len(r.from)) }),
		column("hops_measured", rows, func(r track) uint8 { return uint8(r.measured) }),
		column("instants", rows, func(track) uint8 { return 5 }),
		column("rtt_ms", rows, func(r track) float32 { return r.rtt }),
		column("rtt_err_ms", rows, func(r track) float32 { return r.err }),
		column("rtt_lower_ms", rows, func(r track) float32 { return r.lower }),
		column("hop_from", rows, func(r track) []string { return r.from }),
		column("hop_to", rows, func(r track) []string { return r.to }),
		column("hop_rtt_ms", rows, func(r track) []float32 { return r.hopRTT }),
		column("hop_err_ms", rows, func(r track) []float32 { return r.hopErr }),
		column("hop_age_ms", rows, func(r track) []uint32 { return r.age }),
		column("hop_source", rows, func(r track) []string { return r.source }),
		column("hop_status", rows, func(r track) []string { return r.hopStatus }),
		column("mouth_to_ear_ms", rows, func(r track) float32 { return r.mouth }),
		column("network_ms", rows, func(r track) float32 { return r.network }),
		column("jitter_buffer_ms", rows, func(r track) float32 { return r.buffer }),
		column("residence_ms", rows, func(r track) float32 { return 0.6 * float32(len(r.sfus)) }),
		const32("send_ms", 14), const32("decode_ms", 3), const32("playout_ms", 20),
		column("budget_missing", rows, func(r track) []string {
			if r.status == "partial" {
				return []string{"network"}
			}
			return nil
		}),
		column("loss_ratio", rows, func(r track) float32 { return r.loss }),
		const32("concealed_ratio", 0.001), const32("jitter_ms", 3.2), const32("freeze_ratio", 0),
		column("bitrate_bps", rows, func(r track) float32 {
			if r.kind == "video" {
				return 503_000
			}
			return 34_000
		}),
		column("score", rows, func(r track) float32 { return r.score }),
		column("score_parts", rows, func(track) map[string]float32 { return map[string]float32{"delay": 1.5} }),
		column("blame", rows, func(r track) string { return r.blame }),
		column("publisher_country", rows, func(r track) string { return people[r.publisher].country }),
		column("subscriber_country", rows, func(r track) string { return people[r.subscriber].country }),
		column("publisher_asn", rows, func(r track) uint32 { return people[r.publisher].asn }),
		column("subscriber_asn", rows, func(r track) uint32 { return people[r.subscriber].asn }),
		column("publisher_app", rows, func(r track) string { return people[r.publisher].app }),
		column("subscriber_app", rows, func(r track) string { return people[r.subscriber].app }),
		column("subscriber_browser", rows, func(r track) string { return people[r.subscriber].browser }),
		column("subscriber_network", rows, func(r track) string { return people[r.subscriber].network }),
		column("publisher_region", rows, func(r track) string { return r.regions[0] }),
		column("subscriber_region", rows, func(r track) string { return r.regions[len(r.regions)-1] }),
	}
}
