package livekit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/sfu-probe/adapters/poll"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Version is reported as probe_version.
const Version = "livekit-0.1.0"

// againAfter is when a node that did not serve /debug/rooms is asked for it again: its configuration may be another.
const againAfter = time.Minute

// Adapter polls one node. Its methods may be called from any goroutine.
type Adapter struct {
	*poll.Poller
	cfg     Config
	log     *slog.Logger
	server  server
	idle    *http.Transport // the adapter's own
	mapper  mapper          // of the polling goroutine, as is what follows
	noDebug time.Time       // until then /debug/rooms is not asked for
	partial bool            // it has been said that paths are

	mu    sync.Mutex
	found Found
}

// Found is what the last poll has found.
type Found struct {
	Rooms, Streams int
	// Forwards says that it told what is forwarded to whom.
	Forwards bool
}

// Stats says what the adapter has done so far.
type Stats struct {
	Found
	poll.Stats
}

// New checks cfg and builds an adapter that does nothing yet.
func New(cfg Config, deps Dependencies) (*Adapter, error) {
	if err := cfg.withDefaults(); err != nil {
		return nil, fmt.Errorf("livekit: %w", err)
	}
	a := &Adapter{
		cfg: cfg, log: deps.Logger,
		server: server{url: cfg.URL, key: cfg.APIKey, secret: cfg.APISecret, client: deps.HTTPClient, timeout: cfg.Timeout},
		mapper: mapper{callPrefix: cfg.CallPrefix, clientID: cfg.ClientID, oneConnection: cfg.Connections == 1},
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.server.client == nil {
		a.idle = &http.Transport{IdleConnTimeout: time.Minute}
		a.server.client = &http.Client{Transport: a.idle}
	}
	var err error
	a.Poller, err = poll.New(poll.Config{
		Name: "livekit", Server: cfg.URL, Interval: cfg.Interval, Collector: cfg.Collector, Token: cfg.Token, QueueBytes: cfg.QueueBytes,
	}, a.ask, poll.Dependencies{Logger: deps.Logger, Registerer: deps.Registerer, Exporter: deps.Exporter})
	if err != nil {
		return nil, err
	}
	gauge := func(name, help string, read func(Stats) int) prometheus.Collector {
		return poll.Gauge("livekit", name, help, func() float64 { return float64(read(a.Stats())) })
	}
	return a, poll.Register(deps.Registerer, "livekit",
		gauge("rooms", "Rooms of the server.", func(s Stats) int { return s.Rooms }),
		gauge("streams", "Streams that the last poll found.", func(s Stats) int { return s.Streams }),
		gauge("forwards_known", "1 where the server tells who receives what.", func(s Stats) int {
			if s.Forwards {
				return 1
			}
			return 0
		}),
	)
}

// Shutdown ends the polls and waits until ctx ends for the collector to acknowledge what is queued. It may be called twice,
// and without Start.
func (a *Adapter) Shutdown(ctx context.Context) error {
	err := a.Poller.Shutdown(ctx)
	if a.idle != nil {
		a.idle.CloseIdleConnections()
	}
	return err
}

// Stats may be called at any time.
func (a *Adapter) Stats() Stats {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Stats{a.found, a.Poller.Stats()}
}

var errNothingToAsk = errors.New("the node does not serve /debug/rooms: give an API key and secret, or set development: true in its configuration")

// ask polls the node once.
func (a *Adapter) ask(ctx context.Context, now time.Time) (*earshotv1.Sample, error) {
	rooms, forwards, err := a.poll(ctx, now)
	if err != nil {
		return nil, err
	}
	s := a.mapper.out
	a.mu.Lock()
	a.found = Found{Rooms: rooms, Streams: len(s.Streams), Forwards: forwards}
	a.mu.Unlock()
	s.Sfu = &earshotv1.SFUOrigin{SfuId: a.cfg.SFUID, Region: a.cfg.Region, ProbeVersion: Version}
	return s, nil
}

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
