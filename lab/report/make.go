package report

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/lab/truth"
)

// tally is a path under way.
type tally struct {
	Path
	key      truth.Key
	complete map[int64]bool // starts of windows with a complete value
	trues    []float64
	rtts     []float64
	errs     []float64
	errors   []float64
	honest   int
	hops     []hopTally
}

type hopTally struct {
	trues, rtts, errors []float64
}

// Make compares.
func Make(in Input) *Report {
	m := &maker{in: in, tallies: map[truth.Key]*tally{}, summary: Summary{StatusCounts: map[Status]int{}, DurationS: round(in.End.Sub(in.Start).Seconds())}}
	if in.Topology != nil {
		m.summary.Topology = in.Topology.Name
	}
	m.spans()
	for _, w := range in.Windows {
		m.window(w)
	}
	r := &Report{Paths: []Path{}, Changes: m.changes()}
	for _, t := range m.order {
		r.Paths = append(r.Paths, m.finish(t))
	}
	r.Summary = m.finishSummary()
	return r
}

type maker struct {
	in      Input
	tallies map[truth.Key]*tally
	order   []*tally
	summary Summary
	abs     []float64
	perHop  []float64
	honest  int
	// covered and expected are of observable paths.
	covered, expected int
}

// spans makes an entry for every path there ever was, and counts the windows it is to have.
func (m *maker) spans() {
	for _, s := range m.in.Truth.Spans() {
		t := m.tallies[s.Key]
		if t == nil {
			t = &tally{key: s.Key, complete: map[int64]bool{}, Path: Path{
				Publisher: s.Publisher, Subscriber: s.Subscriber, Kind: s.Kind, SFUPath: s.SFUPath(), Hops: len(s.Hops),
				StatusCounts: map[Status]int{}, Observable: m.observable(s.Key),
			}}
			for _, h := range s.Hops {
				t.HopDetail = append(t.HopDetail, Hop{From: h.From, To: h.To, Sources: map[string]int{}})
			}
			t.hops = make([]hopTally, len(s.Hops))
			m.tallies[s.Key] = t
			m.order = append(m.order, t)
		}
	}
	for _, t := range m.order {
		for start := range m.grid() {
			if m.expects(t.key, start) {
				t.WindowsExpected++
			}
		}
	}
}

// grid gives the starts of all windows of the call.
func (m *maker) grid() func(func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		if m.in.Window <= 0 {
			return
		}
		start := time.Unix(0, m.in.Start.UnixNano()/int64(m.in.Window)*int64(m.in.Window))
		for ; !start.Add(m.in.Window).After(m.in.End); start = start.Add(m.in.Window) {
			if !yield(start) {
				return
			}
		}
	}
}

// expects says whether a path is to have a complete value in the window from start on.
func (m *maker) expects(key truth.Key, start time.Time) bool {
	span, verdict := m.in.Truth.Window(key, start, start.Add(m.in.Window))
	return verdict == truth.Steady && !start.Before(span.Since.Add(settleIn))
}

func (m *maker) observable(key truth.Key) bool {
	top := m.in.Topology
	if top == nil {
		return true
	}
	for _, id := range key.SFUPath() {
		if s := top.SFU(id); s != nil && !s.Probed() {
			return false
		}
	}
	for _, id := range []string{key.Publisher, key.Subscriber} {
		first, _, _ := strings.Cut(id, "#")
		if c := top.Client(first); c != nil && !c.Probed() {
			return false
		}
	}
	return true
}

// window enters one stored result.
func (m *maker) window(w Window) {
	m.summary.StatusCounts[w.Status]++
	key := truth.KeyOf(w.Publisher, w.Subscriber, w.Kind, w.SFUPath)
	span, verdict := m.in.Truth.Window(key, w.Start, w.Start.Add(w.Length))
	t := m.tallies[key]
	if verdict == truth.Never || t == nil {
		if w.Status == Partial {
			m.summary.Unfollowed++
		} else {
			m.summary.WrongPaths++
		}
		return
	}
	t.StatusCounts[w.Status]++
	if w.Status == Complete && !t.Observable {
		m.summary.FalseComplete++
	}
	switch verdict {
	case truth.Gone:
		t.WindowsStale++
		return
	case truth.Changing:
		t.WindowsLeftOut++
		return
	case truth.Never, truth.Steady:
	}
	if w.Status == Complete && w.Length == m.in.Window && m.expects(key, w.Start) {
		t.complete[w.Start.UnixNano()] = true
	}
	if w.Status != Partial && !math.IsNaN(w.RTT) {
		m.compare(t, w, span)
	}
}

