package regression

import (
	"cmp"
	"maps"
	"slices"

	"github.com/earshot-rtc/earshot/processor/regression/rank"
)

// discover tests all segments and returns the regressions that are new, and those that have more pairs than they had.
func (e *evaluation) discover() []Regression {
	found := e.search()
	pairs := e.strays(e.cfg.Persistence, nil)
	lasting := e.strays(4*e.cfg.Persistence, func(pair int32) bool {
		return slices.ContainsFunc(pairs, func(v strayed) bool { return v.segment == pair && v.calls >= e.cfg.MinCalls })
	})
	e.adjust(found, pairs, lasting)

	var out []Regression
	var groups []*verdict
	for _, segment := range sortedKeys(found) {
		v := found[segment]
		switch {
		case v.q > e.cfg.FalseDiscovery || e.isOpen(segment):
		case e.names.of[segment].kind == linkKind:
			out = append(out, e.report(v))
		default:
			groups = append(groups, v)
		}
	}
	for _, v := range e.causes(groups) {
		out = append(out, e.report(v))
	}
	out = append(out, e.elsewhere(pairs)...)
	out = append(out, e.unexplained(lasting, found, out)...)
	return out
}

// adjust gives the verdicts their q-values, over all tests that were made.
func (e *evaluation) adjust(found map[int32]*verdict, pairs, lasting []strayed) {
	var all []*verdict
	for _, segment := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[segment])
	}
	for i := range pairs {
		all = append(all, &pairs[i].verdict)
	}
	for i := range lasting {
		all = append(all, &lasting[i].verdict)
	}
	p := make([]float64, len(all))
	for i, v := range all {
		p[i] = v.p
	}
	for i, q := range rank.Adjust(p, e.tests) {
		all[i].q = q
	}
}

// isOpen says whether a segment has a regression already.
func (e *evaluation) isOpen(segment int32) bool {
	n := e.names.of[segment]
	return slices.ContainsFunc(e.open, func(r *Regression) bool {
		switch n.kind {
		case linkKind:
			return r.Cause == SFULink && r.Link == Link{n.a, n.b}
		case asnKind:
			return r.Cause == AccessNetwork && r.ASN == n.asn
		case sfuKind:
			return r.Cause == AccessSFU && r.SFU == n.b
		case versionKind:
			return r.Cause == AppVersion && r.Version == n.version
		}
		return false
	})
}

// elsewhere is the pairs whose calls took other paths: one regression for each thing that they no longer take.
func (e *evaluation) elsewhere(pairs []strayed) []Regression {
	byLoss := map[lost][]*strayed{}
	var order []lost
	for i := range pairs {
		v := &pairs[i]
		if v.q > e.cfg.FalseDiscovery || v.path < v.shift.Estimate/2 || e.listed(v.segment) {
			continue
		}
		l := e.missed(v)
		if l == (lost{}) {
			continue
		}
		if byLoss[l] == nil {
			order = append(order, l)
		}
		byLoss[l] = append(byLoss[l], v)
	}
	var out []Regression
	for _, l := range order {
		some := byLoss[l]
		if r := e.rerouted(l); r != nil {
			r.Pairs = e.sorted(append(r.Pairs, e.affectedPairs(some)...))
			r.UpdatedAt = e.now
			out = append(out, *r)
			continue
		}
		out = append(out, e.reportPaths(OtherPaths, l, some))
	}
	return out
}

// listed says whether a pair has a regression of its own paths, or none that can be told, already.
func (e *evaluation) listed(pair int32) bool {
	p := e.names.pair(pair)
	return slices.ContainsFunc(e.open, func(r *Regression) bool {
		return (r.Cause == OtherPaths || r.Cause == RegionPair) &&
			slices.ContainsFunc(r.Pairs, func(a Affected) bool { return a.Pair == p })
	})
}

// rerouted is the open regression of calls that no longer take this.
func (e *evaluation) rerouted(l lost) *Regression {
	for _, r := range e.open {
		if r.Cause == OtherPaths && r.State == Open && (l.sfu != "" && r.SFU == l.sfu || l.link != (Link{}) && r.Link == l.link) {
			return r
		}
	}
	return nil
}

// unexplained is the pairs that are slower on the paths that they had, of which no hop that was found to be slower is the reason, nor one
// that will be found when there are more windows.
func (e *evaluation) unexplained(pairs []strayed, found map[int32]*verdict, opened []Regression) []Regression {
	byPair := map[Pair][]*strayed{}
	var order []Pair
	for i := range pairs {
		v := &pairs[i]
		if v.q > e.cfg.FalseDiscovery || v.path >= v.shift.Estimate/2 || e.listed(v.segment) {
			continue
		}
		if rest := rank.Shift(e.unaccounted(v, found, opened), v.reference, e.cfg.Confidence); rest.Low < e.cfg.limit(v.level) {
			continue
		}
		p := unordered(e.names.pair(v.segment))
		if byPair[p] == nil {
			order = append(order, p)
		}
		byPair[p] = append(byPair[p], v)
	}
	var out []Regression
	for _, p := range order {
		out = append(out, e.reportPaths(RegionPair, lost{}, byPair[p]))
	}
	return out
}

// unaccounted is what is left of the deviations of a pair's calls without the path and what the segments on it have that are slower.
func (e *evaluation) unaccounted(v *strayed, found map[int32]*verdict, opened []Regression) []float64 {
	var points []point
	e.eachWay(v.segment, v.first, func(w *window, y *way) {
		d, ok := e.compare(v.layer, y, w.hops[y.first:])
		if !ok {
			return
		}
		rest := d.beyond - d.path
		for _, link := range e.names.paths[y.path].links {
			rest -= e.moved(found, opened, func(r *Regression) bool { return e.onLink(r, link) }, link)
		}
		for _, at := range []int32{y.up, y.down} {
			if at != none {
				c := e.names.cells[at]
				rest -= e.moved(found, opened, func(r *Regression) bool { return e.covers(r, c) }, c.sfu, c.asn, c.version)
			}
		}
		points = append(points, point{call: y.call, ms: float32(rest)})
	})
	slices.SortFunc(points, func(a, b point) int { return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.ms, b.ms)) })
	return byCall(points)
}

// moved is by how much a hop is slower: as its regression says, or one of the segments that it belongs to.
func (e *evaluation) moved(found map[int32]*verdict, opened []Regression, of func(*Regression) bool, segments ...int32) float64 {
	most := 0.0
	for _, r := range e.open {
		if of(r) {
			most = max(most, r.ShiftMs)
		}
	}
	for i := range opened {
		if of(&opened[i]) {
			most = max(most, opened[i].ShiftMs)
		}
	}
	for _, s := range segments {
		if v := found[s]; v != nil {
			most = max(most, v.shift.Estimate)
		}
	}
	return most
}

func (e *evaluation) onLink(r *Regression, link int32) bool {
	n := e.names.of[link]
	return r.Cause == SFULink && r.Link == Link{n.a, n.b}
}

// eachWay calls f with what calls of a pair had, by call within a window, in the recent windows from the given one on.
func (e *evaluation) eachWay(pair int32, first int, f func(*window, *way)) {
	for w := first; w < len(e.history.recent); w++ {
		for i := range e.history.recent[w].ways {
			if y := &e.history.recent[w].ways[i]; y.at == pair {
				f(e.history.recent[w], y)
			}
		}
	}
}
