package partition

import (
	"github.com/earshot-rtc/earshot/processor/blame"
	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/processor/stitch"
)

// work is the memory that closing a window takes, used again for the next.
type work struct {
	window   int64
	bequeath bool    // what an heir has to know is noted
	times    []int64 // the instants
	groups   []group
	n        int   // groups in use
	nothing  share // of a stream that counted nothing in the window
	path     graph.Path
	near     *route // the one found last: tracks of one publisher mostly come the same way
	sums     []stitch.Sum
	reckoned reckoned
	scratch  stitch.Scratch
	portions []portion
	blamed   []blame.Hop
	hops     [graph.MaxHops][]stitch.Estimate // of the row in the making
}

// instants are a link's estimates in the window that is being closed, kept at its first end.
type instants struct {
	window int64
	known  bool
	at     []stitch.Estimate
	oldest int64 // when the oldest value was taken that is in them
	// younger are those from measurements not before a time: paths that are younger than what the link remembers.
	younger    []stitch.Estimate
	notBefore  int64
	hasYounger bool
}

// pruneEvery is after how many windows the graph is tidied, pruneKeep for how long it remembers what has ended: a transport
// that comes back finds its link again.
const (
	pruneEvery = 4
	pruneKeep  = 60_000_000
)

// closeWindow writes the rows of the call's next window, unless that is the elder's, and moves on.
func (p *Partition) closeWindow(c *call, out *row.Batch) {
	silent := c.next < c.from
	if silent {
		out = &p.silent
		defer p.silent.Reset()
	} else {
		p.counts.Windows++
	}
	w, g := &p.work, c.graph
	w.bequeath = !silent && c.next >= c.until-lastWindows
	w.window = c.next
	start, end := p.grid.Start(w.window), p.grid.End(w.window)
	w.times = w.times[:0]
	w.reckoned, w.near = reckoned{}, nil
	for i := range p.grid.Instants() {
		w.times = append(w.times, p.grid.Instant(w.window, i))
	}
	fading := g.Silence(start, end)
	g.Pair()
	for _, s := range g.Sources() {
		for _, t := range s.Transports() {
			if (t.Peer() == nil || t.Link().A == t) && p.alive(t) {
				p.hop(c, t, out)
			}
		}
	}
	for _, s := range c.order {
		if s.kind != graph.Client || s.node == nil {
			continue
		}
		for _, st := range s.node.Streams() {
			p.received(c, s, st, fading, out)
		}
	}
	c.next++
	if c.next-c.pruned >= pruneEvery {
		c.pruned = c.next
		c.tidy(end - pruneKeep)
	}
}

// alive says whether a transport is known to exist at some instant of the window.
func (p *Partition) alive(t *graph.Transport) bool {
	for _, at := range p.work.times {
		if t.At(at) {
			return true
		}
	}
	return false
}

// tidy forgets what ended before the time, and who has not been heard of since.
func (c *call) tidy(before int64) {
	c.graph.Prune(before)
	keep := c.order[:0]
	for _, s := range c.order {
		if s.node != nil && s.node.Gone() && s.last() < before {
			delete(c.sources, sourceKey{s.kind, s.id})
			continue
		}
		keep = append(keep, s)
	}
	clear(c.order[len(keep):])
	c.order = keep
}

// linkOf is the link that a transport ends, first end first.
func linkOf(t *graph.Transport) (first *end, l stitch.Link) {
	first = endOf(t)
	l.First = &first.End
	if peer := t.Peer(); peer != nil {
		other := endOf(peer)
		if t.Link().A != t {
			first, other = other, first
		}
		l.First, l.Second = &first.End, &other.End
	}
	return first, l
}

// estimates returns a link's estimates at all instants of the window, from values not before a time.
func (p *Partition) estimates(first *end, notBefore int64) []stitch.Estimate {
	n := &first.now
	if !n.known || n.window != p.work.window {
		_, l := linkOf(first.of)
		n.at = l.Settle(&p.work.scratch, p.work.times, p.impute, n.at[:0])
		n.window, n.known, n.hasYounger = p.work.window, true, false
		n.oldest = measuredAt(n.at, p.work.times)
	}
	if notBefore <= n.oldest {
		return n.at
	}
	if !n.hasYounger || n.notBefore != notBefore {
		_, l := linkOf(first.of)
		n.younger = l.Since(&p.work.scratch, p.work.times, notBefore, p.impute, n.younger[:0])
		n.notBefore, n.hasYounger = notBefore, true
	}
	return n.younger
}

// measuredAt is when the oldest value was taken that an estimate stands on.
func measuredAt(estimates []stitch.Estimate, times []int64) int64 {
	oldest := int64(maxTime)
	for i := range estimates {
		if estimates[i].Status != stitch.Missing {
			oldest = min(oldest, times[i]-estimates[i].AgeUs)
		}
	}
	return oldest
}
