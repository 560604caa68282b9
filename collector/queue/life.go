package queue

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/prometheus/client_golang/prometheus"
)

// Dependencies are what a Queue is given. Registerer may be nil.
type Dependencies struct {
	Producer   Producer
	Registerer prometheus.Registerer
}

// New makes a Queue; it takes jobs once it is started.
func New(cfg Config, deps Dependencies) (*Queue, error) {
	switch {
	case cfg.Bytes <= 0:
		return nil, errors.New("queue.bytes must be more than 0")
	case cfg.Workers <= 0:
		return nil, errors.New("queue.workers must be more than 0")
	case cfg.SliceMessages <= 0 || cfg.SliceBytes <= 0:
		return nil, errors.New("queue.slice_messages and queue.slice_bytes must be more than 0")
	case deps.Producer == nil:
		return nil, errors.New("queue: no producer")
	}
	q := &Queue{cfg: cfg, producer: deps.Producer, seed: maphash.MakeSeed()}
	q.metrics = newMetrics(deps.Registerer, q)
	for range cfg.Workers {
		q.lanes = append(q.lanes, newLane())
	}
	return q, nil
}

// Start starts the workers. Their life ends with Shutdown, not with ctx.
func (q *Queue) Start(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.started {
		return errors.New("queue: started before")
	}
	q.started = true
	ctx, q.abort = context.WithCancel(context.WithoutCancel(ctx))
	q.workers.Add(len(q.lanes))
	for _, l := range q.lanes {
		go q.work(ctx, l)
	}
	return nil
}

// Shutdown takes no more jobs and waits until those taken are done. When ctx ends first, the rest fails.
func (q *Queue) Shutdown(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	abort := q.abort
	q.mu.Unlock()
	if abort == nil {
		return nil
	}
	for _, l := range q.lanes {
		l.close()
	}
	idle := make(chan struct{})
	go func() {
		q.workers.Wait()
		close(idle)
	}()
	defer abort()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		waiting := q.Bytes()
		abort()
		<-idle
		return fmt.Errorf("queue: %d bytes not flushed: %w", waiting, ctx.Err())
	}
}
