package regression_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// world is so many observations of a minute: calls of six directions each, between 12 regions with an SFU each, 300 operators and 4 versions.
func world(r *rand.Rand, minute, observations int) []regression.Observation {
	var out []regression.Observation
	for len(out) < observations {
		call := len(out) / 6
		lives := minute / 20 // calls are others every twenty minutes
		who := rand.New(rand.NewPCG(uint64(call), uint64(lives)))
		var ends [3]regression.End
		var own [3]float64
		for i := range ends {
			region := who.IntN(12)
			ends[i] = regression.End{Region: fmt.Sprint("r", region), ASN: uint32(1000*region + who.IntN(25)), Version: fmt.Sprint("v", who.IntN(4))}
			own[i] = 20 + 20*who.Float64() + 2*r.ExpFloat64()
		}
		for i := range ends {
			for j := range ends {
				if i == j {
					continue
				}
				a, b := "s"+ends[i].Region, "s"+ends[j].Region
				o := regression.Observation{Call: fmt.Sprint(call, "-", lives), Publisher: ends[i], Subscriber: ends[j], Path: []string{a}, Hops: []float64{own[i]}}
				if a != b {
					o.Path, o.Hops = append(o.Path, b), append(o.Hops, 80+r.ExpFloat64())
				}
				o.Hops = append(o.Hops, own[j])
				for _, h := range o.Hops {
					o.RTT += h
				}
				out = append(out, o)
			}
		}
	}
	return out
}

// BenchmarkEvaluate is a minute of 3,000 observations, with half an hour of them held and three hours and a season behind.
func BenchmarkEvaluate(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	d, err := regression.New(regression.Config{})
	require.NoError(b, err)
	season := d.NewProfile()
	at := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	minute := 0
	next := func() (time.Time, []regression.Observation) {
		minute++
		return at.Add(time.Duration(minute) * time.Minute), world(r, minute, 3000)
	}
	for range 60 {
		season.Add(next())
	}
	for range 210 {
		d.Add(next())
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		start, observations := next()
		b.StartTimer()
		d.Add(start, observations)
		d.Evaluate(season, nil)
	}
	b.ReportMetric(3000, "observations/op")
}
