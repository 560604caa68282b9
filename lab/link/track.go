package link

import (
	"fmt"
	"sync"

	"github.com/pion/interceptor"
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

// ReadSender reads the RTCP of a sender, which Pion shows to interceptors only when it is read, and calls keyFrame for every
// request for a key frame.
func (p *Peer) ReadSender(sender *webrtc.RTPSender, keyFrame func()) {
	p.Link.Go(func() { drain(sender.Read, keyFrame) })
}

// Layer is one encoding of a simulcast sender. It reads its RTCP as ReadSender does, but by itself: RTPSender.ReadSimulcast
// looks for the encoding in what a close of the connection clears away at the same time.
type Layer struct {
	*webrtc.TrackLocalStaticRTP
	Peer     *Peer
	KeyFrame func()
}

// Bind implements webrtc.TrackLocal.
func (l *Layer) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	codec, err := l.TrackLocalStaticRTP.Bind(c)
	if err == nil {
		reader := c.RTCPReader()
		l.Peer.Link.Go(func() {
			drain(func(b []byte) (int, interceptor.Attributes, error) { return reader.Read(b, nil) }, l.KeyFrame)
		})
	}
	return codec, err
}

// ReadReceiver reads, for the interceptors' sake, the RTCP of one incoming track.
//
// Pion fills in a simulcast receiver's layers one by one as they arrive, and looks through all of them, without a lock, to
// read any. So reading begins when the last layer has come.
func (p *Peer) ReadReceiver(receiver *webrtc.RTPReceiver, rid string) {
	if rid == "" {
		p.Link.Go(func() { drain(receiver.Read, nil) })
		return
	}
	for _, rid := range p.layers.add(receiver, rid) {
		p.Link.Go(func() {
			drain(func(b []byte) (int, interceptor.Attributes, error) { return receiver.ReadSimulcast(b, rid) }, nil)
		})
	}
}

// drain reads RTCP until there is no more.
func drain(read func([]byte) (int, interceptor.Attributes, error), keyFrame func()) {
	buf := make([]byte, rtcpMTU)
	for {
		n, _, err := read(buf)
		if err != nil {
			return
		}
		if keyFrame != nil && asksKeyFrame(buf[:n]) {
			keyFrame()
		}
	}
}

// layers are the RIDs that have come in at each simulcast receiver.
type layers struct {
	mu sync.Mutex
	of map[*webrtc.RTPReceiver][]string
}

// add returns all layers when the last one has come, and nothing before.
func (l *layers) add(receiver *webrtc.RTPReceiver, rid string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[*webrtc.RTPReceiver][]string{}
	}
	l.of[receiver] = append(l.of[receiver], rid)
	if rids := l.of[receiver]; len(rids) == len(receiver.Tracks()) {
		delete(l.of, receiver)
		return rids
	}
	return nil
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
