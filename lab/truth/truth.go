// Package truth keeps what is true of a laboratory call: states of the plan come in with the instants at which they were
// put into effect; the true RTT of any path in any window of time comes out, hop by hop. No measurement ever enters.
package truth

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/earshot-rtc/earshot/lab/plan"
	"github.com/earshot-rtc/earshot/lab/topology"
)

// Key names a path: one track on its way to one subscriber.
type Key struct {
	Publisher, Subscriber string
	Kind                  topology.Kind
	// SFUs joined by ">", so that keys compare.
	SFUs string
}

// KeyOf makes a key.
func KeyOf(publisher, subscriber string, kind topology.Kind, sfus []string) Key {
	return Key{publisher, subscriber, kind, strings.Join(sfus, ">")}
}

// SFUPath is the SFUs in the order of travel; empty, not nil, where there are none.
func (k Key) SFUPath() []string {
	if k.SFUs == "" {
		return []string{}
	}
	return strings.Split(k.SFUs, ">")
}

// Span is a time in which a path was there and its truth did not change.
type Span struct {
	Key
	// From is when the state took effect, Settled when also the round trips that were under way then have come home, and
	// To when it ended; the zero To means that it lasts.
	From, Settled, To time.Time
	// Since is the start of the path's uninterrupted life with the same transports: a change of delay does not touch it.
	Since time.Time
	Hops  []plan.Hop
	RTT   time.Duration
	Muted bool
	inst  plan.Instance
}

// covers says whether the truth was the span's, and nothing else, from start to end.
func (s *Span) covers(start, end time.Time) bool {
	return !start.Before(s.Settled) && (s.To.IsZero() || !end.After(s.To))
}

// overlaps says whether the path was there, so, at any time from start to end.
func (s *Span) overlaps(start, end time.Time) bool {
	return s.From.Before(end) && (s.To.IsZero() || s.To.After(start))
}

// Timeline is the truth of one run. It is safe for concurrent use.
type Timeline struct {
	mu    sync.Mutex
	spans map[Key][]*Span
	open  map[Key]*Span
	ended time.Time
}

// New is an empty timeline.
func New() *Timeline {
	return &Timeline{spans: map[Key][]*Span{}, open: map[Key]*Span{}}
}

// Record says that from the instant at on the state of the call is s. Instants must not go back.
func (t *Timeline) Record(at time.Time, s *plan.State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := map[Key]bool{}
	for _, p := range s.Paths() {
		key := KeyOf(p.Publisher, p.Subscriber, p.Kind, p.SFUs)
		now[key] = true
		next := &Span{Key: key, From: at, Since: at, Hops: p.Hops, RTT: p.RTT(), Muted: p.Muted, inst: p.Instance}
		next.Settled = at.Add(next.RTT)
		if last := t.open[key]; last != nil {
			if last.inst == next.inst {
				if slices.Equal(last.Hops, next.Hops) {
					last.Muted = next.Muted
					continue
				}
				next.Since = last.Since
			}
			last.To = at
			next.Settled = at.Add(max(last.RTT, next.RTT))
		}
		t.open[key] = next
		t.spans[key] = append(t.spans[key], next)
	}
	for key, last := range t.open {
		if !now[key] {
			last.To = at
			delete(t.open, key)
		}
	}
}

// End says that the call ended: no path is there after it.
func (t *Timeline) End(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = at
	for key, last := range t.open {
		last.To = at
		delete(t.open, key)
	}
}

// Spans gives all spans, by key and then by time.
func (t *Timeline) Spans() []Span {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Span
	for _, key := range t.keys() {
		for _, s := range t.spans[key] {
			all = append(all, *s)
		}
	}
	return all
}

func (t *Timeline) keys() []Key {
	keys := make([]Key, 0, len(t.spans))
	for k := range t.spans {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b Key) int {
		return strings.Compare(a.Publisher+"\x00"+a.Subscriber+"\x00"+string(a.Kind)+"\x00"+a.SFUs, b.Publisher+"\x00"+b.Subscriber+"\x00"+string(b.Kind)+"\x00"+b.SFUs)
	})
	return keys
}

// Verdict says what a window of a path can be compared with.
type Verdict int

// The verdicts.
const (
	// Never: the path had not been there by the end of the window; who claims it has invented it.
	Never Verdict = iota
	// Gone: it had been there, but not in the window.
	Gone
	// Changing: it was there for a part of the window, or its RTT changed.
	Changing
	// Steady: one truth for the whole window.
	Steady
)

// Window gives the verdict on a path from start to end and, where Steady, the span that holds. Where it is Gone or Changing
// the span is the last that was there.
func (t *Timeline) Window(key Key, start, end time.Time) (Span, Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	verdict, last := Never, Span{}
	for _, s := range t.spans[key] {
		switch {
		case s.covers(start, end):
			return *s, Steady
		case s.overlaps(start, end):
			verdict, last = Changing, *s
		case verdict <= Gone && s.From.Before(end):
			verdict, last = Gone, *s
		}
	}
	return last, verdict
}

// At gives the span of a path at an instant, or false where it is not there.
func (t *Timeline) At(key Key, at time.Time) (Span, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.spans[key] {
		if !at.Before(s.From) && (s.To.IsZero() || at.Before(s.To)) {
			return *s, true
		}
	}
	return Span{}, false
}
