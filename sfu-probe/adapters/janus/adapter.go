package janus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/earshot-rtc/earshot/sfu-probe/adapters/poll"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Version is reported as probe_version.
const Version = "janus-0.1.0"

// Adapter polls one gateway. Its methods may be called from any goroutine.
type Adapter struct {
	*poll.Poller
	cfg    Config
	admin  admin
	idle   *http.Transport // the adapter's own
	mapper mapper          // of the polling goroutine, as is what follows
	origin *earshotv1.SFUOrigin

	mu    sync.Mutex
	found Found
}

// Found is what the last poll has found: handles, and how many of them are in a call.
type Found struct{ Handles, Transports int }

// Stats says what the adapter has done so far.
type Stats struct {
	Found
	poll.Stats
}

// New checks cfg and builds an adapter that does nothing yet.
func New(cfg Config, deps Dependencies) (*Adapter, error) {
	if err := cfg.withDefaults(); err != nil {
		return nil, fmt.Errorf("janus: %w", err)
	}
	a := &Adapter{
		cfg:    cfg,
		admin:  admin{base: cfg.Admin, secret: cfg.Secret, client: deps.HTTPClient, timeout: cfg.Timeout},
		mapper: mapper{callPrefix: cfg.CallPrefix, callID: cfg.CallID},
	}
	if a.admin.client == nil {
		a.idle = &http.Transport{MaxIdleConnsPerHost: a.cfg.Parallel, IdleConnTimeout: time.Minute}
		a.admin.client = &http.Client{Transport: a.idle}
	}
	var err error
	a.Poller, err = poll.New(poll.Config{
		Name: "janus", Server: cfg.Admin, Interval: cfg.Interval, Collector: cfg.Collector, Token: cfg.Token, QueueBytes: cfg.QueueBytes,
	}, a.ask, poll.Dependencies{Logger: deps.Logger, Registerer: deps.Registerer, Exporter: deps.Exporter})
	if err != nil {
		return nil, err
	}
	return a, poll.Register(deps.Registerer, "janus",
		poll.Gauge("janus", "handles", "Handles of the gateway.", func() float64 { return float64(a.Stats().Handles) }),
		poll.Gauge("janus", "transports", "Handles that are in a call.", func() float64 { return float64(a.Stats().Transports) }),
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

var errNameless = errors.New("nothing names the gateway: set server_name in janus.jcfg, or give the adapter an SFU id")

// ask polls the gateway once.
func (a *Adapter) ask(ctx context.Context, _ time.Time) (*earshotv1.Sample, error) {
	if err := a.identify(ctx); err != nil {
		return nil, err
	}
	looks, err := a.poll(ctx)
	if err != nil {
		a.origin = nil // it may be another gateway that answers next
		return nil, err
	}
	s := a.mapper.sample(looks)
	s.Sfu = a.origin
	a.mu.Lock()
	a.found = Found{Handles: len(looks), Transports: len(s.Transports)}
	a.mu.Unlock()
	return s, nil
}

// identify asks who the gateway is, where that is not known.
func (a *Adapter) identify(ctx context.Context) error {
	if a.origin != nil {
		return nil
	}
	var s server
	if err := a.admin.ask(ctx, "info", &s); err != nil {
		return err
	}
	id := a.cfg.SFUID
	if id == "" {
		id = s.Name
	}
	if id == "" || id == "MyJanusInstance" { // what Janus says where nobody named it
		return errNameless
	}
	a.origin = &earshotv1.SFUOrigin{SfuId: id, Region: a.cfg.Region, Version: "Janus " + s.Version, ProbeVersion: Version}
	return nil
}
