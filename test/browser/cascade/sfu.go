package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/intervalpli"
	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/delay"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

// sfu forwards every track of a call to whoever subscribes to it here.
type sfu struct {
	probe *sfuprobe.Probe
	line  *delay.Line

	mu     sync.Mutex
	tracks map[string][]*track // by call
	peers  []*webrtc.PeerConnection
}

type track struct {
	in  *webrtc.TrackRemote
	out *webrtc.TrackLocalStaticRTP
}

// keepalive makes Pion check pairs that carry media one way often enough to measure them.
const keepalive = 200 * time.Millisecond

func newSFU(ctx context.Context, id, collector, token string, line *delay.Line) (*sfu, error) {
	probe, err := sfuprobe.New(sfuprobe.Config{
		SFU: &earshotv1.SFUOrigin{SfuId: id, Region: "region-of-" + id}, Collector: collector, Token: token, Interval: time.Second,
	})
	if err == nil {
		err = probe.Start(ctx)
	}
	return &sfu{probe: probe, line: line, tracks: map[string][]*track{}}, err
}

// leg is the way between an SFU and whoever is at the other end of a connection.
type leg struct {
	oneWay  time.Duration
	browser bool
}

// connect makes a connection of a call.
func (s *sfu) connect(call string, to leg) (*webrtc.PeerConnection, error) {
	delayed, err := newNetwork(s.line, to.oneWay, to.browser)
	if err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetNet(delayed)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetICETimeouts(10*time.Second, 20*time.Second, keepalive)
	settings.DisableActiveTCP(true)
	settings.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	media, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	registry.Add(s.probe.Interceptor())
	keyFrames, err := intervalpli.NewReceiverInterceptor()
	if err != nil {
		return nil, err
	}
	registry.Add(keyFrames)
	if err := errors.Join(media.RegisterDefaultCodecs(), webrtc.RegisterDefaultInterceptors(media, registry)); err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.peers = append(s.peers, pc)
	s.mu.Unlock()
	pc.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { s.forward(call, remote) })
	opts := []sfuprobe.WatchOption{sfuprobe.ReadRTCP()}
	if !to.browser {
		opts = append(opts, sfuprobe.ToSFU())
	}
	_, err = s.probe.Watch(pc, call, opts...)
	return pc, err
}

// forward carries a track under a name that means nothing to anybody.
func (s *sfu) forward(call string, remote *webrtc.TrackRemote) {
	local, err := webrtc.NewTrackLocalStaticRTP(remote.Codec().RTPCodecCapability, rand.Text(), rand.Text())
	if err != nil {
		return // no codec
	}
	s.mu.Lock()
	s.tracks[call] = append(s.tracks[call], &track{remote, local})
	s.mu.Unlock()
	buf := make([]byte, mtu)
	for n, _, err := remote.Read(buf); err == nil; n, _, err = remote.Read(buf) {
		_, _ = local.Write(buf[:n]) // a subscriber that is gone
	}
}

// send waits for the two tracks of a call and adds them to a connection.
func (s *sfu) send(ctx context.Context, pc *webrtc.PeerConnection, call string) error {
	for {
		s.mu.Lock()
		tracks := s.tracks[call]
		s.mu.Unlock()
		if len(tracks) < 2 {
			select {
			case <-time.After(20 * time.Millisecond):
				continue
			case <-ctx.Done():
				return errors.New("nobody publishes audio and video in this call")
			}
		}
		for _, t := range tracks {
			sender, err := pc.AddTrack(t.out)
			if err != nil {
				return err
			}
			s.probe.Forward(t.in, sender)
		}
		return nil
	}
}

// answer takes an offer and answers it with all candidates.
func answer(pc *webrtc.PeerConnection, offer string) (string, error) {
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	d, err := pc.CreateAnswer(nil)
	return settle(pc, d, err)
}

func settle(pc *webrtc.PeerConnection, d webrtc.SessionDescription, err error) (string, error) {
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

// pull has the tracks of a call come here from another SFU.
func (s *sfu) pull(ctx context.Context, from *sfu, call string, way leg) error {
	here, err := s.connect(call, way)
	if err != nil {
		return err
	}
	there, err := from.connect(call, way)
	if err != nil {
		return err
	}
	if err := from.send(ctx, there, call); err != nil {
		return err
	}
	d, err := there.CreateOffer(nil)
	offer, err := settle(there, d, err)
	if err != nil {
		return err
	}
	sdp, err := answer(here, offer)
	if err != nil {
		return err
	}
	return there.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp})
}

func (s *sfu) close(ctx context.Context) error {
	s.mu.Lock()
	peers := s.peers
	s.mu.Unlock()
	var errs []error
	for _, pc := range peers {
		errs = append(errs, pc.Close())
	}
	return errors.Join(append(errs, s.probe.Shutdown(ctx))...)
}
