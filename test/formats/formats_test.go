package formats

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/schemas/linkkey"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipeline is a collector with a clock of the test's, and the partition that its messages are for.
type pipeline struct {
	t   *testing.T
	url string

	mu   sync.Mutex
	now  time.Time
	sent []kafka.Message
}

func (p *pipeline) Produce(_ context.Context, msgs []kafka.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, msgs...)
	return nil
}

func (p *pipeline) Ping(context.Context) error { return nil }

func (p *pipeline) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *pipeline) at(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = now
}

// start is the second at which the recorded event of Janus is about ten seconds away.
var start = time.Unix(1_795_417_420, 0)

func newPipeline(t *testing.T) *pipeline {
	p := &pipeline{t: t, now: start}
	cfg := collector.DefaultConfig()
	cfg.Listen = "127.0.0.1:0"
	c, err := collector.New(cfg, collector.Dependencies{Producer: p, Now: p.clock})
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, c.Shutdown(ctx))
		http.DefaultClient.CloseIdleConnections()
	})
	p.url = "http://" + c.Addr()
	return p
}

func (p *pipeline) post(path, kind string, body []byte) {
	p.t.Helper()
	res, err := http.Post(p.url+path, kind, bytes.NewReader(body)) //nolint:noctx // loopback
	require.NoError(p.t, err)
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusAccepted, res.StatusCode, "%s", answer)
	require.NotContains(p.t, string(answer), "reason")
}

// rows are what the processor makes of all that was sent.
func (p *pipeline) rows() *row.Batch {
	p.t.Helper()
	part := partition.New(partition.Config{})
	rows := &row.Batch{}
	for _, m := range p.sent {
		require.Equal(p.t, topic.Samples, m.Topic)
		require.NoError(p.t, part.Apply(partition.Record{Key: m.Key, Value: m.Value, Time: m.Time}, rows))
	}
	part.Advance(p.clock().Add(time.Minute), rows)
	return rows
}

// monitor plays a recorded ClientSample of client-monitor-js on: counters advance as they would, and every report on a
// stream tells the recorded round trip again.
type monitor struct {
	t      *testing.T
	sample map[string]any
}

// record gives the monitor of a recording, in another call. rtt is what its connectivity checks say in place of what they
// were recorded with, 1 ms, so that they do not contradict what the SFU says of the link; 0 leaves them.
func record(t *testing.T, name, call string, rtt time.Duration) *monitor {
	raw, err := os.ReadFile("../../collector/observertc/testdata/" + name)
	require.NoError(t, err)
	m := &monitor{t: t, sample: map[string]any{}}
	require.NoError(t, json.Unmarshal(raw, &m.sample))
	m.sample["callId"] = call
	m.stats(func(list string, s map[string]any) {
		if _, ok := s["currentRoundTripTime"]; ok && list == "iceCandidatePairs" && rtt > 0 {
			s["currentRoundTripTime"] = rtt.Seconds()
			s["totalRoundTripTime"] = rtt.Seconds() * s["responsesReceived"].(float64)
		}
	})
	return m
}

// stats goes over all dictionaries of getStats.
func (m *monitor) stats(each func(list string, s map[string]any)) {
	for _, pc := range m.sample["peerConnections"].([]any) {
		pc := pc.(map[string]any)
		for _, list := range slices.Sorted(maps.Keys(pc)) {
			entries, _ := pc[list].([]any)
			for _, s := range entries {
				each(list, s.(map[string]any))
			}
		}
	}
}

func add(s map[string]any, key string, by float64) {
	if v, ok := s[key].(float64); ok {
		s[key] = v + by
	}
}

