// Package row holds the rows of the tables samples, streams, hops, e2e, events and dead_letters, field for column. The stitcher's findings go in;
// the inserter takes them out column by column. schemas/clickhouse/migrations says what each column means; units are in the
// names.
package row

import (
	"math"
	"slices"
)

// Float is a figure that may not be known: Nullable(Float32).
type Float struct {
	Value float32
	Valid bool
}

// Some is a known figure. NaN and infinities are not figures.
func Some[T float32 | float64](v T) Float {
	f := float32(v)
	if f-f != 0 { // NaN or infinite
		return Float{}
	}
	return Float{f, true}
}

// Or returns the figure, or other where there is none.
func (f Float) Or(other float32) float32 {
	if f.Valid {
		return f.Value
	}
	return other
}

// OrNaN returns the figure as package quality wants it.
func (f Float) OrNaN() float64 {
	if f.Valid {
		return float64(f.Value)
	}
	return math.NaN()
}

// Ptr points at the figure, or is nil where there is none.
func (f *Float) Ptr() *float32 {
	if f.Valid {
		return &f.Value
	}
	return nil
}

// Batch collects rows. The arrays inside E2E rows are cut from arenas that the batch owns, or shared between rows: they are
// valid until Reset, and must not be written or appended to.
type Batch struct {
	Samples []Sample
	Streams []Stream
	Hops    []Hop
	E2E     []E2E
	Events  []Event
	Dead    []DeadLetter

	strings  arena[string]
	floats   arena[float32]
	ages     arena[uint32]
	sources  arena[RTTSource]
	statuses arena[HopStatus]
}

// Len is the number of rows of all tables.
func (b *Batch) Len() int {
	return len(b.Samples) + len(b.Streams) + len(b.Hops) + len(b.E2E) + len(b.Events) + len(b.Dead)
}

// Reset empties the batch and keeps its memory. Rows taken from it before are invalid afterwards.
func (b *Batch) Reset() {
	b.Samples, b.Streams, b.Hops, b.E2E = b.Samples[:0], b.Streams[:0], b.Hops[:0], b.E2E[:0]
	b.Events, b.Dead = b.Events[:0], b.Dead[:0]
	b.strings.reset()
	b.floats.reset()
	b.ages.reset()
	b.sources.reset()
	b.statuses.reset()
}

// Truncate drops what was appended since the tables had so many rows.
func (b *Batch) Truncate(samples, streams, hops, e2e, events int) {
	cut(&b.Samples, samples)
	cut(&b.Streams, streams)
	cut(&b.Hops, hops)
	cut(&b.E2E, e2e)
	cut(&b.Events, events)
}

func cut[R any](rows *[]R, n int) { *rows = (*rows)[:n] }

// Clone returns a copy that shares nothing with b.
func (b *Batch) Clone() *Batch {
	c := &Batch{
		Samples: slices.Clone(b.Samples),
		Streams: slices.Clone(b.Streams),
		Hops:    slices.Clone(b.Hops),
		E2E:     slices.Clone(b.E2E),
		Events:  slices.Clone(b.Events),
		Dead:    slices.Clone(b.Dead),
	}
	for i := range c.E2E {
		r := &c.E2E[i]
		for _, p := range []*[]string{&r.SFUPath, &r.RegionPath, &r.HopFrom, &r.HopTo, &r.BudgetMissing} {
			*p = slices.Clone(*p)
		}
		r.HopRTTMs, r.HopErrMs = slices.Clone(r.HopRTTMs), slices.Clone(r.HopErrMs)
		r.HopAgeMs = slices.Clone(r.HopAgeMs)
		r.HopSource, r.HopStatus = slices.Clone(r.HopSource), slices.Clone(r.HopStatus)
	}
	return c
}

// AddSample appends an empty row and returns it, to be filled in before the next is added; so do the others.
func (b *Batch) AddSample() *Sample { return add(&b.Samples) }

// AddStream appends an empty row.
func (b *Batch) AddStream() *Stream { return add(&b.Streams) }

// AddHop appends an empty row.
func (b *Batch) AddHop() *Hop { return add(&b.Hops) }

// AddE2E appends an empty row.
func (b *Batch) AddE2E() *E2E { return add(&b.E2E) }

// AddEvent appends an empty row.
func (b *Batch) AddEvent() *Event { return add(&b.Events) }

// AddDead appends an empty row.
func (b *Batch) AddDead() *DeadLetter { return add(&b.Dead) }

// add empties a row when it is about to be filled in, and so still in the processor's cache then.
func add[R any](rows *[]R) *R {
	var empty R
	n := len(*rows)
	if n < cap(*rows) {
		*rows = (*rows)[:n+1]
		(*rows)[n] = empty
	} else {
		*rows = append(*rows, empty)
	}
	return &(*rows)[n]
}

// Strings returns n empty strings of the batch's memory.
func (b *Batch) Strings(n int) []string { return b.strings.take(n) }

// Floats returns n zeros of the batch's memory.
func (b *Batch) Floats(n int) []float32 { return b.floats.take(n) }

// Ages returns n zeros of the batch's memory.
func (b *Batch) Ages(n int) []uint32 { return b.ages.take(n) }

// Sources returns n zeros of the batch's memory.
func (b *Batch) Sources(n int) []RTTSource { return b.sources.take(n) }

// HopStatuses returns n zeros of the batch's memory.
func (b *Batch) HopStatuses(n int) []HopStatus { return b.statuses.take(n) }

// chunk is how many elements an arena gets at a time.
const chunk = 4096

// arena cuts small slices from large ones. Chunks stay where they are, so that slices cut earlier stay valid.
type arena[T any] struct {
	chunks [][]T
	used   int // of the chunk at
	at     int
}

func (a *arena[T]) take(n int) []T {
	for a.at < len(a.chunks) && len(a.chunks[a.at])-a.used < n {
		a.at, a.used = a.at+1, 0
	}
	if a.at == len(a.chunks) {
		a.chunks = append(a.chunks, make([]T, max(n, chunk)))
	}
	s := a.chunks[a.at][a.used : a.used+n : a.used+n]
	a.used += n
	return s
}

func (a *arena[T]) reset() {
	for i := 0; i < len(a.chunks) && i <= a.at; i++ {
		clear(a.chunks[i])
	}
	a.at, a.used = 0, 0
}
