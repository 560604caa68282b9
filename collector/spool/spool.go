// Package spool keeps messages on disk while Kafka is away: slices of messages go in as they would into Kafka, and are durable
// when Produce returns, there or here; what lies here goes on to Kafka, in order, as soon as it is back.
//
//	direct    messages go to Kafka. Those that it cannot take now go to the spool, which then is in use.
//	spooling  messages go to the spool, behind those of before, while the drain takes them from there to Kafka.
//	handover  the drain has nearly caught up: new messages wait for the moment it takes until nothing is left.
//
// Messages of a key keep their order as long as they come from one call of Produce after the other. What Kafka did not
// confirm in time is written again, and what was drained in the second before a crash too: messages may repeat, and
// whoever reads them knows a sample by its source and sequence number.
package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// ErrFull says that the spool has no room, by its own bound or on the disk.
var ErrFull = errors.New("the spool is full")

// ErrClosed says that the spool does not run.
var ErrClosed = errors.New("the spool is closed")

// Producer makes messages durable; see collector.Producer.
type Producer interface {
	Produce(ctx context.Context, msgs []kafka.Message) error
	Ping(ctx context.Context) error
}

// Limits bound one request of the drain. A request to one partition succeeds or fails as a whole as long as they are not
// above what the Producer writes at once, which keeps the order of its messages.
type Limits struct {
	Messages int
	Bytes    int
}

// Dependencies are what a Spool is given. Logger, Registerer and Now may be nil.
type Dependencies struct {
	// Next is Kafka.
	Next       Producer
	Limits     Limits
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Now is the clock for the age of what waits.
	Now func() time.Time

	disk disk // nil: the directory itself
}

type mode int

const (
	direct mode = iota
	spooling
	handover
)

// Spool is a Producer with a disk behind it. It is safe for concurrent use.
type Spool struct {
	cfg     Config
	next    Producer
	limits  Limits
	log     *slog.Logger
	metrics *metrics
	now     func() time.Time
	disk    disk
	unlock  func() error

	writes chan write
	wake   chan struct{}      // the drain should have a look; holds one
	abort  context.CancelFunc // cuts the drain short
	stop   chan struct{}      // tells the drain and the committer to end
	calls  sync.WaitGroup     // of append
	loops  sync.WaitGroup

	mu        sync.Mutex
	life      life
	mode      mode
	gate      chan struct{} // closed when the handover ends
	appending int           // calls that the committer has not answered
	segments  []*segment    // in order; the last may be open
	last      int64         // number of the last segment that ever was
	at        cursor        // what the drain has yet to bring to Kafka begins here
	used      int64         // bytes on disk
	records   int64         // that wait
	oldest    time.Time     // of the first that waits, or of one shortly before it
	trouble   error         // why the last write was refused
	troubleAt time.Time
	away      bool      // Kafka, as far as known
	since     time.Time // when mode left direct
	refusal   string    // what Kafka said last against what is here
	aside     int64     // bytes of what is put aside; part of used
	saved     time.Time // when the position was
	unread    int       // failed reads in a row; the drain's
}

type life int

const (
	fresh life = iota
	running
	closed
)

// cursor is a place in the spool.
type cursor struct{ segment, offset int64 }

// New makes a Spool; nothing is read or written before Start.
func New(cfg Config, deps Dependencies) (*Spool, error) {
	if cfg.Dir == "" {
		return nil, errors.New("spool.dir is empty")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Next == nil {
		return nil, errors.New("spool: no producer")
	}
	s := &Spool{
		cfg: cfg, next: deps.Next, limits: deps.Limits, log: deps.Logger, now: deps.Now, disk: deps.disk,
		writes: make(chan write, 64), wake: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	if s.limits.Messages <= 0 {
		s.limits.Messages = 500
	}
	if s.limits.Bytes <= 0 {
		s.limits.Bytes = 1_000_000
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.disk == nil {
		s.disk = directory(cfg.Dir)
	}
	s.metrics = newMetrics(deps.Registerer, s)
	return s, nil
}

// Produce returns when all msgs are durable, in Kafka or on disk, or says which are not. Their bytes are the spool's and
// Kafka's for good.
func (s *Spool) Produce(ctx context.Context, msgs []kafka.Message) error {
	if len(msgs) == 0 {
		return nil
	}
	for {
		s.mu.Lock()
		if s.life != running {
			s.mu.Unlock()
			return ErrClosed
		}
		switch s.mode {
		case direct:
			s.mu.Unlock()
			return s.direct(ctx, msgs)
		case spooling:
			s.admitLocked()
			s.mu.Unlock()
			return s.append(msgs)
		}
		gate := s.gate
		s.mu.Unlock()
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// direct writes to Kafka, and puts what it cannot take now into the spool.
func (s *Spool) direct(ctx context.Context, msgs []kafka.Message) error {
	limited, cancel := context.WithTimeout(ctx, s.cfg.After)
	err := s.next.Produce(limited, msgs)
	cancel()
	if err == nil {
		s.setAway(nil)
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	each := spread(err, len(msgs))
	var failed []kafka.Message
	var places []int
	var why error
	for i, e := range each {
		if kafka.Unreachable(e) {
			failed, places, why = append(failed, msgs[i]), append(places, i), e
		}
	}
	if failed == nil {
		return err
	}
	s.setAway(why)
	s.mu.Lock()
	if s.life != running {
		s.mu.Unlock()
		return err
	}
	s.admitLocked()
	s.mu.Unlock()
	if e := s.append(failed); e != nil {
		e = fmt.Errorf("%w (Kafka: %w)", e, why)
		for _, i := range places {
			each[i] = e
		}
		return each
	}
	for _, i := range places {
		each[i] = nil
	}
	for _, e := range each {
		if e != nil {
			return each
		}
	}
	return nil
}

// spread tells an error of Produce message by message.
func spread(err error, n int) kafka.WriteErrors {
	var each kafka.WriteErrors
	if errors.As(err, &each) && len(each) == n {
		return append(kafka.WriteErrors(nil), each...)
	}
	each = make(kafka.WriteErrors, n)
	for i := range each {
		each[i] = err
	}
	return each
}

// admitLocked notes a call of append that follows. From now on until it is drained, messages go behind it.
func (s *Spool) admitLocked() {
	s.calls.Add(1)
	s.appending++
	if s.mode == direct {
		s.mode, s.since = spooling, s.now()
	}
}

// setAway notes whether Kafka answers, and says so where that is news.
func (s *Spool) setAway(why error) {
	s.mu.Lock()
	news := s.away != (why != nil)
	s.away = why != nil
	s.mu.Unlock()
	switch {
	case news && why != nil:
		s.log.Warn("Kafka does not take messages; they go to the spool", "dir", s.cfg.Dir, "error", why)
	case news:
		s.log.Info("Kafka takes messages again")
	}
}

// unwell is how long a refused write makes the spool unready, also when a smaller one fits. Perhaps nobody tries it meanwhile,
// so it must end by itself.
const unwell = 5 * time.Second

// Ping is nil while messages can be made durable, in Kafka or on disk.
func (s *Spool) Ping(ctx context.Context) error {
	s.mu.Lock()
	mode, trouble := s.mode, s.trouble
	if s.now().Sub(s.troubleAt) > unwell {
		trouble = nil
	}
	life := s.life
	s.mu.Unlock()
	if life != running {
		return ErrClosed
	}
	if mode == direct {
		err := s.next.Ping(ctx)
		s.setAway(err)
		if err == nil || trouble == nil {
			return nil
		}
		return errors.Join(err, trouble)
	}
	return trouble
}
