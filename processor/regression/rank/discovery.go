package rank

import "slices"

// Adjust turns p-values into q-values: keeping those up to q, a share of q of what is kept is there by chance (Benjamini and Hochberg
// 1995). tests is how many were made in all; those that are not among p count as 1, which can only make the others larger.
func Adjust(p []float64, tests int) []float64 {
	tests = max(tests, len(p))
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	q := make([]float64, len(p))
	least := 1.0
	for rank := len(order); rank >= 1; rank-- {
		i := order[rank-1]
		least = min(least, p[i]*float64(tests)/float64(rank))
		q[i] = least
	}
	return q
}