// tick gives the sample of a time.
func (m *monitor) tick(at time.Time, first bool) []byte {
	was := m.sample["timestamp"].(float64)
	m.sample["timestamp"] = float64(at.UnixMilli())
	passed := float64(at.UnixMilli()) - was
	m.stats(func(list string, s map[string]any) {
		add(s, "timestamp", passed)
		if first {
			return
		}
		switch list {
		case "outboundRtps", "inboundRtps":
			for _, key := range []string{"packetsSent", "packetsReceived", "framesEncoded", "framesDecoded"} {
				add(s, key, 100)
			}
			for _, key := range []string{"bytesSent", "bytesReceived", "jitterBufferEmittedCount", "jitterBufferDelay"} {
				add(s, key, 9600)
			}
		case "remoteInboundRtps":
			add(s, "roundTripTimeMeasurements", 2)
			add(s, "totalRoundTripTime", 2*s["roundTripTime"].(float64))
		case "iceCandidatePairs":
			if rtt, ok := s["currentRoundTripTime"].(float64); ok {
				add(s, "responsesReceived", 1)
				add(s, "totalRoundTripTime", rtt)
			}
		}
	})
	raw, err := json.Marshal(m.sample)
	require.NoError(m.t, err)
	return raw
}

// linkKey is that of the recorded connection, from its certificates.
func (m *monitor) linkKey() (key uint64) {
	prints := map[string][]byte{}
	m.stats(func(list string, s map[string]any) {
		if list == "certificates" {
			digest, err := linkkey.ParseFingerprint(s["fingerprint"].(string))
			require.NoError(m.t, err)
			prints[s["id"].(string)] = digest
		}
	})
	m.stats(func(list string, s map[string]any) {
		if list == "iceTransports" {
			key = linkkey.FromFingerprints(prints[s["localCertificateId"].(string)], prints[s["remoteCertificateId"].(string)])
		}
	})
	require.NotZero(m.t, key)
	return key
}

// ssrcs are those of a list, by kind.
func (m *monitor) ssrcs(list string) map[string]uint32 {
	out := map[string]uint32{}
	m.stats(func(l string, s map[string]any) {
		if l == list {
			out[s["kind"].(string)] = uint32(s["ssrc"].(float64))
		}
	})
	return out
}

// addresses are both ends of the selected pair, "host:port".
func (m *monitor) addresses() (local, remote map[string]any) {
	candidates := map[string]map[string]any{}
	m.stats(func(list string, s map[string]any) {
		if list == "iceCandidates" {
			candidates[s["id"].(string)] = s
		}
	})
	m.stats(func(list string, s map[string]any) {
		if list == "iceCandidatePairs" && s["nominated"] == true {
			local, remote = candidates[s["localCandidateId"].(string)], candidates[s["remoteCandidateId"].(string)]
		}
	})
	return local, remote
}

// check looks at the rows of a call from one publisher over one SFU to one subscriber: hops of 1 to 2 ms, as recorded, and
// of what the SFU says.
func check(t *testing.T, rows *row.Batch, call, sfu string, second float64) {
	t.Helper()
	kinds := map[row.Media]int{}
	for _, r := range rows.E2E {
		if r.Status != row.Complete {
			continue
		}
		kinds[r.Kind]++
		require.Equal(t, call, r.CallID)
		require.Equal(t, "client-pubA", r.PublisherID)
		require.Equal(t, "client-subB", r.SubscriberID)
		require.Equal(t, []string{sfu}, r.SFUPath)
		require.InDelta(t, 1.4, r.HopRTTMs[0], 0.7, "recorded at the publisher: 1.1 ms by audio, 1.7 by video")
		require.InDelta(t, second, r.HopRTTMs[1], 1.1)
		require.InDelta(t, second+1.4, r.RTTMs.Value, 1.8)
	}
	require.GreaterOrEqual(t, kinds[row.Audio], 4, "%+v", rows.E2E)
	require.GreaterOrEqual(t, kinds[row.Video], 4)
	sources := map[string]int{}
	for _, s := range rows.Samples {
		sources[s.SourceID]++
	}
	for _, id := range []string{"client-pubA", "client-subB", sfu} {
		require.GreaterOrEqual(t, sources[id], 15, id)
	}
	require.NotEmpty(t, rows.Streams)
	require.NotEmpty(t, rows.Hops)
}

