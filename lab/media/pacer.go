// Package media is what people in a laboratory call send and receive. Out of a [Pacer] and a [Source] flow RTP packets with
// the size and timing of Opus at 20 ms and of VP8 at 30 frames a second; into an [Audio] or [Video] playout flow the packets
// that arrived, and out come the figures that a browser's jitter buffer and decoder would give.
package media

import (
	"container/heap"
	"sync"
	"time"
)

// Task is something that comes again and again.
type Task interface {
	// Tick is called at or shortly after due, and returns when it is due next.
	Tick(due time.Time) time.Time
}

// Pacer calls all tasks of a lab from one goroutine: a timer each would cost more than the media.
type Pacer struct {
	wake chan struct{}
	stop chan struct{}
	done chan struct{}

	mu    sync.Mutex
	queue tasks
}

type entry struct {
	task Task
	due  time.Time
}

// NewPacer starts a pacer.
func NewPacer() *Pacer {
	p := &Pacer{wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go p.run()
	return p
}

// Close ends it. It may be called once.
func (p *Pacer) Close() {
	close(p.stop)
	<-p.done
}

// Add has a task called from due on.
func (p *Pacer) Add(t Task, due time.Time) {
	p.mu.Lock()
	heap.Push(&p.queue, entry{t, due})
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Remove has a task called no more. A call under way may still end after Remove has returned.
func (p *Pacer) Remove(t Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.queue {
		if p.queue[i].task == t {
			heap.Remove(&p.queue, i)
			return
		}
	}
}

func (p *Pacer) run() {
	defer close(p.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		for wait > 0 {
			var e entry
			if e, wait = p.next(); wait > 0 {
				break
			}
			p.again(e.task, e.task.Tick(e.due))
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-p.wake:
		case <-p.stop:
			return
		}
	}
}

// next gives the first entry when it is due, or how long to wait.
func (p *Pacer) next() (entry, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return entry{}, time.Hour
	}
	return p.queue[0], time.Until(p.queue[0].due)
}

// again puts a task off to its next time, unless it has been removed meanwhile.
func (p *Pacer) again(t Task, due time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.queue {
		if p.queue[i].task == t {
			p.queue[i].due = due
			heap.Fix(&p.queue, i)
			return
		}
	}
}

type tasks []entry

func (q tasks) Len() int           { return len(q) }
func (q tasks) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q tasks) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *tasks) Push(x any)        { *q = append(*q, x.(entry)) } //nolint:errcheck // heap gives back what it got
func (q *tasks) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = entry{}
	*q = (*q)[:last]
	return e
}
