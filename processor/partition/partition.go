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
	impute  int64
	idle    int64

	calls  map[callKey]*call
	due    schedule
	names  map[string]string
	counts Counts

	// Memory that is used again for every sample and window.
	sample  earshotv1.Sample
	touched []*end
	near    int
	work    work
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
	p.closing = window.Closing{Grid: p.grid, Lateness: cfg.Lateness.Microseconds(), IdleIntervals: int64(cfg.IdleIntervals)}
	return p
}

// Advance closes the windows that are due at now though no record came. Now is compared with record times, so it must not
// run ahead of them: call it only when the partition has been read to its end, with the wall clock less what the collectors' clocks
// may be behind. Windows that are closed here would have been closed by the next record in the same way.
func (p *Partition) Advance(now time.Time, out *row.Batch) { p.closeDue(now.UnixMicro(), out) }

// Counts returns what has been counted so far.
func (p *Partition) Counts() Counts {
	c := p.counts
	c.Calls = len(p.calls)
	for _, call := range p.calls {
		c.Sources += len(call.sources)
		c.add(call.graph.Counts())
	}
	return c
}

func (c *Counts) add(g graph.Counts) {
	c.Conflicts += g.Conflicts
	c.Loops += g.Loops
}
