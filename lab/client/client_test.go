package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/lab/media"
	"github.com/earshot-rtc/earshot/lab/topology"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDecorateAddsWhatLiesAboveRTP(t *testing.T) {
	pacer := media.NewPacer()
	defer pacer.Close()
	c := New(Config{ID: "ana", Publish: []topology.Kind{topology.Audio, topology.Video}, Simulcast: true, Pacer: pacer})
	defer c.Close()
	require.Equal(t, []string{"q", "h", "f"}, c.Layers())
	require.Eventually(t, func() bool { return c.sources[topology.Video].Stats("h").Frames > 0 }, 5*time.Second, 5*time.Millisecond)
	c.Mute(topology.Video, true)

	sound := media.NewAudioPlayout()
	start := time.Now().Add(-time.Second)
	for i := range uint16(10) {
		if i != 5 {
			sound.Packet(start.Add(time.Duration(i)*20*time.Millisecond), i, uint32(i)*960)
		}
	}
	c.outs[1] = out{c.sources[topology.Video], "h"}
	c.ins[2] = in{audio: sound}
	sample := &earshotv1.Sample{Streams: []*earshotv1.Stream{
		{Direction: earshotv1.Direction_DIRECTION_OUTBOUND, Ssrc: 1, Kind: earshotv1.MediaKind_MEDIA_KIND_VIDEO},
		{Direction: earshotv1.Direction_DIRECTION_INBOUND, Ssrc: 2, Kind: earshotv1.MediaKind_MEDIA_KIND_AUDIO},
		{Direction: earshotv1.Direction_DIRECTION_INBOUND, Ssrc: 1, Kind: earshotv1.MediaKind_MEDIA_KIND_AUDIO},
	}}
	c.Decorate(sample)

	sent := sample.GetStreams()[0]
	require.True(t, sent.GetMuted())
	require.Equal(t, uint32(360), sent.GetFrameHeight())
	require.Positive(t, sent.GetFrames())
	require.Positive(t, sent.GetEncodeTimeUs())
	heard := sample.GetStreams()[1]
	require.Equal(t, uint64(9*960), heard.GetJitterBufferEmitted())
	require.Equal(t, uint64(40_000), heard.GetJitterBufferDelayUs()/heard.GetJitterBufferEmitted())
	require.Equal(t, uint64(960), heard.GetSamplesConcealed())
	require.Equal(t, uint64(10*960), heard.GetSamplesReceived())
	require.Zero(t, sample.GetStreams()[2].GetJitterBufferEmitted(), "not a stream of this client's")
}

func TestOnlySimulcastHasLayers(t *testing.T) {
	pacer := media.NewPacer()
	defer pacer.Close()
	c := New(Config{ID: "bo", Publish: []topology.Kind{topology.Video}, Pacer: pacer})
	defer c.Close()
	require.Nil(t, c.Layers())
}
