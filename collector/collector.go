// Package collector takes samples from probes and gives them to Kafka: HTTP bodies and WebSocket frames come in; one message
// per sample and call goes out, keyed by the call; an answer goes back once every replica has it.
//
//	receive -> intake (decode, admit, enrich, mask, split by call) -> queue -> (spool ->) Producer
package collector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/earshot-rtc/earshot/collector/enrich"
	"github.com/earshot-rtc/earshot/collector/intake"
	"github.com/earshot-rtc/earshot/collector/mask"
	"github.com/earshot-rtc/earshot/collector/queue"
	"github.com/earshot-rtc/earshot/collector/receive"
	"github.com/earshot-rtc/earshot/collector/spool"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/internal/telemetry"
)

// Producer makes messages durable. Produce returns when all of them are, or says which are not (kafka.WriteErrors); it may
// read their bytes even after that. Ping says whether it could work now.
type Producer interface {
	Produce(ctx context.Context, msgs []kafka.Message) error
	Ping(ctx context.Context) error
}

// Dependencies are what a Collector is given. All but Producer may be nil.
type Dependencies struct {
	Producer   Producer
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Tracer makes spans of requests and of writes to Kafka, and gives messages the spans' names to pass on.
	Tracer trace.Tracer
	// Now is the clock that stamps receipts and answers time requests.
	Now func() time.Time
	// Poll is how often files with keys, tokens and certificates are looked at. Default: 2 s.
	Poll time.Duration
}

// Collector is the service. It is a service.Watched.
type Collector struct {
	cfg      Config
	log      *slog.Logger
	producer Producer
	spool    *spool.Spool // nil where none is configured
	enrich   *enrich.Enricher
	guard    *guard
	queue    *queue.Queue
	receive  *receive.Server
	server   *http.Server
	pulse    pulse

	mu       sync.Mutex
	listener net.Listener
	stopping bool
	served   chan struct{}
	failed   chan struct{}
	err      error
}

// New makes a Collector; nothing listens before Start.
func New(cfg Config, deps Dependencies) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Producer == nil {
		return nil, errors.New("collector: no producer")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Tracer != nil {
		deps.Producer = traced{deps.Producer, deps.Tracer}
	}
	if cfg.ID == "" {
		cfg.ID, _ = os.Hostname()
	}
	c := &Collector{cfg: cfg, log: deps.Logger, producer: deps.Producer, served: make(chan struct{}), failed: make(chan struct{})}
	var err error
	if cfg.Spool.Dir != "" {
		c.spool, err = spool.New(cfg.Spool, spool.Dependencies{
			Next: deps.Producer, Limits: spool.Limits{Messages: cfg.Kafka.BatchMessages, Bytes: cfg.Kafka.MaxMessageBytes},
			Logger: deps.Logger, Registerer: deps.Registerer, Now: deps.Now,
		})
		if err != nil {
			return nil, err
		}
		c.producer = c.spool
	}
	c.pulse = pulse{ping: c.producer.Ping}
	c.queue, err = queue.New(queue.Config(cfg.Queue), queue.Dependencies{Producer: c.producer, Registerer: deps.Registerer})
	if err != nil {
		return nil, err
	}
	c.enrich, err = enrich.New(cfg.Enrich, enrich.Dependencies{Logger: deps.Logger, Registerer: deps.Registerer})
	if err != nil {
		return nil, err
	}
	masker, err := mask.New(cfg.Privacy)
	if err != nil {
		return nil, err
	}
	if masker.DropsUserIDs() {
		deps.Logger.Info("user ids are dropped, since there is no key to hash them with; set collector.privacy.user_id_key_file")
	}
	in := intake.New(
		intake.Config{Limits: cfg.Limits, MessageBytes: cfg.Kafka.MaxMessageBytes, CollectorID: cfg.ID},
		intake.Dependencies{Queue: c.queue, Registerer: deps.Registerer, Mask: masker, Enrich: c.enrich, Tracer: deps.Tracer})
	if c.guard, err = newGuard(&cfg, &deps); err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(cfg.Listen)
	c.receive, err = receive.New(cfg.Receive, receive.Dependencies{
		Intake: in, Identity: c.guard.identity, Throttle: c.guard.throttle, Logger: deps.Logger, Registerer: deps.Registerer, Now: deps.Now, Ready: c.pulse.check,
		Loopback: receive.IsLoopback(host),
	})
	if err != nil {
		return nil, err
	}
	c.server = &http.Server{
		Handler:           c.receive,
		ReadTimeout:       cfg.ReadTimeout,
		ReadHeaderTimeout: cfg.HeaderTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		// From the end of the header on: the body's arrival, Kafka's answer, ours.
		WriteTimeout:   cfg.ReadTimeout + cfg.Receive.AckTimeout + cfg.Receive.WriteTimeout,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       maskedLog(deps.Logger),
	}
	return c, nil
}

// Start listens and takes samples.
func (c *Collector) Start(ctx context.Context) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping || c.listener != nil {
		return errors.New("collector: started before")
	}
	if err := c.enrich.Start(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.guard.stop(ctx), c.enrich.Shutdown(ctx))
		}
	}()
	if err := c.guard.start(ctx); err != nil {
		return err
	}
	ln, err := telemetry.Listen(ctx, c.cfg.Listen, "collector.listen")
	if err != nil {
		return err
	}
	if c.spool != nil {
		if err := c.spool.Start(ctx); err != nil {
			_ = ln.Close()
			return err
		}
	}
	if err := c.queue.Start(ctx); err != nil {
		_ = ln.Close()
		return err
	}
	c.listener = ln
	go c.serve(ln)
	c.log.Info("collector listens", "address", ln.Addr().String())
	return nil
}

func (c *Collector) serve(ln net.Listener) {
	defer close(c.served)
	err := c.guard.serve(c.server, ln)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopping {
		c.err = err
		close(c.failed)
	}
}

// Addr is where the collector listens, host:port. It is valid after Start.
func (c *Collector) Addr() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener == nil {
		return c.cfg.Listen
	}
	return c.listener.Addr().String()
}

// Ready says why the collector should get no traffic now: it is shutting down, or Kafka does not answer and there is no
// spool with room.
func (c *Collector) Ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return c.receive.Ready(ctx)
}

// Failed is closed when the listener has died of its own accord; Err says why.
func (c *Collector) Failed() <-chan struct{} { return c.failed }

// Err is valid once Failed is closed.
func (c *Collector) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Shutdown stops accepting, lets requests and WebSockets have their answers, closes WebSockets with 1001 and flushes the
// queue. What is not done when ctx ends is cut off, without an answer.
func (c *Collector) Shutdown(ctx context.Context) error {
	c.mu.Lock()
	c.stopping = true
	started := c.listener != nil
	c.mu.Unlock()
	if !started {
		return nil
	}
	var errs []error
	drained := make(chan error, 1)
	go func() { drained <- c.receive.Drain(ctx) }()
	if err := c.server.Shutdown(ctx); err != nil {
		_ = c.server.Close()
		errs = append(errs, fmt.Errorf("collector: requests cut: %w", err))
	}
	errs = append(errs, <-drained, c.queue.Shutdown(ctx), c.enrich.Shutdown(ctx), c.guard.stop(ctx))
	if c.spool != nil {
		errs = append(errs, c.spool.Shutdown(ctx))
	}
	<-c.served
	return errors.Join(errs...)
}
