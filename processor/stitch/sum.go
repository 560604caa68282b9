package stitch

import "math"

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
	for i := 1; i < len(sums); i++ { // few, and mostly in order
		s, j := sums[i], i
		for ; j > 0 && sums[j-1].after(&s); j-- {
			sums[j] = sums[j-1]
		}
		sums[j] = s
	}
	return &sums[(len(sums)-1)/2]
}

func (s *Sum) after(o *Sum) bool { return s.Us > o.Us || s.Us == o.Us && s.Instant > o.Instant }
