// Package refused brings into the store what collectors refused: their letters in the topic of dead letters come in, rows of dead_letters go
// out, reason and size without what was in them, each letter once in effect. What processors could not read is in that table already.
package refused

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// Config says where letters are. There is nothing in it for a configuration file: all of it follows from the processor's.
type Config struct {
	Brokers []string
	// Group is that of the processors; the one of this reader is named after it.
	Group string
	// Topic holds the letters. Empty: topic.Dead.
	Topic string
	// Rows is how many letters are stored together at most. 0: 1,000.
	Rows int
}

// Inserter stores columns. An insert with a token that the table has seen is dropped and is no error. *clickhouse.DB is one.
type Inserter interface {
	Insert(ctx context.Context, table, token string, columns []clickhouse.Column) error
}

// Dependencies are what a Reader is given. Inserter is required.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Inserter   Inserter
}

// Reader is a member of a consumer group of its own, so that letters never hold up samples, nor a fault with them stitching.
type Reader struct {
	cfg      Config
	log      *slog.Logger
	metrics  *metrics
	inserter Inserter
	consumer *kafka.Consumer
}

// New makes a Reader; nothing is dialled before Start.
func New(cfg Config, deps Dependencies) (*Reader, error) {
	if deps.Inserter == nil {
		return nil, errors.New("refused: an inserter is required")
	}
	if cfg.Topic == "" {
		cfg.Topic = topic.Dead
	}
	if cfg.Rows == 0 {
		cfg.Rows = 1000
	}
	r := &Reader{cfg: cfg, log: deps.Logger, inserter: deps.Inserter}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if r.metrics, err = newMetrics(deps.Registerer); err != nil {
		return nil, fmt.Errorf("refused: %w", err)
	}
	// The consumer's own metrics are those of the samples.
	r.consumer, err = kafka.NewConsumer(kafka.ConsumerConfig{
		Brokers: cfg.Brokers, Group: cfg.Group + "-refused", Topic: cfg.Topic, ClientID: "earshot-processor",
	}, r.work, kafka.Dependencies{Logger: r.log})
	if err != nil {
		return nil, fmt.Errorf("refused: %w", err)
	}
	return r, nil
}

// Start makes sure that a broker answers and that it has the topic, and begins to join the group.
func (r *Reader) Start(ctx context.Context) error { return r.consumer.Start(ctx) }

// Shutdown stores what has been read and leaves the group.
func (r *Reader) Shutdown(ctx context.Context) error { return r.consumer.Shutdown(ctx) }
