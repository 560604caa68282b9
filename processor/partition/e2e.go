package partition

import (
	"math"
	"slices"

	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/processor/stitch"
)

// group is the instants of a window at which a stream was on one path: one epoch.
type group struct {
	route *route
	first int // instant
	last  int
	in    uint64 // which instants, bit by bit
}

// received writes the rows of one received stream: one for each epoch that has a complete instant, and one for the last.
// Where the window ends in the gap between two reports that show a change, such as a switch of simulcast layers, nothing is
// known of the last and there is a complete one before it: the next window will tell, and no row is written for the gap.
func (p *Partition) received(c *call, s *source, st *graph.Stream, fading bool, out *row.Batch) {
	if st.Direction != graph.Inbound {
		return
	}
	strand := strandOf(st)
	b := strand.play
	if b == nil {
		return
	}
	share := b.get(p.work.window)
	if share == nil {
		share = &p.work.nothing
	}
	p.follow(c.graph, st, b, fading)
	told := false
	for i := range p.work.n {
		g := &p.work.groups[i]
		if g.route.publisher == nil && share.packets == 0 {
			continue // nothing comes, from nobody knows where: no track
		}
		q := quest{p: p, c: c, subscriber: s, strand: strand, group: g, share: share}
		q.sum()
		last := i == p.work.n-1 && (g.route.publisher != nil || !told)
		if last || q.status == row.Complete {
			q.write(out)
			told = true
		}
	}
}

// follow groups the window's instants by the path that the stream was on.
func (p *Partition) follow(g *graph.Graph, st *graph.Stream, b *playback, fading bool) {
	w := &p.work
	w.n = 0
	last := len(w.times) - 1
	if b.route != nil && b.version == g.Version() && !fading && b.resolved >= g.Settled() && b.route.path.Since <= w.times[0] {
		w.add(b.route, 0).through(last)
		return
	}
	if g.Resolve(st, w.times[last], &w.path) && w.path.Complete() && w.path.Steady <= w.times[0] {
		w.take(g, b, w.times[last])
		w.add(b.route, 0).through(last)
		return
	}
	for i, at := range w.times {
		if i >= 64 || !g.Resolve(st, at, &w.path) {
			continue
		}
		w.take(g, b, at)
		if n := w.n; n > 0 && w.groups[n-1].route.path.Since == w.path.Since && w.groups[n-1].route.path.Same(&w.path) {
			w.groups[n-1].route = b.route
			w.groups[n-1].add(i)
		} else {
			w.add(b.route, i)
		}
	}
	if !st.At(w.times[last]) {
		b.route = nil
	}
}

// take makes the path that was found for an instant the stream's route.
func (w *work) take(g *graph.Graph, b *playback, at int64) {
	if b.route != nil {
		w.path.Continue(&b.route.path)
	}
	b.route = routeOf(&w.path, b.route, w.near)
	w.near = b.route
	b.version, b.resolved = g.Version(), at
}

// add begins a group with an instant.
func (w *work) add(r *route, instant int) *group {
	if w.n == len(w.groups) {
		w.groups = append(w.groups, group{})
	}
	w.n++
	g := &w.groups[w.n-1]
	*g = group{route: r, first: instant, last: instant, in: 1 << instant}
	return g
}

func (g *group) add(instant int) {
	g.in |= 1 << instant
	g.last = instant
}

func (g *group) through(last int) {
	for i := g.first; i <= last && i < 64; i++ {
		g.add(i)
	}
}

// quest is the making of one row.
type quest struct {
	p          *Partition
	c          *call
	subscriber *source
	strand     *strand
	group      *group
	share      *share

	total
}

// total is what the hops of a path come to in a window.
type total struct {
	status row.Status
	at     int // the instant that the row shows
	us     float32
	errUs  float32
	low    float32
	high   float32
	sums   int
}

// reckoned is the total of the row before, and of what.
type reckoned struct {
	links []*end
	after int64
	in    uint64
	known bool
	total
}

// sum finds the total, and each hop's estimates. Audio and video of one publisher mostly come the same way.
func (q *quest) sum() {
	w, r := &q.p.work, q.group.route
	last, known := &w.reckoned, r.publisher != nil
	if len(last.links) > 0 && last.known == known && last.after == r.path.After && last.in == q.group.in && slices.Equal(last.links, r.links) {
		q.total = last.total
		return
	}
	for i, e := range r.links {
		w.hops[i] = q.p.estimates(e, r.path.After)
	}
	q.reckon(known)
	*last = reckoned{r.links, r.path.After, q.group.in, known, q.total}
}

