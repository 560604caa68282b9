// Package rowgen makes rows up as the stitcher would write them: a seed and a number of rows go in, a day of calls comes out, in
// batches of the processor's own kind. The calls differ in length, size and topology; round-trip times wander link by link, and
// every path over a link shares them; ids are as random and figures as noisy as real ones, so that sizes and speeds measured on
// these rows mean something.
package rowgen

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/processor/row"
)

// Config says what to make. Zero values take the defaults.
type Config struct {
	// Seed makes the rows: the same seed, the same rows.
	Seed uint64
	// Start is the first window of the day. Default: 1 March 2026, 00:00 UTC.
	Start time.Time
	// Length is over how long the calls are spread. Default: a day.
	Length time.Duration
	// Rows is how many rows of e2e there are, give or take a window of the last call.
	Rows int
	// Partitions is over how many partitions of the topic the calls are spread. Default: 12.
	Partitions int
	// Tenant of all calls.
	Tenant string
	// Streams says that rows of streams are made as well: two or three for each row of e2e.
	Streams bool
}

// windowMs is the length of a window and of a sampling interval.
const windowMs = 5000

// Day is a day of calls.
type Day struct {
	cfg   Config
	calls []plan
	world *world
}

// New plans the calls of a day; it makes no rows yet.
func New(cfg Config) *Day {
	if cfg.Start.IsZero() {
		cfg.Start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	}
	if cfg.Length == 0 {
		cfg.Length = 24 * time.Hour
	}
	if cfg.Partitions == 0 {
		cfg.Partitions = 12
	}
	rng := rand.New(rand.NewPCG(cfg.Seed, 0x1f83d9abfb41bd6b))
	return &Day{cfg: cfg, world: newWorld(cfg.Seed), calls: planCalls(rng, cfg)}
}

// Calls are the ids of the day's calls, in the order in which they begin, each with its first window and the one after its last.
func (d *Day) Calls() []Span {
	spans := make([]Span, len(d.calls))
	for i, p := range d.calls {
		spans[i] = Span{
			CallID: d.newCall(p).id,
			From:   d.cfg.Start.Add(time.Duration(p.first) * windowMs * time.Millisecond),
			To:     d.cfg.Start.Add(time.Duration(p.first+p.windows) * windowMs * time.Millisecond),
		}
	}
	return spans
}

// Span is when a call runs.
type Span struct {
	CallID   string
	From, To time.Time
}

// Partition gives the rows of one partition, from 0 to Config.Partitions-1, in the order of time. Each may be read by a goroutine
// of its own.
func (d *Day) Partition(n int) *Feed {
	f := &Feed{day: d}
	for i, p := range d.calls {
		if i%d.cfg.Partitions == n {
			f.waiting = append(f.waiting, p)
		}
	}
	if len(f.waiting) > 0 {
		f.window = f.waiting[0].first
	}
	return f
}

// Feed is the rows of one partition. It is not safe for concurrent use.
type Feed struct {
	day     *Day
	waiting []plan // in the order in which they begin
	running []*call
	window  int // the next
	at      int // the next of the running calls in this window
}

// Next adds rows to a batch until it has at least so many of e2e; false means that the day is over.
func (f *Feed) Next(b *row.Batch, atLeast int) bool {
	for len(b.E2E) < atLeast {
		if !f.step(b) {
			return false
		}
	}
	return true
}

// step makes the rows of one call in one window.
func (f *Feed) step(b *row.Batch) bool {
	if f.at == 0 {
		for len(f.waiting) > 0 && f.waiting[0].first <= f.window {
			f.running = append(f.running, f.day.newCall(f.waiting[0]))
			f.waiting = f.waiting[1:]
		}
	}
	if len(f.running) == 0 {
		if len(f.waiting) == 0 {
			return false
		}
		f.window = f.waiting[0].first
		return true
	}
	f.running[f.at].write(f.window, b)
	if f.at++; f.at < len(f.running) {
		return true
	}
	f.window, f.at = f.window+1, 0
	f.running = slices.DeleteFunc(f.running, func(c *call) bool { return f.window >= c.first+c.windows })
	return true
}
