package regression_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/earshot-rtc/earshot/processor/regression"
)

func detector(t require.TestingT, cfg regression.Config) *regression.Detector {
	d, err := regression.New(cfg)
	require.NoError(t, err)
	return d
}

func TestTheCauseIsTheHopThatMoved(t *testing.T) {
	cases := []struct {
		name  string
		calls int
		make  func(*town)
		want  regression.Cause
		what  string
	}{
		{"link", 40, func(t *town) { t.core += 40 }, regression.SFULink, "fra-iad"},
		{"operator", 60, func(t *town) { t.operator[101] = 60 }, regression.AccessNetwork, "AS101"},
		{"SFU", 60, func(t *town) { t.site["fra"] = 50 }, regression.AccessSFU, "fra"},
		{"version", 60, func(t *town) { t.version["1.1"] = 60 }, regression.AppVersion, "1.1"},
		{"paths", 40, func(t *town) { t.detour = true }, regression.OtherPaths, "fra-iad"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			town, d := newTown(3, c.calls), detector(t, regression.Config{})
			var known []regression.Regression
			require.Empty(t, town.run(d, &known, 75), "nothing has happened")
			began := town.at
			c.make(town)
			said := town.run(d, &known, 20)
			require.Len(t, said, 1, "one cause, one regression")
			r := said[0]
			require.Equal(t, c.want, r.Cause, r.Summary())
			require.Equal(t, c.what, r.Segment())
			require.WithinDuration(t, began, r.StartedAt, 2*time.Minute)
			require.LessOrEqual(t, r.DetectedAt.Sub(began), 5*time.Minute)
			require.NotEmpty(t, r.Pairs)
			require.Less(t, r.ShiftLowMs, r.ShiftMs)
			require.Greater(t, r.ShiftHighMs, r.ShiftMs)
			require.Contains(t, r.Summary(), "since 2026-03-03 10:1")
		})
	}
}

func TestWhatDoesNotLastIsNotSaid(t *testing.T) {
	town, d := newTown(4, 40), detector(t, regression.Config{})
	var known []regression.Regression
	town.run(d, &known, 60)
	for range 5 {
		town.core += 80
		require.Empty(t, town.run(d, &known, 2))
		town.core -= 80
		require.Empty(t, town.run(d, &known, 6))
	}
}

func TestASmallShiftIsNotSaidHoweverCertain(t *testing.T) {
	for name, by := range map[string]float64{"below 20 ms": 17, "below 15 %": 25} {
		t.Run(name, func(t *testing.T) {
			town, d := newTown(5, 100), detector(t, regression.Config{})
			town.core = 90
			if name == "below 15 %" {
				town.core = 220
			}
			var known []regression.Regression
			town.run(d, &known, 60)
			town.core += by
			require.Empty(t, town.run(d, &known, 30))
		})
	}
}

func TestOneBadCallOfManySaysNothing(t *testing.T) {
	town, d := newTown(6, 30), detector(t, regression.Config{})
	var known []regression.Regression
	town.run(d, &known, 60)
	for range 60 {
		start, observations := town.window()
		observations[0].Hops[1] += 200 // of its link
		observations[0].Hops[0] += 300 // and of its access, for an hour
		observations[0].RTT += 500
		d.Add(start, observations)
		require.Empty(t, d.Evaluate(nil, known))
	}
}

func TestAnotherMixOfCallersSaysNothing(t *testing.T) {
	town, d := newTown(7, 60), detector(t, regression.Config{})
	far := func(asn uint32) float64 { return map[uint32]float64{102: 80, 202: 60}[asn] }
	for _, asn := range []uint32{102, 202} {
		town.operator[asn] = far(asn)
	}
	var known []regression.Regression
	require.Empty(t, town.run(d, &known, 90))
	town.pick = func(r *rand.Rand, region string) (uint32, string) { // nearly all who join now are far away, and have the new version
		version := "1.1"
		if r.IntN(10) > 0 {
			version = "2.0"
		}
		if region == "us" {
			return 202, version
		}
		return 102, version
	}
	require.Empty(t, town.run(d, &known, 60))
}

func TestItIsResolvedWhenItIsGoneAndNotBefore(t *testing.T) {
	town, d := newTown(8, 40), detector(t, regression.Config{})
	var known []regression.Regression
	town.run(d, &known, 60)
	town.core += 60
	require.Len(t, town.run(d, &known, 30), 1)
	town.core -= 10 // still nearly all of it
	require.Empty(t, town.run(d, &known, 30))
	town.core -= 50
	gone := town.at
	said := town.run(d, &known, 20)
	require.Len(t, said, 1)
	require.Equal(t, regression.Resolved, said[0].State)
	require.Equal(t, regression.Gone, said[0].Reason)
	require.Equal(t, gone.Add(5*time.Minute), said[0].ResolvedAt)
	// The same again an hour later is another one, although the hours before are full of the first.
	town.run(d, &known, 60)
	town.core += 60
	again := town.run(d, &known, 10)
	require.Len(t, again, 1)
	require.NotEqual(t, said[0].ID, again[0].ID)
}

