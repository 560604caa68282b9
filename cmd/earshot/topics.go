package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// topicsLater creates the topics once a broker answers, for a collector that starts while Kafka is away. It is a
// service.Component.
type topicsLater struct {
	brokers []string
	log     *slog.Logger
	cancel  context.CancelFunc
	done    chan struct{}
}

// ensureTopics makes sure that the topics are there, now or, where spool says that samples can wait, later.
func (d *daemon) ensureTopics(ctx context.Context, brokers []string, spool bool) error {
	err := kafka.EnsureTopics(ctx, brokers, topicSpecs())
	if away := (*kafka.UnreachableError)(nil); !spool || !errors.As(err, &away) {
		return err
	}
	d.log.Warn("starting without Kafka; samples go to the spool until it answers", "error", err)
	return d.Start(ctx, "topics", &topicsLater{brokers: brokers, log: d.log, done: make(chan struct{})})
}

// Start begins to try.
func (t *topicsLater) Start(ctx context.Context) error {
	ctx, t.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(t.done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
			err := kafka.EnsureTopics(ctx, t.brokers, topicSpecs())
			if err == nil {
				return
			}
			if away := (*kafka.UnreachableError)(nil); ctx.Err() == nil && !errors.As(err, &away) {
				t.log.Error("topics", "error", err)
			}
		}
	}()
	return nil
}

// Shutdown stops trying.
func (t *topicsLater) Shutdown(context.Context) error {
	if t.cancel != nil {
		t.cancel()
		<-t.done
	}
	return nil
}