// reckon adds the hops up at each instant, and takes the middle of the complete sums; of those with older values where there
// is none.
func (q *quest) reckon(known bool) {
	w := &q.p.work
	hops := q.group.route.links
	w.sums = w.sums[:0]
	complete, imputed := 0, 0
	for at := q.group.first; at <= q.group.last; at++ {
		if q.group.in&(1<<at) == 0 {
			continue
		}
		s := stitch.Sum{Instant: at}
		for i := range hops {
			s.Add(&w.hops[i][at])
		}
		if s.Known == len(hops) {
			if s.Imputed == 0 {
				complete++
			} else {
				imputed++
			}
		}
		w.sums = append(w.sums, s)
	}
	switch {
	case known && complete > 0:
		q.status = row.Complete
	case known && imputed > 0:
		q.status = row.Imputed
	default:
		q.status = row.Partial
		last := &w.sums[len(w.sums)-1]
		q.at, q.us = last.Instant, last.Us
		return
	}
	keep := w.sums[:0]
	for _, s := range w.sums {
		if s.Known == len(hops) && (s.Imputed == 0) == (q.status == row.Complete) {
			keep = append(keep, s)
		}
	}
	m := *stitch.Median(keep)
	q.sums, q.at, q.us = len(keep), m.Instant, m.Us
	q.low, q.high = keep[0].Us, keep[len(keep)-1].Us
	// What the sums of the window differ by is uncertainty too.
	half := (q.high - q.low) / 4
	q.errUs = float32(math.Sqrt(float64(m.ErrUs()*m.ErrUs() + half*half)))
}

// write appends the row.
func (q *quest) write(out *row.Batch) {
	p, route, strand := q.p, q.group.route, q.strand
	r := out.AddE2E()
	r.WindowStart, r.WindowMs = p.grid.Start(p.work.window)/1e3, uint32(p.grid.Size/1e3)
	r.Tenant, r.CallID, r.SubscriberID = q.c.tenant, q.c.id, q.subscriber.id
	r.Kind, r.SSRC, r.TransportID = strand.media, strand.of.SSRC, strand.of.T.ID
	r.EpochStart, r.Status = route.path.Since/1e3, q.status
	t := Track{r.SubscriberID, r.TransportID, r.SSRC}
	if q.p.work.bequeath {
		q.c.bequeath(t, r.EpochStart)
	}
	if r.EpochStart == 0 {
		r.EpochStart = q.c.inherited(t)
	}
	r.HopsExpected, r.Instants = uint8(route.path.Expected), uint8(q.sums)
	to := &q.subscriber.who
	r.SubscriberRegion, r.SubscriberASN, r.SubscriberApp = to.region, to.ASN, to.App
	r.SubscriberCountry, r.SubscriberBrowser, r.SubscriberNetwork = to.Country, to.Browser, to.Network
	if route.publisher != nil {
		from := &route.publisher.who
		r.PublisherID, r.PublisherRegion, r.PublisherASN, r.PublisherApp = route.publisher.id, from.region, from.ASN, from.App
		r.PublisherCountry, r.PublisherBrowser, r.PublisherNetwork = from.Country, from.Browser, from.Network
	}
	if t := route.track; t != nil {
		r.TrackID, r.Rid = t.track, t.rid
	}
	if q.status == row.Partial {
		if q.us > 0 {
			r.RTTLowerMs = row.Some(q.us / 1e3)
		}
	} else {
		r.RTTMs, r.RTTErrMs = row.Some(q.us/1e3), row.Some(q.errUs/1e3)
		r.RTTMinMs, r.RTTMaxMs = row.Some(q.low/1e3), row.Some(q.high/1e3)
	}
	q.writeHops(r, out)
	q.budget(r)
	q.quality(r)
	q.blame(r)
}

// writeHops fills in the way, hop by hop.
func (q *quest) writeHops(r *row.E2E, out *row.Batch) {
	route := q.group.route
	n := len(route.links)
	r.HopFrom, r.HopTo, r.SFUPath, r.RegionPath = route.from, route.to, route.sfus, route.regions
	r.HopRTTMs, r.HopErrMs = out.Floats(n), out.Floats(n)
	r.HopAgeMs, r.HopSource, r.HopStatus = out.Ages(n), out.Sources(n), out.HopStatuses(n)
	for i := range n {
		e := &q.p.work.hops[i][q.at]
		r.HopStatus[i] = row.HopStatus(e.Status)
		if e.Status == stitch.Missing {
			r.HopRTTMs[i], r.HopErrMs[i] = nan, nan
			continue
		}
		r.HopRTTMs[i], r.HopErrMs[i] = e.Us/1e3, e.BandUs()/1e3
		r.HopAgeMs[i] = uint32(e.AgeUs / 1e3)
		r.HopSource[i] = row.RTTSource(e.Source)
		if e.Status == stitch.Measured {
			r.HopsMeasured++
		}
	}
}

var nan = float32(math.NaN())
