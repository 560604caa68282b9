package regression

import (
	"cmp"
	"slices"

	"github.com/earshot-rtc/earshot/processor/regression/rank"
)

// When an operator has trouble, the SFUs where its customers are look slower too, and so does the version that most of them have. Which
// of the groups that overlap is the cause is found as in forward selection: the one that moved as a whole and explains most comes first,
// and what is not slower without it goes with it.

// causes picks from the groups of access hops that are slower those that are causes of their own.
func (e *evaluation) causes(found []*verdict) []*verdict {
	var groups []*verdict
	for _, v := range found {
		if e.names.of[v.segment].kind == versionKind && !e.rolled(v) {
			continue
		}
		if !slices.ContainsFunc(e.open, func(r *Regression) bool { return e.gone(v, func(c cell) bool { return e.covers(r, c) }) }) {
			groups = append(groups, v)
		}
	}
	whole := map[int32]bool{}
	for _, v := range groups {
		whole[v.segment] = e.whole(v) && !slices.ContainsFunc(groups, func(o *verdict) bool { return o != v && e.within(v, o.segment) })
	}
	slices.SortFunc(groups, func(a, b *verdict) int {
		if whole[a.segment] != whole[b.segment] {
			if whole[a.segment] {
				return -1
			}
			return 1
		}
		weight := func(v *verdict) float64 { return float64(v.calls) * v.shift.Estimate }
		return cmp.Or(cmp.Compare(weight(b), weight(a)), e.compareNames(a.segment, b.segment))
	})
	var picked []*verdict
	for _, v := range groups {
		if !slices.ContainsFunc(picked, func(o *verdict) bool { return e.gone(v, func(c cell) bool { return c.has(o.segment) }) }) {
			picked = append(picked, v)
		}
	}
	return picked
}

func (c cell) has(segment int32) bool {
	return c.sfu == segment || c.asn == segment || c.version == segment
}

func (e *evaluation) compareNames(a, b int32) int {
	x, y := e.names.of[a], e.names.of[b]
	return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(x.asn, y.asn), cmp.Compare(x.version, y.version))
}

// without is the points of a segment, less those of some hops.
func (e *evaluation) without(v *verdict, some func(cell) bool) []point {
	return slices.DeleteFunc(slices.Clone(v.points), func(p point) bool { return p.cell != none && some(e.names.cells[p.cell]) })
}

// gone says whether a segment, without some hops, is no longer so much slower, or not certainly, or hardly there.
func (e *evaluation) gone(v *verdict, some func(cell) bool) bool {
	rest := e.without(v, some)
	if len(rest) == len(v.points) {
		return false
	}
	values := byCall(rest)
	if len(values) < e.cfg.MinCalls || medianOf(values) < max(v.shift.Estimate/2, e.cfg.limit(v.level)) {
		return true
	}
	return trials*turnover*float64(e.tests)*rank.Greater(values, e.residuals(v.layer, rest)) > e.cfg.FalseDiscovery
}

// within says whether enough calls of a segment are outside a group, and these are not slower.
func (e *evaluation) within(v *verdict, group int32) bool {
	rest := e.without(v, func(c cell) bool { return c.has(group) })
	values := byCall(rest)
	return len(rest) < len(v.points) && len(values) >= e.cfg.MinCalls && medianOf(values) < v.shift.Estimate/2
}

// whole says whether a segment moved as one: each operator, version and SFU in it that has enough calls.
func (e *evaluation) whole(v *verdict) bool {
	for _, group := range []func(cell) int32{
		func(c cell) int32 { return c.asn }, func(c cell) int32 { return c.version }, func(c cell) int32 { return c.sfu },
	} {
		parts := map[int32][]point{}
		for _, p := range v.points {
			of := group(e.names.cells[p.cell])
			parts[of] = append(parts[of], p)
		}
		for _, part := range parts {
			if values := byCall(part); len(values) >= e.cfg.MinCalls && medianOf(values) < 0.4*v.shift.Estimate {
				return false
			}
		}
	}
	return true
}

// leastShare is which share of the calls that it could be in a version needs before its effect on all of them shows.
const leastShare = 0.1

// rolled says whether calls got slower as a version spread. If those that have it are slower, but all calls of the same people at the
// same SFUs together are as before, then the version went to those first who are far away.
func (e *evaluation) rolled(v *verdict) bool {
	strata := map[int32]bool{}
	for _, p := range v.points {
		strata[e.names.cells[p.cell].stratum] = true
	}
	levels := map[int32]float64{}
	for s := range strata {
		levels[s] = v.layer.level(s)
	}
	var all []float64
	have := 0
	for _, w := range e.history.recent[v.first:] {
		for _, u := range w.access {
			c := e.names.cells[u.of]
			if level, ok := levels[c.stratum]; ok && level > 0 {
				all = append(all, float64(u.ms)-level)
				if c.version == v.segment {
					have++
				}
			}
		}
	}
	if len(all) == 0 {
		return false
	}
	slices.Sort(all)
	share := float64(have) / float64(len(all))
	// The residuals of the reference have a long tail, so their mean is above their median: take it off.
	usual := e.residuals(v.layer, restratified(v.points, e.names))
	slices.Sort(usual)
	rise := rank.Trimmed(all, 0.02) - rank.Trimmed(usual, 0.02)
	return share >= leastShare && rise >= share*v.shift.Estimate/2
}

// restratified is the points as if every version were compared with all.
func restratified(points []point, n *names) []point {
	out := slices.Clone(points)
	for i := range out {
		out[i].from = n.cells[out[i].cell].stratum
	}
	return out
}

func medianOf(values []float64) float64 {
	slices.Sort(values)
	return rank.Median(values)
}
