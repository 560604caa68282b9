package sfu

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/lab/link"
)

// wire is a bound sender that keeps what is sent.
type wire struct {
	codec webrtc.RTPCodecCapability
	sent  []rtp.Header
}

func (w *wire) CodecParameters() []webrtc.RTPCodecParameters {
	return []webrtc.RTPCodecParameters{{RTPCodecCapability: w.codec, PayloadType: 96}}
}
func (w *wire) HeaderExtensions() []webrtc.RTPHeaderExtensionParameter { return nil }
func (w *wire) SSRC() webrtc.SSRC                                      { return 7 }
func (w *wire) WriteStream() webrtc.TrackLocalWriter                   { return w }
func (w *wire) ID() string                                             { return "w" }
func (w *wire) RTCPReader() interceptor.RTCPReader                     { return nil }
func (w *wire) Write([]byte) (int, error)                              { return 0, nil }
func (w *wire) WriteRTP(h *rtp.Header, _ []byte) (int, error) {
	w.sent = append(w.sent, *h)
	return 0, nil
}

func newDown(t *testing.T, want Want) (*down, *wire) {
	t.Helper()
	local, err := webrtc.NewTrackLocalStaticRTP(want.Codec(), "t", "t")
	require.NoError(t, err)
	w := &wire{codec: want.Codec()}
	_, err = local.Bind(w)
	require.NoError(t, err)
	return &down{want: want, local: local, rid: want.tracks()[0].RID}, w
}

// stream makes an input that has asked for a key frame just now, so that it sends no request.
func stream(t link.Track) *input { return &input{track: t, asked: time.Now()} }

func TestADownPassesOneStreamOnUnchanged(t *testing.T) {
	track := link.Track{Publisher: "a", Kind: webrtc.RTPCodecTypeAudio}
	d, w := newDown(t, Want{Track: track})
	in := stream(track)
	for i := range uint16(3) {
		h := rtp.Header{Version: 2, SequenceNumber: 65534 + i, Timestamp: 1000 + uint32(i)*960, SSRC: 99}
		require.NoError(t, h.SetExtension(1, []byte{1}))
		d.write(in, h, nil, false)
	}
	require.Len(t, w.sent, 3)
	for i, h := range w.sent {
		require.Equal(t, 65534+uint16(i), h.SequenceNumber)
		require.Equal(t, 1000+uint32(i)*960, h.Timestamp)
		require.Equal(t, uint32(7), h.SSRC)
		require.False(t, h.Extension, "header extensions belong to the hop")
	}
}

func TestADownSwitchesLayersAtAKeyFrameWithoutABreak(t *testing.T) {
	track := func(rid string) link.Track {
		return link.Track{Publisher: "a", Kind: webrtc.RTPCodecTypeVideo, RID: rid}
	}
	d, w := newDown(t, Want{Track: track(""), Layers: "f,h"})
	f, h := stream(track("f")), stream(track("h"))

	d.write(f, rtp.Header{SequenceNumber: 10, Timestamp: 5000}, nil, false)
	require.Empty(t, w.sent, "not before a key frame")
	d.write(h, rtp.Header{SequenceNumber: 500, Timestamp: 70000}, nil, true)
	require.Empty(t, w.sent, "not the layer that was chosen")
	d.write(f, rtp.Header{SequenceNumber: 11, Timestamp: 8000}, nil, true)
	d.write(f, rtp.Header{SequenceNumber: 12, Timestamp: 8000}, nil, false)

	rid, ok := d.nextLayer()
	require.True(t, ok)
	require.Equal(t, "h", rid)
	d.write(h, rtp.Header{SequenceNumber: 501, Timestamp: 73000}, nil, false)
	d.write(f, rtp.Header{SequenceNumber: 13, Timestamp: 11000}, nil, false)
	d.write(h, rtp.Header{SequenceNumber: 502, Timestamp: 76000}, nil, true)
	d.write(f, rtp.Header{SequenceNumber: 14, Timestamp: 14000}, nil, false)
	d.write(h, rtp.Header{SequenceNumber: 503, Timestamp: 79000}, nil, false)

	var sequences []uint16
	for _, p := range w.sent {
		sequences = append(sequences, p.SequenceNumber)
	}
	require.Equal(t, []uint16{11, 12, 13, 14, 15}, sequences)
	for i := 1; i < len(w.sent); i++ {
		require.GreaterOrEqual(t, int32(w.sent[i].Timestamp-w.sent[i-1].Timestamp), int32(0))
	}
	require.Equal(t, uint32(3000), w.sent[4].Timestamp-w.sent[3].Timestamp)
	rid, _ = d.nextLayer()
	require.Equal(t, "f", rid, "after the last layer comes the first")
}

func TestADownTakesUpAStreamThatComesAnew(t *testing.T) {
	track := link.Track{Publisher: "a", Kind: webrtc.RTPCodecTypeAudio}
	d, w := newDown(t, Want{Track: track})
	old, again := stream(track), stream(track)
	d.write(old, rtp.Header{SequenceNumber: 10, Timestamp: 100}, nil, false)
	d.lose(old)
	d.write(again, rtp.Header{SequenceNumber: 900, Timestamp: 9}, nil, false)
	require.Equal(t, uint16(11), w.sent[1].SequenceNumber)
	require.Positive(t, int32(w.sent[1].Timestamp-w.sent[0].Timestamp))
	d.stop()
	d.write(again, rtp.Header{SequenceNumber: 901}, nil, false)
	require.Len(t, w.sent, 2)
}

func TestOnlySimulcastHasANextLayer(t *testing.T) {
	d, _ := newDown(t, Want{Track: link.Track{Kind: webrtc.RTPCodecTypeVideo}})
	_, ok := d.nextLayer()
	require.False(t, ok)
}
