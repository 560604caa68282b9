package link

import (
	"fmt"
	"sync"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
)

// Track is what the application says of a track: track ids change at every hop, as they do between real SFUs.
type Track struct {
	// Publisher is a client_id.
	Publisher string
	Kind      webrtc.RTPCodecType
	// RID is the layer of a simulcast track; "" for other tracks, and for one whose receiver is to be given any layer.
	RID string
}

// Codec of the track's kind.
func (t Track) Codec() webrtc.RTPCodecCapability {
	if t.Kind == webrtc.RTPCodecTypeAudio {
		return Opus
	}
	return VP8
}

// names is the application's own signalling: which track id means what, on one link.
type names struct {
	mu   sync.Mutex
	last int
	of   map[string]Track
}

// Announce tells the other end what the track with an id is.
func (p *Peer) Announce(id string, t Track) {
	n := &p.Link.names
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == nil {
		n.of = map[string]Track{}
	}
	n.of[id] = t
}

// AnnounceNew is Announce with an id that means nothing to anybody else.
func (p *Peer) AnnounceNew(t Track) (id string) {
	n := &p.Link.names
	n.mu.Lock()
	n.last++
	id = fmt.Sprintf("t%d", n.last)
	n.mu.Unlock()
	p.Announce(id, t)
	return id
}

// Announced looks up what an incoming track is.
func (p *Peer) Announced(remote *webrtc.TrackRemote) (Track, bool) {
	n := &p.Link.names
	n.mu.Lock()
	defer n.mu.Unlock()
	t, ok := n.of[remote.ID()]
	if rid := remote.RID(); rid != "" {
		t.RID = rid
	}
	return t, ok
}

// Go runs a reader that ends when the peers are closed; Close waits for it. On a closed link it does nothing.
func (l *Link) Go(f func()) {
	l.readers.mu.Lock()
	defer l.readers.mu.Unlock()
	if !l.readers.ended {
		l.readers.group.Go(f)
	}
}

// readers are the goroutines that read from the two peers.
type readers struct {
	mu    sync.Mutex
	ended bool
	group sync.WaitGroup
}

// end lets no more begin.
func (r *readers) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}

// rtcpMTU is more than a compound RTCP packet ever takes.
const rtcpMTU = 1500

// ReadSender reads the RTCP of one encoding of a sender, which Pion shows to interceptors only when it is read, and calls
// keyFrame for every request for one.
func (p *Peer) ReadSender(sender *webrtc.RTPSender, rid string, keyFrame func()) {
	p.Link.Go(func() {
		buf := make([]byte, rtcpMTU)
		for {
			var n int
			var err error
			if rid == "" {
				n, _, err = sender.Read(buf)
			} else {
				n, _, err = sender.ReadSimulcast(buf, rid)
			}
			if err != nil {
				return
			}
			if keyFrame != nil && asksKeyFrame(buf[:n]) {
				keyFrame()
			}
		}
	})
}

// ReadReceiver reads, for the interceptors' sake, the RTCP of one incoming track.
func (p *Peer) ReadReceiver(receiver *webrtc.RTPReceiver, rid string) {
	p.Link.Go(func() {
		buf := make([]byte, rtcpMTU)
		for {
			var err error
			if rid == "" {
				_, _, err = receiver.Read(buf)
			} else {
				_, _, err = receiver.ReadSimulcast(buf, rid)
			}
			if err != nil {
				return
			}
		}
	})
}

// RequestKeyFrame sends a PLI (RFC 4585 section 6.3.1). On a closed connection it does nothing.
func (p *Peer) RequestKeyFrame(ssrc webrtc.SSRC) {
	// What cannot be sent is lost, and asked for again.
	_ = p.PC.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(ssrc)}})
}

// asksKeyFrame looks for a PLI or FIR in a compound packet without decoding the rest.
func asksKeyFrame(b []byte) bool {
	const header, payloadFeedback, pli, fir = 4, 206, 1, 4
	for len(b) >= header {
		if format := b[0] & 0x1f; b[1] == payloadFeedback && (format == pli || format == fir) {
			return true
		}
		size := ((int(b[2])<<8 | int(b[3])) + 1) * 4
		if size > len(b) {
			return false
		}
		b = b[size:]
	}
	return false
}
