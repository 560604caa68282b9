package report

import (
	"math"
	"slices"
	"time"
)

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// round keeps microseconds of a number of milliseconds.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }

// median is nil for no values.
func median(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	v := slices.Clone(values)
	slices.Sort(v)
	m := round((v[(len(v)-1)/2] + v[len(v)/2]) / 2)
	return &m
}

// p95 is by the nearest rank, nil for no values.
func p95(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	v := slices.Clone(values)
	slices.Sort(v)
	m := round(v[int(math.Ceil(0.95*float64(len(v))))-1])
	return &m
}

func absolute(values []float64) []float64 {
	abs := make([]float64, len(values))
	for i, v := range values {
		abs[i] = math.Abs(v)
	}
	return abs
}

// share is 1 for nothing out of nothing.
func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return round(float64(part) / float64(whole))
}

// ratio is nil for nothing out of nothing.
func ratio(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	r := round(float64(part) / float64(whole))
	return &r
}
