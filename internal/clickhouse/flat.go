package clickhouse

// Nullable holds a column of type Nullable(T) as the server has it: a value and a mark for each row. Give a Column a pointer.
type Nullable[T any] struct {
	Values []T
	Nulls  []uint8 // 1 = NULL
}

// Append adds a row.
func (n *Nullable[T]) Append(v T, valid bool) {
	n.Values = append(n.Values, v)
	mark := uint8(1)
	if valid {
		mark = 0
	}
	n.Nulls = append(n.Nulls, mark)
}

// Reset empties the column and keeps its memory.
func (n *Nullable[T]) Reset() { n.Values, n.Nulls = n.Values[:0], n.Nulls[:0] }

// Array holds a column of type Array(T) as the server has it: the elements of all rows in one slice, and where each row
// ends in it. Give a Column a pointer.
type Array[T any] struct {
	Values []T
	Ends   []uint64
}

// Append adds a row.
func (a *Array[T]) Append(row ...T) {
	a.Values = append(a.Values, row...)
	a.End()
}

// End ends a row whose elements were appended to Values directly.
func (a *Array[T]) End() { a.Ends = append(a.Ends, uint64(len(a.Values))) }

// Reset empties the column and keeps its memory.
func (a *Array[T]) Reset() { a.Values, a.Ends = a.Values[:0], a.Ends[:0] }

// Map holds a column of type Map(String, T) as the server has it: the pairs of all rows, and where each row ends. Give a
// Column a pointer. Set each row's pairs in the same order, where equal rows have to become equal bytes.
type Map[T any] struct {
	Keys   []string
	Values []T
	Ends   []uint64
}

// Set adds a pair to the row that the next End ends.
func (m *Map[T]) Set(key string, value T) {
	m.Keys = append(m.Keys, key)
	m.Values = append(m.Values, value)
}

// End ends a row.
func (m *Map[T]) End() { m.Ends = append(m.Ends, uint64(len(m.Values))) }

// Reset empties the column and keeps its memory.
func (m *Map[T]) Reset() { m.Keys, m.Values, m.Ends = m.Keys[:0], m.Values[:0], m.Ends[:0] }
