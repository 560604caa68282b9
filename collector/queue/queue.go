// Package queue stands between those who receive and Kafka: jobs of messages go in, as long as all that wait has fewer bytes
// than allowed; slices of messages come out to a Producer; and every job is told once what became of its messages.
//
// Messages of one key keep their order: a key belongs to one lane, and a lane to one worker.
package queue

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// ErrFull says that the job has to be refused upstream, for now.
var ErrFull = errors.New("queue is full")

// ErrClosed says that the queue takes no more.
var ErrClosed = errors.New("queue is closed")

// Producer makes messages durable. The error is kafka.WriteErrors where messages fared differently. The messages' bytes may
// be in use even after that.
type Producer interface {
	Produce(ctx context.Context, msgs []kafka.Message) error
}

// Config bounds the queue.
type Config struct {
	// Bytes that may wait or be under way.
	Bytes int64
	// Workers is the number of lanes, and so of calls of Produce at a time.
	Workers int
	// SliceMessages and SliceBytes bound what is given to Produce at once.
	SliceMessages int
	SliceBytes    int
}

// Done is told once what became of a job, from a worker's goroutine, and must not block: nil when everything is durable,
// otherwise an error or nil for every message.
type Done func(errs []error)

// Queue is a byte-bounded queue with its workers.
type Queue struct {
	cfg      Config
	producer Producer
	metrics  *metrics
	seed     maphash.Seed
	lanes    []*lane
	bytes    atomic.Int64
	workers  sync.WaitGroup

	mu      sync.RWMutex // held for reading while a job is put into lanes
	closed  bool
	started bool
	abort   context.CancelFunc
}

type job struct {
	left atomic.Int32
	done Done
	mu   sync.Mutex
	errs []error
	n    int
}

type entry struct {
	msg  kafka.Message
	size int
	job  *job
	at   int // the message's place in the job
}

// Submit takes a job, or refuses it whole. The messages' bytes must stay as they are for good: Kafka's client may read them
// even after the job is done.
func (q *Queue) Submit(msgs []kafka.Message, done Done) error {
	if len(msgs) == 0 {
		done(nil)
		return nil
	}
	total := int64(0)
	for i := range msgs {
		total += int64(msgs[i].Size())
	}
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed || !q.started {
		return ErrClosed
	}
	if now := q.bytes.Add(total); now > q.cfg.Bytes {
		q.bytes.Add(-total)
		q.metrics.refused.Inc()
		return ErrFull
	}
	j := &job{done: done, n: len(msgs)}
	j.left.Store(int32(len(msgs)))
	for i := range msgs {
		l := q.lanes[0]
		if len(q.lanes) > 1 {
			l = q.lanes[maphash.Bytes(q.seed, msgs[i].Key)%uint64(len(q.lanes))]
		}
		l.put(entry{msg: msgs[i], size: msgs[i].Size(), job: j, at: i})
	}
	return nil
}

// Bytes says how much waits or is under way.
func (q *Queue) Bytes() int64 { return q.bytes.Load() }

func (j *job) finish(at int, err error) {
	if err != nil {
		j.mu.Lock()
		if j.errs == nil {
			j.errs = make([]error, j.n)
		}
		j.errs[at] = err
		j.mu.Unlock()
	}
	if j.left.Add(-1) == 0 {
		// Every other finish happened before this Add, so errs is whole.
		j.done(j.errs)
	}
}

func (q *Queue) work(ctx context.Context, l *lane) {
	defer q.workers.Done()
	var taken []entry
	var msgs []kafka.Message
	for {
		taken = l.take(taken[:0], q.cfg.SliceMessages, q.cfg.SliceBytes)
		if len(taken) == 0 {
			return // closed and empty
		}
		msgs = msgs[:0]
		bytes := 0
		for i := range taken {
			msgs = append(msgs, taken[i].msg)
			bytes += taken[i].size
		}
		err := ctx.Err()
		if err == nil {
			err = q.producer.Produce(ctx, msgs)
		}
		q.bytes.Add(-int64(bytes))
		q.metrics.slice.Observe(float64(len(msgs)))
		var each kafka.WriteErrors
		if errors.As(err, &each) && len(each) != len(msgs) {
			err, each = fmt.Errorf("producer told of %d messages, was given %d", len(each), len(msgs)), nil
		}
		for i := range taken {
			e := err
			if each != nil {
				e = each[i]
			}
			taken[i].job.finish(taken[i].at, e)
		}
		clear(taken)
		if err != nil {
			msgs = nil // the producer may hold on to it
		}
		clear(msgs)
	}
}