const duration = 40 * time.Second

func TestObserveRTCsMonitorsStitchWithANativeSFU(t *testing.T) {
	p := newPipeline(t)
	publisher, subscriber := record(t, "client-3.0-publisher.json", "call-1", 0), record(t, "client-3.0-subscriber.json", "call-1", 42*time.Millisecond)
	in, out := publisher.ssrcs("outboundRtps"), subscriber.ssrcs("inboundRtps")
	for at := time.Duration(0); at <= duration; at += 2 * time.Second {
		p.at(start.Add(at))
		p.post("/v1/observertc?interval_ms=2000", "application/json", publisher.tick(p.clock(), at == 0))
		p.post("/v1/observertc?interval_ms=2000", "text/plain;charset=UTF-8", subscriber.tick(p.clock(), at == 0))

		n := uint64(at/time.Second) + 1
		s := &earshotv1.Sample{
			Sfu: &earshotv1.SFUOrigin{SfuId: "sfu-1"}, SessionId: "s", Sequence: n, SampledAtUs: p.clock().UnixMicro(), IntervalUs: 2e6,
			Transports: []*earshotv1.Transport{
				{TransportId: "from-A", CallId: "call-1", LinkKey: publisher.linkKey()},
				{TransportId: "to-B", CallId: "call-1", LinkKey: subscriber.linkKey()},
			},
		}
		for _, kind := range []string{"audio", "video"} {
			s.Streams = append(s.Streams,
				&earshotv1.Stream{TransportId: "from-A", Direction: earshotv1.Direction_DIRECTION_INBOUND, Ssrc: in[kind], Packets: n * 50},
				&earshotv1.Stream{
					TransportId: "to-B", Direction: earshotv1.Direction_DIRECTION_OUTBOUND, Ssrc: out[kind], Packets: n * 50,
					ForwardedTransportId: "from-A", ForwardedSsrc: in[kind],
					Rtts: []*earshotv1.RTT{{
						Source: earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, LatestUs: 42_000, TotalUs: 42_000 * n, Count: n, MeasuredAtUs: p.clock().UnixMicro(),
					}},
				})
		}
		raw, err := s.MarshalVT()
		require.NoError(t, err)
		p.post("/v1/samples", "application/x-protobuf;proto=earshot.v1.Sample", raw)
	}
	rows := p.rows()
	check(t, rows, "call-1", "sfu-1", 42)
	by := map[row.PairedBy]int{}
	for _, h := range rows.Hops {
		by[h.PairedBy]++
	}
	require.Equal(t, []row.PairedBy{row.ByLinkKey}, slices.Collect(maps.Keys(by)))
}

func TestObserveRTCsSFUSamplesStitchWithItsMonitors(t *testing.T) {
	p := newPipeline(t)
	publisher, subscriber := record(t, "client-3.0-publisher.json", "call-1", 0), record(t, "client-3.0-subscriber.json", "call-1", 42*time.Millisecond)
	in, out := publisher.ssrcs("outboundRtps"), subscriber.ssrcs("inboundRtps")
	transport := func(id string, m *monitor) map[string]any {
		remote, local := m.addresses()
		return map[string]any{
			"transportId": id, "localAddress": local["address"], "localPort": local["port"],
			"remoteAddress": remote["address"], "remotePort": remote["port"], "protocol": "udp", "dtlsState": "connected",
		}
	}
	for at := time.Duration(0); at <= duration; at += 2 * time.Second {
		p.at(start.Add(at))
		n := int(at/time.Second) + 1
		sample := map[string]any{
			"sfuId": "sfu-1", "timestamp": p.clock().UnixMilli(),
			"transports": []any{transport("from-A", publisher), transport("to-B", subscriber)},
		}
		var inbound, outbound []any
		for _, kind := range []string{"audio", "video"} {
			inbound = append(inbound, map[string]any{
				"transportId": "from-A", "streamId": kind, "padId": "in-" + kind, "ssrc": in[kind], "mediaType": kind, "packetsReceived": n * 50,
			})
			outbound = append(outbound, map[string]any{
				"transportId": "to-B", "streamId": kind, "sinkId": "B", "padId": "out-" + kind, "ssrc": out[kind], "mediaType": kind,
				"callId": "call-1", "packetsSent": n * 50, "roundTripTime": 42, "rtcpRrReceived": n,
			})
		}
		sample["inboundRtpPads"], sample["outboundRtpPads"] = inbound, outbound
		raw, err := json.Marshal(map[string]any{
			"sfuSamples":    []any{sample},
			"clientSamples": []any{json.RawMessage(publisher.tick(p.clock(), at == 0)), json.RawMessage(subscriber.tick(p.clock(), at == 0))},
		})
		require.NoError(t, err)
		p.post("/v1/observertc?interval_ms=2000", "application/json", raw)
	}
	check(t, p.rows(), "call-1", "sfu-1", 42)
}

