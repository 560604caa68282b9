package regression

import "math"

// onset is the index of the window in which values rose by a shift for good: the cumulative sum of what they have beyond half of it
// (Page 1954) begins to grow there and does not come back to nothing. NaN is a window without a value.
func onset(values []float64, shift float64) int {
	sum, begin := 0.0, -1
	last := len(values) - 1
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		// A single outlier may count for two steps, no more.
		sum += min(v, 2*shift) - shift/2
		if sum <= 0 {
			sum, begin = 0, -1
		} else if begin < 0 {
			begin = i
		}
	}
	if begin < 0 {
		return last
	}
	return begin
}
