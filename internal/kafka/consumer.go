package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"golang.org/x/sync/errgroup"
)

// Handler works on one partition for as long as it is assigned to this member: one goroutine per partition and generation.
// ctx ends when the claim does (rebalance, Shutdown); the handler may then finish what it has begun under Claim.Drain, and
// returns. Returning earlier gives all the member's partitions back to the group, which are then assigned anew.
type Handler func(ctx context.Context, claim *Claim) error

// Consumer is one member of a consumer group. It is built on generations rather than on a reader, so that assignment, drain
// and fencing are in the handler's sight.
type Consumer struct {
	cfg     ConsumerConfig
	handle  Handler
	log     *slog.Logger
	metrics *consumerMetrics

	transport *kafkago.Transport
	client    *kafkago.Client

	mu       sync.Mutex
	group    *kafkago.ConsumerGroup // nil before Start
	cut      context.CancelFunc     // ends all drains
	closed   chan struct{}          // all is stopped; nil before Shutdown
	serving  sync.WaitGroup
	assigned int   // partitions
	joined   bool  // in a generation
	trouble  error // why not
}

// NewConsumer makes a Consumer. Nothing is dialled before Start.
func NewConsumer(cfg ConsumerConfig, handle Handler, deps Dependencies) (*Consumer, error) {
	cfg.setDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	log := deps.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	transport := &kafkago.Transport{ClientID: cfg.ClientID, DialTimeout: cfg.DialTimeout}
	return &Consumer{
		cfg: cfg, handle: handle, metrics: newConsumerMetrics(deps.Registerer),
		log:       log.With("group", cfg.Group, "topic", cfg.Topic),
		transport: transport,
		client:    &kafkago.Client{Addr: kafkago.TCP(cfg.Brokers...), Transport: transport, Timeout: cfg.RequestTimeout},
	}, nil
}

// Start makes sure that a broker answers and that it has the topic, and begins to join the group.
func (c *Consumer) Start(ctx context.Context) error {
	if err := c.checkTopic(ctx); err != nil {
		c.transport.CloseIdleConnections()
		return err
	}
	group, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID:                     c.cfg.Group,
		Brokers:                c.cfg.Brokers,
		Topics:                 []string{c.cfg.Topic},
		Dialer:                 &kafkago.Dialer{ClientID: c.cfg.ClientID, Timeout: c.cfg.DialTimeout, DualStack: true},
		HeartbeatInterval:      c.cfg.Heartbeat,
		SessionTimeout:         c.cfg.SessionTimeout,
		RebalanceTimeout:       c.cfg.RebalanceTimeout,
		JoinGroupBackoff:       c.cfg.RetryBackoff,
		Timeout:                c.cfg.RequestTimeout,
		StartOffset:            kafkago.FirstOffset,
		WatchPartitionChanges:  true,
		PartitionWatchInterval: 30 * time.Second,
	})
	if err != nil {
		return fmt.Errorf("join consumer group %s: %w", c.cfg.Group, err)
	}
	// Drains outlive Start's context and the generation's: Shutdown cuts them short when its own context ends.
	drains, cut := context.WithCancel(context.WithoutCancel(ctx))
	c.mu.Lock()
	c.group, c.cut = group, cut
	c.mu.Unlock()
	c.serving.Go(func() { c.run(drains, group) })
	return nil
}

func (c *Consumer) checkTopic(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	res, err := c.client.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{c.cfg.Topic}})
	if err != nil {
		return &UnreachableError{Brokers: c.cfg.Brokers, Err: err}
	}
	for _, t := range res.Topics {
		if t.Name == c.cfg.Topic && t.Error != nil {
			return fmt.Errorf("topic %s cannot be read at %v; create it first: %w", c.cfg.Topic, c.cfg.Brokers, t.Error)
		}
	}
	return nil
}

