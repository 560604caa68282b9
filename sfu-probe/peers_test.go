package sfuprobe_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"

	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
	"github.com/earshot-rtc/earshot/sfu-probe/export"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// peer is one end of a call: a PeerConnection with a probe of its own.
type peer struct {
	t     *testing.T
	api   *webrtc.API
	pc    *webrtc.PeerConnection
	probe *sfuprobe.Probe
	conn  *sfuprobe.Connection
	sink  *sink
}

// sink is an exporter that keeps copies.
type sink struct {
	export.Discard
	mu      sync.Mutex
	samples []*earshotv1.Sample
}

func (s *sink) Send(m *earshotv1.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, m.CloneVT())
}

func (s *sink) all() []*earshotv1.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*earshotv1.Sample(nil), s.samples...)
}

func (s *sink) last() *earshotv1.Sample {
	all := s.all()
	if len(all) == 0 {
		return &earshotv1.Sample{}
	}
	return all[len(all)-1]
}

const interval = 200 * time.Millisecond

func sfu(id string) sfuprobe.Config {
	return sfuprobe.Config{SFU: &earshotv1.SFUOrigin{SfuId: id, Region: "test"}, Interval: interval, ResidenceEvery: 4}
}

func client(id string) sfuprobe.Config {
	return sfuprobe.Config{Client: &earshotv1.ClientOrigin{ClientId: id}, CallID: "call", Interval: interval}
}

// newProbe starts a probe that ends with the test.
func newProbe(t *testing.T, cfg sfuprobe.Config) (*sfuprobe.Probe, *sink) {
	t.Helper()
	s := &sink{}
	p, err := sfuprobe.New(cfg, sfuprobe.WithExporter(s))
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, p.Shutdown(context.Background())) })
	return p, s
}

// newAPI makes an API whose packets leave late by delay. Keepalives are frequent, so that STUN measures although media flows.
func newAPI(t testing.TB, probe *sfuprobe.Probe, delay time.Duration) *webrtc.API {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: &lateConn{PacketConn: socket, delay: delay}})
	t.Cleanup(func() { _ = mux.Close(); _ = socket.Close() })
	settings := webrtc.SettingEngine{}
	settings.SetICEUDPMux(mux)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetICETimeouts(5*time.Second, 10*time.Second, 20*time.Millisecond)
	media := &webrtc.MediaEngine{}
	require.NoError(t, media.RegisterDefaultCodecs())
	require.NoError(t, webrtc.ConfigureSimulcastExtensionHeaders(media))
	registry := &interceptor.Registry{}
	if probe != nil {
		registry.Add(probe.Interceptor())
	}
	require.NoError(t, webrtc.RegisterDefaultInterceptors(media, registry))
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry))
}

// lateConn holds every packet back for a while.
type lateConn struct {
	net.PacketConn
	delay time.Duration
}

func (c *lateConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.delay == 0 {
		return c.PacketConn.WriteTo(b, to)
	}
	b = append([]byte(nil), b...)
	time.AfterFunc(c.delay, func() { _, _ = c.PacketConn.WriteTo(b, to) })
	return len(b), nil
}

// newPeer makes a watched peer that ends with the test.
func newPeer(t *testing.T, cfg sfuprobe.Config, delay time.Duration, opts ...sfuprobe.WatchOption) *peer {
	t.Helper()
	p := &peer{t: t}
	p.probe, p.sink = newProbe(t, cfg)
	p.api = newAPI(t, p.probe, delay)
	p.pc, p.conn = p.connection(cfg.CallID, opts...)
	return p
}

// connection makes another watched PeerConnection of the same probe.
func (p *peer) connection(callID string, opts ...sfuprobe.WatchOption) (*webrtc.PeerConnection, *sfuprobe.Connection) {
	p.t.Helper()
	pc, err := p.api.NewPeerConnection(webrtc.Configuration{})
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = pc.GracefulClose() })
	conn, err := p.probe.Watch(pc, callID, append([]sfuprobe.WatchOption{sfuprobe.ReadRTCP()}, opts...)...)
	require.NoError(p.t, err)
	return pc, conn
}

// negotiate connects a to b; the tracks of both are there already.
func negotiate(t testing.TB, a, b *webrtc.PeerConnection) {
	t.Helper()
	offer, err := a.CreateOffer(nil)
	require.NoError(t, err)
	gathered := webrtc.GatheringCompletePromise(a)
	require.NoError(t, a.SetLocalDescription(offer))
	<-gathered
	require.NoError(t, b.SetRemoteDescription(*a.LocalDescription()))
	answer, err := b.CreateAnswer(nil)
	require.NoError(t, err)
	gathered = webrtc.GatheringCompletePromise(b)
	require.NoError(t, b.SetLocalDescription(answer))
	<-gathered
	require.NoError(t, a.SetRemoteDescription(*b.LocalDescription()))
}

func newTrack(t testing.TB, mime, id string) *webrtc.TrackLocalStaticRTP {
	t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, id, "stream")
	require.NoError(t, err)
	return track
}

// talk writes packets to the track, 100 a second, until the test ends.
func talk(t testing.TB, track *webrtc.TrackLocalStaticRTP) {
	t.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-done })
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		packet := newPacket(100)
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				packet.SequenceNumber++
				packet.Timestamp += 480
				_ = track.WriteRTP(packet)
			}
		}
	}()
}

// eventually waits for the sampling goroutine to say what is expected.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, 20*time.Second, 20*time.Millisecond, what)
}

func rtt(rtts []*earshotv1.RTT, source earshotv1.RTTSource) *earshotv1.RTT {
	for _, r := range rtts {
		if r.Source == source {
			return r
		}
	}
	return nil
}

func streamsOf(s *earshotv1.Sample, d earshotv1.Direction) []*earshotv1.Stream {
	var out []*earshotv1.Stream
	for _, st := range s.Streams {
		if st.Direction == d {
			out = append(out, st)
		}
	}
	return out
}
