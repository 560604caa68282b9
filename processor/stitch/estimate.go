package stitch

import "math"

// Estimate is the round-trip time of a link as of an instant.
type Estimate struct {
	Us     float32 // bias removed
	ErrUs  float32 // standard error without Lean
	LeanUs float32 // what may be left of the bias: it has the same sign on every hop
	AgeUs  int64
	Source Source
	Side   Side
	Status Status
}

// BandUs is the error band of the link alone.
func (e *Estimate) BandUs() float32 {
	return float32(math.Sqrt(float64(e.ErrUs*e.ErrUs + e.LeanUs*e.LeanUs)))
}

// What the error band is made of.
const (
	// driftPerSecond is by how much a delay may wander unseen, in µs per second of age.
	driftPerSecond = 50
	// imputedDrift is the same beyond the time to live.
	imputedDrift = 400
	// singleSigma stands for the deviation of too few points.
	singleSigma = 700
	// leanFloor is what noise leaves even at the lowest of many points, leanShare what may be wrong with what was taken off.
	leanFloor = 500
	leanShare = 0.25
	// leanUnknown is what noise adds to a point of which nothing is known.
	leanUnknown = 900
)

// Scratch is memory that estimating takes; the zero value is ready to use.
type Scratch struct{ view view }

// Settle ends a window: it settles by which source the link goes, lets the sources learn their biases, and estimates as of
// each of the window's instants, the last of which is its end. Estimates older than impute stand for none.
func (l Link) Settle(s *Scratch, instants []int64, impute int64, into []Estimate) []Estimate {
	v, end := &s.view, instants[len(instants)-1]
	v.look(l, end)
	v.choose(&l.First.Choice, end)
	v.learn(l)
	return l.each(v, instants, 0, impute, into)
}

// Since estimates as of each instant by sources that have measured since a time, the beginning of an epoch. What the link's
// sources said before still tells their noise from a new delay, for it is the same link; but it does not stand for the present.
func (l Link) Since(s *Scratch, instants []int64, notBefore, impute int64, into []Estimate) []Estimate {
	s.view.look(l, instants[len(instants)-1])
	return l.each(&s.view, instants, notBefore, impute, into)
}

// each estimates from the last instant, which the view shows, back to the first.
func (l Link) each(v *view, instants []int64, notBefore, impute int64, into []Estimate) []Estimate {
	n := len(into)
	into = append(into, make([]Estimate, len(instants))...)
	for i := len(instants) - 1; i >= 0; i-- {
		at := instants[i]
		if i < len(instants)-1 {
			v.back(l, at)
		}
		into[n+i] = v.at(l, at, max(notBefore, at-impute))
	}
	return into
}

// at estimates as of an instant by the chosen source, or by the best of the others where it is silent.
func (v *view) at(l Link, at, notBefore int64) Estimate {
	var best *reading
	var bestCost float32
	for i := range v.n {
		r := &v.seen[i]
		cost := ranks[r.place.source-1]
		if r.place == l.First.Choice.place {
			cost = -1
		}
		if r.n == 0 || r.newest < notBefore {
			continue
		}
		if r.until < at {
			cost += 1e6 + float32(at-r.newest) // any that lives goes first, then the youngest
		}
		if best == nil || cost < bestCost {
			best, bestCost = r, cost
		}
	}
	if best == nil {
		return Estimate{Status: Missing}
	}
	return v.estimate(best, l.series(best.place), at)
}

func (v *view) estimate(r *reading, s *Series, at int64) Estimate {
	bias, own := v.bias(r, s)
	e := Estimate{
		Us: max(r.us-bias, 1), Source: r.place.source, Side: r.place.side, Status: Measured, AgeUs: at - r.newest,
	}
	age := float32(e.AgeUs) / 1e6
	drift := age * driftPerSecond
	if r.until < at {
		e.Status = Imputed
		drift = age * imputedDrift
	}
	sigma := r.sigma
	if r.n < enough {
		sigma = max(sigma, singleSigma)
	}
	// 1.25 is what a median has more than a mean where errors are normal. The points of a window are the next one's too, and
	// jitter is flatter than normal, so its median is worse.
	dispersion := (1.5 + (1-own)*0.75) * sigma / float32(math.Sqrt(float64(r.n)))
	e.ErrUs = hypot(dispersion, drift, r.held/2)
	e.LeanUs = leanFloor + leanShare*bias
	if r.n < enough {
		e.LeanUs += (leanUnknown - leanFloor) * float32(enough-r.n) / enough
	}
	// Where jitter hides the noise, nothing was taken off for it.
	e.LeanUs += (1 - own) * (leanUnknown - leanFloor)
	return e
}

func hypot(v ...float32) float32 {
	sum := float32(0)
	for _, x := range v {
		sum += x * x
	}
	return float32(math.Sqrt(float64(sum)))
}
