// Package regression finds lasting rises of round-trip times and says what got slower. What calls had, window by window, goes in;
// regressions that opened, changed or were resolved come out, one per cause. It is pure: no clock, no I/O, and the same windows
// give the same regressions, whatever the order of the observations in them.
//
// Calls are counted, not samples. The use, for one tenant:
//
//	d, _ := regression.New(cfg)
//	// At a start: the windows of the last d.Keep(), oldest first. Then each window once, as it closes, also one without calls.
//	d.Add(window, observations)
//	// Whenever d.Season(now, oldest observation) has changed: what is usual at this hour.
//	season := d.NewProfile()
//	for each window of these spans { season.Add(window, observations) }
//	// After each window: known are the regressions that are open, and those resolved within d.Keep().
//	for each changed := range d.Evaluate(season, known) { write it }
//
// # How
//
// What is tested: links between SFUs; the hops between clients and SFUs by operator, by SFU and by version; paths by pair of regions. A
// segment is slower if
//
//   - its calls are by Config.MinShiftMs and by Config.MinShiftRatio slower than the calls of the reference (Hodges and Lehmann's estimate),
//     after the level of each hop is taken off, so that a mix of other hops does not look slower;
//   - the order of values is not chance (Mann and Whitney's test), with as many segments tested as were (Benjamini and Hochberg);
//   - it is so in each of Config.Persistence windows;
//   - against each reference: the same hour of other days, and what was shortly before.
//
// A call counts once, with the median of its windows, so one bad call is one value however long it is. Only on a link with fewer calls
// than Config.MinCalls each window of a call counts: links between SFUs have no trouble that is a caller's own.
//
// # Memory
//
// Recent windows are held call by call: 130 bytes for an observation. What was before them, and the season, are fair samples of at most
// 64 calls for each hop: 1 KB for each link and each combination of region, SFU, operator and version, in each of eight profiles.
// 3,000 observations a minute take 12 MB for the recent half hour.
package regression

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Detector holds what the last hours were like. It is not safe for concurrent use.
type Detector struct {
	cfg     Config
	names   *names
	history history
}

// New makes a Detector that knows nothing yet.
func New(cfg Config) (*Detector, error) {
	cfg = cfg.withDefaults()
	n := newNames()
	return &Detector{cfg: cfg, names: n, history: history{cfg: cfg, names: n}}, cfg.Validate()
}

// Keep is how far back a Detector looks: what it should be given at a start.
func (d *Detector) Keep() time.Duration {
	return time.Duration(d.cfg.Before+d.cfg.Recent) * d.cfg.Window
}

// Add takes a closed window, by its beginning. Windows come in order, each once; one that is not newer than the last is left out.
func (d *Detector) Add(start time.Time, observations []Observation) {
	d.history.add(d.names.digest(start, observations))
}

// Evaluate judges the last window that was added. It returns the regressions that are new, those of known that have changed, and
// those of known that are resolved, by id. The season may be nil. Regressions are known for as long as they are open and for Keep after
// that; nothing else is remembered of them.
func (d *Detector) Evaluate(season *Profile, known []Regression) []Regression {
	if len(d.history.recent) == 0 {
		return nil
	}
	known = slices.Clone(known)
	slices.SortFunc(known, func(a, b Regression) int { return strings.Compare(a.ID, b.ID) })
	e := d.evaluation(season, known)
	changed := map[string]Regression{}
	for _, r := range e.open {
		if e.follow(r) {
			changed[r.ID] = *r
		}
	}
	for _, r := range e.discover() {
		changed[r.ID] = r
	}
	out := make([]Regression, 0, len(changed))
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		out = append(out, changed[id])
	}
	return out
}
