package queue

import "sync"

// lane is a first-in, first-out line of messages for one worker. Its bytes are bounded by the queue.
type lane struct {
	mu     sync.Mutex
	more   sync.Cond
	line   []entry
	head   int
	closed bool
}

func newLane() *lane {
	l := &lane{}
	l.more.L = &l.mu
	return l
}

func (l *lane) put(e entry) {
	l.mu.Lock()
	l.line = append(l.line, e)
	l.mu.Unlock()
	l.more.Signal()
}

// take waits for messages and appends what there is to dst, within the bounds but at least one. It appends nothing once the
// lane is closed and empty.
func (l *lane) take(dst []entry, most, mostBytes int) []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.head == len(l.line) && !l.closed {
		l.more.Wait()
	}
	bytes := 0
	for l.head < len(l.line) && len(dst) < most {
		e := l.line[l.head]
		if bytes += e.size; bytes > mostBytes && len(dst) > 0 {
			break
		}
		dst = append(dst, e)
		l.line[l.head] = entry{}
		l.head++
	}
	switch {
	case l.head == len(l.line):
		l.line, l.head = l.line[:0], 0
		if cap(l.line) > 4*most { // a backlog is over: let its memory go
			l.line = nil
		}
	case l.head > len(l.line)/2:
		n := copy(l.line, l.line[l.head:])
		clear(l.line[n:])
		l.line, l.head = l.line[:n], 0
	}
	return dst
}

func (l *lane) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.more.Broadcast()
}
