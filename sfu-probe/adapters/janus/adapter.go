package janus

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/earshot-rtc/earshot/sfu-probe/export"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Version is reported as probe_version.
const Version = "janus-0.1.0"

// Adapter polls one gateway. Its methods may be called from any goroutine.
type Adapter struct {
	cfg      Config
	log      *slog.Logger
	admin    admin
	idle     *http.Transport // the adapter's own
	exporter export.Sink
	session  string

	mapper   mapper // of the polling goroutine, as is what follows
	origin   *earshotv1.SFUOrigin
	sequence uint64
	reported bool // that polls fail

	stop context.CancelFunc
	done chan struct{}

	mu             sync.Mutex
	stats          Stats
	started, ended bool
}

// Stats says what the adapter has done so far.
type Stats struct {
	// Polls were made, PollsFailed of them in vain.
	Polls, PollsFailed uint64
	// Handles and Transports were found by the last poll; the latter are in a call.
	Handles, Transports int
	// LastPoll is how long it took.
	LastPoll time.Duration
	export.Stats
}

// New checks cfg and builds an adapter that does nothing yet.
func New(cfg Config, deps Dependencies) (*Adapter, error) {
	if err := cfg.withDefaults(); err != nil {
		return nil, fmt.Errorf("janus: %w", err)
	}
	session := make([]byte, 12)
	if _, err := rand.Read(session); err != nil {
		return nil, fmt.Errorf("janus: session id: %w", err)
	}
	a := &Adapter{
		cfg: cfg, log: deps.Logger, exporter: deps.Exporter, session: hex.EncodeToString(session),
		admin:  admin{base: cfg.Admin, secret: cfg.Secret, client: deps.HTTPClient, timeout: cfg.Timeout},
		mapper: mapper{callPrefix: cfg.CallPrefix, callID: cfg.CallID},
		done:   make(chan struct{}),
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.admin.client == nil {
		a.idle = &http.Transport{MaxIdleConnsPerHost: a.cfg.Parallel, IdleConnTimeout: time.Minute}
		a.admin.client = &http.Client{Transport: a.idle}
	}
	if a.exporter == nil {
		e, err := export.New(
			export.Config{URL: cfg.Collector, Token: cfg.Token, QueueBytes: cfg.QueueBytes}, export.Dependencies{Logger: a.log})
		if err != nil {
			return nil, fmt.Errorf("janus: %w", err)
		}
		a.exporter = e
	}
	if err := a.register(deps.Registerer); err != nil {
		return nil, err
	}
	return a, nil
}

// Start begins to poll, and connects to the collector in the background; it waits for neither.
func (a *Adapter) Start(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.started || a.ended {
		return nil
	}
	if err := a.exporter.Start(ctx); err != nil {
		return fmt.Errorf("start the exporter: %w", err)
	}
	a.started = true
	ctx, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	go a.run(ctx)
	return nil
}

// Shutdown ends the polls and waits until ctx ends for the collector to acknowledge what is queued. It may be called twice,
// and without Start.
func (a *Adapter) Shutdown(ctx context.Context) error {
	a.mu.Lock()
	if a.ended || !a.started {
		a.ended = true
		a.mu.Unlock()
		return nil
	}
	a.ended = true
	a.mu.Unlock()
	a.stop()
	<-a.done // requests end with their context
	if a.idle != nil {
		a.idle.CloseIdleConnections()
	}
	if err := a.exporter.Shutdown(ctx); err != nil {
		return fmt.Errorf("flush samples: %w", err)
	}
	return nil
}

// Stats may be called at any time.
func (a *Adapter) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.stats
	s.Stats = a.exporter.Stats()
	return s
}

// run polls on a steady grid; a poll that takes longer than the interval costs the ones that it overruns.
func (a *Adapter) run(ctx context.Context) {
	defer close(a.done)
	ticks := time.NewTicker(min(firstSampleAfter, a.cfg.Interval))
	defer ticks.Stop()
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		if first {
			ticks.Reset(a.cfg.Interval)
		}
		if err := a.turn(ctx); err != nil && ctx.Err() == nil && !a.reported {
			a.log.Warn("the gateway cannot be asked, trying on", "admin", a.cfg.Admin, "error", err)
			a.reported = true
		} else if err == nil && a.reported {
			a.log.Info("the gateway answers again", "admin", a.cfg.Admin)
			a.reported = false
		}
	}
}

// turn polls once and sends what there is to tell.
func (a *Adapter) turn(ctx context.Context) error {
	began := time.Now()
	sample, handles, err := a.sample(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stats.Polls++
	a.stats.LastPoll = time.Since(began)
	if err != nil {
		a.stats.PollsFailed++
		a.origin = nil // it may be another gateway that answers next
		return err
	}
	a.stats.Handles, a.stats.Transports = handles, len(sample.Transports)
	if len(sample.Transports) > 0 {
		a.exporter.Send(sample)
	}
	return nil
}

var errNameless = errors.New("nothing names the gateway: set server_name in janus.jcfg, or give the adapter an SFU id")

func (a *Adapter) sample(ctx context.Context) (*earshotv1.Sample, int, error) {
	if a.origin == nil {
		var s server
		if err := a.admin.ask(ctx, "info", &s); err != nil {
			return nil, 0, err
		}
		id := a.cfg.SFUID
		if id == "" {
			id = s.Name
		}
		if id == "" || id == "MyJanusInstance" { // what Janus says where nobody named it
			return nil, 0, errNameless
		}
		a.origin = &earshotv1.SFUOrigin{SfuId: id, Region: a.cfg.Region, Version: "Janus " + s.Version, ProbeVersion: Version}
	}
	looks, err := a.poll(ctx)
	if err != nil {
		return nil, 0, err
	}
	s := a.mapper.sample(looks)
	a.sequence++
	s.Sfu, s.SessionId, s.Sequence = a.origin, a.session, a.sequence
	s.SampledAtUs, s.IntervalUs = time.Now().UnixMicro(), a.cfg.Interval.Microseconds()
	s.Clock = a.exporter.Clock()
	return s, len(looks), nil
}
