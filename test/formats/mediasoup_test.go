package formats

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/schemas/linkkey"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// cascade is what the mediasoup probes of two servers said of a call, as the Node.js tests leave it behind.
type cascade struct {
	RTTs         []float64 // ms: publisher to the first server, to the second, to the subscriber
	Interval     int64     // ms
	Fingerprints map[string]string
	Samples      [][]byte
}

func loadCascade(t *testing.T) *cascade {
	raw, err := os.ReadFile("../../sfu-probe/adapters/mediasoup/testdata/cascade.samples")
	require.NoError(t, err)
	var c struct {
		cascade
		Samples []string
	}
	require.NoError(t, json.Unmarshal(raw, &c))
	for _, s := range c.Samples {
		b, err := base64.StdEncoding.DecodeString(s)
		require.NoError(t, err)
		c.cascade.Samples = append(c.cascade.Samples, b)
	}
	return &c.cascade
}

func (c *cascade) linkKey(t *testing.T, a, b string) uint64 {
	one, err := linkkey.ParseFingerprint(c.Fingerprints[a])
	require.NoError(t, err)
	other, err := linkkey.ParseFingerprint(c.Fingerprints[b])
	require.NoError(t, err)
	return linkkey.FromFingerprints(one, other)
}

// client says what a client of the cascade would have said at the time.
func (c *cascade) client(t *testing.T, name, sfu string, at time.Time, n uint64, direction earshotv1.Direction, ssrcs ...uint32) *earshotv1.Sample {
	s := &earshotv1.Sample{
		Client: &earshotv1.ClientOrigin{ClientId: name}, CallId: "standup", SessionId: "session-" + name, Sequence: n,
		SampledAtUs: at.UnixMicro(), IntervalUs: c.Interval * 1000,
		Transports: []*earshotv1.Transport{{TransportId: "pc", LinkKey: c.linkKey(t, sfu, name)}},
	}
	for i, ssrc := range ssrcs {
		kind := earshotv1.MediaKind_MEDIA_KIND_VIDEO
		if i == 0 {
			kind = earshotv1.MediaKind_MEDIA_KIND_AUDIO
		}
		s.Streams = append(s.Streams, &earshotv1.Stream{
			TransportId: "pc", Direction: direction, Ssrc: ssrc, Kind: kind, TrackId: kind.String(), Packets: 100 * n, Bytes: 90_000 * n,
		})
	}
	return s
}

// TestMediasoupCascadeGivesThreeHops sends what the probes of two mediasoup servers say, over a pipe transport between them and
// another one inside of the first, together with two clients of which neither measures anything.
func TestMediasoupCascadeGivesThreeHops(t *testing.T) {
	c := loadCascade(t)
	p := newPipeline(t)
	for _, raw := range c.Samples {
		var frame earshotv1.ClientFrame
		require.NoError(t, frame.UnmarshalVT(raw))
		at := time.UnixMicro(frame.Sample.SampledAtUs)
		p.at(at.Add(50 * time.Millisecond))
		name, sfu, direction, ssrcs := "publisher", "fra-1", earshotv1.Direction_DIRECTION_OUTBOUND, []uint32{1000, 1100, 1101, 1102}
		if frame.Sample.Sfu.SfuId == "par-1" {
			name, sfu, direction, ssrcs = "subscriber", "par-1", earshotv1.Direction_DIRECTION_INBOUND, []uint32{4000, 4100}
		}
		// A ClientFrame and a SampleBatch have their samples in the same field.
		p.post("/v1/samples", "application/x-protobuf", raw)
		client := &earshotv1.SampleBatch{Samples: []*earshotv1.Sample{c.client(t, name, sfu, at, frame.Sample.Sequence, direction, ssrcs...)}}
		body, err := client.MarshalVT()
		require.NoError(t, err)
		p.post("/v1/samples", "application/x-protobuf", body)
	}
	slices.SortStableFunc(p.sent, func(a, b kafka.Message) int { return a.Time.Compare(b.Time) })

	complete := map[row.Media]int{}
	for _, r := range p.rows().E2E {
		if r.Status != row.Complete {
			continue
		}
		complete[r.Kind]++
		require.Equal(t, "standup", r.CallID)
		require.Equal(t, []string{"publisher", "subscriber"}, []string{r.PublisherID, r.SubscriberID})
		require.Equal(t, []string{"fra-1", "par-1"}, r.SFUPath)
		require.Len(t, r.HopRTTMs, len(c.RTTs))
		sum := 0.0
		for i, want := range c.RTTs {
			require.InDelta(t, want, r.HopRTTMs[i], 0.1)
			sum += want
		}
		require.InDelta(t, sum, r.RTTMs.Value, 0.1)
	}
	// 24 seconds are four whole windows; that of the change to another layer counts too.
	require.GreaterOrEqual(t, complete[row.Audio], 3)
	require.GreaterOrEqual(t, complete[row.Video], 3)
}
