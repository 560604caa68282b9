// Package link makes peer connections in pairs, both ends in this process: two descriptions of an end come in, and two
// connected Pion PeerConnections come out. Signalling between them is function calls and takes no time; ICE, DTLS, RTP and
// RTCP are real and travel as UDP over a delay line.
package link

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/delay"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

// End describes one end of a link.
type End struct {
	// Probe watches the end; nil where nobody does.
	Probe *sfuprobe.Probe
	// CallID is given to the probe.
	CallID string
	// Watch says more of the end to the probe.
	Watch []sfuprobe.WatchOption
	// Certificate serves several connections; nil makes one for this connection alone.
	Certificate *webrtc.Certificate
	// Path is the way out of this end.
	Path func() delay.Path
}

// Peer is one end, connected or about to be.
type Peer struct {
	PC *webrtc.PeerConnection
	// Watched is nil without a probe.
	Watched *sfuprobe.Connection
	// Link is what the peer is an end of.
	Link *Link

	onClose []func()
	layers  layers
}

// OnClose has f called when the link is closed. It is for whoever sets the peer up, before its first negotiation.
func (p *Peer) OnClose(f func()) { p.onClose = append(p.onClose, f) }

// Link is two peers that are each other's remote.
type Link struct {
	A, B *Peer

	mu      sync.Mutex // one negotiation at a time, so offers never meet
	closed  bool
	names   names
	readers readers
}

// Maker makes links over one delay line.
type Maker struct {
	Line   *delay.Line
	Logger Logger
	Rand   *rand.Rand
}

// New makes a link. It stays idle until it is negotiated.
func (m *Maker) New(a, b End) (*Link, error) {
	l := &Link{}
	var err error
	if l.A, err = m.peer(l, a); err != nil {
		return nil, err
	}
	if l.B, err = m.peer(l, b); err != nil {
		return nil, errors.Join(err, l.A.PC.Close())
	}
	return l, nil
}

func (m *Maker) peer(l *Link, end End) (*Peer, error) {
	api, err := m.api(end)
	if err != nil {
		return nil, err
	}
	cfg := webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle, RTCPMuxPolicy: webrtc.RTCPMuxPolicyRequire}
	if end.Certificate != nil {
		cfg.Certificates = []webrtc.Certificate{*end.Certificate}
	}
	p := &Peer{Link: l}
	if p.PC, err = api.NewPeerConnection(cfg); err != nil {
		return nil, fmt.Errorf("make peer connection: %w", err)
	}
	if end.Probe != nil {
		if p.Watched, err = end.Probe.Watch(p.PC, end.CallID, end.Watch...); err != nil {
			return nil, errors.Join(fmt.Errorf("watch peer connection: %w", err), p.PC.Close())
		}
	}
	return p, nil
}

// Other is the far end.
func (p *Peer) Other() *Peer {
	if p == p.Link.A {
		return p.Link.B
	}
	return p.Link.A
}

// Negotiate has p offer what it has to send and receive, and the other end answer. On a closed link it does nothing.
func (p *Peer) Negotiate() error { return p.negotiate(nil) }

// RestartICE negotiates with new ICE credentials, and so new sockets and candidates, at both ends.
func (p *Peer) RestartICE() error { return p.negotiate(&webrtc.OfferOptions{ICERestart: true}) }

func (p *Peer) negotiate(options *webrtc.OfferOptions) error {
	p.Link.mu.Lock()
	defer p.Link.mu.Unlock()
	if p.Link.closed {
		return nil
	}
	offerer, answerer := p.PC, p.Other().PC
	offer, err := offerer.CreateOffer(options)
	if err != nil {
		return fmt.Errorf("create offer: %w", err)
	}
	complete, err := describe(offerer, offer)
	if err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	if err = answerer.SetRemoteDescription(complete); err != nil {
		return fmt.Errorf("take offer: %w", err)
	}
	answer, err := answerer.CreateAnswer(nil)
	if err != nil {
		return fmt.Errorf("create answer: %w", err)
	}
	if complete, err = describe(answerer, answer); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if err = offerer.SetRemoteDescription(complete); err != nil {
		return fmt.Errorf("take answer: %w", err)
	}
	return nil
}

// describe sets a local description and returns it with all its candidates.
func describe(pc *webrtc.PeerConnection, d webrtc.SessionDescription) (webrtc.SessionDescription, error) {
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(d); err != nil {
		return d, err
	}
	<-gathered
	return *pc.LocalDescription(), nil
}

// Close closes both ends and waits for their readers.
func (l *Link) Close() error {
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	if closed {
		return nil
	}
	for _, f := range append(l.A.onClose, l.B.onClose...) {
		f()
	}
	l.readers.end()
	err := errors.Join(l.A.PC.Close(), l.B.PC.Close())
	l.readers.group.Wait()
	return err
}
