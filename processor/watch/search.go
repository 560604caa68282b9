package watch

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// atOnce is how many windows are read by one query when there is more than one to do.
const atOnce = 10

// search is what is known between two windows. All of it can be read back from the store.
type search struct {
	w     *Watch
	next  time.Time // the beginning of the next window to observe
	desks map[string]*desk
	since map[string]time.Time // the oldest observation of each tenant, also of those that have no desk for want of calls
	done  *outcome             // of the window before next, where it is not stored yet
}

// outcome is what one window has brought.
type outcome struct {
	window   time.Time
	observed []observed
	changes  []change
}

// change is a regression that opened, changed or was resolved.
type change struct {
	tenant string
	regression.Regression
}

// begin reads back what is known. The search goes on after the last window that was observed, or where CatchUp reaches back to.
func (w *Watch) begin(ctx context.Context, newest time.Time) (*search, error) {
	length := w.cfg.Detector.Window
	s := &search{w: w, desks: map[string]*desk{}}
	s.next = newest.Add(-w.cfg.CatchUp).Truncate(length)
	if s.next.Before(w.cfg.Since) {
		s.next = w.cfg.Since.Truncate(length).Add(length)
	}
	last, err := w.store.last(ctx, newest.Add(-30*24*time.Hour))
	if err != nil {
		return nil, err
	}
	if !last.Before(w.cfg.Since) && !last.IsZero() {
		if after := last.Add(length); !after.Before(s.next) {
			s.next = after
		} else {
			w.metrics.windows.WithLabelValues("skipped").Add(float64(s.next.Sub(after) / length))
		}
	}
	if s.since, err = w.store.oldest(ctx); err != nil {
		return nil, err
	}
	for tenant := range s.since {
		if err := s.open(tenant); err != nil {
			return nil, err
		}
	}
	if err := s.remember(ctx); err != nil {
		return nil, err
	}
	known, err := w.store.known(ctx, s.next.Add(-s.w.keep))
	if err != nil {
		return nil, err
	}
	for _, c := range known {
		if c.StartedAt.Before(w.cfg.Since) {
			continue
		}
		if err := s.open(c.tenant); err != nil {
			return nil, err
		}
		s.desks[c.tenant].known[c.ID] = c.Regression
	}
	s.tell()
	return s, nil
}

// open makes a tenant's desk, where there is none.
func (s *search) open(tenant string) error {
	if s.desks[tenant] != nil {
		return nil
	}
	since, ok := s.since[tenant]
	if !ok {
		since = s.next
		s.since[tenant] = since
	}
	d, err := regression.New(s.w.cfg.Detector)
	if err != nil {
		return err
	}
	s.desks[tenant] = &desk{tenant: tenant, detector: d, since: since, known: map[string]regression.Regression{}}
	return nil
}

// remember gives the detectors the windows before next.
func (s *search) remember(ctx context.Context) error {
	length := s.w.cfg.Detector.Window
	from := s.next.Add(-s.w.keep)
	if from.Before(s.w.cfg.Since) {
		from = s.w.cfg.Since
	}
	from = from.Truncate(length)
	at := map[string]time.Time{} // of each desk, the next window to add
	add := func(tenant string, window time.Time, of []regression.Observation) {
		d := s.desks[tenant]
		if d == nil {
			return
		}
		t, ok := at[tenant]
		if !ok {
			t = from
		}
		for ; t.Before(window); t = t.Add(length) {
			d.detector.Add(t, nil)
		}
		if of != nil {
			d.detector.Add(t, of)
			d.seen = t
			t = t.Add(length)
		}
		at[tenant] = t
	}
	if err := s.w.store.recall(ctx, from, s.next, nil, add); err != nil {
		return err
	}
	for tenant := range s.desks {
		add(tenant, s.next, nil)
	}
	return nil
}

// advance observes and judges all windows that have closed, now that results have come as far as newest.
func (s *search) advance(ctx context.Context, newest time.Time) error {
	length := s.w.cfg.Detector.Window
	defer func() { s.w.metrics.lag.Set(max(newest.Sub(s.next).Seconds(), 0)) }()
	for {
		if err := s.flush(ctx); err != nil {
			return err
		}
		closed := int(newest.Add(-s.w.cfg.Delay).Sub(s.next) / length)
		if closed <= 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		to := s.next.Add(time.Duration(min(closed, atOnce)) * length)
		rows, err := s.w.store.observe(ctx, s.next, to)
		if err != nil {
			return err
		}
		for s.next.Before(to) {
			n := slices.IndexFunc(rows, func(o observed) bool { return !o.at().Equal(s.next) })
			if n < 0 {
				n = len(rows)
			}
			if err := s.judge(ctx, rows[:n]); err != nil {
				return err
			}
			rows = rows[n:]
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// judge takes the next window, whose observations these are, tenant by tenant.
func (s *search) judge(ctx context.Context, rows []observed) error {
	of := map[string][]regression.Observation{}
	for i := range rows {
		of[rows[i].Tenant] = append(of[rows[i].Tenant], rows[i].observation())
	}
	for tenant := range of {
		if err := s.open(tenant); err != nil {
			return err
		}
	}
	out := &outcome{window: s.next, observed: rows}
	for _, tenant := range slices.Sorted(maps.Keys(s.desks)) {
		d := s.desks[tenant]
		if len(of[tenant]) == 0 && len(d.known) == 0 {
			continue // nothing is compared
		}
		if err := d.refresh(ctx, s); err != nil {
			return err // before anything has changed: the window comes again
		}
	}
	began := time.Now()
	for _, tenant := range slices.Sorted(maps.Keys(s.desks)) {
		for _, r := range s.desks[tenant].judge(s.next, of[tenant]) {
			out.changes = append(out.changes, change{tenant, r})
		}
	}
	s.w.metrics.evaluate.Observe(time.Since(began).Seconds())
	s.next = s.next.Add(s.w.cfg.Detector.Window)
	s.done = out
	return nil
}

// flush stores what the last window has brought. Regressions go first: where the process dies between the two, the window comes again,
// has the same outcome, and the store drops what it has.
func (s *search) flush(ctx context.Context) error {
	out := s.done
	if out == nil {
		return nil
	}
	if err := s.w.store.write(ctx, out); err != nil {
		return err
	}
	s.done = nil
	s.w.metrics.windows.WithLabelValues("evaluated").Inc()
	s.w.metrics.observations.Add(float64(len(out.observed)))
	for _, c := range out.changes {
		s.report(c)
	}
	for tenant, d := range s.desks {
		if d.forget(s.next.Add(-s.w.keep)) {
			delete(s.desks, tenant)
		}
	}
	s.tell()
	return nil
}

// report says in the log what opens and what is resolved; there are few of those.
func (s *search) report(c change) {
	end := s.next
	switch {
	case c.State == regression.Resolved:
		s.w.log.Info("a latency regression is resolved", "id", c.ID, "cause", c.Cause, "where", segment(&c.Regression), "reason", c.Reason)
	case c.DetectedAt.Equal(end):
		s.w.log.Warn("a latency regression", "id", c.ID, "cause", c.Cause, "where", segment(&c.Regression), "shift_ms", c.ShiftMs, "since", c.StartedAt)
	}
}
