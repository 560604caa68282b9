package regression

import (
	"cmp"
	"math"
	"slices"

	"github.com/earshot-rtc/earshot/processor/regression/rank"
)

// Calls between two regions are compared with what the same people could expect: the level of the publisher's access, of the
// subscriber's, each over all SFUs that such people had, and of what was between the SFUs of the pair. What a call has beyond that is
// split as Kitagawa (1955, "Components of a difference between two rates") splits a difference of means: the usual round trip of the path
// that it took, less what was expected, is the part of the path; the rest is the part of hops that are slower than they were.

// deviation is how far one call is from what it could expect.
type deviation struct {
	beyond float64 // RTT less what was expected
	path   float64 // of that, because of the path
}

// compare returns false where too little is known. hops are those between SFUs; without them each must have a level.
func (e *evaluation) compare(l *layer, y *way, hops []float32) (deviation, bool) {
	if e.names.of[y.at].kind == directKind {
		level := l.level(y.at)
		return deviation{float64(y.rtt) - level, 0}, !math.IsNaN(level)
	}
	up, down := e.names.cells[y.up], e.names.cells[y.down]
	expected := l.level(up.people) + l.level(e.names.cores[y.at]) + l.level(down.people)
	// A hop that nobody used before has no level. What it takes is the path's part.
	usual := or(l.level(up.stratum), y.upMs) + or(l.level(down.stratum), y.downMs)
	for i, link := range e.names.paths[y.path].links {
		now := float32(math.NaN())
		if hops != nil {
			now = hops[i]
		}
		usual += or(l.level(link), now)
	}
	d := deviation{float64(y.rtt) - expected, usual - expected}
	return d, !math.IsNaN(d.beyond) && !math.IsNaN(d.path)
}

func or(level float64, now float32) float64 {
	if math.IsNaN(level) {
		return float64(now)
	}
	return level
}

// strayed is a pair of regions whose calls are slower than could be expected.
type strayed struct {
	verdict
	path      float64       // part of the shift that the paths have
	was, now  map[int32]int // how many took which path
	reference []float64     // deviations
}

// strays tests the pairs of regions over the last windows, by all references.
func (e *evaluation) strays(last int, only func(int32) bool) []strayed {
	n := len(e.history.recent)
	verdicts := map[int32]strayed{}
	for i, l := range e.layers(last) {
		points, paths := e.deviations(l, n-last, only)
		each(points, func(pair int32, of []point) {
			was, judged := verdicts[pair]
			if i > 0 && !judged {
				return
			}
			windows := windowsOf(of, n)
			values := byCall(of)
			// Which path a call takes is less a matter of chance, so fewer tell.
			if len(values) < e.cfg.MinCalls*3/4 || len(windows) < e.cfg.Persistence {
				return
			}
			v := strayed{verdict: verdict{
				segment: pair, layer: l, points: of, p: 1, calls: len(values), windows: len(windows), first: windows[0],
			}}
			v.level = e.usual(l, pair)
			if math.IsNaN(v.level) {
				return
			}
			if e.persists(of, windows, e.cfg.limit(v.level)/2) {
				e.stray(&v, values, byCall(paths[pair]))
			}
			if judged {
				least := was
				if v.slower && (!was.slower || v.shift.Estimate < was.shift.Estimate) {
					least = v
				}
				least.verdict = both(was.verdict, v.verdict)
				v = least
			}
			verdicts[pair] = v
		})
	}
	var out []strayed
	for _, pair := range sortedKeys(verdicts) {
		e.tests++
		if v := verdicts[pair]; v.slower {
			out = append(out, v)
		}
	}
	return out
}

// stray compares the deviations of calls with those of the reference.
func (e *evaluation) stray(v *strayed, beyond, path []float64) {
	var wasBeyond, wasPath []float64
	v.was, v.now = map[int32]int{}, map[int32]int{}
	for _, k := range v.layer.ofWays(v.segment).waysOf(v.segment).kept {
		if d, ok := e.compare(v.layer, &k.value, nil); ok {
			wasBeyond, wasPath = append(wasBeyond, d.beyond), append(wasPath, d.path)
			v.was[k.value.path]++
		}
	}
	v.before = len(wasBeyond)
	if v.before < e.cfg.MinCalls {
		return
	}
	v.shift = rank.Shift(beyond, wasBeyond, e.cfg.Confidence)
	if !e.farEnough(&v.verdict) {
		return
	}
	v.slower, v.reference = true, wasBeyond
	v.p = min(1, 2*turnover*rank.Greater(beyond, wasBeyond)) // over two stretches
	v.path = rank.Shift(path, wasPath, e.cfg.Confidence).Estimate
	for _, w := range e.history.recent[v.first:] {
		for i := range w.ways {
			if w.ways[i].at == v.segment {
				v.now[w.ways[i].path]++
			}
		}
	}
}

// deviations are those of the recent windows from the given one on, as points of pairs, and the part of the path by pair.
func (e *evaluation) deviations(l *layer, first int, only func(int32) bool) (all []point, paths map[int32][]point) {
	for w := max(first, 0); w < len(e.history.recent); w++ {
		r := e.history.recent[w]
		for i := range r.ways {
			y := &r.ways[i]
			if only != nil && !only(y.at) {
				continue
			}
			if d, ok := e.compare(l, y, r.hops[y.first:]); ok {
				all = append(all, point{call: y.call, segment: y.at, cell: none, window: int32(w), ms: float32(d.beyond), level: float32(d.path)})
			}
		}
	}
	slices.SortFunc(all, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.segment, b.segment), cmp.Compare(a.call, b.call), cmp.Compare(a.window, b.window),
			cmp.Compare(a.ms, b.ms), cmp.Compare(a.level, b.level))
	})
	paths = map[int32][]point{}
	for _, p := range all {
		p.ms = p.level
		paths[p.segment] = append(paths[p.segment], p)
	}
	return all, paths
}

// usual is the median RTT of a pair's calls in the reference.
func (e *evaluation) usual(l *layer, pair int32) float64 {
	of := l.ofWays(pair)
	if of == nil {
		return math.NaN()
	}
	var rtts []float64
	for _, k := range of.waysOf(pair).kept {
		rtts = append(rtts, float64(k.value.rtt))
	}
	return medianOf(rtts)
}
