package partition_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// TestARealCascadeIsStitched plays the recording of a real call (testdata/cascade) and compares with pings over the same
// delay lines.
func TestARealCascadeIsStitched(t *testing.T) {
	truth := 0.0
	for _, name := range []string{"ping1.gz", "ping2.gz", "ping3.gz"} {
		truth += pings(t, name)
	}
	require.InDelta(t, 231.1, truth, 0.5)

	samples := slices.Concat(
		browser(t, "browser-pubA.jsonl.gz", "A", 1), browser(t, "browser-subB.jsonl.gz", "B", 3),
		sfu(t, "sfu1-stats.jsonl.gz", "sfu1", map[string]uint64{"pubA": 1, "sfu1->next": 2}),
		sfu(t, "sfu2-stats.jsonl.gz", "sfu2", map[string]uint64{"from-sfu1": 2, "subB": 3}),
	)
	slices.SortStableFunc(samples, func(a, b *earshotv1.Sample) int { return int(a.SampledAtUs - b.SampledAtUs) })
	p := partition.New(partition.Config{})
	var rows row.Batch
	for _, m := range samples {
		value, err := m.MarshalVT()
		require.NoError(t, err)
		require.NoError(t, p.Apply(partition.Record{Key: []byte("call"), Value: value, Time: time.UnixMicro(m.SampledAtUs + 5000)}, &rows))
	}
	p.Advance(time.UnixMicro(samples[len(samples)-1].SampledAtUs).Add(time.Minute), &rows)

	kinds := map[row.Media]int{}
	for _, r := range rows.E2E {
		if r.Status != row.Complete {
			continue
		}
		require.Equal(t, "A", r.PublisherID)
		require.Equal(t, "B", r.SubscriberID)
		require.Equal(t, []string{"sfu1", "sfu2"}, r.SFUPath)
		require.InDelta(t, truth, r.RTTMs.Value, 3, "%+v", r.HopRTTMs)
		require.InDelta(t, truth, r.RTTMs.Value, 2*float64(r.RTTErrMs.Value))
		require.InDelta(t, 40.5, r.HopRTTMs[0], 2)
		require.InDelta(t, 120.4, r.HopRTTMs[1], 2)
		require.InDelta(t, 70.4, r.HopRTTMs[2], 2)
		kinds[r.Kind]++
	}
	for kind, n := range kinds {
		t.Log(kind, n)
	}
	require.GreaterOrEqual(t, kinds[row.Audio], 7)
	require.GreaterOrEqual(t, kinds[row.Video], 7)
	last := rows.E2E[slices.IndexFunc(rows.E2E, func(r row.E2E) bool { return r.Status == row.Complete && r.Instants == 5 && r.Kind == row.Audio })]
	require.InDelta(t, 38, last.JitterBufferMs.Value, 25, "audio jitter buffers count samples, not frames")
}

// lines yields the lines of a compressed recording.
func lines(t *testing.T, name string) []string {
	f, err := os.Open(filepath.Join("testdata", "cascade", name))
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<20)
	var all []string
	for s.Scan() {
		all = append(all, s.Text())
	}
	require.NoError(t, s.Err())
	return all
}

var pingTime = regexp.MustCompile(`time=([0-9.]+) ms`)

// pings is the mean round trip, in ms.
func pings(t *testing.T, name string) float64 {
	sum, n := 0.0, 0.0
	for _, l := range lines(t, name) {
		if m := pingTime.FindStringSubmatch(l); m != nil {
			v, err := strconv.ParseFloat(m[1], 64)
			require.NoError(t, err)
			sum, n = sum+v, n+1
		}
	}
	return sum / n
}

func us(seconds any) uint64 {
	f, _ := seconds.(float64)
	return uint64(f * 1e6)
}

func count(v any) uint64 {
	f, _ := v.(float64)
	return uint64(f)
}

// browser turns recorded getStats into samples, as a client probe would.
func browser(t *testing.T, name, id string, linkKey uint64) []*earshotv1.Sample {
	var samples []*earshotv1.Sample
	for i, l := range lines(t, name) {
		var rec struct {
			T     float64
			Stats []map[string]any
		}
		require.NoError(t, json.Unmarshal([]byte(l), &rec))
		m := &earshotv1.Sample{
			Client: &earshotv1.ClientOrigin{ClientId: id}, CallId: "call", SessionId: id, Sequence: uint64(i + 1),
			SampledAtUs: int64(rec.T * 1e6), IntervalUs: 1e6,
		}
		tr := &earshotv1.Transport{TransportId: "T01", LinkKey: linkKey}
		remote := map[uint64]map[string]any{}
		for _, s := range rec.Stats {
			if s["type"] == "remote-inbound-rtp" || s["type"] == "remote-outbound-rtp" {
				remote[count(s["ssrc"])] = s
			}
		}
		for _, s := range rec.Stats {
			switch s["type"] {
			case "candidate-pair":
				if s["nominated"] == true {
					tr.Rtts = append(tr.Rtts, &earshotv1.RTT{
						Source: earshotv1.RTTSource_RTT_SOURCE_STUN, LatestUs: us(s["currentRoundTripTime"]),
						TotalUs: us(s["totalRoundTripTime"]), Count: count(s["responsesReceived"]),
					})
				}
			case "inbound-rtp", "outbound-rtp":
				m.Streams = append(m.Streams, recordedStream(s, remote[count(s["ssrc"])]))
			}
		}
		if len(m.Streams) > 0 || len(tr.Rtts) > 0 {
			m.Transports = append(m.Transports, tr)
		}
		samples = append(samples, m)
	}
	return samples
}