// TestJanusEventsGiveTheTrueRoundTrip plays a VideoRoom around the event that was recorded at a true round trip of 80 ms.
func TestJanusEventsGiveTheTrueRoundTrip(t *testing.T) {
	p := newPipeline(t)
	recorded, err := os.ReadFile("../../collector/janus/testdata/media-1.1.2.json")
	require.NoError(t, err)
	var when struct{ Timestamp int64 }
	require.NoError(t, json.Unmarshal(recorded, &when))
	room, err := os.ReadFile("../../collector/janus/testdata/videoroom.jsonl")
	require.NoError(t, err)
	events := strings.Split(strings.TrimSpace(string(room)), "\n")
	stats := events[len(events)-4:] // audio and video of the publisher's handle, and of the subscriber's

	const janus = "/v1/janus?region=eu"
	// The room's number is the call, so that is what the clients say, too.
	publisher, subscriber := record(t, "client-3.0-publisher.json", "1234", 0), record(t, "client-3.0-subscriber.json", "1234", 80*time.Millisecond)
	p.at(start.Add(time.Second))
	for _, e := range events[:len(events)-8] { // one by one, as Janus does without grouping
		p.post(janus, "application/json", []byte(e))
	}
	for at := 2 * time.Second; at <= duration; at += time.Second {
		p.at(start.Add(at))
		var post []json.RawMessage
		for i, e := range stats {
			var m map[string]any
			require.NoError(t, json.Unmarshal([]byte(e), &m))
			m["timestamp"] = p.clock().UnixMicro() - int64(4-i)*1000
			medium := m["event"].(map[string]any)
			for _, key := range []string{"packets-received", "packets-sent"} {
				if medium[key].(float64) > 0 {
					medium[key] = 48 * int(at/time.Second)
				}
			}
			raw, err := json.Marshal(m)
			require.NoError(t, err)
			post = append(post, raw)
		}
		raw, err := json.Marshal(post)
		require.NoError(t, err)
		p.post(janus, "application/json", raw)
		if next := p.clock().Add(time.Second).UnixMicro(); when.Timestamp < next && when.Timestamp >= next-1e6 {
			p.at(time.UnixMicro(when.Timestamp))
			p.post(janus, "application/json", recorded)
		}
		if at%(2*time.Second) == 0 {
			p.post("/v1/observertc?interval_ms=2000", "application/json", publisher.tick(p.clock(), at == 2*time.Second))
			p.post("/v1/observertc?interval_ms=2000", "application/json", subscriber.tick(p.clock(), at == 2*time.Second))
		}
	}
	rows := p.rows()
	check(t, rows, "1234", "MyJanusInstance", 80.5)
	for _, r := range rows.E2E {
		if r.Status == row.Complete {
			require.Equal(t, []string{"eu"}, r.RegionPath)
		}
	}
}
