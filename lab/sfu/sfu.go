// Package sfu is the laboratory's selective forwarding unit: RTP packets of a publisher, or of another SFU, come in on one
// peer connection, and go out, with nothing but their header changed, on those of subscribers and further SFUs. It selects
// a simulcast layer for each viewer, passes requests for key frames upstream, and tells its probe what it forwards.
package sfu

import (
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/link"
	"github.com/earshot-rtc/earshot/lab/media"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

// SFU forwards. It is safe for concurrent use.
type SFU struct {
	call  string
	probe *sfuprobe.Probe

	mu    sync.Mutex
	hubs  map[link.Track]*hub
	ports map[*Port]struct{}
}

// New makes an SFU in a call. probe may be nil.
func New(call string, probe *sfuprobe.Probe) *SFU {
	return &SFU{call: call, probe: probe, hubs: map[link.Track]*hub{}, ports: map[*Port]struct{}{}}
}

// hub is where a track comes in, from wherever it comes, and goes out to all who have asked for it.
type hub struct {
	mu    sync.RWMutex
	in    *input
	downs []*down
}

// input is one incoming RTP stream.
type input struct {
	track  link.Track
	remote *webrtc.TrackRemote
	peer   *link.Peer

	mu    sync.Mutex
	asked time.Time
}

// keyFrameEvery bounds the requests for key frames that one stream's viewers make together.
const keyFrameEvery = 300 * time.Millisecond

func (in *input) requestKeyFrame() {
	if in.track.Kind != webrtc.RTPCodecTypeVideo {
		return
	}
	in.mu.Lock()
	ask := time.Since(in.asked) >= keyFrameEvery
	if ask {
		in.asked = time.Now()
	}
	in.mu.Unlock()
	if ask {
		in.peer.RequestKeyFrame(in.remote.SSRC())
	}
}

// Port is the SFU's end of one peer connection.
type Port struct {
	sfu   *SFU
	peer  *link.Peer
	downs map[Want]*down // guarded by sfu.mu
}

// Attach takes an end of a link into service: whatever the other end sends is a track to be forwarded.
func (s *SFU) Attach(peer *link.Peer) *Port {
	p := &Port{sfu: s, peer: peer, downs: map[Want]*down{}}
	s.mu.Lock()
	s.ports[p] = struct{}{}
	s.mu.Unlock()
	peer.PC.OnTrack(func(remote *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		if track, ok := peer.Announced(remote); ok {
			peer.ReadReceiver(receiver, remote.RID())
			peer.Link.Go(func() { s.forward(&input{track: track, remote: remote, peer: peer}) })
		}
	})
	return p
}

// Detach takes the port out of service, before or after its link is closed.
func (p *Port) Detach() {
	s := p.sfu
	s.mu.Lock()
	defer s.mu.Unlock()
	for want, d := range p.downs {
		s.unsubscribe(want, d)
	}
	p.downs = map[Want]*down{}
	delete(s.ports, p)
}

func (s *SFU) hub(t link.Track) *hub {
	h := s.hubs[t]
	if h == nil {
		h = &hub{}
		s.hubs[t] = h
	}
	return h
}

const mtu = 1500

// forward reads a stream to its end.
func (s *SFU) forward(in *input) {
	h, waiting := s.enter(in)
	if waiting {
		in.requestKeyFrame()
	}

	buf := make([]byte, mtu)
	var packet rtp.Packet
	for {
		n, _, err := in.remote.Read(buf)
		if err != nil {
			break
		}
		if packet.Unmarshal(buf[:n]) != nil {
			continue
		}
		start, key := false, false
		if in.track.Kind == webrtc.RTPCodecTypeVideo {
			start, key = media.VP8Start(packet.Payload)
		}
		h.mu.RLock()
		for _, d := range h.downs {
			d.write(in, packet.Header, packet.Payload, start && key)
		}
		h.mu.RUnlock()
	}

	s.leave(in, h)
}

// enter makes a stream the one that its hub takes.
func (s *SFU) enter(in *input) (h *hub, waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h = s.hub(in.track)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.in = in
	return h, len(h.downs) > 0
}

func (s *SFU) leave(in *input, h *hub) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.in == in {
		h.in = nil
		if len(h.downs) == 0 {
			delete(s.hubs, in.track)
		}
	}
	for _, d := range h.downs {
		d.lose(in)
	}
}

// SwitchLayers moves every viewer of a simulcast track to its next layer, as a congestion controller would, but for no
// other reason than that it is time.
func (s *SFU) SwitchLayers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.ports {
		for want, d := range p.downs {
			if rid, ok := d.nextLayer(); ok {
				t := want.Track
				t.RID = rid
				h := s.hub(t)
				h.mu.RLock()
				if h.in != nil {
					h.in.requestKeyFrame()
				}
				h.mu.RUnlock()
			}
		}
	}
}
