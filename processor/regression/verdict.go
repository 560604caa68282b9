package regression

import (
	"cmp"
	"slices"

	"github.com/earshot-rtc/earshot/processor/regression/rank"
)

// verdict is what was found out about one segment.
type verdict struct {
	segment int32
	lasts   bool // by each reference: in enough windows on end, half as far as it has to be
	slower  bool // by each reference: and far enough
	shift   rank.Interval
	level   float64 // before
	p, q    float64
	calls   int // in the windows tested
	before  int // calls in the reference
	windows int // tested
	first   int // the first of them, index into the recent ones
	points  []point
	layer   *layer
}

// limit is from which shift on a segment of such a level is slower.
func (c *Config) limit(level float64) float64 { return max(c.MinShiftMs, c.MinShiftRatio*level) }

// judge compares the points of one segment in some windows with a reference. Its second result is false where there is too little to say.
func (e *evaluation) judge(l *layer, points []point, windows []int) (verdict, bool) {
	v := verdict{segment: points[0].segment, layer: l, points: points, p: 1, windows: len(windows), first: windows[0]}
	values := byCall(points)
	v.calls = len(values)
	few := v.calls < e.cfg.MinCalls
	if few && e.names.of[v.segment].kind != linkKind {
		return v, false
	}
	v.level = levelOf(points)
	limit := e.cfg.limit(v.level)
	if v.lasts = e.persists(points, windows, limit/2); !v.lasts {
		return v, true
	}
	var reference []float64
	if few {
		// So few calls on a link between SFUs: its windows count, each by itself.
		values = values[:0]
		for _, p := range points {
			values = append(values, float64(p.ms))
		}
		reference = e.turns(l, v.segment)
	} else {
		reference = e.residuals(l, points)
	}
	v.before = len(reference)
	v.shift = rank.Shift(values, reference, e.cfg.Confidence)
	if !e.farEnough(&v) {
		return v, true
	}
	v.slower = true
	v.p = trials * rank.Greater(values, reference)
	if e.names.of[v.segment].kind != linkKind {
		v.p *= turnover
	}
	v.p = min(1, v.p)
	return v, true
}

// farEnough says whether the shift is as large as it has to be, and certainly half as large; of segments that depend on who is calling, three
// quarters as large.
func (e *evaluation) farEnough(v *verdict) bool {
	limit, certain := e.cfg.limit(v.level), 0.75
	if e.names.of[v.segment].kind == linkKind {
		certain = 0.5
	}
	return v.shift.Estimate >= limit && v.shift.Low >= certain*limit
}

// persists says whether the median over calls is that far up in every one of the windows.
func (e *evaluation) persists(points []point, windows []int, limit float64) bool {
	medians := byWindow(points, len(e.history.recent))
	for _, w := range windows {
		if !(medians[w] >= limit) {
			return false
		}
	}
	return true
}

// residuals are what calls of the reference had beyond the level, on the hops that the points are from: one value for each call.
func (e *evaluation) residuals(l *layer, points []point) []float64 {
	seen := map[int32]bool{}
	var all []point
	for _, p := range points {
		if seen[p.from] {
			continue
		}
		seen[p.from] = true
		of := l.of(p.from)
		level := float32(of.median(p.from))
		for _, k := range of.hop(p.from).kept {
			all = append(all, point{call: k.key, from: p.from, ms: k.value - level})
		}
	}
	slices.SortFunc(all, func(a, b point) int { return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.ms, b.ms)) })
	return byCall(all)
}

// turns are the same for a link, one value for each call and window.
func (e *evaluation) turns(l *layer, link int32) []float64 {
	of := l.of(link)
	out := values(of.turnsOf(link), nil)
	level := of.median(link)
	for i := range out {
		out[i] -= level
	}
	return out
}

// both is what two references, or two segments of time, have in common: the lesser shift, the greater doubt.
func both(a, b verdict) verdict {
	least, p := a, max(a.p, b.p)
	if b.slower && (!a.slower || b.shift.Estimate < a.shift.Estimate) {
		least = b
	}
	least.lasts, least.slower, least.p = a.lasts && b.lasts, a.slower && b.slower, p
	if !least.slower {
		least.p = 1
	}
	return least
}

// search tests every segment, by every reference, over three stretches of windows, and returns those that are slower.
func (e *evaluation) search() map[int32]*verdict {
	found := map[int32]*verdict{}
	tested := map[int32]bool{}
	var wanted map[int32]bool // all, at first
	for _, last := range []int{e.cfg.Persistence, 2 * e.cfg.Persistence, 4 * e.cfg.Persistence} {
		again := map[int32]bool{}
		for _, v := range e.pass(last, wanted, again) {
			tested[v.segment] = true
			if v.lasts {
				again[v.segment] = true // perhaps more windows make it certain
			}
			if !v.slower {
				continue
			}
			if was := found[v.segment]; was == nil || v.p < was.p {
				found[v.segment] = &v
			}
		}
		if wanted = again; len(wanted) == 0 {
			break
		}
	}
	e.tests += len(tested)
	return found
}

// pass judges segments over the last windows, by all references. It adds to gaps those that are in too few of these.
func (e *evaluation) pass(last int, wanted, gaps map[int32]bool) []verdict {
	var want func(int32) bool
	if wanted != nil {
		want = func(s int32) bool { return wanted[s] }
	}
	n := len(e.history.recent)
	verdicts := map[int32]verdict{}
	for i, l := range e.layers(last) {
		each(e.points(l, n-last, want), func(segment int32, points []point) {
			was, judged := verdicts[segment]
			if i > 0 && !judged {
				return
			}
			windows := windowsOf(points, n)
			if len(windows) < e.cfg.Persistence {
				gaps[segment] = true
				return
			}
			if windows[len(windows)-e.cfg.Persistence] < n-e.cfg.Persistence {
				// It has gaps: no more than it takes, or it would be known late.
				windows = windows[len(windows)-e.cfg.Persistence:]
				points = slices.DeleteFunc(slices.Clone(points), func(p point) bool { return int(p.window) < windows[0] })
			}
			v, ok := e.judge(l, points, windows)
			if !ok {
				return
			}
			if judged {
				v = both(was, v)
			}
			verdicts[segment] = v
		})
	}
	out := make([]verdict, 0, len(verdicts))
	for _, segment := range sortedKeys(verdicts) {
		out = append(out, verdicts[segment])
	}
	return out
}

// windowsOf lists the windows that points are in, in order.
func windowsOf(points []point, n int) []int {
	has := make([]bool, n)
	for _, p := range points {
		has[p.window] = true
	}
	var out []int
	for w, ok := range has {
		if ok {
			out = append(out, w)
		}
	}
	return out
}

func sortedKeys[V any](m map[int32]V) []int32 {
	out := make([]int32, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
