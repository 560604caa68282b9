package partition

import (
	"hash/fnv"
	"math"

	"github.com/earshot-rtc/earshot/processor/window"
)

// Nothing that a call's state remembers is older than a bound, so that replaying so many records gives the same state: it
// comes to an end at a window that its age bound and the call's name fix, and an heir goes on, which has been fed beside it for
// Config.Warmup. The heir is made from records alone. It takes nothing from the elder but what rows of the elder's last window
// say: since when the paths are as they are (epochs), which can be read from the table as well.

// renewal says when states end. The zero value is: never.
type renewal struct {
	grid   window.Grid
	every  int64 // windows
	warmup int64 // µs
}

func newRenewal(g window.Grid, every, warmup int64) renewal {
	return renewal{grid: g, every: every / g.Size, warmup: warmup}
}

// phase spreads the calls, so that they are not all renewed at the same time.
func (r *renewal) phase(k callKey) int64 {
	if r.every == 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(k.tenant + "\x00" + k.id))
	return int64(h.Sum64() % uint64(r.every))
}

// until is the first window that is not a state's any more which began with a record of the time: there is room for a whole
// warm-up before it.
func (r *renewal) until(born, phase int64) int64 {
	if r.every == 0 {
		return math.MaxInt64
	}
	k := r.grid.Index(born+r.warmup) + 1
	return k + ((phase-k)%r.every+r.every)%r.every
}

// heirDue is the record time from which on a state is fed beside the one that ends at a window.
func (r *renewal) heirDue(until int64) int64 {
	if until == math.MaxInt64 {
		return until
	}
	return r.grid.Start(until) - r.warmup
}

// overDue is the record time at which a state ends. It is no sooner when all its windows are closed: when that is depends on what
// the state knows, and one that stands for it after a restart, and was not fed all that it was, may know something else. So record
// times alone say which states there are.
func (p *Partition) overDue(c *call) int64 {
	if c.until == math.MaxInt64 {
		return c.until
	}
	return p.grid.Start(c.until) + p.closing.Lateness
}

// held is until when no window of a state closes: the next is its heir's, or its elder is there and may have windows left. 0 where
// nothing holds it.
func (p *Partition) held(c *call) int64 {
	switch {
	case c.next >= c.until:
		return p.overDue(c)
	case c.elder != nil && c.next >= c.from:
		return p.overDue(c.elder)
	}
	return 0
}

// statesOf returns the states that a record of a call is fed to; heir may be nil.
func (p *Partition) statesOf(tenant, id string) (first, heir *call) {
	c := p.calls[callKey{tenant, id}]
	if c == nil {
		c = p.newCall(tenant, id)
		p.calls[c.key()] = c
	}
	if c.heir == nil && p.now >= p.renewal.heirDue(c.until) {
		c.heir = p.newCall(tenant, id)
		// To be an heir again, it takes a record of the call from before.
		c.heir.elder, c.heir.from, c.heir.since = c, c.until, c.heard
	}
	return c, c.heir
}

// early says that a source which reports to a state for the first time has been there before the state began: it would
// have reported to it before otherwise, or be taken for gone.
func (c *call) early(now, interval int64) bool {
	return c.from > 0 && now-c.born < interval*5/2
}

// succeed makes an heir the state of its call.
func (p *Partition) succeed(elder *call) {
	heir := elder.heir
	heir.elder, heir.epochs = nil, make(map[Track]int64, len(elder.bequest))
	for t, e := range elder.bequest {
		heir.epochs[t] = e.known
		if e.before {
			heir.epochs[t] = max(e.known, elder.inherited(t))
		}
	}
	heir.uncounted = heir.graph.Counts()
	p.calls[heir.key()] = heir
	p.plan(heir)
}

// Track names a received track of a call for as long as the subscriber has the stream.
type Track struct {
	Subscriber, Transport string
	SSRC                  uint32
}

// lastWindows is from how many windows before an end an heir learns since when paths are as they are: a stream may have no row in one.
const lastWindows = 3

// epoch is what the rows of a track's last windows say of since when its path is as it is.
type epoch struct {
	known  int64 // the latest that the state itself knows
	before bool  // some window was on a path of before the state's time
}

// bequeath notes for the heir what a row says: 0 for a path of before the state's time. Since when that is, an elder that is fed again
// after a restart is told only then.
func (c *call) bequeath(t Track, known int64) {
	if c.bequest == nil {
		c.bequest = map[Track]epoch{}
	}
	e := c.bequest[t]
	c.bequest[t] = epoch{max(e.known, known), e.before || known == 0}
}

// inherited is since when a path has been as it is that was so before the state's time.
func (c *call) inherited(t Track) int64 {
	if at, ok := c.epochs[t]; ok {
		return at
	}
	return c.born / 1e3
}

// Heritage names windows of a call, whose rows of e2e say since when its paths are as they are.
type Heritage struct {
	Tenant, CallID string
	Windows        [lastWindows]int64 // window_start, ms
}

// Heritages lists, in no order, what Inherit needs to be told after a replay: the rows of states of which the replay saw
// only the end.
func (p *Partition) Heritages() []Heritage {
	var all []Heritage
	for _, c := range p.calls {
		if c.from > 0 {
			h := Heritage{Tenant: c.tenant, CallID: c.id}
			for i := range h.Windows {
				h.Windows[i] = p.grid.Start(c.from-lastWindows+int64(i)) / 1e3
			}
			all = append(all, h)
		}
	}
	return all
}

// Inherit tells the latest epoch_start, in ms, of each track in the rows of a heritage.
func (p *Partition) Inherit(h Heritage, epochs map[Track]int64) {
	if c := p.calls[callKey{h.Tenant, h.CallID}]; c != nil && c.from > 0 {
		c.epochs = epochs
	}
}

// Since is the record time, in µs, of the first record that it takes to make the states of all calls again; 0 where there are none.
func (p *Partition) Since() int64 {
	since := int64(0)
	for _, c := range p.calls {
		if since == 0 || c.since < since {
			since = c.since
		}
	}
	return since
}
