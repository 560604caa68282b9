package regression

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// unit is what one call had on one hop in one window.
type unit struct {
	call uint64 // hash of its id
	of   int32  // a link or a cell
	ms   float32
}

// way is what one call had between alike ends over one path in one window.
type way struct {
	call       uint64
	at         int32 // pairKind or directKind
	path       int32
	up, down   int32 // cells; none without an SFU
	first      int32 // of its hops between SFUs, in the window
	rtt        float32
	upMs, core float32 // core: between SFUs
	downMs     float32
}

// window is the observations of a window, in an order that does not depend on theirs.
type window struct {
	start  int64  // Unix seconds
	links  []unit // by link and call
	access []unit // by cell and call
	ways   []way
	hops   []float32 // between SFUs, of one way after the other
}

func (w *window) at() time.Time { return time.Unix(w.start, 0).UTC() }

func (w *window) of(units []unit, number int32) []unit {
	from, _ := slices.BinarySearchFunc(units, number, func(u unit, n int32) int { return cmp.Compare(u.of, n) })
	to := from
	for to < len(units) && units[to].of == number {
		to++
	}
	return units[from:to]
}

// digest takes in the observations of a window.
func (n *names) digest(start time.Time, observations []Observation) *window {
	w := &window{start: start.Unix()}
	for i := range observations {
		n.take(w, &observations[i])
	}
	w.links = oneEach(w.links)
	w.access = oneEach(w.access)
	slices.SortFunc(w.ways, func(a, b way) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.call, b.call), cmp.Compare(a.path, b.path),
			cmp.Compare(a.up, b.up), cmp.Compare(a.down, b.down), cmp.Compare(a.rtt, b.rtt))
	})
	return w
}

func (n *names) take(w *window, o *Observation) {
	if !known(o.RTT) || len(o.Hops) != len(o.Path)+1 {
		return
	}
	call := hash(o.Call)
	pair := n.between(Pair{o.Publisher.Region, o.Subscriber.Region})
	if len(o.Path) == 0 {
		w.ways = append(w.ways, way{call: call, at: pair.direct, path: n.route(nil), up: none, down: none, rtt: float32(o.RTT)})
		return
	}
	route := n.route(o.Path)
	up, down := n.access(&o.Publisher, o.Path[0]), n.access(&o.Subscriber, o.Path[len(o.Path)-1])
	y := way{call: call, at: pair.pair, path: route, up: up.self, down: down.self, rtt: float32(o.RTT)}
	last := len(o.Hops) - 1
	y.upMs, y.downMs = float32(o.Hops[0]), float32(o.Hops[last])
	if known(o.Hops[0]) {
		w.access = append(w.access, unit{call, up.self, y.upMs})
	}
	if known(o.Hops[last]) {
		w.access = append(w.access, unit{call, down.self, y.downMs})
	}
	y.first = int32(len(w.hops))
	for i, link := range n.paths[route].links {
		ms := o.Hops[i+1]
		w.hops = append(w.hops, float32(ms))
		y.core += float32(ms)
		if known(ms) {
			w.links = append(w.links, unit{call, link, float32(ms)})
		}
	}
	w.ways = append(w.ways, y)
}

// known says whether it is a round-trip time.
func known(ms float64) bool { return ms > 0 && !math.IsInf(ms, 0) }

// oneEach leaves one value, the median, for each call and hop.
func oneEach(units []unit) []unit {
	slices.SortFunc(units, func(a, b unit) int {
		return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.call, b.call), cmp.Compare(a.ms, b.ms))
	})
	out := units[:0]
	for i := 0; i < len(units); {
		j := i
		for j < len(units) && units[j].of == units[i].of && units[j].call == units[i].call {
			j++
		}
		u := units[i]
		u.ms = (units[(i+j-1)/2].ms + units[(i+j)/2].ms) / 2
		out = append(out, u)
		i = j
	}
	return slices.Clip(out)
}

// hash is FNV-1a with the final mix of MurmurHash3, so that any of its bits will do.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
