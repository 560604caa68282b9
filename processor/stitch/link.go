package stitch

// Side is an end of a link.
type Side uint8

// Sides. The first is the end at which the choice is kept.
const (
	First  Side = 1
	Second Side = 2
)

// Link is the two ends of one link; Second is nil where the other end does not report.
type Link struct {
	First, Second *End
}

// place is one of the series of a link.
type place struct {
	side   Side
	source Source
}

func (l Link) series(p place) *Series {
	e := l.First
	if p.side == Second {
		e = l.Second
	}
	if e == nil || p.source == 0 {
		return nil
	}
	return e.series[p.source-1]
}

// ranks is the order of trust of sources, all else being equal, in microseconds of spread that a step is worth: RTCP is
// what media sees; consent checks are rarer and often rounded; SCTP smooths.
var ranks = [sources]float32{RTCPRR - 1: 0, RTCPXR - 1: 250, Probe - 1: 500, STUN - 1: 750, SCTP - 1: 2_000}

// places lists where a link may be measured.
var places = [...]place{
	{First, RTCPRR}, {Second, RTCPRR}, {First, RTCPXR}, {Second, RTCPXR}, {First, Probe}, {Second, Probe},
	{First, STUN}, {Second, STUN}, {First, SCTP}, {Second, SCTP},
}

// Choice is the source by which a link goes. It is sticky: another must be better by a margin for some windows, or the
// chosen one must have fallen silent.
type Choice struct {
	place    place
	rival    place
	patience uint8
	Switches uint16 // so far
}

const (
	margin  = 1_000 // µs by which a rival must be better
	windows = 3     // for how many windows on end
)

// choose settles by which source the link goes as of the end of a window, which the view shows.
func (v *view) choose(c *Choice, at int64) {
	var best place
	var bestCost, chosenCost float32
	for i := range v.n {
		s := &v.seen[i]
		if s.n == 0 || s.until < at {
			continue
		}
		cost := ranks[s.place.source-1] + min(s.spread, s.sigma*2)
		if s.place == c.place {
			chosenCost = max(cost, 1)
		}
		if best.source == 0 || cost < bestCost {
			best, bestCost = s.place, cost
		}
	}
	switch {
	case best.source == 0 || best == c.place:
		c.patience = 0
	case c.place.source == 0:
		c.place = best
	case chosenCost == 0:
		c.turn(best)
	case bestCost+margin < chosenCost:
		if c.rival != best {
			c.rival, c.patience = best, 0
		}
		if c.patience++; c.patience >= windows {
			c.turn(best)
		}
	default:
		c.patience = 0
	}
}

func (c *Choice) turn(to place) {
	c.place, c.patience = to, 0
	c.Switches++
}

// Raw is what the source by which a link goes measured in a span of time, untouched.
type Raw struct {
	Source         Source
	Side           Side
	Min, Mean, Max float32 // µs
	Count          uint32
	Bias           float32 // µs, learned
}

// Raw returns the measurements in [from, to) of the source by which the link goes.
func (l Link) Raw(from, to int64) (r Raw, ok bool) {
	c := l.First.Choice.place
	s := l.series(c)
	if s == nil {
		return r, false
	}
	r = Raw{Source: c.source, Side: c.side, Bias: s.bias}
	for i := range s.n {
		p := &s.ring[i]
		if p.at < from || p.at >= to {
			continue
		}
		us := float32(p.us)
		if r.Count == 0 {
			r.Min, r.Max = us, us
		}
		r.Min, r.Max, r.Mean = min(r.Min, us), max(r.Max, us), r.Mean+us
		r.Count++
	}
	if r.Count > 0 {
		r.Mean /= float32(r.Count)
	}
	return r, r.Count > 0
}
