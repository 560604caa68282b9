package sfuprobe_test

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// layers publishes a track in two simulcast layers, as a browser would: told apart by rid, without SSRCs in SDP.
func layers(t *testing.T, pc *webrtc.PeerConnection) {
	t.Helper()
	var tracks []*webrtc.TrackLocalStaticRTP
	for _, rid := range []string{"q", "f"} {
		track, err := webrtc.NewTrackLocalStaticRTP(
			webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "camera", "stream", webrtc.WithRTPStreamID(rid))
		require.NoError(t, err)
		tracks = append(tracks, track)
	}
	sender, err := pc.AddTrack(tracks[0])
	require.NoError(t, err)
	require.NoError(t, sender.AddEncoding(tracks[1]))
	stop, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-done })
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for seq := uint16(0); ; seq++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			var midID, ridID uint8
			for _, e := range sender.GetParameters().HeaderExtensions {
				switch e.URI {
				case sdp.SDESMidURI:
					midID = uint8(e.ID)
				case sdp.SDESRTPStreamIDURI:
					ridID = uint8(e.ID)
				}
			}
			for _, track := range tracks {
				p := &rtp.Packet{
					Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: 900 * uint32(seq)},
					Payload: make([]byte, 50),
				}
				_ = p.SetExtension(midID, []byte("0"))
				_ = p.SetExtension(ridID, []byte(track.RID()))
				_ = track.WriteRTP(p)
			}
		}
	}()
}

func TestSimulcastLayersAreStreamsOfTheirOwn(t *testing.T) {
	pub := newPeer(t, client("ana"), 0)
	s := newPeer(t, sfu("fra"), 0)
	out, _ := s.connection("call")
	viewer := newPeer(t, client("bo"), 0)
	viewer.pc.OnTrack(swallow)
	relayed := newTrack(t, webrtc.MimeTypeVP8, "relayed")
	sender, err := out.AddTrack(relayed)
	require.NoError(t, err)
	remotes := make(chan *webrtc.TrackRemote, 2)
	s.pc.OnTrack(func(remote *webrtc.TrackRemote, r *webrtc.RTPReceiver) { remotes <- remote; swallow(remote, r) })
	layers(t, pub.pc)
	negotiate(t, pub.pc, s.pc)
	negotiate(t, out, viewer.pc)
	byRID := map[string]*webrtc.TrackRemote{}
	for range 2 {
		select {
		case remote := <-remotes:
			byRID[remote.RID()] = remote
		case <-time.After(10 * time.Second):
			require.Fail(t, "no track came")
		}
	}

	check := func(streams []*earshotv1.Stream) bool {
		rids := map[string]bool{}
		for _, st := range streams {
			if st.Codec != "VP8" || st.Mid != "0" || st.TrackId != "camera" || st.Packets == 0 {
				return false
			}
			rids[st.Rid] = true
		}
		return len(streams) == 2 && rids["q"] && rids["f"]
	}
	eventually(t, "both layers at both ends", func() bool {
		return check(streamsOf(pub.sink.last(), earshotv1.Direction_DIRECTION_OUTBOUND)) &&
			check(streamsOf(s.sink.last(), earshotv1.Direction_DIRECTION_INBOUND))
	})
	forwarded := func() uint32 {
		for _, st := range streamsOf(s.sink.last(), earshotv1.Direction_DIRECTION_OUTBOUND) {
			return st.ForwardedSsrc
		}
		return 0
	}
	f := s.probe.Forward(byRID["f"], sender)
	eventually(t, "the full layer", func() bool { return forwarded() == uint32(byRID["f"].SSRC()) })
	f.Switch(byRID["q"])
	eventually(t, "the quarter layer", func() bool { return forwarded() == uint32(byRID["q"].SSRC()) })
	eventually(t, "round-trip times of a layer", func() bool {
		for _, st := range pub.sink.last().Streams {
			if rtt(st.Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_RR).GetCount() > 0 {
				return true
			}
		}
		return false
	})
}
