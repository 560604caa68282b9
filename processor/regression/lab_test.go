package regression_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// laboratory is one call of three people over three SFUs in a row, and nothing else.
type laboratory struct {
	rand *rand.Rand
	core [2]float64
}

func (l *laboratory) window() []regression.Observation {
	noise := func() float64 { return 0.4 + 0.5*l.rand.ExpFloat64() }
	sfus := []string{"fra", "iad", "sjc"}
	regions := []string{"eu", "us-east", "us-west"}
	var out []regression.Observation
	for p := range 3 {
		for s := range 3 {
			if p == s {
				continue
			}
			o := regression.Observation{Call: "demo", Publisher: regression.End{Region: regions[p]}, Subscriber: regression.End{Region: regions[s]}}
			step := 1
			if s < p {
				step = -1
			}
			o.Hops = append(o.Hops, 20+10*float64(p)+noise())
			for at := p; at != s; at += step {
				o.Path = append(o.Path, sfus[at])
				o.Hops = append(o.Hops, l.core[min(at, at+step)]+noise())
			}
			o.Path = append(o.Path, sfus[s])
			o.Hops = append(o.Hops, 20+10*float64(s)+noise())
			for _, h := range o.Hops {
				o.RTT += h
			}
			out = append(out, o)
		}
	}
	return out
}

func TestOneCallInALaboratoryIsEnoughForALinkBetweenSFUs(t *testing.T) {
	d, err := regression.New(regression.Config{Window: 10 * time.Second})
	require.NoError(t, err)
	l := &laboratory{rand.New(rand.NewPCG(1, 2)), [2]float64{90, 65}}
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	var known []regression.Regression
	next := func() []regression.Regression {
		d.Add(at, l.window())
		at = at.Add(10 * time.Second)
		changed := d.Evaluate(nil, known)
		for _, c := range changed {
			was := false
			for i := range known {
				if known[i].ID == c.ID {
					known[i], was = c, true
				}
			}
			if !was {
				known = append(known, c)
			}
		}
		return changed
	}
	for range 10 {
		require.Empty(t, next())
	}
	l.core[0] += 60
	step := at
	var opened []regression.Regression
	windows := 0
	for len(opened) == 0 && windows < 12 {
		opened = next()
		windows++
	}
	require.Len(t, opened, 1)
	r := opened[0]
	t.Log(windows, r.Summary(), r.Pairs)
	require.Equal(t, regression.SFULink, r.Cause)
	require.Equal(t, regression.Link{From: "fra", To: "iad"}, r.Link)
	require.WithinDuration(t, step, r.StartedAt, 10*time.Second)
	require.InDelta(t, 60, r.ShiftMs, 3)
	require.LessOrEqual(t, windows, 6)
	require.Len(t, r.Pairs, 4)

	for range 40 {
		require.Empty(t, next(), "nothing changes while it goes on")
	}
	l.core[0] -= 60
	var closed []regression.Regression
	for range 10 {
		if closed = next(); len(closed) > 0 {
			break
		}
	}
	require.Len(t, closed, 1)
	require.Equal(t, r.ID, closed[0].ID)
	require.Equal(t, regression.Resolved, closed[0].State)
	require.Equal(t, regression.Gone, closed[0].Reason)
	for range 40 {
		require.Empty(t, next(), "and it does not come back")
	}
}
