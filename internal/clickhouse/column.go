package clickhouse

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// column is a Column taken apart: flat values in one slice, and beside it what makes arrays, maps and NULLs of them.
type column struct {
	rows     int
	form     form
	flat     any      // []T
	elements int      // of arrays and maps: the length of flat
	keys     []string // of maps
	offsets  []uint64 // of arrays and maps: where each row ends
	nulls    []uint8  // 1 = NULL

	refuse  func(error)      // ends the insert
	typ     proto.ColumnType // the server's, known before encoding
	payload []part
}

type form uint8

const (
	formPlain form = iota
	formNullable
	formArray
	formMap
)

// newColumn takes a slice apart.
func newColumn(values any) (*column, error) {
	for _, take := range takers {
		if c := take(values); c != nil {
			return c, c.check()
		}
	}
	return nil, fmt.Errorf("values of type %T are not understood", values)
}

var takers = []func(any) *column{
	take[string], take[float32], take[uint32], take[time.Time], take[uint8], take[uint16], take[uint64], take[float64],
	take[bool], take[int8], take[int16], take[int32], take[int64],
}

func take[T any](values any) *column {
	switch v := values.(type) {
	case []T:
		return &column{rows: len(v), flat: v}
	case [][]T:
		flat, offsets := flatten(v)
		return &column{rows: len(v), form: formArray, flat: flat, elements: len(flat), offsets: offsets}
	case []sql.Null[T]:
		flat, nulls := make([]T, len(v)), make([]uint8, len(v))
		for i := range v {
			if v[i].Valid {
				flat[i] = v[i].V
			} else {
				nulls[i] = 1
			}
		}
		return &column{rows: len(v), form: formNullable, flat: flat, nulls: nulls}
	case []*T:
		flat, nulls := make([]T, len(v)), make([]uint8, len(v))
		for i, p := range v {
			if p != nil {
				flat[i] = *p
			} else {
				nulls[i] = 1
			}
		}
		return &column{rows: len(v), form: formNullable, flat: flat, nulls: nulls}
	case []map[string]T:
		return takeMaps(v)
	case *Nullable[T]:
		return &column{rows: len(v.Values), form: formNullable, flat: v.Values, nulls: v.Nulls}
	case *Array[T]:
		return &column{rows: len(v.Ends), form: formArray, flat: v.Values, elements: len(v.Values), offsets: v.Ends}
	case *Map[T]:
		return &column{rows: len(v.Ends), form: formMap, flat: v.Values, elements: len(v.Values), keys: v.Keys, offsets: v.Ends}
	default:
		return nil
	}
}

func flatten[T any](v [][]T) ([]T, []uint64) {
	total := 0
	for _, row := range v {
		total += len(row)
	}
	flat, offsets := make([]T, 0, total), make([]uint64, len(v))
	for i, row := range v {
		flat = append(flat, row...)
		offsets[i] = uint64(len(flat))
	}
	return flat, offsets
}

// takeMaps writes the keys of a map in their order, so that equal rows become equal bytes.
func takeMaps[T any](v []map[string]T) *column {
	total := 0
	for _, m := range v {
		total += len(m)
	}
	c := &column{rows: len(v), form: formMap, keys: make([]string, 0, total), offsets: make([]uint64, len(v))}
	flat := make([]T, 0, total)
	for i, m := range v {
		first := len(c.keys)
		for k := range m {
			c.keys = append(c.keys, k)
		}
		slices.SortFunc(c.keys[first:], cmp.Compare[string])
		for _, k := range c.keys[first:] {
			flat = append(flat, m[k])
		}
		c.offsets[i] = uint64(len(c.keys))
	}
	c.flat, c.elements = flat, len(flat)
	return c
}

// check finds flat values whose parts do not belong together; the server would read them as garbage.
func (c *column) check() error {
	switch c.form {
	case formNullable:
		if len(c.nulls) != c.rows {
			return fmt.Errorf("%d values but %d marks for NULL", c.rows, len(c.nulls))
		}
	case formArray, formMap:
		last := uint64(0)
		for i, end := range c.offsets {
			if end < last {
				return fmt.Errorf("row %d ends before the row above it", i)
			}
			last = end
		}
		if last != uint64(c.elements) {
			return fmt.Errorf("the rows end at %d, but there are %d values", last, c.elements)
		}
		if c.form == formMap && len(c.keys) != c.elements {
			return fmt.Errorf("%d keys but %d values", len(c.keys), c.elements)
		}
	}
	return nil
}

// nanIsNull makes NULLs of a float column's NaNs; other plain values have none.
func (c *column) nanIsNull() {
	c.nulls = make([]uint8, c.rows)
	switch v := c.flat.(type) {
	case []float32:
		for i, f := range v {
			if f != f { //nolint:gocritic // the quickest test for NaN
				c.nulls[i] = 1
			}
		}
	case []float64:
		for i, f := range v {
			if math.IsNaN(f) {
				c.nulls[i] = 1
			}
		}
	}
}

// Infer is told the server's type of the column and chooses how to encode.
func (c *column) Infer(t proto.ColumnType) error {
	err := c.choose(t)
	if err != nil {
		c.refuse(err)
	}
	return err
}

func (c *column) choose(t proto.ColumnType) error {
	c.typ, c.payload = t, nil
	add := func(elem string, values any) error {
		p, err := newPart(elem, values)
		c.payload = append(c.payload, p)
		return err
	}
	mismatch := func() error { return fmt.Errorf("the table's type %s does not fit the values given", t) }
	typ := string(t)
	if elem, ok := argument(typ, "Nullable"); ok {
		switch c.form {
		case formPlain:
			c.nanIsNull()
		case formNullable:
		default:
			return mismatch()
		}
		return add(elem, c.flat)
	}
	if elem, ok := argument(typ, "Array"); ok {
		if c.form != formArray {
			return mismatch()
		}
		return add(elem, c.flat)
	}
	if elem, ok := argument(typ, "Map"); ok {
		// A key type has no comma in it.
		key, value, _ := strings.Cut(elem, ",")
		if c.form != formMap {
			return mismatch()
		}
		if err := add(strings.TrimSpace(key), c.keys); err != nil {
			return err
		}
		return add(strings.TrimSpace(value), c.flat)
	}
	if c.form != formPlain {
		return mismatch()
	}
	return add(typ, c.flat)
}

// argument returns X of "outer(X)".
func argument(typ, outer string) (string, bool) {
	inner, ok := strings.CutPrefix(typ, outer+"(")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(inner, ")")
}

// Type, Rows, EncodeState, EncodeColumn and WriteColumn make column what ch-go sends.
func (c *column) Type() proto.ColumnType { return c.typ }

// Rows is the number of rows.
func (c *column) Rows() int { return c.rows }

// EncodeState writes what stands before the data: the version of each dictionary.
func (c *column) EncodeState(b *proto.Buffer) {
	for _, p := range c.payload {
		p.state(b)
	}
}

// EncodeColumn writes the data.
func (c *column) EncodeColumn(b *proto.Buffer) {
	if c.payload == nil {
		return
	}
	b.Buf = append(b.Buf, c.nulls...)
	for _, o := range c.offsets {
		b.PutUInt64(o)
	}
	for _, p := range c.payload {
		p.encode(b)
	}
}

// WriteColumn is EncodeColumn for a connection without compression.
func (c *column) WriteColumn(w *proto.Writer) { w.ChainBuffer(c.EncodeColumn) }