func (m *maker) compare(t *tally, w Window, span truth.Span) {
	right := millis(span.RTT)
	off := w.RTT - right
	t.Windows++
	t.trues, t.rtts, t.errors = append(t.trues, right), append(t.rtts, w.RTT), append(t.errors, off)
	if !math.IsNaN(w.Err) {
		t.errs = append(t.errs, w.Err)
	}
	m.abs = append(m.abs, math.Abs(off))
	m.perHop = append(m.perHop, math.Abs(off)/float64(max(t.Hops, 1)))
	if math.Abs(off) <= 2*w.Err {
		t.honest++
		m.honest++
	}
	if len(w.Hops) != len(t.hops) {
		return
	}
	for i, h := range w.Hops {
		if h.Source != "" {
			t.HopDetail[i].Sources[h.Source]++
		}
		if math.IsNaN(h.RTT) {
			continue
		}
		ht := &t.hops[i]
		ht.trues = append(ht.trues, millis(span.Hops[i].RTT))
		ht.rtts = append(ht.rtts, h.RTT)
		ht.errors = append(ht.errors, h.RTT-millis(span.Hops[i].RTT))
	}
}

func (m *maker) finish(t *tally) Path {
	p := t.Path
	p.TrueRTT, p.RTT, p.RTTErr, p.Error = median(t.trues), median(t.rtts), median(t.errs), median(t.errors)
	p.P95AbsError = p95(absolute(t.errors))
	p.Coverage = share(len(t.complete), p.WindowsExpected)
	p.Honest = ratio(t.honest, p.Windows)
	p.Status = Missing
	for _, s := range []Status{Partial, Imputed, Complete} { // of equally frequent ones the better
		if n := p.StatusCounts[s]; n > 0 && n >= p.StatusCounts[p.Status] {
			p.Status = s
		}
	}
	for i := range p.HopDetail {
		h, ht := &p.HopDetail[i], &t.hops[i]
		h.TrueRTT, h.RTT, h.Error, h.P95AbsError = median(ht.trues), median(ht.rtts), median(ht.errors), p95(absolute(ht.errors))
	}
	if p.Observable {
		m.covered += len(t.complete)
		m.expected += p.WindowsExpected
	}
	m.summary.Windows += p.Windows
	m.summary.WindowsLeftOut += p.WindowsLeftOut
	m.summary.WindowsStale += p.WindowsStale
	return p
}

func (m *maker) finishSummary() Summary {
	s := m.summary
	s.Paths = len(m.order)
	s.MedianAbsError, s.P95AbsError = median(m.abs), p95(m.abs)
	s.MedianErrorPerHop, s.P95ErrorPerHop = median(m.perHop), p95(m.perHop)
	s.Coverage, s.WindowsExpected = share(m.covered, m.expected), m.expected
	s.Honest = ratio(m.honest, s.Windows)
	s.SamplesSent, s.SamplesStored, s.Late, s.Dead = m.in.Samples.Sent, m.in.Samples.Stored, m.in.Samples.Late, m.in.Samples.Dead
	return s
}

// changes lists the paths that began after the start, and when each showed.
func (m *maker) changes() []Change {
	changes := []Change{}
	seen := map[truth.Key]map[time.Time]bool{}
	for _, s := range m.in.Truth.Spans() {
		if !s.Since.After(m.in.Start) || seen[s.Key][s.Since] {
			continue
		}
		if seen[s.Key] == nil {
			seen[s.Key] = map[time.Time]bool{}
		}
		seen[s.Key][s.Since] = true
		c := Change{
			Publisher: s.Publisher, Subscriber: s.Subscriber, Kind: s.Kind, SFUPath: s.SFUPath(),
			At: round(s.Since.Sub(m.in.Start).Seconds()),
		}
		if at, ok := m.firstShown(s); ok {
			after := round(millis(at.Sub(s.Since)))
			c.ShownAfter = &after
		}
		changes = append(changes, c)
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(a.At, b.At) })
	return changes
}

// firstShown finds when a window of a path's present life could first be read.
func (m *maker) firstShown(s truth.Span) (first time.Time, ok bool) {
	for _, w := range m.in.Windows {
		end := w.Start.Add(w.Length)
		if truth.KeyOf(w.Publisher, w.Subscriber, w.Kind, w.SFUPath) != s.Key || !end.After(s.Since) {
			continue
		}
		at := w.SeenAt
		if at.IsZero() {
			at = end
		}
		if !ok || at.Before(first) {
			first, ok = at, true
		}
	}
	return first, ok
}
