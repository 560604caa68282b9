package partition

import (
	"strings"

	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/processor/stitch"
)

// call is the state of one call, or one of two while the call is renewed.
type call struct {
	id, tenant  string
	born, since int64           // record times, of its first record and of the first that it takes to make it again
	from, until int64           // windows that are its own: until is the first that is not
	heir, elder *call           // beside which it is fed
	epochs      map[Track]int64 // inherited: since when paths are as they are, ms
	bequest     map[Track]epoch // the same for the heir
	uncounted   graph.Counts    // of the time when it did not speak

	graph   *graph.Graph
	sources map[sourceKey]*source
	order   []*source // in order of appearance

	next   int64 // the window that closes next
	opened bool  // next is known
	heard  int64 // when its last record came
	pruned int64 // the window at which the graph was last tidied

	// Who is waited for, and until when, in the window that closes next.
	latest    *source
	latestDue int64
	latestIn  int64
	changed   *source // who has reported last

	dueAt int64 // record time at which something is to be done
	place int   // in the schedule
}

type sourceKey struct {
	kind graph.Kind
	id   string
}

// end is what is known of a transport beyond the graph.
type end struct {
	stitch.End
	of             *graph.Transport
	counters       []stitch.Counter
	merge          stitch.Merge
	lost           []lost
	switches       uint16 // of the choice, as of the last window
	ipVersion      uint8
	at             int64  // of the sample before; 0 = none
	sent, received uint64 // bytes, as of then
	now            instants
}

func (p *Partition) newCall(tenant, id string) *call {
	c := &call{
		id: strings.Clone(id), tenant: p.intern(tenant), born: p.now, since: p.now,
		graph: graph.New(), sources: map[sourceKey]*source{}, place: -1,
	}
	c.until = p.renewal.until(p.now, p.renewal.phase(c.key()))
	return c
}

func (c *call) key() callKey { return callKey{c.tenant, c.id} }

func (c *call) sourceNamed(kind graph.Kind, id string) *source {
	if s, ok := c.sources[sourceKey{kind, id}]; ok {
		return s
	}
	s := &source{kind: kind, id: strings.Clone(id)}
	c.sources[sourceKey{kind, s.id}] = s
	c.order = append(c.order, s)
	return s
}

// open starts the windows of a call with its first sample, and again after a silence in which none closed.
func (c *call) open(p *Partition, at int64) {
	index := p.grid.Index(at)
	if !c.opened {
		c.next, c.opened = max(index, c.next), true
	}
	if index-c.next > maxGap {
		c.next = index - 1 // times that make no sense must not make an endless row of windows
	}
}

// maxGap is by how many windows a sample may run ahead of the one that closes next.
const maxGap = 1000

// endOf returns the state of a transport.
func endOf(t *graph.Transport) *end {
	e, ok := t.Data.(*end)
	if !ok {
		e = &end{of: t}
		t.Data = e
	}
	return e
}

// strandOf returns the state of a stream.
func strandOf(st *graph.Stream) *strand {
	s, ok := st.Data.(*strand)
	if !ok {
		s = &strand{of: st}
		st.Data = s
	}
	return s
}

// ownerOf returns the state of a source.
func ownerOf(g *graph.Source) *source {
	s, ok := g.Data.(*source)
	if !ok {
		s = &source{kind: g.Kind, id: g.ID, node: g}
		g.Data = s
	}
	return s
}

// settle closes what may close now that a sample is in, and plans the rest.
func (p *Partition) settle(c *call, out *row.Batch) {
	for c.opened && p.held(c) == 0 {
		due, live := p.dueOf(c)
		if !live || due > 0 {
			break
		}
		p.closeWindow(c, out)
	}
	p.plan(c)
}

// dueOf is the record time at which the call's next window may close: 0 for now. live is false where no source is.
//
// The latest due time over all live sources counts. Most samples come from another source than the one that has it, and
// change nothing, which saves large calls from asking all their sources at every sample.
func (p *Partition) dueOf(c *call) (due int64, live bool) {
	if l := c.latest; l != nil && c.latestIn == c.next && c.changed != nil && c.changed != l && c.live(l) && c.live(c.changed) {
		if d := p.closing.Due(c.next, c.changed.report); d > c.latestDue {
			c.latest, c.latestDue = c.changed, d
		}
		return c.latestDue, true
	}
	c.latest, c.latestDue, c.latestIn = nil, 0, c.next
	for _, s := range c.order {
		if !c.live(s) {
			continue
		}
		// Of equals the last: those who came last mostly report last.
		if d := p.closing.Due(c.next, s.report); d >= c.latestDue {
			c.latest, c.latestDue = s, d
		}
	}
	return c.latestDue, c.latest != nil
}

func (c *call) live(s *source) bool { return s.node != nil && !s.node.Gone() }

// plan puts the call in the schedule.
func (p *Partition) plan(c *call) {
	due, live := p.held(c), true
	if due == 0 {
		if live = c.opened; live {
			due, live = p.dueOf(c)
		}
	}
	if !live {
		// All have left or fallen silent. Windows that began before that are still to be closed.
		if c.opened && p.lastSeen(c) > p.grid.Start(c.next) {
			due = p.grid.End(c.next) + p.closing.Lateness
		} else {
			c.opened = false
			due = p.idleAt(c)
		}
	}
	p.due.set(c, min(due, p.overDue(c), p.idleAt(c)))
}

// idleAt is when a call is over that says nothing any more. It depends on its last record alone, and not on what else is known of
// the call: a state that was made again from that record on must not come to an end before the one that it stands for.
func (p *Partition) idleAt(c *call) int64 { return c.heard + p.idle }

// lastSeen is the time of the latest report in the call.
func (p *Partition) lastSeen(c *call) int64 {
	last := int64(0)
	for _, s := range c.order {
		last = max(last, s.last())
	}
	return last
}

// advance lets time go on to a record time. Records may come out of the order of their times, when a write is repeated or collectors'
// clocks differ; time goes on all the same. Whoever begins to read with the first record of a time or later has the same time
// from there on.
func (p *Partition) advance(to int64, out *row.Batch) {
	p.now = max(p.now, to)
	p.closeDue(p.now, out)
}

// closeDue closes the windows that are due at a record time, in the order in which they are, and forgets calls that have been
// quiet for long.
func (p *Partition) closeDue(now int64, out *row.Batch) {
	for len(p.due) > 0 && p.due[0].dueAt <= now {
		p.closeAll(now, out)
	}
}

// closeAll closes what is due until nothing is, or until a call makes the code panic.
func (p *Partition) closeAll(now int64, out *row.Batch) {
	var err error // told by the counts: it is not the record's that is coming in
	defer p.mend(out, &err)
	for len(p.due) > 0 && p.due[0].dueAt <= now {
		c := p.due[0]
		p.begin(c, out)
		if !c.opened || c.dueAt >= min(p.idleAt(c), p.overDue(c)) {
			for c.opened && c.next < c.until && p.lastSeen(c) > p.grid.Start(c.next) {
				p.closeWindow(c, out)
			}
			p.forget(c)
			continue
		}
		p.closeWindow(c, out)
		p.settle(c, out)
	}
}

func (p *Partition) forget(c *call) {
	p.due.remove(c)
	switch {
	case c.elder != nil:
		c.elder.heir = nil
		return
	case c.heir != nil:
		p.succeed(c)
	default:
		delete(p.calls, c.key())
	}
	p.counts.add(c.counts())
}
