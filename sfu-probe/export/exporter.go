package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Exporter sends samples to a collector over one WebSocket, and again after the connection broke, until they are
// acknowledged. It never blocks its caller, and nothing that the collector does or fails to do costs more than the queue.
type Exporter struct {
	cfg Config
	log *slog.Logger

	wake chan struct{} // something may have become possible: a sample, an ack, a shutdown
	done chan struct{} // the goroutine is gone
	stop context.CancelFunc

	mu       sync.Mutex
	queue    queue
	clock    clock
	stats    Stats
	paused   time.Time // the collector asked for patience until then
	askTime  bool      // an exchange of time is due
	heard    bool      // the collector answered on this connection
	lastAck  time.Time // or the first sample sent after a silence
	started  bool
	flushing bool
}

var _ Sink = (*Exporter)(nil)

// New builds an exporter that does nothing yet. Samples may be sent to it before Start; they wait.
func New(cfg Config, deps Dependencies) (*Exporter, error) {
	if err := cfg.withDefaults(); err != nil {
		return nil, err
	}
	e := &Exporter{
		cfg:   cfg,
		log:   deps.Logger,
		queue: queue{max: cfg.QueueBytes},
		wake:  make(chan struct{}, 1),
		done:  make(chan struct{}),
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	return e, nil
}

// Start connects in the background and returns at once. The context bounds the start only.
func (e *Exporter) Start(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.started || e.flushing {
		return nil
	}
	e.started = true
	ctx, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	go e.run(ctx)
	return nil
}

// Send puts a copy of the sample into the queue. Where that is full the oldest samples give way.
func (e *Exporter) Send(sample *earshotv1.Sample) {
	frame, err := (&earshotv1.ClientFrame{Sample: sample}).MarshalVT()
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil || e.flushing { // The first cannot be: a message of known types.
		e.stats.SamplesDropped++
		return
	}
	dropped := e.queue.push(&entry{session: sample.GetSessionId(), sequence: sample.GetSequence(), frame: frame})
	e.stats.SamplesDropped += uint64(dropped) // a count
	e.poke()
}

// Clock implements Sink. Its error is half the round trip of the exchange that it comes from, and 50 microseconds for
// every second since.
func (e *Exporter) Clock() *earshotv1.ClockOffset {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.clock.offset(time.Now())
}

// Stats may be called at any time.
func (e *Exporter) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.SamplesQueued, s.BytesQueued = uint64(len(e.queue.entries)), uint64(e.queue.bytes) // counts
	return s
}

// Shutdown takes no more samples and waits until ctx ends for those there are to be acknowledged. A ctx without a deadline
// is given DefaultFlushTimeout. It may be called twice, and without Start.
func (e *Exporter) Shutdown(ctx context.Context) error {
	e.mu.Lock()
	e.flushing = true
	started := e.started
	e.mu.Unlock()
	if !started {
		return nil
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, DefaultFlushTimeout)
		defer cancel()
	}
	e.poke()
	select {
	case <-e.done:
	case <-ctx.Done():
	}
	e.stop()
	<-e.done
	if left := e.Stats().SamplesQueued; left > 0 {
		return fmt.Errorf("%d samples were not acknowledged by %s in time", left, e.cfg.URL)
	}
	return nil
}

// poke wakes the goroutine if it sleeps.
func (e *Exporter) poke() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// over says whether there is nothing left to do.
func (e *Exporter) over() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.flushing && len(e.queue.entries) == 0
}

// run keeps a connection for as long as the exporter lives.
func (e *Exporter) run(ctx context.Context) {
	defer close(e.done)
	backoff := e.cfg.MinBackoff
	reported := false // one line for a collector that went away, not one for every attempt
	for ctx.Err() == nil && !e.over() {
		err := e.connection(ctx)
		if ctx.Err() != nil || e.over() {
			return
		}
		e.mu.Lock()
		heard := e.heard
		e.mu.Unlock()
		if heard {
			backoff, reported = e.cfg.MinBackoff, false
		}
		if !reported {
			e.log.Warn("no connection to the collector, trying on", "url", e.cfg.URL, "error", err)
			reported = true
		}
		wait := backoff/2 + rand.N(backoff/2+1) // jitter is no secret
		if patience := (*retryError)(nil); errors.As(err, &patience) {
			wait = max(wait, patience.after)
		}
		backoff = min(2*backoff, e.cfg.MaxBackoff)
		e.rest(ctx, wait)
	}
}

// rest waits for d, or until a shutdown begins: then there is no time to lose.
func (e *Exporter) rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			return
		case <-ctx.Done():
			return
		case <-e.wake:
			e.mu.Lock()
			hurry := e.flushing
			e.mu.Unlock()
			if hurry && d > e.cfg.MinBackoff {
				e.rest(ctx, e.cfg.MinBackoff)
				return
			}
		}
	}
}
