package spool

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"syscall"
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// broker is a Kafka of two partitions that does as it is told.
type broker struct {
	mu    sync.Mutex
	state state
	log   []kafka.Message
	calls int
	// refuses says which messages are too large for it.
	refuses func(kafka.Message) bool
}

// late is how long after the caller gave up a broker that hung still writes.
const late = 700 * time.Millisecond

type state int

const (
	up state = iota
	down
	hangs      // takes everything, and writes it some time after nobody waits any more
	half       // one of the partitions has no leader
	slow       // answers after a second
	unanswered // writes, but the answer gets lost
	states
)

var errRefused = fmt.Errorf("dial: %w", syscall.ECONNREFUSED)

func (b *broker) set(s state) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = s
}

func (b *broker) Produce(ctx context.Context, msgs []kafka.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	switch b.state {
	case down:
		return errRefused
	case slow:
		b.mu.Unlock()
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
		b.mu.Lock()
	case unanswered:
		b.write(msgs)
		return context.DeadlineExceeded
	case hangs:
		b.mu.Unlock()
		<-ctx.Done()
		go func() {
			time.Sleep(late)
			b.mu.Lock()
			defer b.mu.Unlock()
			b.write(msgs)
		}()
		b.mu.Lock()
		return ctx.Err()
	}
	return b.write(msgs)
}

func (b *broker) write(msgs []kafka.Message) error {
	each := make(kafka.WriteErrors, len(msgs))
	bad := [2]error{}
	for _, m := range msgs {
		if b.refuses != nil && b.refuses(m) {
			bad[partition(m.Key)] = kafka.ErrTooLarge
		}
	}
	if b.state == half {
		bad[1] = errRefused
	}
	failed := false
	for i, m := range msgs {
		if each[i] = bad[partition(m.Key)]; each[i] != nil {
			failed = true
			continue
		}
		b.log = append(b.log, m)
	}
	if failed {
		return each
	}
	return nil
}

func partition(key []byte) int {
	h := fnv.New32a()
	_, _ = h.Write(key)
	return int(h.Sum32() % 2)
}

func (b *broker) Ping(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state == down || b.state == hangs {
		return errRefused
	}
	return nil
}

func (b *broker) got() []kafka.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]kafka.Message(nil), b.log...)
}

// values are what the broker has, as strings.
func (b *broker) values() []string {
	var out []string
	for _, m := range b.got() {
		out = append(out, string(m.Value))
	}
	return out
}
