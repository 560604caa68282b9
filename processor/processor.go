// Package processor is the service between Kafka and ClickHouse: samples come in, rows of samples, streams, hops, e2e, events
// and dead_letters go out, each exactly once in effect.
//
//	consume -> partition.Apply (graph, window, stitch, score) -> rows -> insert -> commit
//
// One goroutine works on one Kafka partition for as long as the consumer group assigns it. See worker for the order of
// things that makes the effects exactly-once.
package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/blame"
	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/quality"
)

// Inserter stores columns. An insert with a token that the table has seen is dropped and is no error. *clickhouse.DB is one.
type Inserter interface {
	Insert(ctx context.Context, table, token string, columns []clickhouse.Column) error
}

// Producer writes messages; what it returns nil for is durable. *kafka.Producer is one.
type Producer interface {
	Produce(ctx context.Context, msgs []kafka.Message) error
}

// Dependencies are what a Processor is given. Inserter and Producer are required.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Inserter gets the rows, Producer what cannot be read.
	Inserter Inserter
	Producer Producer
	// Epochs is asked at the start of a partition whose calls are older than Config.Replay. Without it, epochs of such calls
	// begin anew when a partition changes hands.
	Epochs Epochs
	// Lead, where set, is called while this processor has partition 0 of the topic, which one processor of the group has at a time.
	// Its context ends with that.
	Lead func(ctx context.Context)
}

// Processor is one member of the group of processors.
type Processor struct {
	cfg      Config
	log      *slog.Logger
	metrics  *metrics
	inserter Inserter
	producer Producer
	epochs   Epochs
	lead     func(context.Context)
	consumer *kafka.Consumer
	newState func() state

	mu  sync.Mutex
	ill map[int]error // partition -> why its rows cannot be stored
}

// New makes a Processor; nothing is dialled before Start.
func New(cfg Config, deps Dependencies) (*Processor, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Inserter == nil || deps.Producer == nil {
		return nil, errors.New("processor: an inserter and a producer are required")
	}
	log := deps.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	model, err := quality.New(cfg.Quality)
	if err != nil {
		return nil, fmt.Errorf("processor: %w", err)
	}
	rule, err := blame.New(cfg.Blame)
	if err != nil {
		return nil, fmt.Errorf("processor: %w", err)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("processor: %w", err)
	}
	p := &Processor{
		cfg: cfg, log: log, metrics: m, inserter: deps.Inserter, producer: deps.Producer, epochs: deps.Epochs, lead: deps.Lead,
		ill: map[int]error{},
		newState: func() state {
			renew, warmup, idle := cfg.memory()
			return partition.New(partition.Config{
				Window: cfg.Window, Lateness: cfg.Lateness, Quality: model, Blame: rule, Renew: renew, Warmup: warmup, Idle: idle,
			})
		},
	}
	p.consumer, err = kafka.NewConsumer(kafka.ConsumerConfig{
		Brokers: cfg.Brokers, Group: cfg.Group, Topic: cfg.Topic, ClientID: "earshot-processor",
		MaxWait: cfg.MaxWait, Heartbeat: cfg.Heartbeat, SessionTimeout: cfg.Session, RetryBackoff: cfg.Backoff,
		// Nobody hears of a member that drains: one that took longer than its session would be thrown out, and throw out the others when it
		// comes back.
		DrainTimeout: min(10*time.Second, cfg.Session/2),
	}, p.work, kafka.Dependencies{Logger: log, Registerer: deps.Registerer})
	if err != nil {
		return nil, fmt.Errorf("processor: %w", err)
	}
	return p, nil
}

// Start makes sure that a broker answers and that it has the topic, and begins to join the group.
func (p *Processor) Start(ctx context.Context) error { return p.consumer.Start(ctx) }

// Shutdown stores and commits what has been read, and leaves the group. What cannot be stored before ctx ends stays in Kafka
// for the next processor.
func (p *Processor) Shutdown(ctx context.Context) error { return p.consumer.Shutdown(ctx) }

// Ready is nil while the processor takes part in its group and its rows reach ClickHouse.
func (p *Processor) Ready() error {
	p.mu.Lock()
	for n, err := range p.ill {
		p.mu.Unlock()
		return fmt.Errorf("rows of partition %d cannot be stored; reading has stopped until they can: %w", n, err)
	}
	p.mu.Unlock()
	return p.consumer.Ready()
}

// sick and well note whether a partition's rows can be stored.
func (p *Processor) sick(n int, err error) {
	p.mu.Lock()
	_, before := p.ill[n]
	p.ill[n] = err
	p.mu.Unlock()
	if !before {
		p.log.Error("rows cannot be stored; reading has stopped until they can", "partition", n, "error", err)
	}
}

func (p *Processor) well(n int) {
	p.mu.Lock()
	_, before := p.ill[n]
	delete(p.ill, n)
	p.mu.Unlock()
	if before {
		p.log.Info("rows can be stored again", "partition", n)
	}
}

// forget removes what was said of a partition that is no longer this processor's.
func (p *Processor) forget(n int) {
	p.metrics.forget(n)
	p.mu.Lock()
	delete(p.ill, n)
	p.mu.Unlock()
}

// work is the handler of one assigned partition.
func (p *Processor) work(ctx context.Context, claim *kafka.Claim) error {
	w := &worker{
		p: p, claim: claim,
		log:   p.log.With("partition", claim.Partition, "generation", claim.Generation),
		state: p.newState(),
	}
	defer p.forget(claim.Partition)
	if p.lead != nil && claim.Partition == 0 {
		ctx, cancel := context.WithCancel(ctx)
		var leading sync.WaitGroup
		leading.Go(func() { p.lead(ctx) })
		defer leading.Wait()
		defer cancel()
	}
	return w.run(ctx)
}
