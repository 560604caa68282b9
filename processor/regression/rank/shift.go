package rank

import (
	"math"
	"slices"
)

// Interval is an estimate and the bounds within which the truth is with some confidence.
type Interval struct{ Estimate, Low, High float64 }

// pairsLimit bounds the differences that Shift looks at; larger samples are thinned evenly by rank.
const pairsLimit = 40_000

// Shift is by how much x lies above y: the median of the differences between any of x and any of y (Hodges and Lehmann 1963), with the
// interval of Moses (Hollander and Wolfe, sections 4.2 and 4.3; normal approximation). Both are sorted.
func Shift(x, y []float64, confidence float64) Interval {
	if len(x) == 0 || len(y) == 0 {
		return Interval{math.NaN(), math.NaN(), math.NaN()}
	}
	slices.Sort(x)
	slices.Sort(y)
	n, m := float64(len(x)), float64(len(y))
	xs, ys := thin(x, 200), thin(y, pairsLimit/200)
	diff := make([]float64, 0, len(xs)*len(ys))
	for _, a := range xs {
		for _, b := range ys {
			diff = append(diff, a-b)
		}
	}
	slices.Sort(diff)
	// The bounds are order statistics of the differences; thinned samples have the same ones at the same share.
	z := math.Sqrt2 * math.Erfinv(confidence)
	share := 0.5 - z*math.Sqrt((n+m+1)/(12*n*m))
	low := int(math.Floor(share * float64(len(diff))))
	low = min(max(low, 0), len(diff)-1)
	return Interval{Median(diff), diff[low], diff[len(diff)-1-low]}
}

// thin takes as many of a sorted sample, evenly by rank.
func thin(s []float64, most int) []float64 {
	if len(s) <= most {
		return s
	}
	out := make([]float64, most)
	for i := range out {
		out[i] = s[(2*i+1)*len(s)/(2*most)]
	}
	return out
}

// Median of a sorted sample. That of none is not a number.
func Median(sorted []float64) float64 {
	n := len(sorted)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// Trimmed is the mean of a sorted sample without the given share at either end.
func Trimmed(sorted []float64, share float64) float64 {
	cut := int(share * float64(len(sorted)))
	sorted = sorted[cut : len(sorted)-cut]
	sum := 0.0
	for _, v := range sorted {
		sum += v
	}
	return sum / float64(len(sorted))
}
