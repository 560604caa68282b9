package sfuprobe_test

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"

	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// relay carries what comes in at one connection to a track of another, after hold, and hands over the remote track.
func relay(from *webrtc.PeerConnection, to *webrtc.TrackLocalStaticRTP, hold time.Duration) <-chan *webrtc.TrackRemote {
	tracks := make(chan *webrtc.TrackRemote, 4)
	from.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		tracks <- remote
		for {
			packet, _, err := remote.ReadRTP()
			if err != nil {
				return
			}
			time.Sleep(hold)
			packet.Extensions, packet.Extension = nil, false
			_ = to.WriteRTP(packet)
		}
	})
	return tracks
}

func swallow(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	b := make([]byte, 1500)
	for {
		if _, _, err := remote.Read(b); err != nil {
			return
		}
	}
}

// cascade is a publisher, an SFU and a receive-only viewer.
type cascade struct {
	pub, sfu, viewer *peer
	out              *webrtc.PeerConnection
	outConn          *sfuprobe.Connection
	sender           *webrtc.RTPSender
	remote           *webrtc.TrackRemote
	forward          *sfuprobe.Forward
}

func newCascade(t *testing.T, inCall, outCall string, hold time.Duration, opts ...sfuprobe.ForwardOption) *cascade {
	t.Helper()
	c := &cascade{pub: newPeer(t, client("ana"), 0), viewer: newPeer(t, client("chi"), 0)}
	c.sfu = &peer{t: t}
	c.sfu.probe, c.sfu.sink = newProbe(t, sfu("fra"))
	c.sfu.api = newAPI(t, c.sfu.probe, 0)
	c.sfu.pc, c.sfu.conn = c.sfu.connection(inCall)
	c.out, c.outConn = c.sfu.connection(outCall, sfuprobe.ToSFU(), sfuprobe.WithRemote("iad", "their-end"))

	track := newTrack(t, webrtc.MimeTypeOpus, "microphone")
	sender, err := c.pub.pc.AddTrack(track)
	require.NoError(t, err)
	c.pub.conn.NameTrack(sender, "the microphone of ana")
	relayed := newTrack(t, webrtc.MimeTypeOpus, "relayed")
	c.sender, err = c.out.AddTrack(relayed)
	require.NoError(t, err)
	tracks := relay(c.sfu.pc, relayed, hold)
	c.viewer.pc.OnTrack(swallow)
	negotiate(t, c.pub.pc, c.sfu.pc)
	negotiate(t, c.out, c.viewer.pc)
	talk(t, track)
	select {
	case c.remote = <-tracks:
	case <-time.After(10 * time.Second):
		require.Fail(t, "no track came")
	}
	c.forward = c.sfu.probe.Forward(c.remote, c.sender, opts...)
	return c
}

// outbound is the SFU's outbound stream in its latest sample.
func (c *cascade) outbound() *earshotv1.Stream {
	for _, s := range c.sfu.sink.last().Streams {
		if s.Direction == earshotv1.Direction_DIRECTION_OUTBOUND {
			return s
		}
	}
	return &earshotv1.Stream{}
}

func (c *cascade) inbound() *earshotv1.Stream {
	for _, s := range c.sfu.sink.last().Streams {
		if s.Direction == earshotv1.Direction_DIRECTION_INBOUND {
			return s
		}
	}
	return &earshotv1.Stream{}
}

func TestAForwardNamesTheInboundStreamAndTheTimeBetween(t *testing.T) {
	const hold = 5 * time.Millisecond
	c := newCascade(t, "call", "call", hold)
	eventually(t, "residence was measured", func() bool { return c.outbound().ResidencePackets > 0 })
	in, out := c.inbound(), c.outbound()
	require.Equal(t, c.sfu.conn.TransportID(), out.ForwardedTransportId)
	require.Equal(t, uint32(c.remote.SSRC()), out.ForwardedSsrc)
	require.Equal(t, in.Ssrc, out.ForwardedSsrc)
	require.GreaterOrEqual(t, out.ResidenceMeanUs, uint32(hold.Microseconds()))
	require.Less(t, out.ResidenceMeanUs, uint32((hold + 50*time.Millisecond).Microseconds()))
	require.GreaterOrEqual(t, out.ResidenceMaxUs, out.ResidenceMeanUs)
	require.Equal(t, earshotv1.MediaKind_MEDIA_KIND_AUDIO, out.Kind)
	require.Equal(t, "opus", out.Codec)
	require.Equal(t, "opus", in.Codec)
	require.Equal(t, uint32(48000), in.ClockRate)
	require.Equal(t, "relayed", out.TrackId)
	require.Equal(t, "microphone", in.TrackId)
	require.NotEmpty(t, in.Mid)
	require.Positive(t, in.Packets)
	require.Equal(t, 100*in.Packets, in.Bytes)
	require.Empty(t, in.CallId, "its transport names the call")

	c.forward.Stop()
	eventually(t, "the relation ended", func() bool { return c.outbound().ForwardedSsrc == 0 && c.outbound().Ssrc != 0 })
}

