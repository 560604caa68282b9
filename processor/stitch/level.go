package stitch

// level is what a history says of the present: the points since the delay last changed.
type level struct {
	us     float32 // median
	floor  float32 // lowest single measurement
	spread float32 // us - floor: how far measurements lie above what is there
	sigma  float32 // standard deviation, from the median absolute deviation
	n      int
	newest int64
	oldest int64
	until  int64
	// held is by how much the newest point stands out where it was left aside.
	held float32
	// lone says that the newest point stands out, so that it takes others to tell what it is.
	lone bool
	// young says that the source has so few points in all that the first may be anything: of the time when all began.
	young bool
}

// How far a point must be off to be of another delay: some milliseconds, and well beyond what successive points differ by.
const (
	stepUs      = 3_000
	stepNoise   = 4
	earlyStepUs = 5_000
)

// level finds the points of history i that belong together, newest first. A point that is alone with its value is noise,
// unless it is the newest: then it may be the first of a new delay. A fall is believed at once, since noise only adds; a rise, when
// other sources say the same, or with the second point.
func (v *view) level(i int) level {
	h := &v.all[i]
	limit := h.limit()
	first := 0
	var held float32
	lone := false
	if h.n > 1 {
		rise := h.us[0] - h.us[1]
		near := h.n > 2 && diff(h.us[0], h.us[2]) <= limit
		if lone = rise > limit && !near; lone && !v.confirms(i, h.at[1], (h.us[0]+h.us[1])/2) {
			first, held = 1, rise
		}
	}
	var us [depth]float32
	l := level{newest: h.at[first], until: h.until, held: held, lone: lone, floor: h.low[first], young: h.n < enough}
	sum := float32(0)
	for i := first; i < h.n; i++ {
		if l.n > 0 && diff(h.us[i], sum/float32(l.n)) > limit {
			if i+1 < h.n && diff(h.us[i+1], sum/float32(l.n)) <= limit {
				continue // alone
			}
			break
		}
		us[l.n] = h.us[i]
		l.n++
		sum += h.us[i]
		l.oldest = h.at[i]
		l.floor = min(l.floor, h.low[i])
	}
	l.us, l.sigma = spreadOf(us[:l.n])
	if l.n < fewPoints { // too few for their median deviation to tell; sorted by now
		l.sigma = max(l.sigma, (us[l.n-1]-us[0])/2)
	}
	l.spread = max(l.us-l.floor, 0)
	return l
}

// confirms says whether a source other than the one of history i has, since a time, measured more than us.
func (v *view) confirms(i int, since int64, us float32) bool {
	for j := range v.n {
		if o := &v.all[j]; j != i && o.n > 0 && o.at[0] > since && o.us[0] > us {
			return true
		}
	}
	return false
}

// limit is the difference from which on two points are of different delays.
func (h *history) limit() float32 {
	if h.n < 4 {
		return earlyStepUs
	}
	var d [depth]float32
	s := d[:h.n-1]
	low, high := h.us[0], h.us[0]
	for i := range s {
		s[i] = diff(h.us[i], h.us[i+1])
		low, high = min(low, h.us[i+1]), max(high, h.us[i+1])
	}
	if high-low <= stepUs {
		return stepUs // nothing can be further apart
	}
	order(s)
	return max(stepUs, stepNoise*s[len(s)/2])
}

// fewPoints is from how many on the median absolute deviation is to be believed. Half the range of two to five points
// stands for their deviation well enough.
const fewPoints = 6

// spreadOf returns the median, and the standard deviation that the median absolute deviation stands for. It sorts v.
func spreadOf(v []float32) (median, sigma float32) {
	n := len(v)
	order(v)
	median = (v[(n-1)/2] + v[n/2]) / 2
	// Deviations grow from the middle to both sides, so the middle one of them is found without sorting.
	below, above := (n-1)/2, n/2
	if below == above {
		below--
	}
	deviation := float32(0)
	for range (n + 1) / 2 {
		if below < 0 || above < n && v[above]-median < median-v[below] {
			deviation = v[above] - median
			above++
		} else {
			deviation = median - v[below]
			below--
		}
	}
	return median, 1.4826 * deviation
}

func diff(a, b float32) float32 {
	if a > b {
		return a - b
	}
	return b - a
}

// order sorts the few figures of a history; none is NaN.
func order(v []float32) {
	for i := 1; i < len(v); i++ {
		x, j := v[i], i
		for ; j > 0 && v[j-1] > x; j-- {
			v[j] = v[j-1]
		}
		v[j] = x
	}
}
