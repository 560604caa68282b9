package link

import (
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/lab/delay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func maker(t *testing.T) *Maker {
	t.Helper()
	line := delay.NewLine(1)
	t.Cleanup(func() { require.NoError(t, line.Close()) })
	return &Maker{Line: line, Logger: Logger{slog.New(slog.DiscardHandler)}, Rand: rand.New(rand.NewPCG(1, 1))}
}

func still() delay.Path { return delay.Path{Delay: time.Millisecond} }

func TestALinkCarriesWhatIsAnnouncedEitherWay(t *testing.T) {
	l, err := maker(t).New(End{Path: still}, End{Path: still})
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()

	got := make(chan Track, 2)
	for _, p := range []*Peer{l.A, l.B} {
		p.PC.OnTrack(func(remote *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
			p.ReadReceiver(receiver, remote.RID())
			track, ok := p.Announced(remote)
			require.True(t, ok)
			got <- track
		})
	}
	// The second end offers while the first offer's connection is still coming up.
	stop := make(chan struct{})
	defer close(stop)
	for _, p := range []*Peer{l.A, l.B} {
		want := Track{Publisher: "a", Kind: webrtc.RTPCodecTypeAudio}
		if p == l.B {
			want = Track{Publisher: "b", Kind: webrtc.RTPCodecTypeVideo, RID: "q"}
		}
		id := p.AnnounceNew(want)
		local, err := webrtc.NewTrackLocalStaticRTP(want.Codec(), id, id)
		require.NoError(t, err)
		tr, err := p.PC.AddTransceiverFromTrack(local, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		require.NoError(t, err)
		p.ReadSender(tr.Sender(), nil)
		require.NoError(t, p.Negotiate())
		l.Go(func() {
			for i := uint16(0); ; i++ {
				_ = local.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: i}, Payload: []byte{1, 2, 3}})
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		})
	}
	seen := map[Track]bool{}
	for range 2 {
		select {
		case track := <-got:
			seen[track] = true
		case <-time.After(10 * time.Second):
			t.Fatal("no track came")
		}
	}
	require.True(t, seen[Track{Publisher: "a", Kind: webrtc.RTPCodecTypeAudio}])
	require.True(t, seen[Track{Publisher: "b", Kind: webrtc.RTPCodecTypeVideo, RID: "q"}])
}

func TestAClosedLinkTakesNothingMore(t *testing.T) {
	closed := 0
	l, err := maker(t).New(End{Path: still}, End{Path: still})
	require.NoError(t, err)
	l.A.OnClose(func() { closed++ })
	require.Same(t, l.B, l.A.Other())
	require.Same(t, l.A, l.B.Other())
	require.NoError(t, l.Close())
	require.NoError(t, l.Close(), "a second close is harmless")
	require.Equal(t, 1, closed)
	require.NoError(t, l.A.Negotiate())
	l.Go(func() { t.Error("a reader began on a closed link") })
}

func TestRequestsForKeyFramesAreFound(t *testing.T) {
	compound := func(packets ...rtcp.Packet) []byte {
		b, err := rtcp.Marshal(packets)
		require.NoError(t, err)
		return b
	}
	rr := &rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: 1}}}
	for name, tc := range map[string]struct {
		packet []byte
		want   bool
	}{
		"PLI":                  {compound(&rtcp.PictureLossIndication{MediaSSRC: 1}), true},
		"FIR":                  {compound(&rtcp.FullIntraRequest{MediaSSRC: 1, FIR: []rtcp.FIREntry{{SSRC: 1}}}), true},
		"PLI behind a report":  {compound(rr, &rtcp.PictureLossIndication{MediaSSRC: 1}), true},
		"a report":             {compound(rr), false},
		"NACK":                 {compound(&rtcp.TransportLayerNack{Nacks: []rtcp.NackPair{{PacketID: 1}}}), false},
		"nothing":              {nil, false},
		"a cut packet":         {compound(rr, &rtcp.PictureLossIndication{MediaSSRC: 1})[:30], false},
		"a length out of line": {[]byte{0x80, 201, 0xff, 0xff, 0x81, 206, 0, 2}, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, asksKeyFrame(tc.packet)) })
	}
}
