package livekit

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
const Version = "livekit-0.1.0"

// againAfter is when a node that did not serve /debug/rooms is asked for it again: its configuration may be another.
const againAfter = time.Minute

// Adapter polls one node. Its methods may be called from any goroutine.
type Adapter struct {
	cfg      Config
	log      *slog.Logger
	server   server
	idle     *http.Transport // the adapter's own
	exporter export.Sink
	session  string

	mapper   mapper // of the polling goroutine, as is what follows
	sequence uint64
	reported bool      // that polls fail
	noDebug  time.Time // until then /debug/rooms is not asked for
	partial  bool      // it has been said that paths are

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
	// Rooms and Streams were found by the last poll.
	Rooms, Streams int
	// Forwards says that the last poll told what is forwarded to whom.
	Forwards bool
	// LastPoll is how long it took.
	LastPoll time.Duration
	export.Stats
}

// New checks cfg and builds an adapter that does nothing yet.
func New(cfg Config, deps Dependencies) (*Adapter, error) {
	if err := cfg.withDefaults(); err != nil {
		return nil, fmt.Errorf("livekit: %w", err)
	}
	session := make([]byte, 12)
	if _, err := rand.Read(session); err != nil {
		return nil, fmt.Errorf("livekit: session id: %w", err)
	}
	a := &Adapter{
		cfg: cfg, log: deps.Logger, exporter: deps.Exporter, session: hex.EncodeToString(session),
		server: server{url: cfg.URL, key: cfg.APIKey, secret: cfg.APISecret, client: deps.HTTPClient, timeout: cfg.Timeout},
		mapper: mapper{callPrefix: cfg.CallPrefix, clientID: cfg.ClientID, oneConnection: cfg.Connections == 1},
		done:   make(chan struct{}),
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.server.client == nil {
		a.idle = &http.Transport{IdleConnTimeout: time.Minute}
		a.server.client = &http.Client{Transport: a.idle}
	}
	if a.exporter == nil {
		e, err := export.New(
			export.Config{URL: cfg.Collector, Token: cfg.Token, QueueBytes: cfg.QueueBytes}, export.Dependencies{Logger: a.log})
		if err != nil {
			return nil, fmt.Errorf("livekit: %w", err)
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
			a.log.Warn("the LiveKit server cannot be asked, trying on", "url", a.cfg.URL, "error", err)
			a.reported = true
		} else if err == nil && a.reported {
			a.log.Info("the LiveKit server answers again", "url", a.cfg.URL)
			a.reported = false
		}
	}
}

// turn polls once and sends what there is to tell.
func (a *Adapter) turn(ctx context.Context) error {
	began := time.Now()
	rooms, forwards, err := a.poll(ctx, began)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stats.Polls++
	a.stats.LastPoll = time.Since(began)
	if err != nil {
		a.stats.PollsFailed++
		return err
	}
	s := a.mapper.out
	a.stats.Rooms, a.stats.Streams, a.stats.Forwards = rooms, len(s.Streams), forwards
	if len(s.Transports) == 0 {
		return nil
	}
	a.sequence++
	s.Sfu = &earshotv1.SFUOrigin{SfuId: a.cfg.SFUID, Region: a.cfg.Region, ProbeVersion: Version}
	s.SessionId, s.Sequence = a.session, a.sequence
	s.SampledAtUs, s.IntervalUs = time.Now().UnixMicro(), a.cfg.Interval.Microseconds()
	s.Clock = a.exporter.Clock()
	a.exporter.Send(s)
	return nil
}

var errNothingToAsk = errors.New("the node does not serve /debug/rooms: give an API key and secret, or set development: true in its configuration")

// poll fills the mapper's sample. It says of how many rooms, and whether forwards are among what is known.
func (a *Adapter) poll(ctx context.Context, now time.Time) (rooms int, forwards bool, err error) {
	a.mapper.begin()
	if !now.Before(a.noDebug) {
		found, err := a.server.debugRooms(ctx)
		if err == nil {
			for i := range found[:min(len(found), a.cfg.Rooms)] {
				a.mapper.debugRoom(&found[i])
			}
			a.partial = false
			return len(found), true, nil
		}
		if !errors.Is(err, errNotThere) {
			return 0, false, err
		}
		a.noDebug = now.Add(againAfter)
	}
	if a.cfg.APIKey == "" {
		return 0, false, errNothingToAsk
	}
	if !a.partial {
		a.partial = true
		a.log.Warn("the node does not serve /debug/rooms, so nobody knows who receives what: paths over it stay partial", "url", a.cfg.URL)
	}
	names, err := a.server.rooms(ctx, now)
	if err != nil {
		return 0, false, err
	}
	for _, name := range names[:min(len(names), a.cfg.Rooms)] {
		all, err := a.server.participants(ctx, name, now)
		if errors.Is(err, errNotThere) {
			continue
		}
		if err != nil {
			return 0, false, err
		}
		a.mapper.participants(name, all)
	}
	return len(names), false, nil
}
