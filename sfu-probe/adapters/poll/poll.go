// Package poll is the life that adapters of SFUs have in common: what an SFU answers when it is asked comes in on a steady
// grid, numbered samples go out to the collector.
package poll

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/sfu-probe/export"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// DefaultInterval is the time between two samples where Config.Interval is 0.
const DefaultInterval = 5 * time.Second

// firstSampleAfter bounds the wait for the first sample.
const firstSampleAfter = time.Second

// Config says how often to ask, and where to report.
type Config struct {
	// Name is the adapter's, in metrics and errors: janus, livekit. Server is what it asks, in the log.
	Name, Server string
	// Interval between samples; 0 is DefaultInterval.
	Interval time.Duration
	// Collector is the WebSocket address of the collector's stream; Token is its bearer token.
	Collector, Token string
	// QueueBytes bounds the samples that wait for the collector; 0 is export.DefaultQueueBytes.
	QueueBytes int
}

// Dependencies of a Poller; the zero value is good.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Exporter takes samples away in place of one made for Config.Collector.
	Exporter export.Sink
}

// Ask asks the SFU once. The sample has its origin and what was found; a sample without transports is not sent. It is called
// by one goroutine.
type Ask func(ctx context.Context, now time.Time) (*earshotv1.Sample, error)

// Stats says what has been done so far.
type Stats struct {
	// Polls were made, PollsFailed of them in vain.
	Polls, PollsFailed uint64
	// LastPoll is how long it took.
	LastPoll time.Duration
	export.Stats
}

// Poller asks and reports. Its methods may be called from any goroutine.
type Poller struct {
	cfg      Config
	ask      Ask
	log      *slog.Logger
	exporter export.Sink
	session  string

	sequence uint64 // of the polling goroutine
	reported bool   // that polls fail

	stop context.CancelFunc
	done chan struct{}

	mu             sync.Mutex
	stats          Stats
	started, ended bool
}

// New checks cfg and builds a poller that does nothing yet.
func New(cfg Config, ask Ask, deps Dependencies) (*Poller, error) {
	if cfg.Interval < 0 || cfg.Interval > 0 && cfg.Interval < 100*time.Millisecond {
		return nil, fmt.Errorf("%s: the interval is %v: give at least 100ms, or 0 for %v", cfg.Name, cfg.Interval, DefaultInterval)
	}
	if cfg.Interval == 0 {
		cfg.Interval = DefaultInterval
	}
	session := make([]byte, 12)
	if _, err := rand.Read(session); err != nil {
		return nil, fmt.Errorf("%s: session id: %w", cfg.Name, err)
	}
	p := &Poller{
		cfg: cfg, ask: ask, log: deps.Logger, exporter: deps.Exporter, session: hex.EncodeToString(session), done: make(chan struct{}),
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	if p.exporter == nil {
		e, err := export.New(
			export.Config{URL: cfg.Collector, Token: cfg.Token, QueueBytes: cfg.QueueBytes}, export.Dependencies{Logger: p.log})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cfg.Name, err)
		}
		p.exporter = e
	}
	return p, p.register(deps.Registerer)
}

// Start begins to poll, and connects to the collector in the background; it waits for neither.
func (p *Poller) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.started || p.ended {
		return nil
	}
	if err := p.exporter.Start(ctx); err != nil {
		return fmt.Errorf("start the exporter: %w", err)
	}
	p.started = true
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	go p.run(ctx)
	return nil
}

// Shutdown ends the polls and waits until ctx ends for the collector to acknowledge what is queued. It may be called twice,
// and without Start.
func (p *Poller) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	if p.ended || !p.started {
		p.ended = true
		p.mu.Unlock()
		return nil
	}
	p.ended = true
	p.mu.Unlock()
	p.stop()
	<-p.done // requests end with their context
	if err := p.exporter.Shutdown(ctx); err != nil {
		return fmt.Errorf("flush samples: %w", err)
	}
	return nil
}

// Stats may be called at any time.
func (p *Poller) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Stats = p.exporter.Stats()
	return s
}

// run polls on a steady grid; a poll that takes longer than the interval costs the ones that it overruns.
func (p *Poller) run(ctx context.Context) {
	defer close(p.done)
	ticks := time.NewTicker(min(firstSampleAfter, p.cfg.Interval))
	defer ticks.Stop()
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		if first {
			ticks.Reset(p.cfg.Interval)
		}
		if err := p.turn(ctx); err != nil && ctx.Err() == nil && !p.reported {
			p.log.Warn("the SFU cannot be asked, trying on", "server", p.cfg.Server, "error", err)
			p.reported = true
		} else if err == nil && p.reported {
			p.log.Info("the SFU answers again", "server", p.cfg.Server)
			p.reported = false
		}
	}
}

// turn polls once and sends what there is to tell.
func (p *Poller) turn(ctx context.Context) error {
	began := time.Now()
	s, err := p.ask(ctx, began)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Polls++
	p.stats.LastPoll = time.Since(began)
	if err != nil {
		p.stats.PollsFailed++
		return err
	}
	if len(s.Transports) == 0 {
		return nil
	}
	p.sequence++
	s.SessionId, s.Sequence = p.session, p.sequence
	s.SampledAtUs, s.IntervalUs = time.Now().UnixMicro(), p.cfg.Interval.Microseconds()
	s.Clock = p.exporter.Clock()
	p.exporter.Send(s)
	return nil
}
