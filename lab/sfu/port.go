package sfu

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/link"
)

// Want is a track that a port is to send.
type Want struct {
	link.Track
	// Layers lists, separated by commas and best first, the RIDs of which the SFU selects one at a time. Empty for a track
	// that is not simulcast, and between SFUs, where every layer is a track by itself.
	Layers string
}

// tracks gives what has to come in for it.
func (w Want) tracks() []link.Track {
	if w.Layers == "" {
		return []link.Track{w.Track}
	}
	var all []link.Track
	for rid := range strings.SplitSeq(w.Layers, ",") {
		t := w.Track
		t.RID = rid
		all = append(all, t)
	}
	return all
}

// Send makes wants all that the port sends, and negotiates if that is a change.
func (p *Port) Send(wants []Want) error {
	changed, err := p.set(wants)
	if err != nil || !changed {
		return err
	}
	if err := p.peer.Negotiate(); err != nil {
		return fmt.Errorf("negotiate: %w", err)
	}
	return nil
}

func (p *Port) set(wants []Want) (changed bool, err error) {
	s := p.sfu
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.ports[p]; !ok {
		return false, nil
	}
	var errs []error
	for want, d := range p.downs {
		if !slices.Contains(wants, want) {
			changed = true
			s.unsubscribe(want, d)
			delete(p.downs, want)
			errs = append(errs, p.peer.PC.RemoveTrack(d.sender))
		}
	}
	for _, want := range wants {
		if p.downs[want] != nil {
			continue
		}
		changed = true
		d, err := p.open(want)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.downs[want] = d
	}
	return changed, errors.Join(errs...)
}

// open adds a sender for a track, which need not have come in yet.
func (p *Port) open(want Want) (*down, error) {
	s := p.sfu
	id := p.peer.AnnounceNew(want.Track)
	local, err := webrtc.NewTrackLocalStaticRTP(want.Codec(), id, id)
	if err != nil {
		return nil, fmt.Errorf("make track: %w", err)
	}
	transceiver, err := p.peer.PC.AddTransceiverFromTrack(local, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, fmt.Errorf("add track: %w", err)
	}
	d := &down{want: want, probe: s.probe, call: s.call, local: local, sender: transceiver.Sender(), rid: want.tracks()[0].RID}
	p.peer.ReadSender(d.sender, d.keyFrame)
	for _, t := range want.tracks() {
		h := s.hub(t)
		h.mu.Lock()
		h.downs = append(h.downs, d)
		in := h.in
		h.mu.Unlock()
		if in != nil && t.RID == d.rid {
			in.requestKeyFrame()
		}
	}
	return d, nil
}

// unsubscribe takes a down out of its hubs; the caller holds s.mu.
func (s *SFU) unsubscribe(want Want, d *down) {
	for _, t := range want.tracks() {
		h := s.hub(t)
		h.mu.Lock()
		h.downs = slices.DeleteFunc(h.downs, func(o *down) bool { return o == d })
		if len(h.downs) == 0 && h.in == nil {
			delete(s.hubs, t)
		}
		h.mu.Unlock()
	}
	d.stop()
}
