// Command cascade is a small SFU that can stand behind another one: SDP offers come in over HTTP, media are forwarded, and what
// the probe sees of both goes to the collector. The lines that report it are marked "Earshot". POST /publish/{call} and
// POST /subscribe/{call} take an SDP offer and answer it, as WHIP and WHEP do; a subscriber offers a receiving transceiver
// for every track that it wants. An SFU that has no publisher for a call subscribes upstream.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/intervalpli"
	"github.com/pion/webrtc/v3"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

type sfu struct {
	api      *webrtc.API
	probe    *sfuprobe.Probe
	upstream string
	tracks   sync.Map // the keys are *track
}

type track struct {
	call string
	in   *webrtc.TrackRemote
	out  *webrtc.TrackLocalStaticRTP
}

func newSFU(id, collector, upstream string) (*sfu, error) {
	probe, err := sfuprobe.New(sfuprobe.Config{SFU: &earshotv1.SFUOrigin{SfuId: id}, Collector: collector}) // Earshot
	if err != nil {
		return nil, err
	}
	media, registry, settings := &webrtc.MediaEngine{}, &interceptor.Registry{}, webrtc.SettingEngine{}
	registry.Add(probe.Interceptor()) // Earshot: before all others
	settings.SetIncludeLoopbackCandidate(true)
	keyFrames, _ := intervalpli.NewReceiverInterceptor() // asks for one every three seconds
	registry.Add(keyFrames)
	err = errors.Join(media.RegisterDefaultCodecs(), webrtc.RegisterDefaultInterceptors(media, registry),
		probe.Start(context.Background())) // Earshot
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
	return &sfu{api: api, probe: probe, upstream: upstream}, err
}

// connect makes a connection of a call, which ends when its other end is gone.
func (s *sfu) connect(call string, opts ...sfuprobe.WatchOption) (*webrtc.PeerConnection, error) {
	pc, err := s.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	pc.OnICEConnectionStateChange(func(state webrtc.ICEConnectionState) {
		if state == webrtc.ICEConnectionStateFailed {
			_ = pc.Close()
		}
	})
	pc.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { s.forward(call, remote) })
	_, err = s.probe.Watch(pc, call, append(opts, sfuprobe.ReadRTCP())...) // Earshot; nobody else here reads RTCP
	return pc, err
}

// forward carries a track to whoever subscribes to the call, until it ends.
func (s *sfu) forward(call string, remote *webrtc.TrackRemote) {
	local, err := webrtc.NewTrackLocalStaticRTP(remote.Codec().RTPCodecCapability, remote.ID(), remote.StreamID())
	if err != nil {
		return // no codec
	}
	t := &track{call, remote, local}
	s.tracks.Store(t, nil)
	defer s.tracks.Delete(t)
	buf := make([]byte, 1500)
	for n, _, err := remote.Read(buf); err == nil; n, _, err = remote.Read(buf) {
		_, _ = local.Write(buf[:n])
	}
}

func (s *sfu) of(call string) (found []*track) {
	for key := range s.tracks.Range {
		if t, ok := key.(*track); ok && t.call == call {
			found = append(found, t)
		}
	}
	return found
}

// send adds the tracks of a call to a subscriber's connection. If there are none they come from upstream.
func (s *sfu) send(ctx context.Context, pc *webrtc.PeerConnection, call string) error {
	err := errors.New("nobody publishes in this call yet")
	if s.upstream != "" && len(s.of(call)) == 0 {
		err = s.pull(ctx, call)
	}
	for _, t := range s.of(call) {
		var sender *webrtc.RTPSender
		if sender, err = pc.AddTrack(t.out); err == nil {
			s.probe.Forward(t.in, sender) // Earshot
		}
	}
	return err
}

// pull subscribes to a call upstream, and waits until its tracks are here.
func (s *sfu) pull(ctx context.Context, call string) error {
	pc, err := s.connect(call, sfuprobe.ToSFU()) // Earshot
	if err != nil {
		return err
	}
	_, audio := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio)
	_, video := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo)
	d, err := pc.CreateOffer(nil)
	offer, err := settle(pc, d, errors.Join(audio, video, err))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.upstream+"/subscribe/"+call+"?sfu", strings.NewReader(offer))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	if _ = resp.Body.Close(); err != nil || resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("upstream says %s: %s", resp.Status, answer)
	}
	err = pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)})
	for err == nil && len(s.of(call)) < strings.Count(string(answer), "\na=msid:") {
		time.Sleep(20 * time.Millisecond)
		err = ctx.Err()
	}
	return err
}

// settle sets the local description, and gives it with its candidates.
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

// ServeHTTP answers an offer to /publish/{call} or /subscribe/{call}.
func (s *sfu) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	call, subscribe := strings.CutPrefix(r.URL.Path, "/subscribe/")
	var opts []sfuprobe.WatchOption
	if r.URL.Query().Has("sfu") {
		opts = append(opts, sfuprobe.ToSFU()) // Earshot
	}
	offer, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // half an offer is refused as no SDP
	pc, err := s.connect(strings.TrimPrefix(call, "/publish/"), opts...)
	if err == nil && subscribe {
		err = s.send(ctx, pc, call)
	}
	if err == nil {
		err = pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(offer)})
	}
	answer := webrtc.SessionDescription{}
	if err == nil {
		answer, err = pc.CreateAnswer(nil)
	}
	sdp, err := settle(pc, answer, err)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, sdp)
}

func main() {
	id := flag.String("id", "sfu-1", "the name of this SFU")
	listen := flag.String("listen", "127.0.0.1:8081", "where to take offers")
	collector := flag.String("collector", "ws://127.0.0.1:4480/v1/stream", "where the probe reports")
	upstream := flag.String("upstream", "", "the SFU to subscribe at, http://host:port")
	flag.Parse()
	s, err := newSFU(*id, *collector, *upstream)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("%s takes offers at http://%s/publish/{call} and /subscribe/{call}", *id, *listen)
	log.Fatal(http.ListenAndServe(*listen, s))
}
