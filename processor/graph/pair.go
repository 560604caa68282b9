package graph

import "slices"

// Evidence is what brought the two ends of a link together.
type Evidence uint8

// Evidence, strongest first.
const (
	NoEvidence Evidence = iota
	LinkKey
	Explicit
	Ufrag
	Address
	SSRC
)

// Link is two transports that are each other's remote.
type Link struct {
	// A is the end that sorts first: clients before SFUs, then by id and transport.
	A, B *Transport
	By   Evidence
	from moment // a conflict was over then; zero where there was none
	cut  int64  // a conflict ended the belief in it then; 0 where there is none
}

// Other is the end that t is not.
func (l *Link) Other(t *Transport) *Transport {
	if l.A == t {
		return l.B
	}
	return l.A
}

func (l *Link) at(at int64) bool { return at >= l.from.since && (l.cut == 0 || at < l.cut) }

// key is a value by which both ends of a link may name it.
type key struct {
	by    Evidence
	value uint64
}

func (f *Facts) keys() [3]key {
	return [3]key{{LinkKey, f.LinkKey}, {Ufrag, f.UfragKey}, {Address, f.AddressKey}}
}

func (g *Graph) index(t *Transport) {
	for _, k := range t.keys() {
		if k.value != 0 {
			g.keys[k] = append(g.keys[k], t)
		}
	}
}

func (g *Graph) unindex(t *Transport) {
	for _, k := range t.keys() {
		if k.value == 0 {
			continue
		}
		if rest := slices.DeleteFunc(g.keys[k], func(o *Transport) bool { return o == t }); len(rest) > 0 {
			g.keys[k] = rest
		} else {
			delete(g.keys, k)
		}
	}
}

// Pair finds the peers of ends that have none, by the strongest evidence there is. It links two ends only where nobody
// else has a claim to either; where somebody has, it waits for more evidence or for the claim to go. Call it when a window closes.
func (g *Graph) Pair() {
	if !g.dirty {
		return
	}
	g.dirty = false
	var loose []*Transport
	for _, s := range g.sources {
		for _, t := range s.transports {
			if t.ended || t.since == never {
				continue
			}
			if t.link != nil && g.replaced(t.link.Other(t)) {
				t.link = nil
			}
			g.contest(t)
			if t.link == nil {
				loose = append(loose, t)
			}
		}
	}
	for _, by := range []Evidence{LinkKey, Explicit, Ufrag, Address, SSRC} {
		if len(loose) < 2 {
			break
		}
		match := g.matcher(by, loose)
		for _, t := range loose {
			if t.link != nil {
				continue
			}
			if o := match(t); o != nil {
				g.join(t, o, by)
			}
		}
		loose = slices.DeleteFunc(loose, func(t *Transport) bool { return t.link != nil })
	}
	// Those that are left are looked at again after more reports, changed or not: an overlap may have to be confirmed.
	g.dirty = len(loose) > 0
}

// replaced says that an end stands for nothing any more: its owner has begun anew, or has reported the transport again after
// it was forgotten. An end that is merely gone keeps its peer from being paired again: an association has one other end for
// life.
func (g *Graph) replaced(t *Transport) bool {
	if !t.dropped {
		return false
	}
	s, ok := g.Lookup(t.Owner.Kind, t.Owner.ID)
	return ok && (s.Session != t.session || s.lookup(t.ID) != nil)
}

// matcher finds the one end that evidence of the kind gives for another, or nil.
func (g *Graph) matcher(by Evidence, loose []*Transport) func(*Transport) *Transport {
	switch by {
	case LinkKey:
		return g.byLinkKey
	case Explicit:
		claims := claimsOf(loose)
		return func(t *Transport) *Transport { return g.byName(t, claims) }
	case SSRC:
		sets := g.collect(loose)
		return sets.match
	case Ufrag:
		return func(t *Transport) *Transport { return g.alone(t, key{Ufrag, t.UfragKey}) }
	default:
		return func(t *Transport) *Transport { return g.alone(t, key{Address, t.AddressKey}) }
	}
}

