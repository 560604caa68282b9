package collector

import (
	"context"
	"sync"
	"time"
)

// pulse asks whether Kafka answers, at most once a second however often it is asked itself.
type pulse struct {
	ping func(context.Context) error

	mu  sync.Mutex
	at  time.Time
	err error
}

func (p *pulse) check(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at.IsZero() || time.Since(p.at) >= time.Second {
		p.err = p.ping(ctx)
		p.at = time.Now()
	}
	return p.err
}
