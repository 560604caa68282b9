// Package regression finds lasting rises of round-trip times and says what got slower. What calls had, window by window, goes in;
// regressions that opened, changed or were resolved come out, one per cause. It is pure: no clock, no I/O, and the same windows
// give the same regressions, whatever the order of the observations in them.
//
// Calls are counted, not samples. The use, for one tenant:
//
//	d, _ := regression.New(cfg)
//	// At a start: the windows of the last d.Keep(), oldest first. Then each window once, as it closes, also one without calls.
//	d.Add(window, observations)
//	// Now and then (Seasons says when another one is due): what is usual at this hour.
//	season := d.NewProfile()
//	for each window of the spans of d.Season(now, oldest observation) { season.Add(window, observations) }
//	// After each window: known are the regressions that are open, and those resolved within d.Keep().
//	for each changed := range d.Evaluate(season, known) { write it }
package regression

import "time"

// Detector holds what the last hours were like. It is not safe for concurrent use.
type Detector struct {
	cfg Config
}

// New makes a Detector that knows nothing yet.
func New(cfg Config) (*Detector, error) {
	cfg = cfg.withDefaults()
	return &Detector{cfg: cfg}, cfg.Validate()
}

// Keep is how far back a Detector looks: what it should be given at a start.
func (d *Detector) Keep() time.Duration {
	return d.cfg.Before + time.Duration(d.cfg.Recent)*d.cfg.Window
}

// Add takes a closed window, by its beginning. Windows come in order, each once; one that is not newer than the last is left out.
func (d *Detector) Add(_ time.Time, _ []Observation) {}

// Season says of which spans of time the reference for the windows around now is made, given how old the oldest observation is:
// the same hour of the week, else of the day before that is alike (working day or weekend), else none.
func (d *Detector) Season(_, _ time.Time) []Span { return nil }

// Evaluate judges the last window that was added. It returns the regressions that are new, those of known that have changed, and
// those of known that are resolved, by id. The season may be nil.
func (d *Detector) Evaluate(_ *Profile, _ []Regression) []Regression { return nil }

// Profile is how round-trip times were distributed in some span of time, segment by segment, in bounded memory.
type Profile struct{}

// NewProfile makes an empty Profile for use with this Detector.
func (d *Detector) NewProfile() *Profile { return &Profile{} }

// Add takes a window of the span, in any order.
func (p *Profile) Add(_ time.Time, _ []Observation) {}
