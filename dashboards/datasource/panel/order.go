package panel

import (
	"cmp"
	"maps"
	"slices"
)

func has(words []string, word string) bool { return slices.Contains(words, word) }

// top are the n names with the greatest sums, the first in the alphabet of equals.
func top(sums map[string]uint64, n int) map[string]bool {
	names := slices.SortedFunc(maps.Keys(sums), func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b))
	})
	out := map[string]bool{}
	for _, name := range names[:min(n, len(names))] {
		out[name] = true
	}
	return out
}
