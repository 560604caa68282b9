package graph

import "slices"

// Hop is a link as a path uses it.
type Hop struct {
	// From is the end nearer to the publisher, To the one nearer to the subscriber. From is nil where the other end does not report.
	From, To *Transport
	Link     *Link // nil where From is
}

// Path is the way of one received stream as of an instant.
type Path struct {
	Hops []Hop // publisher first
	// Publisher is nil where the way could not be followed so far.
	Publisher *Source
	// Track is the publisher's stream, where it reports it.
	Track *Stream
	// Expected is how many hops there are at least.
	Expected int
	// Since is when the path as it is was first seen; After is the last time at which it is known not to have been.
	Since, After int64

	// Relays are the streams by which SFUs on the way send the track on, publisher first.
	Relays []*Stream

	links moment // of the links and the received stream alone
	// Steady is since when every single fact on the way has held: the path is the same at all instants from then on.
	Steady int64
}

// Complete says that the path is known from end to end.
func (p *Path) Complete() bool { return p.Publisher != nil }

// MaxHops is how many hops a path may have.
const MaxHops = 32

// Set makes p a copy of q that shares nothing with it.
func (p *Path) Set(q *Path) {
	hops, relays := p.Hops[:0], p.Relays[:0]
	hops = append(hops, q.Hops...)
	relays = append(relays, q.Relays...)
	*p = *q
	p.Hops, p.Relays = hops, relays
}

func (p *Path) reset() {
	*p = Path{Hops: p.Hops[:0], Relays: p.Relays[:0]}
}

func (p *Path) begun(m moment) {
	p.Since, p.After, p.Steady = max(p.Since, m.since), max(p.After, m.after), max(p.Steady, m.since)
}

// Resolve walks back from a received stream to its publisher, as of the instant, into p. It says whether the stream
// is known to be received then; the path may still be known in part only.
func (g *Graph) Resolve(st *Stream, at int64, p *Path) bool {
	p.reset()
	if !st.At(at) || !st.T.At(at) {
		return false
	}
	p.begun(moment{st.after, st.since})
	g.walk(st, at, p)
	for i, j := 0, len(p.Hops)-1; i < j; i, j = i+1, j-1 {
		p.Hops[i], p.Hops[j] = p.Hops[j], p.Hops[i]
	}
	for i, j := 0, len(p.Relays)-1; i < j; i, j = i+1, j-1 {
		p.Relays[i], p.Relays[j] = p.Relays[j], p.Relays[i]
	}
	if p.Publisher != nil {
		p.Expected = len(p.Hops)
	} else {
		p.Expected = len(p.Hops) + 1
	}
	return true
}

// walk collects hops, subscriber first.
func (g *Graph) walk(st *Stream, at int64, p *Path) {
	p.links = moment{st.after, st.since}
	t, ssrc := st.T, st.SSRC
	for len(p.Hops) < MaxHops {
		peer := p.cross(t, at)
		if peer == nil {
			return
		}
		for _, h := range p.Hops[:len(p.Hops)-1] {
			if h.Link == t.link {
				g.counts.Loops++
				return
			}
		}
		out := g.streams[streamKey{peer, ssrc, Outbound}]
		if out != nil && !out.At(at) {
			out = nil
		}
		if peer.Owner.Kind == Client {
			// A client forwards nothing, so what comes from it is its own, reported or not.
			p.Publisher, p.Track = peer.Owner, out
			if out != nil {
				p.Steady = max(p.Steady, out.since)
			}
			return
		}
		if out == nil {
			return
		}
		f, ok := out.forwards(at)
		if !ok {
			return
		}
		in := f.transport(peer.Owner)
		if in == nil || !in.At(at) {
			return
		}
		p.Relays = append(p.Relays, out)
		p.Steady = max(p.Steady, out.since, f.since)
		p.begun(f.from)
		t, ssrc = in, f.ssrc
	}
}

// cross adds the hop that ends at t and returns its other end, nil where that is not known.
func (p *Path) cross(t *Transport, at int64) *Transport {
	own, ok := t.epoch(at)
	if !ok {
		own = moment{at, at}
	}
	p.begun(own)
	p.links = p.links.later(own)
	if l := t.link; l != nil && ok && l.at(at) && l.Other(t).At(at) {
		peer := l.Other(t)
		if other, known := peer.epoch(at); known {
			p.Hops = append(p.Hops, Hop{From: peer, To: t, Link: l})
			p.begun(other.later(l.from))
			p.links = p.links.later(other).later(l.from)
			return peer
		}
	}
	p.Hops = append(p.Hops, Hop{To: t})
	return nil
}

func (m moment) later(o moment) moment { return moment{max(m.after, o.after), max(m.since, o.since)} }

// Equal says whether both paths are the same in all that they say.
func (p *Path) Equal(q *Path) bool {
	return p.Since == q.Since && p.After == q.After && p.Track == q.Track && p.Expected == q.Expected && p.links == q.links &&
		p.Same(q) && slices.Equal(p.Relays, q.Relays)
}

// Same says whether both paths take the same links to the same publisher.
func (p *Path) Same(q *Path) bool {
	if len(p.Hops) != len(q.Hops) || p.Publisher != q.Publisher {
		return false
	}
	for i := range p.Hops {
		if p.Hops[i] != q.Hops[i] {
			return false
		}
	}
	return true
}

// Continue gives the path the beginning of an earlier one where it is the same and no link of it is younger: a stream
// that takes another simulcast layer over the same links is still on its path.
func (p *Path) Continue(q *Path) {
	if q.Since < p.Since && p.links.since <= q.Since && p.Same(q) {
		p.Since, p.After = q.Since, q.After
	}
}
