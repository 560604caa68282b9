package formats

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/sfu-probe/adapters/livekit"
	"github.com/earshot-rtc/earshot/sfu-probe/export"
)

// said is a sink that keeps what an adapter says.
type said struct {
	export.Discard
	once    sync.Once
	samples chan *earshotv1.Sample
}

func (s *said) Send(sample *earshotv1.Sample) {
	s.once.Do(func() { s.samples <- sample.CloneVT() })
}

// livekitSays is what the adapter makes of recorded answers.
func livekitSays(t *testing.T, answers map[string]string) *earshotv1.Sample {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := answers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		raw, err := os.ReadFile("../../sfu-probe/adapters/livekit/testdata/" + name)
		if err == nil {
			_, err = w.Write(raw)
		}
		if err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	sink := &said{samples: make(chan *earshotv1.Sample, 1)}
	adapter, err := livekit.New(livekit.Config{
		URL: server.URL, SFUID: "livekit-1", APIKey: "key", APISecret: "secret", ClientID: livekit.NamedByIdentity, Interval: 100 * time.Millisecond,
	}, livekit.Dependencies{Exporter: sink})
	require.NoError(t, err)
	require.NoError(t, adapter.Start(t.Context()))
	sample := <-sink.samples
	require.NoError(t, adapter.Shutdown(context.Background()))
	return sample
}

// livekitClient says what a client of the recorded call said, with round trips of its own measuring.
func livekitClient(
	name string, at time.Time, n uint64, source earshotv1.RTTSource, rtt time.Duration, direction earshotv1.Direction, streams map[uint32]string,
) *earshotv1.Sample {
	s := &earshotv1.Sample{
		Client: &earshotv1.ClientOrigin{ClientId: name}, CallId: "standup", SessionId: "session-" + name, Sequence: n,
		SampledAtUs: at.UnixMicro(), IntervalUs: 2_000_000,
		Transports: []*earshotv1.Transport{{TransportId: name + "-pc", LinkKey: uint64(len(name) + int(source)), Rtts: []*earshotv1.RTT{{
			Source: source, LatestUs: uint64(rtt.Microseconds()), TotalUs: n * uint64(rtt.Microseconds()), Count: n,
		}}}},
	}
	for ssrc, track := range streams {
		kind := earshotv1.MediaKind_MEDIA_KIND_VIDEO
		if track == "TR_AMQKRHqhxTe66c" || track == "2cceeba5-f563-4f15-b03d-01224bdd9952" {
			kind = earshotv1.MediaKind_MEDIA_KIND_AUDIO
		}
		s.Streams = append(s.Streams, &earshotv1.Stream{
			TransportId: name + "-pc", Direction: direction, Ssrc: ssrc, Kind: kind, TrackId: track, Packets: 100 * n, Bytes: 90_000 * n,
		})
	}
	return s
}

// livekitRows are the rows of the recorded call: ana publishes 31 ms away, bob receives 52 ms away.
func livekitRows(t *testing.T, answers map[string]string) []row.E2E {
	p := newPipeline(t)
	node := livekitSays(t, answers)
	for n := uint64(1); n <= 12; n++ {
		at := start.Add(time.Duration(n) * 2 * time.Second)
		p.at(at.Add(50 * time.Millisecond))
		node.Sequence, node.SampledAtUs, node.IntervalUs = n, at.UnixMicro(), 2_000_000
		ana := livekitClient("ana", at, n, earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, 31*time.Millisecond, earshotv1.Direction_DIRECTION_OUTBOUND,
			map[uint32]string{
				3334119887: "2cceeba5-f563-4f15-b03d-01224bdd9952",
				1023381362: "841bb2b7-c3b9-42bd-8c71-cc094f2a8da3", 1554342091: "841bb2b7-c3b9-42bd-8c71-cc094f2a8da3",
			})
		bob := livekitClient("bob", at, n, earshotv1.RTTSource_RTT_SOURCE_STUN, 52*time.Millisecond, earshotv1.Direction_DIRECTION_INBOUND,
			map[uint32]string{2422552432: "TR_AMQKRHqhxTe66c", 448441729: "TR_VCSC7PfxdgwAye"})
		body, err := (&earshotv1.SampleBatch{Samples: []*earshotv1.Sample{node, ana, bob}}).MarshalVT()
		require.NoError(t, err)
		p.post("/v1/samples", "application/x-protobuf", body)
	}
	return p.rows().E2E
}

func TestLiveKitInDevelopmentGivesTwoHops(t *testing.T) {
	complete := map[row.Media]int{}
	for _, r := range livekitRows(t, map[string]string{"/debug/rooms": "debug-rooms.json"}) {
		if r.Status != row.Complete {
			continue
		}
		complete[r.Kind]++
		require.Equal(t, []string{"ana", "livekit-1", "bob"}, append([]string{r.PublisherID}, append(r.SFUPath, r.SubscriberID)...))
		require.InDeltaSlice(t, []float64{31, 52}, r.HopRTTMs, 0.1)
		require.InDelta(t, 83, r.RTTMs.Value, 0.1)
	}
	require.GreaterOrEqual(t, complete[row.Audio], 3)
	require.GreaterOrEqual(t, complete[row.Video], 3)
}

func TestLiveKitInProductionStaysPartial(t *testing.T) {
	rows := livekitRows(t, map[string]string{
		"/twirp/livekit.RoomService/ListRooms": "rooms.json", "/twirp/livekit.RoomService/ListParticipants": "participants.json",
	})
	require.NotEmpty(t, rows)
	for _, r := range rows {
		require.Equal(t, row.Partial, r.Status)
		require.Empty(t, r.PublisherID, "nothing is guessed")
	}
}
