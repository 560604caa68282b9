// Package watch makes the search for regressions run: windows of e2e go in as they close; rows of observations and regressions come
// out, and alerts to Alertmanagers. It runs beside the stitching of the one processor that leads, asks the store one thing at a time,
// and holds nothing that it could not read back: whoever leads next goes on where it stopped.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/alert"
	"github.com/earshot-rtc/earshot/processor/regression"
)

// DB is what a Watch needs of *clickhouse.DB.
type DB interface {
	Query(ctx context.Context, sql string, params clickhouse.Params, settings ...clickhouse.Settings) (clickhouse.Rows, error)
	Insert(ctx context.Context, table, token string, columns []clickhouse.Column) error
}

// Dependencies are what a Watch is given. DB is required.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	DB         DB
	// Now is for tests.
	Now func() time.Time
}

// Watch searches for regressions while it leads.
type Watch struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	store   *store
	alerts  *alert.Sender
	now     func() time.Time
	keep    time.Duration // how far back a detector looks
}

// New makes a Watch; nothing is asked before it leads.
func New(cfg Config, deps Dependencies) (*Watch, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Enabled && deps.DB == nil {
		return nil, errors.New("watch: a database is required")
	}
	w := &Watch{cfg: cfg, log: deps.Logger, now: deps.Now}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if w.now == nil {
		w.now = time.Now
	}
	if cfg.Enabled {
		detector, err := regression.New(cfg.Detector)
		if err != nil {
			return nil, err
		}
		w.keep = detector.Keep()
	}
	var err error
	if w.metrics, err = newMetrics(deps.Registerer); err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	w.store = &store{db: deps.DB, window: cfg.Detector.Window, timeout: cfg.QueryTimeout, metrics: w.metrics}
	if w.alerts, err = alert.New(cfg.Webhook, alert.Dependencies{Logger: w.log, Registerer: deps.Registerer}); err != nil {
		return nil, err
	}
	return w, nil
}

// Start makes it ready to tell of alerts. The search itself runs in Lead.
func (w *Watch) Start(ctx context.Context) error { return w.alerts.Start(ctx) }

// Shutdown ends what Start began. Lead ends with its own context.
func (w *Watch) Shutdown(ctx context.Context) error { return w.alerts.Shutdown(ctx) }

// Lead searches until ctx ends, whatever goes wrong: then it begins again, from what is stored.
func (w *Watch) Lead(ctx context.Context) {
	if !w.cfg.Enabled {
		return
	}
	w.metrics.leading.Set(1)
	defer func() {
		w.metrics.rest()
		w.alerts.Forget()
	}()
	var s *search
	var reached time.Time
	pause, trouble := w.cfg.Poll, false
	for {
		next, err := w.advance(ctx, s)
		if ctx.Err() != nil {
			return
		}
		s = next
		if (err != nil) != trouble {
			trouble = err != nil
			if trouble {
				w.log.Warn("the search for regressions does not get on; it is tried again", "error", err)
			} else {
				w.log.Info("the search for regressions goes on")
			}
		}
		if err == nil || s != nil && s.next.After(reached) {
			pause = w.cfg.Poll // it gets on, if not without trouble
		}
		if s != nil {
			reached = s.next
		}
		wait := w.cfg.Poll
		if err != nil {
			wait, pause = pause, min(2*pause, time.Minute)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// advance takes the search as far as the results have come; nil is one that has yet to begin.
func (w *Watch) advance(ctx context.Context, s *search) (next *search, err error) {
	defer func() {
		// A fault here must not take the stitching with it.
		if p := recover(); p != nil {
			w.metrics.errors.WithLabelValues("evaluate").Inc()
			w.log.Error("the search for regressions panicked and begins anew; this is a fault of Earshot: please report it",
				"panic", p, "stack", string(debug.Stack()))
			next, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	newest, err := w.store.newest(ctx)
	if err != nil || newest.IsZero() {
		return s, err
	}
	switch now := w.now(); {
	case newest.After(now):
		newest = now // a clock that runs ahead must not close windows that are not over
	case newest.Before(now.Add(-w.cfg.CatchUp)):
		// What would come of that time now is left out anyway. So the time of results stands still for so long, where nobody is in a
		// call, and what is open then is not open for ever.
		newest = now.Add(-w.cfg.CatchUp).UTC()
	}
	if s != nil && newest.Sub(s.next) > w.cfg.CatchUp+w.cfg.Delay+2*w.cfg.Detector.Window {
		s = nil
	}
	if s == nil {
		if s, err = w.begin(ctx, newest); err != nil {
			return nil, err
		}
	}
	return s, s.advance(ctx, newest)
}
