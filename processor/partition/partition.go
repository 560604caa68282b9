// Package partition turns the records of one Kafka partition into rows. Records (samples of many calls) go in, in order;
// rows of samples and streams come out at once, rows of hops and e2e when a call's window closes. The same records give the
// same rows, byte for byte, however they are cut into batches.
//
// A partition reads no clock and does no I/O: time is the records' own, and what Advance is told. It is not safe for
// concurrent use.
package partition

import (
	"time"

	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/quality"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/processor/window"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Record is one Kafka record of the samples topic.
type Record struct {
	// Key is the call id.
	Key []byte
	// Value is one earshot.v1.Sample. It is not kept: the caller may use the memory again after Apply.
	Value []byte
	// Time is when the collector received the sample: the record's time.
	Time time.Time
}

// Partition is the state of the calls of one Kafka partition.
type Partition struct {
	cfg     Config
	grid    window.Grid
	closing window.Closing
	quality *quality.Model
	renewal renewal
	impute  int64
	idle    int64

	now    int64 // the latest record time so far
	calls  map[callKey]*call
	due    schedule
	names  map[string]string
	counts Counts

	// Memory that is used again for every sample and window.
	sample  earshotv1.Sample
	touched []*end
	near    int
	work    work
	silent  row.Batch // rows of states that do not speak for their calls
	at      *call     // that is worked on
	mark    mark      // where rows ended before
	trouble string    // of the last panic
}

type callKey struct{ tenant, id string }

// New makes a Partition without any call.
func New(cfg Config) *Partition {
	cfg = cfg.withDefaults()
	p := &Partition{
		cfg:     cfg,
		grid:    window.Grid{Size: cfg.Window.Microseconds(), Step: cfg.Step.Microseconds()},
		quality: cfg.Quality,
		impute:  cfg.Impute.Microseconds(),
		idle:    cfg.Idle.Microseconds(),
		calls:   map[callKey]*call{},
		names:   map[string]string{},
	}
	p.renewal = newRenewal(p.grid, cfg.Renew.Microseconds(), cfg.Warmup.Microseconds())
	p.closing = window.Closing{Grid: p.grid, Lateness: cfg.Lateness.Microseconds(), IdleIntervals: int64(cfg.IdleIntervals)}
	return p
}

// Advance closes the windows that are due at a record time, as a record of another call would. What decides the rows is the order
// of records and advances, so whoever advances must do it at the same places again.
func (p *Partition) Advance(now time.Time, out *row.Batch) {
	p.advance(now.UnixMicro(), out)
}

// Due is the record time at which the next window is to be closed, or the next call to be forgotten; ok is false where there is
// none.
func (p *Partition) Due() (at time.Time, ok bool) {
	if len(p.due) == 0 {
		return at, false
	}
	return time.UnixMicro(p.due[0].dueAt), true
}

// Counts returns what has been counted so far.
func (p *Partition) Counts() Counts {
	c := p.counts
	c.Calls = len(p.calls)
	for _, call := range p.calls {
		c.Sources += len(call.sources)
		c.add(call.counts())
	}
	return c
}

// counts are those of the graph since the state speaks.
func (c *call) counts() graph.Counts {
	n := c.graph.Counts()
	return graph.Counts{Conflicts: n.Conflicts - c.uncounted.Conflicts, Loops: n.Loops - c.uncounted.Loops}
}

func (c *Counts) add(g graph.Counts) {
	c.Conflicts += g.Conflicts
	c.Loops += g.Loops
}