// byLinkKey pairs the two ends that know the same two certificates. Where one certificate serves several connections there
// are more; ufrags tell them apart, or there is but one way left.
func (g *Graph) byLinkKey(t *Transport) *Transport {
	if t.LinkKey == 0 {
		return nil
	}
	group := g.keys[key{LinkKey, t.LinkKey}]
	var other, same *Transport
	others, sames := 0, 0
	for _, o := range group {
		if o == t {
			continue
		}
		if t.UfragKey != 0 && o.UfragKey == t.UfragKey {
			same, sames = o, sames+1
		}
		if o.link == nil {
			other, others = o, others+1
		}
	}
	switch {
	case sames == 1:
		return t.accept(same)
	case sames > 1:
		return nil
	case others == 1 && (t.UfragKey == 0 || other.UfragKey == 0 || t.settled(other)):
		return t.accept(other)
	}
	return nil
}

// settled says that two ends whose ufrags differ have stood side by side for so long that they are no two connections of
// which the one has gone and the other has come: an ICE restart half seen, or ufrags that an end gets wrong.
func (t *Transport) settled(o *Transport) bool {
	from := max(t.since, o.since)
	return t.seen-from >= 3*t.Owner.Interval && o.seen-from >= 3*o.Owner.Interval
}

// alone pairs two ends that share a key with nobody else.
func (g *Graph) alone(t *Transport, k key) *Transport {
	group := g.keys[k]
	if k.value == 0 || len(group) != 2 {
		return nil
	}
	o := group[0]
	if o == t {
		o = group[1]
	}
	if o.link != nil {
		return nil
	}
	return t.accept(o)
}

// accept returns o if nothing speaks against it as the peer of t.
func (t *Transport) accept(o *Transport) *Transport {
	if o.link != nil || o.ended || o.since == never || o.Owner == t.Owner || !t.agrees(o) {
		return nil
	}
	// Both owners must have reported while the other end was there: one end may have gone, and the other come, unseen.
	if t.seen < o.since || o.seen < t.since {
		return nil
	}
	return o
}

// agrees says that the certificates that both ends know, and the names that they give, do not contradict one another.
func (t *Transport) agrees(o *Transport) bool {
	if t.LinkKey != 0 && o.LinkKey != 0 && t.LinkKey != o.LinkKey {
		return false
	}
	if t.SFULink && o.Owner.Kind != SFU || o.SFULink && t.Owner.Kind != SFU {
		return false
	}
	return t.names(o) && o.names(t)
}

func (g *Graph) join(t, o *Transport, by Evidence) {
	if sortsAfter(t, o) {
		t, o = o, t
	}
	l := &Link{A: t, B: o, By: by}
	if t.clash || o.clash {
		l.from = moment{min(t.Owner.Before, o.Owner.Before), max(t.seen, o.seen)}
	}
	t.link, o.link = l, l
	g.changed()
}

func sortsAfter(t, o *Transport) bool {
	if t.Owner.Kind != o.Owner.Kind {
		return t.Owner.Kind > o.Owner.Kind
	}
	if t.Owner.ID != o.Owner.ID {
		return t.Owner.ID > o.Owner.ID
	}
	return t.ID > o.ID
}

// contest cuts a link when a third end claims its very keys: one of the claims is wrong, and which is not known.
func (g *Graph) contest(t *Transport) {
	if t.ended || t.LinkKey == 0 || t.UfragKey == 0 {
		return
	}
	n := 0
	for _, o := range g.keys[key{Ufrag, t.UfragKey}] {
		if o.LinkKey == t.LinkKey {
			n++
		}
	}
	if n > 2 {
		g.unlink(t)
		g.clash(t)
	} else {
		t.clash = t.clash && t.link == nil
	}
}

// unlink ends the belief in a link from its ends' latest reports on.
func (g *Graph) unlink(t *Transport) {
	if l := t.link; l != nil {
		l.cut = min(l.A.seen, l.B.seen)
		l.A.link, l.B.link = nil, nil
		g.touch()
	}
}

// clash counts a conflict over an end, once until it is over.
func (g *Graph) clash(t *Transport) {
	if !t.clash {
		t.clash = true
		g.counts.Conflicts++
	}
}
