package graph

import (
	"slices"
	"strings"
)

// Candidate is an ICE candidate type, numbered as in the protocol.
type Candidate uint8

// Candidate types.
const (
	CandidateUnknown Candidate = iota
	Host
	Srflx
	Prflx
	Relay
)

// Pair is what kind of candidate pair a transport uses. Protocols are numbered as in the protocol.
type Pair struct {
	Local, Remote           Candidate
	Protocol, RelayProtocol uint8
}

// Facts is what a report says of a transport.
type Facts struct {
	ID              string
	LinkKey         uint64
	RemoteOwner     string
	RemoteTransport string
	UfragKey        uint64
	AddressKey      uint64
	Pair            Pair
	SFULink         bool
}

// clone copies the strings too, which may be in a record's memory.
func (f *Facts) clone() Facts {
	c := *f
	c.ID, c.RemoteOwner, c.RemoteTransport = strings.Clone(f.ID), strings.Clone(f.RemoteOwner), strings.Clone(f.RemoteTransport)
	return c
}

// Transport is one end of an association, for as long as its owner has it.
type Transport struct {
	Facts
	Owner *Source
	// Data is the caller's.
	Data any

	life
	pairs   []moment // when the kind of the candidate pair changed, oldest first
	link    *Link
	clash   bool // a conflict over this end has been counted
	dropped bool
	session string
}

// life is when a fact held.
type life struct {
	after int64 // the last time at which it is known not to have held
	since int64 // first seen
	seen  int64 // last seen
	ended bool
}

// moment is a change that happened after one report and up to another.
type moment struct{ after, since int64 }

func (l *life) begin(s *Source) {
	l.after, l.since, l.seen, l.ended = s.Before, s.Last, s.Last, false
	if s.early {
		l.after, l.since = 0, 0
	}
}

// holds says whether the fact is known to hold at the time.
func (l *life) holds(s *Source, at int64) bool {
	if at < l.since {
		return false
	}
	if l.ended {
		return at <= l.seen
	}
	return at <= s.Until()
}

// At says whether the transport is known to exist at the time.
func (t *Transport) At(at int64) bool { return t.holds(t.Owner, at) }

// Ended says that the owner has reported without it.
func (t *Transport) Ended() bool { return t.ended }

// Since is when the transport was first seen.
func (t *Transport) Since() int64 { return t.since }

// Link is the link whose end the transport is, or nil.
func (t *Transport) Link() *Link { return t.link }

// Peer is the other end of the link, or nil where that is not known or forgotten.
func (t *Transport) Peer() *Transport {
	if t.link == nil || t.link.Other(t).dropped {
		return nil
	}
	return t.link.Other(t)
}

// epoch is the latest beginning of what the transport is at the time: of itself, or of its candidate pair's kind. It is not
// known while the kind changes.
func (t *Transport) epoch(at int64) (m moment, ok bool) {
	m = moment{t.after, t.since}
	for _, p := range t.pairs {
		if at >= p.since {
			m = p
		} else if at > p.after {
			return m, false
		}
	}
	return m, true
}

// Transport reports one transport within Begin and End. Strings are copied where they are kept.
func (g *Graph) Transport(s *Source, f *Facts) *Transport {
	t := s.find(f.ID)
	if t == nil {
		t = &Transport{Facts: f.clone(), Owner: s, session: s.Session}
		t.begin(s)
		s.add(t)
		g.index(t)
		g.touch()
		return t
	}
	if t.seen == s.Last { // twice in one report
		if t.Facts != *f {
			g.counts.Conflicts++
			g.unlink(t)
			t.since = never
			g.touch()
		}
		return t
	}
	if t.ended || t.since == never {
		// Back again: the same association, so the link stays, but nothing is known of the time between.
		t.begin(s)
		t.pairs = nil
		g.unindex(t)
		t.Facts = f.clone()
		g.index(t)
		g.touch()
		return t
	}
	if t.Facts != *f {
		g.change(t, f)
	}
	t.seen = s.Last
	return t
}

func (g *Graph) touch() {
	g.dirty = true
	g.changed()
}

// change takes in what a live transport's report says differently from the one before.
func (g *Graph) change(t *Transport, f *Facts) {
	old := t.Facts
	g.unindex(t)
	t.Facts = f.clone()
	g.index(t)
	switch {
	case old.LinkKey != f.LinkKey && old.LinkKey != 0 && f.LinkKey != 0:
		// Another certificate at one of the ends: another association, under the same id.
		g.unlink(t)
		t.begin(t.Owner)
		t.pairs = nil
		g.touch()
		return
	case old.LinkKey != f.LinkKey, old.UfragKey != f.UfragKey, old.AddressKey != f.AddressKey,
		old.RemoteOwner != f.RemoteOwner, old.RemoteTransport != f.RemoteTransport, old.SFULink != f.SFULink:
		g.touch()
	}
	if f.Pair != old.Pair && f.Pair.differs(old.Pair) {
		t.pairs = append(t.pairs, moment{t.Owner.Before, t.Owner.Last})
		if len(t.pairs) > 4 {
			t.pairs = slices.Delete(t.pairs, 0, 1)
			t.after, t.since = t.pairs[0].after, t.pairs[0].since
		}
		g.changed()
	}
}

// differs says whether media takes another way. A candidate that becomes known, or was peer reflexive for want of
// signalling, is no change.
func (p Pair) differs(q Pair) bool {
	other := func(a, b Candidate) bool {
		return a != b && a != CandidateUnknown && b != CandidateUnknown && (a == Relay || b == Relay || a != Prflx && b != Prflx)
	}
	set := func(a, b uint8) bool { return a != b && a != 0 && b != 0 }
	return other(p.Local, q.Local) || other(p.Remote, q.Remote) ||
		set(p.Protocol, q.Protocol) || set(p.RelayProtocol, q.RelayProtocol)
}

func (g *Graph) endTransport(t *Transport) {
	t.ended = true
	g.unindex(t)
	g.touch()
}

func (g *Graph) dropTransport(s *Source, t *Transport) {
	t.dropped = true
	if s.byID != nil {
		delete(s.byID, t.ID)
	}
}

// manyTransports is from where on a source's transports are found through a map.
const manyTransports = 8

func (s *Source) find(id string) *Transport {
	if s.nextT < len(s.transports) && s.transports[s.nextT].ID == id {
		s.nextT++
		return s.transports[s.nextT-1]
	}
	t := s.lookup(id)
	if t != nil {
		s.nextT = 0
		for i := range s.transports[:min(len(s.transports), manyTransports)] {
			if s.transports[i] == t {
				s.nextT = i + 1
			}
		}
	}
	return t
}

// lookup finds a transport of the source.
func (s *Source) lookup(id string) *Transport {
	if s.byID != nil {
		return s.byID[id]
	}
	for _, t := range s.transports {
		if t.ID == id {
			return t
		}
	}
	return nil
}

func (s *Source) add(t *Transport) {
	s.transports = append(s.transports, t)
	s.nextT = len(s.transports)
	if s.byID != nil {
		s.byID[t.ID] = t
	} else if len(s.transports) > manyTransports {
		s.byID = make(map[string]*Transport, 2*manyTransports)
		for _, t := range s.transports {
			s.byID[t.ID] = t
		}
	}
}