func TestAReceiveOnlyClientMeasuresByXR(t *testing.T) {
	c := newCascade(t, "call", "call", 0)
	eventually(t, "the viewer has measured", func() bool {
		s := c.viewer.sink.last()
		return len(s.Transports) == 1 && rtt(s.Transports[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_XR).GetCount() > 1
	})
	require.Equal(t, "call", c.viewer.sink.last().CallId)
	require.Equal(t, "chi", c.viewer.sink.last().Client.ClientId)
	require.Empty(t, c.viewer.sink.last().Transports[0].CallId)
	require.Equal(t, "the microphone of ana", c.pub.sink.last().Streams[0].TrackId)
	eventually(t, "the SFU has measured the viewer", func() bool {
		return rtt(c.outbound().Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_RR).GetCount() > 1
	})
}

func TestStreamsOfASharedConnectionHaveTheCallOfTheirForward(t *testing.T) {
	for _, test := range []struct {
		name            string
		inCall, outCall string
		opts            []sfuprobe.ForwardOption
		wantIn, wantOut string
	}{
		{name: "from a call to a shared connection", inCall: "call", wantOut: "call"},
		{name: "from a shared connection to a call", outCall: "call", wantIn: "call"},
		{name: "between shared connections", opts: []sfuprobe.ForwardOption{sfuprobe.ForCall("call")}, wantIn: "call", wantOut: "call"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newCascade(t, test.inCall, test.outCall, 0, test.opts...)
			eventually(t, "the forward is known", func() bool { return c.outbound().ForwardedSsrc != 0 })
			require.Equal(t, test.wantOut, c.outbound().CallId)
			require.Equal(t, test.wantIn, c.inbound().CallId)
			var shared *earshotv1.Transport
			for _, tr := range c.sfu.sink.last().Transports {
				if tr.TransportId == c.outConn.TransportID() {
					shared = tr
				}
			}
			require.Equal(t, test.outCall, shared.CallId)
			require.True(t, shared.SfuLink)
			require.Equal(t, "iad", shared.RemoteOwnerId)
			require.Equal(t, "their-end", shared.RemoteTransportId)
		})
	}
}

func TestASwitchedForwardNamesTheOtherStream(t *testing.T) {
	pub := newPeer(t, client("ana"), 0)
	s := newPeer(t, sfu("fra"), 0)
	out, _ := s.connection("call")
	viewer := newPeer(t, client("bo"), 0)
	viewer.pc.OnTrack(swallow)
	relayed := newTrack(t, webrtc.MimeTypeOpus, "relayed")
	sender, err := out.AddTrack(relayed)
	require.NoError(t, err)
	for _, id := range []string{"one", "two"} {
		track := newTrack(t, webrtc.MimeTypeOpus, id)
		_, err := pub.pc.AddTrack(track)
		require.NoError(t, err)
		talk(t, track)
	}
	tracks := relay(s.pc, relayed, 0)
	negotiate(t, pub.pc, s.pc)
	negotiate(t, out, viewer.pc)
	one, two := <-tracks, <-tracks
	forwarded := func() uint32 {
		for _, st := range streamsOf(s.sink.last(), earshotv1.Direction_DIRECTION_OUTBOUND) {
			return st.ForwardedSsrc
		}
		return 0
	}
	f := s.probe.Forward(one, sender)
	eventually(t, "the first", func() bool { return forwarded() == uint32(one.SSRC()) })
	f.Switch(two)
	eventually(t, "the second", func() bool { return forwarded() == uint32(two.SSRC()) })
}

// An SFU that gives packets new numbers says by how much.
func TestResidenceIsMeasuredThroughAShift(t *testing.T) {
	const addSeq, addTS = 12345, 987654
	pub := newPeer(t, client("ana"), 0)
	s := newPeer(t, sfu("fra"), 0)
	out, _ := s.connection("call")
	viewer := newPeer(t, client("bo"), 0)
	viewer.pc.OnTrack(swallow)
	relayed := newTrack(t, webrtc.MimeTypeOpus, "relayed")
	sender, err := out.AddTrack(relayed)
	require.NoError(t, err)
	track := newTrack(t, webrtc.MimeTypeOpus, "one")
	_, err = pub.pc.AddTrack(track)
	require.NoError(t, err)
	tracks := make(chan *webrtc.TrackRemote, 1)
	s.pc.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		tracks <- remote
		for {
			packet, _, err := remote.ReadRTP()
			if err != nil {
				return
			}
			_ = relayed.WriteRTP(&rtp.Packet{
				Header:  rtp.Header{Version: 2, SequenceNumber: packet.SequenceNumber + addSeq, Timestamp: packet.Timestamp + addTS},
				Payload: packet.Payload,
			})
		}
	})
	negotiate(t, pub.pc, s.pc)
	negotiate(t, out, viewer.pc)
	talk(t, track)
	f := s.probe.Forward(<-tracks, sender)
	known := func() (packets uint32, known bool) {
		for _, st := range streamsOf(s.sink.last(), earshotv1.Direction_DIRECTION_OUTBOUND) {
			return st.ResidencePackets, st.ForwardedSsrc != 0
		}
		return 0, false
	}
	eventually(t, "the forward is known", func() bool { _, ok := known(); return ok })
	require.Never(t, func() bool { n, _ := known(); return n > 0 }, time.Second, 50*time.Millisecond, "nothing matches")
	f.Shift(addSeq, addTS)
	eventually(t, "packets match", func() bool { n, _ := known(); return n > 0 })
}
