package stitch

import (
	"math"
	"slices"
)

// Sum is what the hops of a path come to at one instant. The zero value is the sum of none.
type Sum struct {
	Instant int
	Us      float32 // of the hops that are known
	Known   int     // hops with a value
	Imputed int     // of them, by an older value

	squares float32
	lean    float32
}

// Add takes one hop in. Errors are independent of one another, so they add in quadrature; what may be left of the bias
// leans the same way everywhere, so it adds up.
func (s *Sum) Add(e *Estimate) {
	if e.Status == Missing {
		return
	}
	s.Us += e.Us
	s.squares += e.ErrUs * e.ErrUs
	s.lean += e.LeanUs
	s.Known++
	if e.Status == Imputed {
		s.Imputed++
	}
}

// ErrUs is the error band of the sum.
func (s *Sum) ErrUs() float32 { return float32(math.Sqrt(float64(s.squares + s.lean*s.lean))) }

// Median sorts sums of one path by size and returns the middle one, the earlier of two; sums must not be empty.
func Median(sums []Sum) *Sum {
	slices.SortFunc(sums, func(a, b Sum) int {
		switch {
		case a.Us < b.Us:
			return -1
		case a.Us > b.Us:
			return 1
		}
		return a.Instant - b.Instant
	})
	return &sums[(len(sums)-1)/2]
}
