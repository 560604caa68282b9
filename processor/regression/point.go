package regression

import (
	"cmp"
	"math"
	"slices"

	"github.com/earshot-rtc/earshot/processor/regression/rank"
)

// point is by how much one call was slower than the reference on one hop of a segment in one window. Values of hops that are not alike
// compare after each has lost the level of its own: aligned ranks (Hodges and Lehmann 1962).
type point struct {
	call    uint64
	segment int32
	from    int32 // whose level it is
	cell    int32 // of access hops
	window  int32 // index into the recent ones
	ms      float32
	level   float32
}

// points are those of the recent windows from the given one on, by segment, call and window; of the segments that are wanted, or all.
func (e *evaluation) points(l *layer, first int, wanted func(int32) bool) []point {
	var out []point
	add := func(segment, from, cell int32, w int, u unit, level float64) {
		if segment != none && !math.IsNaN(level) && (wanted == nil || wanted(segment)) {
			out = append(out, point{u.call, segment, from, cell, int32(w), u.ms - float32(level), float32(level)})
		}
	}
	level := l.level
	for w := max(first, 0); w < len(e.history.recent); w++ {
		for _, u := range e.history.recent[w].links {
			add(u.of, u.of, none, w, u, level(u.of))
		}
		for _, u := range e.history.recent[w].access {
			c := e.names.cells[u.of]
			// Clients compare with those of the same version, as phones are not like computers, and if these are not known with all of the
			// same operator and region at the same SFU; those of a new version always with all.
			fresh := c.version != none && e.isNew(c.version)
			from := c.self
			if fresh || math.IsNaN(level(from)) {
				from = c.stratum
			}
			add(c.sfu, from, c.self, w, u, level(from))
			add(c.asn, from, c.self, w, u, level(from))
			if fresh || from == c.self {
				add(c.version, from, c.self, w, u, level(from))
			}
		}
	}
	slices.SortFunc(out, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.segment, b.segment), cmp.Compare(a.call, b.call), cmp.Compare(a.window, b.window), cmp.Compare(a.ms, b.ms))
	})
	return out
}

// each calls f with the points of one segment after the other.
func each(points []point, f func(segment int32, of []point)) {
	for i := 0; i < len(points); {
		j := i
		for j < len(points) && points[j].segment == points[i].segment {
			j++
		}
		f(points[i].segment, points[i:j])
		i = j
	}
}

// byCall is one value for each call: the median of its points, which are sorted by call. The result is in order of calls.
func byCall(points []point) []float64 {
	var out, some []float64
	for i := 0; i < len(points); {
		some = some[:0]
		j := i
		for j < len(points) && points[j].call == points[i].call {
			some = append(some, float64(points[j].ms))
			j++
		}
		slices.Sort(some)
		out = append(out, rank.Median(some))
		i = j
	}
	return out
}

// byWindow is the median over calls of each window, NaN for one without points.
func byWindow(points []point, windows int) []float64 {
	per := make([][]float64, windows)
	for _, p := range points {
		per[p.window] = append(per[p.window], float64(p.ms))
	}
	out := make([]float64, windows)
	for i, v := range per {
		slices.Sort(v)
		out[i] = rank.Median(v)
	}
	return out
}

// levelOf is what the points were measured against, in the middle.
func levelOf(points []point) float64 {
	v := make([]float64, len(points))
	for i, p := range points {
		v[i] = float64(p.level)
	}
	slices.Sort(v)
	return rank.Median(v)
}
