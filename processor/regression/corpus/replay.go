package corpus

import (
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// Past is what is known of the time before a day.
type Past int

// Pasts.
const (
	WeekKnown Past = iota // the same day of the week before
	DayKnown              // the day before
	NoneKnown             // nothing: a new installation
)

// Day describes a day to be replayed.
type Day struct {
	Seed  uint64
	Start time.Time
	Past  Past
	Peak  float64 // calls at once in the busiest hour
	Hours int     // how much of it; 0 is all
	Plain bool    // nothing is done to it
}

// Outcome is what became of a case.
type Outcome struct {
	Case
	Busy    bool // enough calls had to do with it
	Found   *regression.Regression
	Repeats int // further regressions of the same case, which are mistakes
}

// Counts says whether it had to be found.
func (o *Outcome) Counts() bool { return o.Case.Counts() && o.Busy }

// Result of a day.
type Result struct {
	Day
	Cases        []Outcome
	Mistaken     []regression.Regression // that nothing was the reason for, or something else
	Observations int
	Windows      int
}

// Replay gives a day to a detector, window by window, as whoever runs it would, and notes what it says.
func Replay(day Day, cfg regression.Config) (*Result, error) {
	d, err := regression.New(cfg)
	if err != nil {
		return nil, err
	}
	w := makeWorld(day.Seed, day.Start)
	long := 24 * time.Hour
	if day.Hours > 0 {
		long = time.Duration(day.Hours) * time.Hour
	}
	var cases []Case
	if !day.Plain {
		cases = plan(w, day.Seed, day.Start, long)
	}
	before := time.Duration(0)
	if day.Past != NoneKnown {
		before = d.Keep()
	}
	live := makeTraffic(w, day.Seed, day.Start.Add(-before), day.Peak, cases)
	for live.at.Before(day.Start) {
		d.Add(live.next())
	}
	past := makePast(w, day, d)
	watch := newWatch(cases)
	var known []regression.Regression
	r := &Result{Day: day}
	for live.at.Before(day.Start.Add(long)) {
		start, observations := live.next()
		r.Observations += len(observations)
		r.Windows++
		watch.see(start, observations)
		d.Add(start, observations)
		known = merge(known, d.Evaluate(past.season(start.Add(window)), known), start.Add(-d.Keep()))
		watch.note(known)
	}
	r.Cases, r.Mistaken = watch.result()
	return r, nil
}

// merge takes in what changed, and lets go of what has been over for long.
func merge(known, changed []regression.Regression, since time.Time) []regression.Regression {
	for _, c := range changed {
		i := slices.IndexFunc(known, func(r regression.Regression) bool { return r.ID == c.ID })
		if i < 0 {
			known = append(known, c)
		} else {
			known[i] = c
		}
	}
	return slices.DeleteFunc(known, func(r regression.Regression) bool {
		return r.State == regression.Resolved && r.ResolvedAt.Before(since)
	})
}

// past is the traffic of another day, of which an hour at a time is the season.
type past struct {
	detector *regression.Detector
	traffic  *traffic
	oldest   time.Time
	hour     []turn
	spans    []regression.Span
	profile  *regression.Profile
}

type turn struct {
	start        time.Time
	observations []regression.Observation
}

func makePast(w *world, d Day, detector *regression.Detector) *past {
	p := &past{detector: detector}
	switch d.Past {
	case WeekKnown:
		p.oldest = d.Start.Add(-7*24*time.Hour - time.Hour)
	case DayKnown:
		p.oldest = d.Start.Add(-24*time.Hour - time.Hour)
	default:
		return p
	}
	p.traffic = makeTraffic(w, d.Seed+1, p.oldest, d.Peak, nil)
	return p
}

func (p *past) season(now time.Time) *regression.Profile {
	if p.traffic == nil {
		return nil
	}
	spans := p.detector.Season(now, p.oldest)
	if slices.Equal(spans, p.spans) {
		return p.profile
	}
	p.spans, p.profile = spans, p.detector.NewProfile()
	for _, s := range spans {
		for p.traffic.at.Before(s.To) {
			start, observations := p.traffic.next()
			p.hour = append(p.hour, turn{start, observations})
		}
		p.hour = slices.DeleteFunc(p.hour, func(t turn) bool { return t.start.Before(s.From) })
		for _, t := range p.hour {
			p.profile.Add(t.start, t.observations)
		}
	}
	return p.profile
}
