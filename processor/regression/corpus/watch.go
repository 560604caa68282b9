package corpus

import (
	"maps"
	"time"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// leastCalls is how many calls, over three windows, an operator, a version, an SFU or a pair of regions needs for a case to count: below
// that nobody could tell. A link needs one in each, and in half of the thirty windows before.
const leastCalls = 8

// late is for how long after a case a regression may still be of it.
const late = 10 * time.Minute

// watch compares what is reported with what was done.
type watch struct {
	cases    []Outcome
	users    []map[string]bool
	windows  []int
	before   []int
	seen     map[string]int // regressions by id: their case, or -1
	mistaken map[string]regression.Regression
	order    []string
}

func newWatch(cases []Case) *watch {
	w := &watch{seen: map[string]int{}, mistaken: map[string]regression.Regression{}}
	for _, k := range cases {
		w.cases = append(w.cases, Outcome{Case: k})
		w.users = append(w.users, map[string]bool{})
	}
	w.windows, w.before = make([]int, len(cases)), make([]int, len(cases))
	return w
}

// see counts who has to do with each case in its first windows.
func (w *watch) see(start time.Time, observations []regression.Observation) {
	for i := range w.cases {
		k := &w.cases[i]
		if start.Before(k.From) && !start.Before(k.From.Add(-30*window)) && len(k.users(observations)) > 0 {
			w.before[i]++
		}
		if start.Before(k.Due) || !start.Before(k.Due.Add(3*window)) {
			continue
		}
		users := k.users(observations)
		maps.Copy(w.users[i], users)
		if len(users) > 0 {
			w.windows[i]++
		}
		switch k.Kind {
		case Step, SmallStep, Ramp, TwoAtOnce:
			k.Busy = w.windows[i] >= 3 && w.before[i] >= 15
		default:
			k.Busy = len(w.users[i]) >= leastCalls
		}
	}
}

// note takes in all regressions that are known now.
func (w *watch) note(known []regression.Regression) {
	for i := range known {
		r := known[i]
		of, old := w.seen[r.ID]
		if !old {
			of = w.match(&r)
			w.seen[r.ID] = of
		}
		if of >= 0 {
			w.cases[of].Found = &r
		} else {
			if !old {
				w.order = append(w.order, r.ID)
			}
			w.mistaken[r.ID] = r
		}
	}
}

// match is the case that a new regression is about, -1 if there is none.
func (w *watch) match(r *regression.Regression) int {
	for i := range w.cases {
		k := &w.cases[i]
		if !k.mayBe() || !k.Case.Found(r) || r.DetectedAt.Before(k.From) || r.DetectedAt.After(k.To.Add(late)) {
			continue
		}
		if k.Found == nil {
			return i
		}
		k.Repeats++
	}
	return -1
}

func (w *watch) result() ([]Outcome, []regression.Regression) {
	var mistaken []regression.Regression
	for _, id := range w.order {
		mistaken = append(mistaken, w.mistaken[id])
	}
	return w.cases, mistaken
}
