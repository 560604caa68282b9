package throttle

import (
	"container/list"
	"sync"
	"time"
)

// limit is a Rate with its burst.
type limit struct {
	Rate
	burst float64 // seconds
}

func (l limit) bytes() float64 { return float64(l.Bytes) }

func (l limit) none() bool { return l.Samples == 0 && l.Bytes == 0 }

// bucket holds what may still come. It may run into debt, since what a body holds is known after it has come; whoever is in
// debt waits until it is paid off.
type bucket struct {
	mu      sync.Mutex
	samples float64
	bytes   float64
	at      time.Time
}

func (b *bucket) fill(l limit, now time.Time) {
	if d := now.Sub(b.at).Seconds(); d > 0 {
		b.samples = min(l.Samples*l.burst, b.samples+l.Samples*d)
		b.bytes = min(l.bytes()*l.burst, b.bytes+l.bytes()*d)
		b.at = now
	}
}

// wait is how long it takes until something may come; 0 when it may now.
func (b *bucket) wait(l limit, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(l, now)
	return max(due(b.samples, l.Samples), due(b.bytes, l.bytes()))
}

func due(left, rate float64) time.Duration {
	if rate == 0 || left > 0 {
		return 0
	}
	return time.Duration(min(-left/rate, 3600)*float64(time.Second)) + time.Millisecond
}

func (b *bucket) spend(l limit, now time.Time, samples, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(l, now)
	b.samples -= float64(samples)
	b.bytes -= float64(bytes)
}

// table holds the buckets of one kind by key. Those in use stay; of the others, those used last, up to a number.
type table[K comparable] struct {
	limit limit
	most  int

	mu      sync.Mutex
	buckets map[K]*held[K]
	idle    *list.List // of *held[K], the one used last at the front
}

type held[K comparable] struct {
	bucket
	key  K
	uses int
	el   *list.Element // in idle
}

func newTable[K comparable](r Rate, burst time.Duration, most int) *table[K] {
	return &table[K]{limit: limit{r, burst.Seconds()}, most: most, buckets: map[K]*held[K]{}, idle: list.New()}
}

// acquire gives the bucket of a key, to be released; nil where there is no limit.
func (t *table[K]) acquire(key K, now time.Time) *held[K] {
	if t.limit.none() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.buckets[key]
	if h == nil {
		t.evict()
		l := t.limit
		h = &held[K]{bucket: bucket{samples: l.Samples * l.burst, bytes: l.bytes() * l.burst, at: now}, key: key}
		t.buckets[key] = h
	} else if h.el != nil {
		t.idle.Remove(h.el)
		h.el = nil
	}
	h.uses++
	return h
}

func (t *table[K]) release(h *held[K]) {
	if h == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if h.uses--; h.uses == 0 {
		h.el = t.idle.PushFront(h)
	}
}

// evict makes room for one more.
func (t *table[K]) evict() {
	if len(t.buckets) < t.most {
		return
	}
	if last := t.idle.Back(); last != nil {
		if h, ok := t.idle.Remove(last).(*held[K]); ok {
			delete(t.buckets, h.key)
		}
	}
}

func (t *table[K]) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.buckets)
}
