package regression

import (
	"math"
	"slices"
)

// A regression opens when the whole shift is there, and is over when less than half of it is: what wavers between the two changes nothing.
const (
	over  = 0.5
	worse = 1.5 // times as much as it was when it was last written
)

// follow updates an open regression by the last window, and says whether it changed.
func (e *evaluation) follow(r *Regression) bool {
	n := len(e.history.recent)
	left := e.left(r)
	left = left[max(n-e.cfg.Unused, 0):]
	have := slices.DeleteFunc(slices.Clone(left), math.IsNaN)
	switch {
	case len(have) == 0 && n >= min(e.cfg.Unused, e.cfg.Recent): // what was before the recent windows is not known call by call
		return e.resolve(r, Unused)
	case !e.now.Before(r.StartedAt.Add(e.cfg.Lasting)):
		return e.resolve(r, Lasting)
	case len(have) >= e.cfg.Resolve && slices.Max(have[len(have)-e.cfg.Resolve:]) < over:
		return e.resolve(r, Gone)
	case len(have) < e.cfg.Persistence || math.IsNaN(left[len(left)-1]):
		return false
	}
	now := slices.Clone(have[len(have)-e.cfg.Persistence:])
	if least := slices.Min(now); least >= worse {
		grown := medianOf(now)
		r.ShiftLowMs += (grown - 1) * r.ShiftMs
		r.ShiftHighMs += (grown - 1) * r.ShiftMs
		r.ShiftMs *= grown
		r.Pairs = slices.Clone(r.Pairs)
		for i := range r.Pairs {
			p := &r.Pairs[i]
			p.AfterMs += (grown - 1) * (p.AfterMs - p.BeforeMs)
		}
		r.AfterMs, r.ShiftRatio = r.BeforeMs+r.ShiftMs, ratio(r.ShiftMs, r.BeforeMs)
		r.Severity = e.cfg.severity(r)
		r.UpdatedAt = e.now
		return true
	}
	return false
}

func (e *evaluation) resolve(r *Regression, why Reason) bool {
	r.State, r.Reason, r.ResolvedAt, r.UpdatedAt = Resolved, why, e.now, e.now
	return true
}

// left is how much of the shift is left in each recent window: 1 all, 0 nothing, NaN without a call.
func (e *evaluation) left(r *Regression) []float64 {
	switch r.Cause {
	case OtherPaths, RegionPair:
		return e.leftOfPairs(r)
	case SFULink:
		link := e.names.number(name{kind: linkKind, a: r.Link.From, b: r.Link.To})
		return e.leftOfHops(r, func(w *window) []unit { return w.of(w.links, link) })
	}
	raw := e.leftOfHops(r, func(w *window) []unit {
		return slices.DeleteFunc(slices.Clone(w.access), func(u unit) bool { return !e.covers(r, e.names.cells[u.of]) })
	})
	return e.aligned(r, raw)
}

// leftOfHops measures against what it was before, as the regression has it.
func (e *evaluation) leftOfHops(r *Regression, of func(*window) []unit) []float64 {
	out := make([]float64, len(e.history.recent))
	for i, w := range e.history.recent {
		var ms []float64
		for _, u := range of(w) {
			ms = append(ms, float64(u.ms))
		}
		out[i] = (medianOf(ms) - r.BeforeMs) / r.ShiftMs
	}
	return out
}

// leftOfPairs does the same, each pair with what it was before itself.
func (e *evaluation) leftOfPairs(r *Regression) []float64 {
	of := map[int32]*Affected{}
	for i := range r.Pairs {
		n := e.names.between(r.Pairs[i].Pair)
		of[n.pair], of[n.direct] = &r.Pairs[i], &r.Pairs[i]
	}
	out := make([]float64, len(e.history.recent))
	for i, w := range e.history.recent {
		var left []float64
		for j := range w.ways {
			a := of[w.ways[j].at]
			if a != nil && a.AfterMs > a.BeforeMs {
				left = append(left, (float64(w.ways[j].rtt)-a.BeforeMs)/(a.AfterMs-a.BeforeMs))
			}
		}
		out[i] = medianOf(left)
	}
	return out
}

// aligned is what is left on access hops by the references that know them, where there are any: unlike the plain median it does not depend
// on who is calling.
func (e *evaluation) aligned(r *Regression, raw []float64) []float64 {
	segment := e.segment(r)
	first := max(len(raw)-e.cfg.Unused, 0)
	out := make([]float64, len(raw))
	for i := range out {
		out[i] = math.NaN()
	}
	for _, l := range e.layers(len(raw) - first) {
		points := e.points(l, first, func(s int32) bool { return s == segment })
		for i, ms := range byWindow(points, len(raw)) {
			if left := ms / r.ShiftMs; !(out[i] <= left) {
				out[i] = left // the least that a reference says
			}
		}
	}
	for i := range out {
		if math.IsNaN(out[i]) {
			out[i] = raw[i]
		}
	}
	return out
}

// segment is the number of what a regression of access hops is about.
func (e *evaluation) segment(r *Regression) int32 {
	switch r.Cause {
	case AccessNetwork:
		return e.names.number(name{kind: asnKind, asn: r.ASN})
	case AccessSFU:
		return e.names.number(name{kind: sfuKind, b: r.SFU})
	default:
		return e.names.number(name{kind: versionKind, version: r.Version})
	}
}
