package corpus

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// Line is how one kind of case was found.
type Line struct {
	Kind      Kind
	Done      int             // cases of the kind
	Due       int             // of these had to be found
	Found     int             // of these were, with the right cause and the right segment
	Detect    []time.Duration // from when it was due until it was reported, ascending
	Start     []time.Duration // between its beginning and the one reported, ascending
	Resolve   []time.Duration // from its end until it was resolved, ascending
	Unending  int             // found and never resolved
	Permitted int             // found, too small or with too few calls to be due
}

// Score is how well days were told.
type Score struct {
	Lines        []Line // by kind
	Days, Plain  int
	Observations int
	Due, Found   int
	Mistakes     []regression.Regression
}

// Sum adds days up.
func Sum(results []*Result) *Score {
	s := &Score{}
	lines := map[Kind]*Line{}
	for _, r := range results {
		s.Days++
		if r.Plain {
			s.Plain++
		}
		s.Observations += r.Observations
		s.Mistakes = append(s.Mistakes, r.Mistaken...)
		for i := range r.Cases {
			o := &r.Cases[i]
			if lines[o.Kind] == nil {
				lines[o.Kind] = &Line{Kind: o.Kind}
			}
			lines[o.Kind].add(o)
		}
	}
	for _, kind := range append(slices.Clone(loud), quiet...) {
		if l := lines[kind]; l != nil {
			slices.Sort(l.Detect)
			slices.Sort(l.Start)
			slices.Sort(l.Resolve)
			s.Lines = append(s.Lines, *l)
			s.Due, s.Found = s.Due+l.Due, s.Found+l.Found
		}
	}
	return s
}

// loud kinds are those that may be reported.
var loud = []Kind{Step, TwoAtOnce, Ramp, LinkDown, Drain, Operator, Site, Rollout, SmallStep}

func (l *Line) add(o *Outcome) {
	l.Done++
	switch {
	case o.Counts():
		l.Due++
		if o.Found == nil {
			return
		}
		l.Found++
	case o.Found != nil:
		l.Permitted++
		return
	default:
		return
	}
	l.Detect = append(l.Detect, max(0, o.Found.DetectedAt.Sub(o.Due)))
	if o.Kind != Ramp && o.Kind != Rollout { // which have no moment at which they begin
		l.Start = append(l.Start, o.Found.StartedAt.Sub(o.From).Abs())
	}
	if o.Found.State == regression.Resolved {
		l.Resolve = append(l.Resolve, max(0, o.Found.ResolvedAt.Sub(o.To)))
	} else {
		l.Unending++
	}
}

// Precision is which share of what was reported is right. Cases that need not have been found count on neither side.
func (s *Score) Precision() float64 {
	return float64(s.Found) / float64(max(s.Found+len(s.Mistakes), 1))
}

// Recall is which share of what had to be found was.
func (s *Score) Recall() float64 { return float64(s.Found) / float64(max(s.Due, 1)) }

// all is a figure of every kind, ascending.
func (s *Score) all(of func(*Line) []time.Duration) []time.Duration {
	var out []time.Duration
	for i := range s.Lines {
		out = append(out, of(&s.Lines[i])...)
	}
	slices.Sort(out)
	return out
}

// Detect is how long it took until what had to be found was reported, ascending.
func (s *Score) Detect() []time.Duration {
	return s.all(func(l *Line) []time.Duration { return l.Detect })
}

// Start is how far the reported beginnings are off, ascending.
func (s *Score) Start() []time.Duration {
	return s.all(func(l *Line) []time.Duration { return l.Start })
}

// Resolve is how long it took until what was over was resolved, ascending.
func (s *Score) Resolve() []time.Duration {
	return s.all(func(l *Line) []time.Duration { return l.Resolve })
}

// At is the value at a share of an ascending list.
func At(ascending []time.Duration, share float64) time.Duration {
	if len(ascending) == 0 {
		return 0
	}
	return ascending[min(int(share*float64(len(ascending))), len(ascending)-1)]
}

// Markdown is the score as a table.
func (s *Score) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| case | done | had to be found | found | minutes to detect: median, p95, worst | start off by: p95 | minutes to resolve: median, worst |\n")
	fmt.Fprintf(&b, "|---|---:|---:|---:|---:|---:|---:|\n")
	for _, l := range s.Lines {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %s | %s | %s |\n", l.Kind, l.Done, l.Due, l.Found, spread(l.Detect, 0.5, 0.95, 1), spread(l.Start, 0.95), spread(l.Resolve, 0.5, 1))
	}
	done := 0
	for _, l := range s.Lines {
		done += l.Done
	}
	fmt.Fprintf(&b, "| **all** | %d | %d | %d | %s | %s | %s |\n", done, s.Due, s.Found, spread(s.Detect(), 0.5, 0.95, 1), spread(s.Start(), 0.95), spread(s.Resolve(), 0.5, 1))
	return b.String()
}

func spread(ascending []time.Duration, shares ...float64) string {
	if len(ascending) == 0 {
		return "-"
	}
	var out []string
	for _, s := range shares {
		out = append(out, fmt.Sprintf("%.1f", At(ascending, s).Minutes()))
	}
	return strings.Join(out, ", ")
}
