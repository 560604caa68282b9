package regression

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// pairsReported bounds the pairs of regions that a regression lists, and leastUse is which share of a pair's calls has to use what got
// slower for the pair to be one of them.
const (
	pairsReported = 30
	leastUse      = 0.2
)

// report makes a regression of a verdict on a link or on a group of access hops.
func (e *evaluation) report(v *verdict) Regression {
	n := e.names.of[v.segment]
	r := Regression{}
	uses := func(y *way) bool {
		for _, at := range []int32{y.up, y.down} {
			if at != none && e.names.cells[at].has(v.segment) {
				return true
			}
		}
		return false
	}
	switch n.kind {
	case linkKind:
		r.Cause, r.Link = SFULink, Link{n.a, n.b}
		uses = func(y *way) bool { return slices.Contains(e.names.paths[y.path].links, v.segment) }
	case asnKind:
		r.Cause, r.ASN = AccessNetwork, n.asn
	case sfuKind:
		r.Cause, r.SFU = AccessSFU, n.b
	case versionKind:
		r.Cause, r.Version = AppVersion, n.version
	}
	r.Pairs = e.affected(v, uses)
	all := e.points(v.layer, 0, func(s int32) bool { return s == v.segment })
	e.figures(&r, v, byWindow(all, len(e.history.recent)))
	return r
}

// reportPaths makes one of pairs of regions that are slower together. The figures are those of the pair with most calls.
func (e *evaluation) reportPaths(cause Cause, l lost, pairs []*strayed) Regression {
	slices.SortStableFunc(pairs, func(a, b *strayed) int {
		return cmp.Or(cmp.Compare(b.calls, a.calls), e.compareNames(a.segment, b.segment))
	})
	main := pairs[0]
	r := Regression{Cause: cause, Link: l.link, SFU: l.sfu, Pairs: e.sorted(e.affectedPairs(pairs))}
	if cause == OtherPaths {
		r.WasPath, r.NowPath = e.most(main.was), e.most(main.now)
	}
	all, _ := e.deviations(main.layer, 0, func(s int32) bool { return s == main.segment })
	e.figures(&r, &main.verdict, byWindow(all, len(e.history.recent)))
	return r
}

func (e *evaluation) figures(r *Regression, v *verdict, medians []float64) {
	r.State = Open
	r.StartedAt = e.history.recent[onset(medians, v.shift.Estimate)].at()
	r.DetectedAt, r.UpdatedAt = e.now, e.now
	r.BeforeMs, r.AfterMs = v.level, v.level+v.shift.Estimate
	r.ShiftMs, r.ShiftLowMs, r.ShiftHighMs = v.shift.Estimate, v.shift.Low, v.shift.High
	r.ShiftRatio = ratio(r.ShiftMs, r.BeforeMs)
	r.Q, r.CallsBefore, r.CallsAfter, r.Windows = v.q, v.before, v.calls, v.windows
	r.Severity = e.cfg.severity(r)
	r.ID = r.id()
}

func ratio(shift, before float64) float64 {
	if before <= 0 {
		return 0
	}
	return shift / before
}

func (c *Config) severity(r *Regression) Severity {
	if r.CallsAfter >= c.CriticalCalls || r.ShiftMs >= c.CriticalMs && r.CallsAfter >= c.MinCalls {
		return Critical
	}
	return Warning
}

// Segment names what got slower: a link as "fra-iad", an operator as "AS64500", an SFU or a version by its name, a pair as "eu>us".
func (r *Regression) Segment() string {
	switch {
	case r.Link != Link{}:
		return r.Link.From + "-" + r.Link.To
	case r.SFU != "":
		return r.SFU
	case r.ASN != 0:
		return fmt.Sprintf("AS%d", r.ASN)
	case r.Version != "":
		return r.Version
	case len(r.Pairs) > 0:
		return r.Pairs[0].Publisher + ">" + r.Pairs[0].Subscriber
	}
	return ""
}

func (r *Regression) id() string {
	return fmt.Sprintf("%016x", hash(fmt.Sprintf("%s|%s|%d", r.Cause, r.Segment(), r.StartedAt.Unix())))
}

// Summary says in a sentence what got slower, by how much and since when.
func (r *Regression) Summary() string {
	what := ""
	switch r.Cause {
	case SFULink:
		what = fmt.Sprintf("The link %s is slower", r.Segment())
	case AccessNetwork:
		what = fmt.Sprintf("Clients of %s have longer ways to their SFUs", r.Segment())
	case AccessSFU:
		what = fmt.Sprintf("The SFU %s and its clients are farther apart", r.Segment())
	case AppVersion:
		what = fmt.Sprintf("Clients with version %s have longer ways to their SFUs", r.Segment())
	case OtherPaths:
		what = fmt.Sprintf("Calls take %s instead of %s", arrows(r.NowPath), arrows(r.WasPath))
	case RegionPair:
		what = fmt.Sprintf("Calls of %s are slower", r.Segment())
	}
	return fmt.Sprintf("%s: %.0f ms instead of %.0f ms (+%.0f ms, +%.0f %%) since %s UTC, %s.", what, r.AfterMs, r.BeforeMs, r.ShiftMs,
		100*r.ShiftRatio, r.StartedAt.UTC().Format(time.DateTime), plural(r.CallsAfter, "call"))
}

func arrows(path []string) string {
	if len(path) == 0 {
		return "direct ways"
	}
	return strings.Join(path, ">")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// affected is the pairs of regions of which a good part of the calls use what got slower.
func (e *evaluation) affected(v *verdict, uses func(*way) bool) []Affected {
	type tally struct {
		calls, using map[uint64]bool
		rtts         []float64
	}
	pairs := map[int32]*tally{}
	for _, w := range e.history.recent[v.first:] {
		for i := range w.ways {
			y := &w.ways[i]
			t := pairs[y.at]
			if t == nil {
				t = &tally{calls: map[uint64]bool{}, using: map[uint64]bool{}}
				pairs[y.at] = t
			}
			t.calls[y.call] = true
			if uses(y) {
				t.using[y.call] = true
				t.rtts = append(t.rtts, float64(y.rtt))
			}
		}
	}
	var out []Affected
	for _, at := range sortedKeys(pairs) {
		t := pairs[at]
		if len(t.using) == 0 || float64(len(t.using)) < leastUse*float64(len(t.calls)) {
			continue
		}
		var was []float64
		if of := v.layer.ofWays(at); of != nil {
			for _, k := range of.waysOf(at).kept {
				if uses(&k.value) {
					was = append(was, float64(k.value.rtt))
				}
			}
		}
		a := Affected{Pair: e.names.pair(at), Calls: len(t.using), BeforeMs: medianOf(was), AfterMs: medianOf(t.rtts)}
		if len(was) == 0 {
			a.BeforeMs = a.AfterMs - v.shift.Estimate
		}
		out = append(out, a)
	}
	return e.sorted(out)
}

// affectedPairs is the pairs that are themselves slower.
func (e *evaluation) affectedPairs(pairs []*strayed) []Affected {
	var out []Affected
	for _, v := range pairs {
		out = append(out, Affected{e.names.pair(v.segment), v.calls, v.level, v.level + v.shift.Estimate})
	}
	return out
}

// sorted is the pairs by calls, as many as are reported. A pair over SFUs and a direct one are one pair.
func (e *evaluation) sorted(pairs []Affected) []Affected {
	slices.SortStableFunc(pairs, func(a, b Affected) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Publisher, b.Publisher), cmp.Compare(a.Subscriber, b.Subscriber))
	})
	return pairs[:min(len(pairs), pairsReported)]
}
