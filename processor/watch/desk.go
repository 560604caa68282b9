package watch

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// desk is the search for one tenant.
type desk struct {
	tenant   string
	detector *regression.Detector
	since    time.Time // the oldest observation
	seen     time.Time // the last window that had one
	season   *regression.Profile
	spans    []regression.Span // that season is of
	known    map[string]regression.Regression
}

// refresh reads what is usual at this hour, when another hour has begun.
func (d *desk) refresh(ctx context.Context, s *search) error {
	spans := d.detector.Season(s.next, d.since)
	if slices.Equal(spans, d.spans) {
		return nil
	}
	season := d.detector.NewProfile()
	for _, span := range spans {
		err := s.w.store.recall(ctx, span.From, span.To, &d.tenant, func(_ string, window time.Time, of []regression.Observation) {
			season.Add(window, of)
		})
		if err != nil {
			return err
		}
	}
	d.spans, d.season = slices.Clone(spans), season
	if len(spans) == 0 {
		d.season = nil
	}
	return nil
}

// judge adds a window and returns what has changed.
func (d *desk) judge(window time.Time, of []regression.Observation) []regression.Regression {
	if len(of) > 0 {
		d.seen = window
	}
	d.detector.Add(window, of)
	changed := d.detector.Evaluate(d.season, d.list())
	for _, r := range changed {
		d.known[r.ID] = r
	}
	return changed
}

// list is what is known, in a stable order.
func (d *desk) list() []regression.Regression {
	out := make([]regression.Regression, 0, len(d.known))
	for _, id := range slices.Sorted(maps.Keys(d.known)) {
		out = append(out, d.known[id])
	}
	return out
}

// forget drops regressions that were resolved before a time, and says whether nothing is left since then.
func (d *desk) forget(before time.Time) bool {
	maps.DeleteFunc(d.known, func(_ string, r regression.Regression) bool {
		return r.State == regression.Resolved && r.ResolvedAt.Before(before)
	})
	return len(d.known) == 0 && d.seen.Before(before) && d.since.Before(before)
}