func recordedStream(s, remote map[string]any) *earshotv1.Stream {
	st := &earshotv1.Stream{
		TransportId: "T01", Ssrc: uint32(count(s["ssrc"])), Kind: earshotv1.MediaKind_MEDIA_KIND_AUDIO, Codec: "opus",
		Direction: earshotv1.Direction_DIRECTION_OUTBOUND, Packets: count(s["packetsSent"]), Bytes: count(s["bytesSent"]),
		EncodeTimeUs: us(s["totalEncodeTime"]), PacketSendDelayUs: us(s["totalPacketSendDelay"]), Frames: count(s["framesEncoded"]),
	}
	source := earshotv1.RTTSource_RTT_SOURCE_RTCP_RR
	if s["kind"] == "video" {
		st.Kind, st.Codec = earshotv1.MediaKind_MEDIA_KIND_VIDEO, "VP8"
	}
	if s["type"] == "inbound-rtp" {
		source = earshotv1.RTTSource_RTT_SOURCE_RTCP_XR
		st.Direction = earshotv1.Direction_DIRECTION_INBOUND
		st.Packets, st.Bytes, st.Frames = count(s["packetsReceived"]), count(s["bytesReceived"]), count(s["framesDecoded"])
		st.JitterBufferDelayUs, st.JitterBufferEmitted = us(s["jitterBufferDelay"]), count(s["jitterBufferEmittedCount"])
		st.SamplesReceived, st.SamplesConcealed = count(s["totalSamplesReceived"]), count(s["concealedSamples"])
		st.DecodeTimeUs, st.ProcessingDelayUs = us(s["totalDecodeTime"]), us(s["totalProcessingDelay"])
	}
	if remote != nil {
		at, _ := remote["timestamp"].(float64)
		st.Rtts = append(st.Rtts, &earshotv1.RTT{
			Source: source, LatestUs: us(remote["roundTripTime"]), TotalUs: us(remote["totalRoundTripTime"]),
			Count: count(remote["roundTripTimeMeasurements"]), MeasuredAtUs: int64(at * 1e3),
		})
	}
	return st
}

// sfu turns recorded Pion statistics into samples: what came in for a kind of media goes out on the other connection.
func sfu(t *testing.T, name, id string, links map[string]uint64) []*earshotv1.Sample {
	type stat struct {
		Kind                                string
		SSRC                                uint32
		RTTms, TotalRTTms, Meas             float64
		ROutRTTms, ROutTotalRTTms, ROutMeas float64
		Sent, InRecv                        uint64
	}
	type line struct {
		ICE struct{ Cur, Total, Resp float64 }
		PC  string
		RTP []stat
		T   float64
	}
	var samples []*earshotv1.Sample
	in := map[string]*earshotv1.Stream{}
	last := 0.0
	for _, l := range lines(t, name) {
		var rec line
		require.NoError(t, json.Unmarshal([]byte(l), &rec))
		if rec.T-last > 0.5 {
			samples = append(samples, &earshotv1.Sample{
				Sfu: &earshotv1.SFUOrigin{SfuId: id}, CallId: "call", SessionId: id, Sequence: uint64(len(samples) + 1),
				SampledAtUs: int64(rec.T * 1e6), IntervalUs: 1e6,
			})
			last = rec.T
		}
		m := samples[len(samples)-1]
		tr := &earshotv1.Transport{TransportId: rec.PC, LinkKey: links[rec.PC]}
		tr.Rtts = append(tr.Rtts, &earshotv1.RTT{
			Source: earshotv1.RTTSource_RTT_SOURCE_STUN, LatestUs: us(rec.ICE.Cur / 1e3), TotalUs: us(rec.ICE.Total / 1e3), Count: uint64(rec.ICE.Resp),
		})
		m.Transports = append(m.Transports, tr)
		for _, s := range rec.RTP {
			st := &earshotv1.Stream{TransportId: rec.PC, Ssrc: s.SSRC, Kind: earshotv1.MediaKind_MEDIA_KIND_AUDIO}
			way, kind, _ := strings.Cut(s.Kind, "-")
			if kind == "video" {
				st.Kind = earshotv1.MediaKind_MEDIA_KIND_VIDEO
			}
			if way == "in" {
				st.Direction, st.Packets = earshotv1.Direction_DIRECTION_INBOUND, s.InRecv
				st.Rtts = append(st.Rtts, &earshotv1.RTT{
					Source: earshotv1.RTTSource_RTT_SOURCE_RTCP_XR, LatestUs: us(s.ROutRTTms / 1e3), TotalUs: us(s.ROutTotalRTTms / 1e3), Count: uint64(s.ROutMeas),
				})
				in[kind] = st
			} else {
				st.Direction, st.Packets = earshotv1.Direction_DIRECTION_OUTBOUND, s.Sent
				st.Rtts = append(st.Rtts, &earshotv1.RTT{
					Source: earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, LatestUs: us(s.RTTms / 1e3), TotalUs: us(s.TotalRTTms / 1e3), Count: uint64(s.Meas),
				})
				if from := in[kind]; from != nil {
					st.ForwardedTransportId, st.ForwardedSsrc = from.TransportId, from.Ssrc
				}
			}
			m.Streams = append(m.Streams, st)
		}
	}
	return samples
}