func TestWhatGetsWorseIsSaidAgain(t *testing.T) {
	town, d := newTown(9, 40), detector(t, regression.Config{})
	var known []regression.Regression
	town.run(d, &known, 60)
	town.core += 40
	first := town.run(d, &known, 10)
	require.Len(t, first, 1)
	require.Equal(t, regression.Warning, first[0].Severity)
	town.core += 100
	worse := town.run(d, &known, 10)
	require.Len(t, worse, 1)
	require.Equal(t, first[0].ID, worse[0].ID)
	require.InDelta(t, 140, worse[0].ShiftMs, 10)
	require.Equal(t, regression.Critical, worse[0].Severity)
}

func TestWhatLastsADayIsUsual(t *testing.T) {
	town, d := newTown(10, 20), detector(t, regression.Config{Lasting: time.Hour})
	var known []regression.Regression
	town.run(d, &known, 60)
	town.core += 60
	require.Len(t, town.run(d, &known, 30), 1)
	said := town.run(d, &known, 60)
	require.Len(t, said, 1)
	require.Equal(t, regression.Lasting, said[0].Reason)
	require.Empty(t, town.run(d, &known, 200), "and it is not said again")
}

func TestALinkThatNobodyUsesIsResolved(t *testing.T) {
	town, d := newTown(11, 20), detector(t, regression.Config{Unused: 15})
	var known []regression.Regression
	town.run(d, &known, 60)
	town.core += 60
	require.Len(t, town.run(d, &known, 10), 1)
	town.calls = 0
	said := town.run(d, &known, 20)
	require.Len(t, said, 1)
	require.Equal(t, regression.Unused, said[0].Reason)
}

func TestTheOrderOfObservationsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64Range(0, 1000).Draw(t, "seed")
		shuffle := rand.New(rand.NewPCG(seed, 1))
		var said [2][]regression.Regression
		for i := range said {
			town, d := newTown(seed, 9), detector(t, regression.Config{})
			var known []regression.Regression
			for w := range 24 {
				if w == 18 {
					town.core += 70
				}
				start, observations := town.window()
				if i == 1 {
					shuffle.Shuffle(len(observations), func(a, b int) { observations[a], observations[b] = observations[b], observations[a] })
				}
				d.Add(start, observations)
				for _, r := range d.Evaluate(nil, known) {
					known = slices.DeleteFunc(known, func(k regression.Regression) bool { return k.ID == r.ID })
					known = append(known, r)
					said[i] = append(said[i], r)
				}
			}
		}
		require.NotEmpty(t, said[0])
		require.Equal(t, said[0], said[1])
	})
}

func TestTheSameAgainIsNoRegression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		town, d := newTown(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 12).Draw(t, "calls")), detector(t, regression.Config{})
		_, observations := town.window()
		for range 20 {
			start, _ := town.window()
			d.Add(start, observations)
			require.Empty(t, d.Evaluate(nil, nil))
		}
	})
}

func TestEverythingTwiceAsFarIsTheSameInMilliseconds(t *testing.T) {
	find := func(scale float64) regression.Regression {
		town, d := newTown(12, 30), detector(t, regression.Config{MinShiftMs: 20 * scale})
		var known []regression.Regression
		for w := range 70 {
			if w == 60 {
				town.core += 60
			}
			start, observations := town.window()
			for i := range observations {
				for h := range observations[i].Hops {
					observations[i].Hops[h] *= scale
				}
				observations[i].RTT *= scale
			}
			d.Add(start, observations)
			known = append(known, d.Evaluate(nil, known)...)
		}
		require.Len(t, known, 1)
		return known[0]
	}
	one, two := find(1), find(2)
	require.InDelta(t, 2*one.ShiftMs, two.ShiftMs, 0.01)
	require.InDelta(t, one.ShiftRatio, two.ShiftRatio, 1e-4)
	require.Equal(t, one.ID, two.ID)
	require.InDelta(t, one.Q, two.Q, 1e-9)
}

func TestWhatIsNoRoundTripIsLeftOut(t *testing.T) {
	d := detector(t, regression.Config{})
	at := time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)
	require.Empty(t, d.Evaluate(nil, nil), "nothing was added")
	for i := range 60 {
		d.Add(at.Add(time.Duration(i)*time.Minute), []regression.Observation{
			{}, {Call: "a", RTT: -1}, {Call: "b", Path: []string{"x"}, Hops: []float64{1}, RTT: 5}, {Call: "c", Path: []string{"x"}, Hops: []float64{nan, nan}, RTT: 5},
			{Call: "d", Hops: []float64{5}, RTT: 5},
		})
		require.Empty(t, d.Evaluate(d.NewProfile(), nil))
	}
	d.Add(at, nil) // an old window changes nothing
}

var nan = func() float64 { z := 0.0; return z / z }()
