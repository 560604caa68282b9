package partition_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// layersAt is what a publisher with two layers, the SFU that forwards one of them, and the viewer say at a time.
func layersAt(at time.Time, sequence uint64, layer uint32) []*earshotv1.Sample {
	const in, out = earshotv1.Direction_DIRECTION_INBOUND, earshotv1.Direction_DIRECTION_OUTBOUND
	us := func(ms int64) int64 { return at.UnixMicro() + ms*1000 }
	rtt := func(ms uint64) []*earshotv1.RTT {
		return []*earshotv1.RTT{{Source: 1, LatestUs: ms * 1000, TotalUs: ms * 1000 * sequence, Count: sequence}}
	}
	stream := func(transport string, d earshotv1.Direction, ssrc uint32) *earshotv1.Stream {
		return &earshotv1.Stream{TransportId: transport, Direction: d, Ssrc: ssrc, Kind: 2, Packets: 100 * sequence, Bytes: 9000 * sequence}
	}
	forwarded := stream("down", out, 7)
	forwarded.ForwardedTransportId, forwarded.ForwardedSsrc = "up", layer
	sample := func(ms int64, s *earshotv1.Sample) *earshotv1.Sample {
		s.CallId, s.SessionId, s.Sequence, s.SampledAtUs, s.IntervalUs = "call", "s", sequence, us(ms), 1_000_000
		return s
	}
	return []*earshotv1.Sample{
		sample(0, &earshotv1.Sample{
			Client:     &earshotv1.ClientOrigin{ClientId: "ana"},
			Transports: []*earshotv1.Transport{{TransportId: "t", LinkKey: 1, Rtts: rtt(20)}},
			Streams:    []*earshotv1.Stream{stream("t", out, 1), stream("t", out, 2)},
		}),
		sample(10, &earshotv1.Sample{
			Sfu:        &earshotv1.SFUOrigin{SfuId: "fra"},
			Transports: []*earshotv1.Transport{{TransportId: "up", LinkKey: 1}, {TransportId: "down", LinkKey: 2, Rtts: rtt(30)}},
			Streams:    []*earshotv1.Stream{stream("up", in, 1), stream("up", in, 2), forwarded},
		}),
		sample(20, &earshotv1.Sample{
			Client:     &earshotv1.ClientOrigin{ClientId: "chi"},
			Transports: []*earshotv1.Transport{{TransportId: "t", LinkKey: 2}},
			Streams:    []*earshotv1.Stream{stream("t", in, 7)},
		}),
	}
}

func TestASwitchOfLayersAtTheEndOfAWindowLeavesNoPartialRow(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := partition.New(partition.Config{})
	var out row.Batch
	for i := range 30 {
		// Half a second off the windows' ends; the layer changes between the samples around the end of the second window.
		at, layer := start.Add(time.Duration(i)*time.Second+500*time.Millisecond), uint32(1)
		if i >= 10 {
			layer = 2
		}
		for _, s := range layersAt(at, uint64(i+1), layer) {
			value, err := s.MarshalVT()
			require.NoError(t, err)
			require.NoError(t, p.Apply(partition.Record{Key: []byte("call"), Value: value, Time: at.Add(50 * time.Millisecond)}, &out))
		}
	}
	windows := map[int64]int{}
	for _, r := range out.E2E {
		require.Equal(t, row.Complete, r.Status, "window %s, publisher %q", time.UnixMilli(r.WindowStart).UTC(), r.PublisherID)
		require.Equal(t, "ana", r.PublisherID)
		require.InDelta(t, 50, r.RTTMs.Value, 0.01)
		windows[r.WindowStart]++
	}
	require.GreaterOrEqual(t, len(windows), 4)
	for at, n := range windows {
		require.Equal(t, 1, n, "window %s", time.UnixMilli(at).UTC())
	}
}
