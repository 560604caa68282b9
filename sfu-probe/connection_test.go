package sfuprobe_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"

	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func TestWatchFindsTheInterceptorOfEveryConnection(t *testing.T) {
	// One API with the interceptors of two probes, and connections made from it at the same time.
	first, err := sfuprobe.New(sfu("first"))
	require.NoError(t, err)
	second, err := sfuprobe.New(sfu("second"))
	require.NoError(t, err)
	media := &webrtc.MediaEngine{}
	require.NoError(t, media.RegisterDefaultCodecs())
	registry := &interceptor.Registry{}
	registry.Add(first.Interceptor())
	require.NoError(t, webrtc.RegisterDefaultInterceptors(media, registry))
	registry.Add(second.Interceptor()) // in the wrong place, but found
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry))

	const n = 20
	var wg sync.WaitGroup
	ids := make([]string, 2*n)
	for i := range n {
		wg.Go(func() {
			pc, err := api.NewPeerConnection(webrtc.Configuration{})
			if err != nil {
				return
			}
			defer func() { _ = pc.GracefulClose() }()
			for j, probe := range []*sfuprobe.Probe{first, second} {
				if c, err := probe.Watch(pc, "call"); err == nil {
					ids[2*i+j] = c.TransportID()
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, id := range ids {
		require.NotEmpty(t, id)
		require.False(t, seen[id], "transport ids are unique")
		seen[id] = true
	}
}

func TestWatchRefuses(t *testing.T) {
	probe, err := sfuprobe.New(sfu("fra"))
	require.NoError(t, err)

	t.Run("a connection without the interceptor", func(t *testing.T) {
		pc, err := newAPI(t, nil, 0).NewPeerConnection(webrtc.Configuration{})
		require.NoError(t, err)
		defer func() { _ = pc.GracefulClose() }()
		_, err = probe.Watch(pc, "call")
		require.ErrorIs(t, err, sfuprobe.ErrNoInterceptor)
	})
	t.Run("a closed connection", func(t *testing.T) {
		pc, err := newAPI(t, probe, 0).NewPeerConnection(webrtc.Configuration{})
		require.NoError(t, err)
		require.NoError(t, pc.GracefulClose())
		_, err = probe.Watch(pc, "call")
		require.ErrorIs(t, err, sfuprobe.ErrClosed)
	})
	t.Run("after shutdown", func(t *testing.T) {
		pc, err := newAPI(t, probe, 0).NewPeerConnection(webrtc.Configuration{})
		require.NoError(t, err)
		defer func() { _ = pc.GracefulClose() }()
		require.NoError(t, probe.Shutdown(context.Background()))
		_, err = probe.Watch(pc, "call")
		require.ErrorIs(t, err, sfuprobe.ErrClosed)
	})
}

func TestAClosedConnectionIsReportedOnceMoreAndNoEmptySampleFollows(t *testing.T) {
	c := newCascade(t, "call", "call", 0)
	eventually(t, "the forward is known", func() bool { return c.outbound().ForwardedSsrc != 0 })
	before := c.pub.sink.last()
	require.NoError(t, c.pub.pc.GracefulClose())
	eventually(t, "the transport is closed", func() bool {
		s := c.pub.sink.last()
		return len(s.Transports) == 1 && s.Transports[0].IceState == earshotv1.ICEState_ICE_STATE_CLOSED
	})
	last := c.pub.sink.last()
	require.Len(t, last.Streams, 1, "with its final counters")
	require.GreaterOrEqual(t, last.Streams[0].Packets, before.Streams[0].Packets)
	require.Equal(t, earshotv1.DTLSState_DTLS_STATE_CLOSED, last.Transports[0].DtlsState)
	eventually(t, "the probe lets go", func() bool { return c.pub.probe.Stats().Connections == 0 })
	n := len(c.pub.sink.all())
	time.Sleep(3 * interval)
	require.Len(t, c.pub.sink.all(), n)
	for i, s := range c.pub.sink.all() {
		require.Equal(t, uint64(i+1), s.Sequence, "sequence numbers count from 1 without a gap")
		require.Equal(t, c.pub.probe.SessionID(), s.SessionId)
	}
}

func TestAnICERestartChangesTheUfragKeyAlikeAtBothEnds(t *testing.T) {
	c := newCascade(t, "call", "call", 0)
	keys := func() (a, b *earshotv1.Transport) {
		a, b = &earshotv1.Transport{}, &earshotv1.Transport{}
		for _, tr := range c.pub.sink.last().Transports {
			a = tr
		}
		for _, tr := range c.sfu.sink.last().Transports {
			if tr.TransportId == c.sfu.conn.TransportID() {
				b = tr
			}
		}
		return a, b
	}
	eventually(t, "keys", func() bool { a, b := keys(); return a.UfragKey != 0 && a.UfragKey == b.UfragKey && b.AddressKey != 0 })
	before, _ := keys()

	offer, err := c.pub.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	require.NoError(t, err)
	gathered := webrtc.GatheringCompletePromise(c.pub.pc)
	require.NoError(t, c.pub.pc.SetLocalDescription(offer))
	<-gathered
	require.NoError(t, c.sfu.pc.SetRemoteDescription(*c.pub.pc.LocalDescription()))
	answer, err := c.sfu.pc.CreateAnswer(nil)
	require.NoError(t, err)
	gathered = webrtc.GatheringCompletePromise(c.sfu.pc)
	require.NoError(t, c.sfu.pc.SetLocalDescription(answer))
	<-gathered
	require.NoError(t, c.pub.pc.SetRemoteDescription(*c.sfu.pc.LocalDescription()))

	eventually(t, "new keys", func() bool {
		a, b := keys()
		return a.UfragKey != before.UfragKey && a.UfragKey == b.UfragKey
	})
	after, _ := keys()
	require.Equal(t, before.LinkKey, after.LinkKey)
	restarts := func(s *sink) (n int) {
		for _, m := range s.all() {
			for _, e := range m.Events {
				if e.Type == earshotv1.EventType_EVENT_TYPE_ICE_RESTART {
					n++
				}
			}
		}
		return n
	}
	require.Equal(t, 1, restarts(c.pub.sink))
	require.Equal(t, 1, restarts(c.sfu.sink))
}

func TestAStoppedSenderIsReportedOnceMore(t *testing.T) {
	c := newCascade(t, "call", "call", 0)
	eventually(t, "the forward is known", func() bool { return c.outbound().ForwardedSsrc != 0 })
	ssrc := c.outbound().Ssrc
	require.NoError(t, c.out.RemoveTrack(c.sender))
	negotiate(t, c.out, c.viewer.pc)
	eventually(t, "it is gone", func() bool { return c.outbound().Ssrc == 0 })
	var packets uint64
	for _, m := range c.sfu.sink.all() {
		for _, st := range m.Streams {
			if st.Ssrc == ssrc && st.Direction == earshotv1.Direction_DIRECTION_OUTBOUND {
				require.GreaterOrEqual(t, st.Packets, packets)
				packets = st.Packets
			}
		}
	}
	require.Positive(t, packets)
}

func TestConfigIsChecked(t *testing.T) {
	ok := sfu("fra")
	for _, test := range []struct {
		name   string
		change func(*sfuprobe.Config)
		want   string
	}{
		{"nobody", func(c *sfuprobe.Config) { c.SFU = nil }, "neither Config.SFU nor Config.Client"},
		{"both", func(c *sfuprobe.Config) { c.Client = &earshotv1.ClientOrigin{ClientId: "a"} }, "both Config.SFU and Config.Client"},
		{"an SFU without a name", func(c *sfuprobe.Config) { c.SFU = &earshotv1.SFUOrigin{} }, "no sfu_id"},
		{"an SFU with a call", func(c *sfuprobe.Config) { c.CallID = "call" }, "Config.CallID is for a client"},
		{"a client without a call", func(c *sfuprobe.Config) { *c = client("a"); c.CallID = "" }, "Config.CallID is empty"},
		{"a client without a name", func(c *sfuprobe.Config) { *c = client("") }, "no client_id"},
		{"an interval that is too short", func(c *sfuprobe.Config) { c.Interval = time.Microsecond }, "at least 10ms"},
		{"an address that is not one of a stream", func(c *sfuprobe.Config) { c.Collector = "http://127.0.0.1" }, "WebSocket address"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := ok
			test.change(&cfg)
			_, err := sfuprobe.New(cfg)
			require.ErrorContains(t, err, test.want)
		})
	}
}