// run takes one generation after the other until the group is closed.
func (c *Consumer) run(drains context.Context, group *kafkago.ConsumerGroup) {
	for {
		gen, err := group.Next(drains)
		switch {
		case errors.Is(err, kafkago.ErrGroupClosed):
			return
		case errors.Is(err, kafkago.RebalanceInProgress):
			continue
		case err != nil:
			if drains.Err() != nil {
				return
			}
			if unreachable(err) {
				err = &UnreachableError{Brokers: c.cfg.Brokers, Err: err}
			}
			c.report(err)
			continue
		}
		c.serving.Add(1)
		gen.Start(func(ctx context.Context) {
			defer c.serving.Done()
			c.serve(ctx, drains, gen)
		})
	}
}

// serve runs a handler for each partition of a generation, and returns when all have returned.
func (c *Consumer) serve(ctx, drains context.Context, gen *kafkago.Generation) {
	claims, err := c.claims(ctx, drains, gen)
	if err != nil {
		if ctx.Err() == nil {
			c.report(fmt.Errorf("read committed offsets: %w", err))
			pause(ctx, c.cfg.RetryBackoff)
		}
		return
	}
	c.begin(gen, claims)
	defer c.end()

	group, handlers := errgroup.WithContext(ctx)
	for _, claim := range claims {
		group.Go(func() error {
			defer claim.fetches.Wait()
			ctx, cancel := context.WithCancel(handlers)
			defer cancel()
			if err := c.handle(ctx, claim); err != nil {
				return err
			}
			if ctx.Err() == nil {
				return errReturnedEarly
			}
			return nil
		})
	}
	if len(claims) == 0 {
		<-ctx.Done()
	}
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		if !errors.Is(err, ErrFenced) {
			c.report(err)
		}
		pause(ctx, c.cfg.RetryBackoff)
	}
}

// errReturnedEarly ends a generation in which a handler did not stay.
var errReturnedEarly = errors.New("a partition's handler returned before its claim ended")

// begin and end note the assignment.
func (c *Consumer) begin(gen *kafkago.Generation, claims []*Claim) {
	partitions := make([]int, len(claims))
	for i, claim := range claims {
		partitions[i] = claim.Partition
	}
	c.log.Info("partitions assigned", "generation", gen.ID, "partitions", partitions)
	c.metrics.generations.Inc()
	c.metrics.assigned.Set(float64(len(claims)))
	c.mu.Lock()
	c.assigned, c.joined, c.trouble = len(claims), true, nil
	c.mu.Unlock()
}

func (c *Consumer) end() {
	c.metrics.assigned.Set(0)
	c.mu.Lock()
	c.assigned, c.joined = 0, false
	c.mu.Unlock()
}

// report counts an error, and logs it unless the one before was the same.
func (c *Consumer) report(err error) {
	c.metrics.errors.Inc()
	c.mu.Lock()
	again := c.trouble != nil && c.trouble.Error() == err.Error()
	c.trouble = err
	c.mu.Unlock()
	if !again {
		c.log.Error("consumer group", "error", err)
	}
}

// Assigned says how many partitions this member has.
func (c *Consumer) Assigned() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.assigned
}

// Ready is nil while this member takes part in the group and its last fetches went well.
func (c *Consumer) Ready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.trouble != nil:
		return c.trouble
	case !c.joined:
		return fmt.Errorf("consumer group %s: not joined yet", c.cfg.Group)
	}
	return nil
}

// Shutdown ends the claims, waits until their handlers have drained, and leaves the group. When ctx ends first, drains are
// cut short.
func (c *Consumer) Shutdown(ctx context.Context) error {
	c.mu.Lock()
	if c.group == nil {
		c.mu.Unlock()
		return nil
	}
	if c.closed == nil {
		c.closed = make(chan struct{})
		go func(group *kafkago.ConsumerGroup, closed chan struct{}) {
			defer close(closed)
			_ = group.Close() // is always nil
			c.serving.Wait()
			c.cut()
			c.transport.CloseIdleConnections()
		}(c.group, c.closed)
	}
	closed, cut := c.closed, c.cut
	c.mu.Unlock()
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		cut()
		return fmt.Errorf("consumer group %s: not drained in time: %w", c.cfg.Group, ctx.Err())
	}
}

// pause waits, or not if ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
