package regression

import (
	"cmp"
	"slices"
)

// reservoir is a fair sample of what came by, of bounded size, one value for each key: the keys with the least hashes (Cohen and Kaplan
// 2007, "Summarizing data using bottom-k sketches"). It does not depend on the order in which values came, and two can be merged.
type reservoir[T any] struct {
	kept    []kept[T] // by key
	windows int32     // in which something came
	last    int64
}

type kept[T any] struct {
	key   uint64 // hash of a call
	pick  uint32 // of several values with one key that with the least pick stays
	value T
}

func (r *reservoir[T]) add(most int, window int64, k kept[T]) {
	if window != r.last || r.windows == 0 {
		r.windows++
		r.last = window
	}
	r.put(most, k)
}

func (r *reservoir[T]) put(most int, k kept[T]) {
	n := len(r.kept)
	if n == most && r.kept[n-1].key < k.key {
		return
	}
	i, found := slices.BinarySearchFunc(r.kept, k.key, func(a kept[T], key uint64) int { return cmp.Compare(a.key, key) })
	switch {
	case found:
		if k.pick < r.kept[i].pick {
			r.kept[i] = k
		}
	case n == most:
		copy(r.kept[i+1:], r.kept[i:n-1])
		r.kept[i] = k
	default:
		r.kept = slices.Insert(r.kept, i, k)
	}
}

// merge adds what came to o, in other windows than here.
func (r *reservoir[T]) merge(most int, o *reservoir[T]) {
	r.windows += o.windows
	for _, k := range o.kept {
		r.put(most, k)
	}
}
