// Package insert turns rows into columns: a row.Batch goes in, the columns of the six tables come out, ready for ClickHouse's
// native protocol. Its buffers are used again from batch to batch.
package insert

import (
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/row"
)

// Names of the tables.
const (
	Samples = "samples"
	Streams = "streams"
	Hops    = "hops"
	E2E     = "e2e"
	Events  = "events"
	Dead    = "dead_letters"
)

// Table is one table's share of a batch.
type Table struct {
	Name    string
	Rows    int
	Columns []clickhouse.Column
}

// Buffer holds the columns of one batch at a time. It is not safe for concurrent use.
type Buffer struct {
	samples table[row.Sample]
	streams table[row.Stream]
	hops    table[row.Hop]
	e2e     table[row.E2E]
	events  table[row.Event]
	dead    table[row.DeadLetter]
	out     []Table
}

// NewBuffer makes an empty Buffer.
func NewBuffer() *Buffer {
	return &Buffer{
		samples: newTable(Samples, sampleColumns()),
		streams: newTable(Streams, streamColumns()),
		hops:    newTable(Hops, hopColumns()),
		e2e:     newTable(E2E, e2eColumns()),
		events:  newTable(Events, eventColumns()),
		dead:    newTable(Dead, deadColumns()),
	}
}

// Fill converts a batch and returns the tables that have rows, always in the same order. What it returns is valid until
// the next Fill or Reset, and shares strings and arrays with the batch.
func (b *Buffer) Fill(batch *row.Batch) []Table {
	b.out = b.out[:0]
	b.out = b.samples.appendTo(b.out, batch.Samples)
	b.out = b.streams.appendTo(b.out, batch.Streams)
	b.out = b.hops.appendTo(b.out, batch.Hops)
	b.out = b.e2e.appendTo(b.out, batch.E2E)
	b.out = b.events.appendTo(b.out, batch.Events)
	b.out = b.dead.appendTo(b.out, batch.Dead)
	return b.out
}

// Reset lets go of what the last Fill took from its batch, and keeps the memory.
func (b *Buffer) Reset() {
	b.samples.reset()
	b.streams.reset()
	b.hops.reset()
	b.e2e.reset()
	b.events.reset()
	b.dead.reset()
}

// table is the columns of one table.
type table[R any] struct {
	name    string
	columns []column[R]
	out     []clickhouse.Column
}

func newTable[R any](name string, columns []column[R]) table[R] {
	return table[R]{name: name, columns: columns, out: make([]clickhouse.Column, len(columns))}
}

func (t *table[R]) appendTo(tables []Table, rows []R) []Table {
	if len(rows) == 0 {
		return tables
	}
	for i, c := range t.columns {
		t.out[i] = clickhouse.Column{Name: c.name, Values: c.from.fill(rows)}
	}
	return append(tables, Table{Name: t.name, Rows: len(rows), Columns: t.out})
}

func (t *table[R]) reset() {
	for _, c := range t.columns {
		c.from.reset()
	}
	clear(t.out)
}
