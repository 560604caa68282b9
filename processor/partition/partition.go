// Package partition turns the records of one Kafka partition into rows. Records (samples of many calls) go in, in order;
// rows of samples and streams come out at once, rows of hops and e2e when a call's window closes. The same records give the
// same rows, byte for byte, however they are cut into batches.
//
// A partition reads no clock and does no I/O: time is the records' own, and what Advance is told. It is not safe for
// concurrent use.
package partition

import (
	"time"

	"github.com/earshot-rtc/earshot/processor/row"
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
	cfg    Config
	counts Counts
}

// New makes a Partition without any call.
func New(cfg Config) *Partition {
	return &Partition{cfg: cfg.withDefaults()}
}

// Apply takes one record in and appends the rows that follow from it. An error is a *ReadError: the record cannot be read
// and belongs into the dead-letter topic; the partition is unharmed by it.
func (p *Partition) Apply(rec Record, out *row.Batch) error { return nil }

// Advance closes the windows that are due at now though no record came. Now is compared with record times, so it must not run ahead
// of them: call it only when the partition has been read to its end, with the wall clock less what the collectors' clocks may be
// behind. Windows that are closed here would have been closed by the next record in the same way.
func (p *Partition) Advance(now time.Time, out *row.Batch) {}

// Counts returns what has been counted so far.
func (p *Partition) Counts() Counts { return p.counts }
