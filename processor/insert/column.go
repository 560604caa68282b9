package insert

import (
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/quality"
	"github.com/earshot-rtc/earshot/processor/row"
)

// column is a column's name and where its values come from.
type column[R any] struct {
	name string
	from values[R]
}

// values gathers one column's values from rows into memory of its own.
type values[R any] interface {
	fill(rows []R) any
	reset()
}

// plain takes a value as it is.
type plain[R, T any] struct {
	get func(*R) T
	buf []T
}

func (c *plain[R, T]) fill(rows []R) any {
	c.buf = c.buf[:0]
	for i := range rows {
		c.buf = append(c.buf, c.get(&rows[i]))
	}
	return c.buf
}

func (c *plain[R, T]) reset() { clear(c.buf) }

func value[R, T any](name string, get func(*R) T) column[R] {
	return column[R]{name, &plain[R, T]{get: get}}
}

// nullable gives NULL where there is no figure, over a zero: what lies under a NULL is stored, and read by functions that do
// not look at it.
type nullable[R any] struct {
	get func(*R) row.Float
	buf clickhouse.Nullable[float32]
}

func (c *nullable[R]) fill(rows []R) any {
	c.buf.Reset()
	for i := range rows {
		f := c.get(&rows[i])
		c.buf.Append(f.Or(0), f.Valid)
	}
	return &c.buf
}

func (c *nullable[R]) reset() {}

func optional[R any](name string, get func(*R) row.Float) column[R] {
	return column[R]{name, &nullable[R]{get: get}}
}

// enum gives an Enum8 column its numbers.
func enum[R any, E ~int8](name string, get func(*R) E) column[R] {
	return value(name, func(r *R) int8 { return int8(get(r)) })
}

// array lays arrays end to end.
type array[R, T any] struct {
	get func(*R) []T
	buf clickhouse.Array[T]
}

func (c *array[R, T]) fill(rows []R) any {
	c.buf.Reset()
	for i := range rows {
		c.buf.Append(c.get(&rows[i])...)
	}
	return &c.buf
}

func (c *array[R, T]) reset() { clear(c.buf.Values) }

func list[R, T any](name string, get func(*R) []T) column[R] {
	return column[R]{name, &array[R, T]{get: get}}
}

// enums is array for Array(Enum8).
type enums[R any, E ~int8] struct {
	get func(*R) []E
	buf clickhouse.Array[int8]
}

func (c *enums[R, E]) fill(rows []R) any {
	c.buf.Reset()
	for i := range rows {
		for _, e := range c.get(&rows[i]) {
			c.buf.Values = append(c.buf.Values, int8(e))
		}
		c.buf.End()
	}
	return &c.buf
}

func (c *enums[R, E]) reset() {}

func enumList[R any, E ~int8](name string, get func(*R) []E) column[R] {
	return column[R]{name, &enums[R, E]{get: get}}
}

// parts gives a Map column from the parts of a score, in their own order.
type parts[R any] struct {
	get func(*R) *quality.Parts
	buf clickhouse.Map[float32]
}

func (c *parts[R]) fill(rows []R) any {
	c.buf.Reset()
	for i := range rows {
		for name, v := range c.get(&rows[i]).All() {
			c.buf.Set(name, v)
		}
		c.buf.End()
	}
	return &c.buf
}

func (c *parts[R]) reset() {}

func scoreParts[R any](name string, get func(*R) *quality.Parts) column[R] {
	return column[R]{name, &parts[R]{get: get}}
}
