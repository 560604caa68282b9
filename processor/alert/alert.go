// Package alert tells Alertmanagers what is wrong: alerts come in, all that fire at a time, and go out to every configured server as
// the body of POST /api/v2/alerts, again and again while they fire, and with their end when they do not any more.
package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Alert is one that fires, or one that has ended. Its labels are what an Alertmanager knows it by: they must stay the same while it
// fires.
type Alert struct {
	Labels      map[string]string
	Annotations map[string]string
	StartsAt    time.Time
	EndsAt      time.Time // zero while it fires
	// GeneratorURL leads to where the alert comes from; empty: nowhere.
	GeneratorURL string
}

// key is the same for equal labels.
func (a *Alert) key() string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(a.Labels)) {
		b.WriteString(k + "\x00" + a.Labels[k] + "\x00")
	}
	return b.String()
}

// Dependencies are what a Sender is given. All may be nil.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Transport replaces the one that Config describes; for tests.
	Transport http.RoundTripper
}

// Sender keeps Alertmanagers informed. One without a server to tell takes everything and does nothing.
type Sender struct {
	cfg       Config
	log       *slog.Logger
	metrics   *metrics
	transport http.RoundTripper

	mu     sync.Mutex
	known  map[string]told
	wake   []chan struct{} // one for each server: something has changed
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// told is an alert, and since when it has been known to be over.
type told struct {
	Alert
	over time.Time
}

// keepResolved is how long the end of an alert is repeated: a server that was away meanwhile would let it fire until it forgets it.
const keepResolved = 15 * time.Minute

// New makes a Sender; nothing is dialled before Start.
func New(cfg Config, deps Dependencies) (*Sender, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("alert: %w", err)
	}
	s := &Sender{cfg: cfg, log: deps.Logger, metrics: m, transport: deps.Transport, known: map[string]told{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.transport == nil {
		tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
		if tlsConfig.RootCAs, err = cfg.authorities(); err != nil {
			return nil, err
		}
		s.transport = &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: tlsConfig, IdleConnTimeout: time.Minute}
	}
	for range cfg.URLs {
		s.wake = append(s.wake, make(chan struct{}, 1))
	}
	return s, nil
}

// Start begins to tell what Set says.
func (s *Sender) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		return errors.New("alert: already started")
	}
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for i, url := range s.cfg.URLs {
		s.done.Go(func() { s.serve(ctx, url, s.wake[i]) })
	}
	return nil
}

// Shutdown ends the telling. Alerts that fire are left to end by themselves, at the time that was last said of them, or go on by
// another processor.
func (s *Sender) Shutdown(context.Context) error {
	s.mu.Lock()
	cancel := s.cancel
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	s.done.Wait()
	if t, ok := s.transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// Set says which alerts there are: all that fire, and those that have ended since the call before. One that fired and is not
// among them is over now.
func (s *Sender) Set(alerts []Alert) {
	now := time.Now()
	s.mu.Lock()
	changed := false
	current := make(map[string]bool, len(alerts))
	for _, a := range alerts {
		k := a.key()
		current[k] = true
		before, was := s.known[k]
		next := told{Alert: a}
		if !a.EndsAt.IsZero() {
			next.over = now
			if was && !before.over.IsZero() {
				next.over = before.over
			}
		}
		changed = changed || !was || before.over.IsZero() != next.over.IsZero()
		s.known[k] = next
	}
	for k, t := range s.known {
		switch {
		case t.over.IsZero() && !current[k]:
			t.EndsAt, t.over = now, now
			s.known[k] = t
			changed = true
		case !t.over.IsZero() && now.Sub(t.over) > keepResolved:
			delete(s.known, k)
		}
	}
	s.count()
	s.mu.Unlock()
	if changed {
		s.call()
	}
}

// Forget drops all alerts without a word: they are another processor's to tell from now on.
func (s *Sender) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
	s.count()
}

// count expects the lock.
func (s *Sender) count() {
	firing := 0
	for _, t := range s.known {
		if t.over.IsZero() {
			firing++
		}
	}
	s.metrics.firing.Set(float64(firing))
}

func (s *Sender) call() {
	for _, c := range s.wake {
		select {
		case c <- struct{}{}:
		default: // it has not looked since the last time
		}
	}
}

// due is what a server is to be told, in a stable order.
func (s *Sender) due() []Alert {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Alert, 0, len(s.known))
	for _, k := range slices.Sorted(maps.Keys(s.known)) {
		out = append(out, s.known[k].Alert)
	}
	return out
}
