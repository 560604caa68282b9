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
		// The answer serves whoever asks next too, so the end of one request must not become it.
		p.err = p.ping(context.WithoutCancel(ctx))
		p.at = time.Now()
	}
	return p.err
}
