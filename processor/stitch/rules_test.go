package stitch

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

const second = 1_000_000

// track is a link in the making: points in time for its sources.
type track struct{ a, b End }

func (k *track) link() Link { return Link{First: &k.a, Second: &k.b} }

// measure adds one measurement at either end.
func (k *track) measure(side Side, s Source, at int64, us uint64, slow bool) {
	e := &k.a
	if side == Second {
		e = &k.b
	}
	var m Merge
	m.Add(s, Measurement{At: at, Us: uint32(us), LowUs: uint32(us), Count: 1}, slow)
	m.Flush(e, at, second)
}

func (k *track) at(at int64) Estimate {
	var s Scratch
	return k.link().Since(&s, []int64{at}, 0, 60*second, nil)[0]
}

func (k *track) settle(at int64) Estimate {
	var s Scratch
	return k.link().Settle(&s, []int64{at}, 60*second, nil)[0]
}

func TestRule1AMeasurementExistsOnlyWhenItsCounterAdvanced(t *testing.T) {
	type step struct {
		r    Reading
		want uint32 // 0 = none
	}
	for name, steps := range map[string][]step{
		"delta of totals over delta of counts": {
			{Reading{LatestUs: 40_000, TotalUs: 40_000, Count: 1}, 40_000},
			{Reading{LatestUs: 60_000, TotalUs: 150_000, Count: 3}, 55_000},
		},
		"no new count is nothing new, whatever the value says": {
			{Reading{LatestUs: 40_000, TotalUs: 40_000, Count: 1}, 40_000},
			{Reading{LatestUs: 40_000, TotalUs: 40_000, Count: 1}, 0},
			{Reading{LatestUs: 41_000, TotalUs: 40_000, Count: 1, MeasuredAt: 5}, 0},
		},
		"without a count, a changed value or time": {
			{Reading{LatestUs: 40_000, MeasuredAt: 1}, 40_000},
			{Reading{LatestUs: 40_000, MeasuredAt: 1}, 0},
			{Reading{LatestUs: 40_000, MeasuredAt: 2}, 40_000},
			{Reading{LatestUs: 41_000, MeasuredAt: 2}, 41_000},
		},
		"counters that went back began anew": {
			{Reading{LatestUs: 40_000, TotalUs: 400_000, Count: 10}, 40_000},
			{Reading{LatestUs: 30_000, TotalUs: 60_000, Count: 2}, 30_000},
			{Reading{LatestUs: 30_000, TotalUs: 90_000, Count: 3}, 30_000},
		},
		"the first reading is its latest value, not the mean of a life": {
			{Reading{LatestUs: 90_000, TotalUs: 900_000, Count: 20}, 90_000},
		},
		"or the mean where there is no latest": {
			{Reading{TotalUs: 900_000, Count: 20}, 45_000},
		},
		"zero and more than ten seconds are no times": {
			{Reading{TotalUs: 0, Count: 1}, 0},
			{Reading{LatestUs: 0, MeasuredAt: 1}, 0},
			{Reading{LatestUs: 10_000_001, TotalUs: 10_000_001, Count: 1}, 0},
			{Reading{LatestUs: 1 << 60, TotalUs: 1 << 60, Count: 2}, 0},
		},
		"a receive-only browser's zeros": {
			{Reading{}, 0}, {Reading{}, 0}, {Reading{MeasuredAt: 7}, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var c Counter
			for i, s := range steps {
				m, ok := c.Next(s.r)
				require.Equal(t, s.want != 0, ok, "step %d", i)
				if ok {
					require.Equal(t, s.want, m.Us, "step %d", i)
				}
			}
		})
	}
}

func TestRule2AllStreamsOfATransportGiveOneValue(t *testing.T) {
	var m Merge
	var e End
	for _, us := range []uint32{41_000, 40_000, 90_000} {
		m.Add(RTCPRR, Measurement{At: second, Us: us, LowUs: us, Count: 1}, false)
	}
	m.Flush(&e, second, second)
	s := e.series[RTCPRR-1]
	require.EqualValues(t, 1, s.n)
	require.EqualValues(t, 41_000, s.ring[0].us)
	require.EqualValues(t, 40_000, s.ring[0].low)
}

func TestRule2SourcesAreNeverAveragedAndTheChoiceIsSticky(t *testing.T) {
	var k track
	for i := int64(1); i <= 20; i++ {
		k.measure(First, RTCPRR, i*second, 50_000, false)
		k.measure(Second, STUN, i*second, 53_000, false)
		if i%5 == 0 {
			e := k.settle(i * second)
			require.Equal(t, RTCPRR, e.Source)
			require.Equal(t, First, e.Side)
			require.EqualValues(t, 50_000, e.Us)
		}
	}
	require.Zero(t, k.a.Choice.Switches)
	// RTCP falls silent, so consent checks take over; when RTCP is back for a moment, they stay.
	for i := int64(21); i <= 45; i++ {
		k.measure(Second, STUN, i*second, 53_000, false)
		if i%5 == 0 {
			k.settle(i * second)
		}
	}
	require.EqualValues(t, 1, k.a.Choice.Switches)
	k.measure(First, RTCPRR, 46*second, 50_000, false)
	require.Equal(t, STUN, k.settle(50*second).Source)
	require.EqualValues(t, 1, k.a.Choice.Switches)
}

func TestRule3EitherEndCanMeasure(t *testing.T) {
	for _, side := range []Side{First, Second} {
		for s := RTCPRR; s <= Probe; s++ {
			var k track
			k.measure(side, s, second, 30_000, false)
			e := k.settle(second)
			require.Equal(t, Measured, e.Status)
			require.Equal(t, side, e.Side)
			require.Equal(t, s, e.Source)
		}
	}
}

func TestRule4TheLatestAtOrBeforeTheInstantWithinItsTimeToLive(t *testing.T) {
	for name, c := range map[string]struct {
		source Source
		slow   bool
		ttl    int64
	}{
		"audio RTCP": {RTCPRR, true, 15 * second},
		"video RTCP": {RTCPXR, false, 5 * second},
		"STUN":       {STUN, false, 10 * second},
	} {
		t.Run(name, func(t *testing.T) {
			var k track
			k.measure(First, c.source, 10*second, 30_000, c.slow)
			require.Equal(t, Missing, k.at(10*second-1).Status, "not before it was taken")
			e := k.at(10 * second)
			require.Equal(t, Measured, e.Status)
			require.Zero(t, e.AgeUs)
			e = k.at(10*second + c.ttl)
			require.Equal(t, Measured, e.Status)
			require.Equal(t, c.ttl, e.AgeUs)
			require.Equal(t, Imputed, k.at(10*second+c.ttl+1).Status)
		})
	}
	t.Run("audio stands in where video's report is late", func(t *testing.T) {
		var k track
		k.measure(First, RTCPRR, 10*second, 30_000, true)
		k.measure(First, RTCPRR, 11*second, 30_000, false)
		require.Equal(t, Measured, k.at(18*second).Status)
	})
}

func TestRule5MissingIsNotZeroAndAnOlderValueOfTheSameLinkIsImputed(t *testing.T) {
	var k track
	require.Equal(t, Estimate{Status: Missing}, k.at(second))
	k.measure(First, STUN, 10*second, 30_000, false)
	fresh, old := k.at(15*second), k.at(40*second)
	require.Equal(t, Imputed, old.Status)
	require.Greater(t, old.ErrUs, fresh.ErrUs+5_000)
	require.Equal(t, Missing, k.at(71*second).Status)

	var s Sum
	s.Add(&fresh)
	s.Add(&Estimate{Status: Missing})
	require.Equal(t, 1, s.Known)
	require.Equal(t, fresh.Us, s.Us)
}

func TestRule6WhatWasMeasuredBeforeAnEpochDoesNotStandForIt(t *testing.T) {
	var k track
	k.measure(First, RTCPRR, 10*second, 30_000, false)
	var s Scratch
	since := func(notBefore int64) Estimate {
		return k.link().Since(&s, []int64{12 * second}, notBefore, 60*second, nil)[0]
	}
	require.Equal(t, Measured, since(10*second).Status)
	require.Equal(t, Missing, since(10*second+1).Status)
	k.measure(Second, STUN, 11*second, 30_000, false)
	require.Equal(t, STUN, since(10*second+1).Source, "another source has measured since")
}

func TestRule7ErrorsAddInQuadratureButForWhatLeansToOneSide(t *testing.T) {
	var s Sum
	for range 4 {
		s.Add(&Estimate{Status: Measured, Us: 10_000, ErrUs: 1_000})
	}
	require.InDelta(t, 2_000, s.ErrUs(), 1)
	for range 3 {
		s.Add(&Estimate{Status: Measured, Us: 10_000, LeanUs: 500})
	}
	require.InDelta(t, 2_500, s.ErrUs(), 1, "3 x 0.5 ms, with 2 ms in quadrature")
}

func TestRule7TheBandGrowsWithAge(t *testing.T) {
	var k track
	for i := int64(1); i <= 10; i++ {
		k.measure(First, RTCPRR, i*second, 30_000, true)
	}
	before := float32(-1)
	for age := int64(0); age <= 14; age += 2 {
		e := k.at((10 + age) * second)
		require.Greater(t, e.ErrUs, before)
		before = e.ErrUs
	}
}

func TestRule8TheMedianIsOfSums(t *testing.T) {
	sums := []Sum{{Instant: 0, Us: 30}, {Instant: 1, Us: 10}, {Instant: 2, Us: 20}, {Instant: 3, Us: 20}}
	require.Equal(t, 2, Median(sums).Instant)
	require.Equal(t, float32(10), sums[0].Us)
	require.Equal(t, float32(30), sums[3].Us)
}

func TestBiasIsTakenOffAndKeptWhenTheDelayChanges(t *testing.T) {
	var k track
	r := rand.New(rand.NewPCG(7, 7))
	noise := func() uint64 { return uint64(300 + 700*r.ExpFloat64()) }
	at := int64(0)
	for range 30 {
		at += second
		k.measure(First, RTCPRR, at, 45_000+noise(), false)
		if at%(5*second) == 0 {
			k.settle(at)
		}
	}
	require.InDelta(t, 45_300, k.at(at).Us, 200)
	require.Greater(t, k.a.series[0].bias, float32(100))
	k.measure(First, RTCPRR, at+second, 90_900, false)
	k.measure(First, RTCPRR, at+2*second, 90_900, false)
	e := k.at(at + 2*second)
	require.InDelta(t, 90_900-k.a.series[0].bias, e.Us, 1, "two points of the new delay, less what was learned at the old one")
}

func TestBiasIsLearnedWhereSourcesOverlap(t *testing.T) {
	var k track
	for i := int64(1); i <= 20; i++ {
		k.measure(First, RTCPRR, i*second, uint64(52_000+i%3*100), false)
		k.measure(Second, STUN, i*second, uint64(50_300+i%3*100), false)
		if i%5 == 0 {
			k.settle(i * second)
		}
	}
	e := k.at(20 * second)
	require.Equal(t, RTCPRR, e.Source)
	require.InDelta(t, 50_300, e.Us, 1)
}

func TestARiseIsFollowedWithTheSecondMeasurementOrAtOnceWhereOthersSayTheSame(t *testing.T) {
	steady := func() *track {
		k := &track{}
		for i := int64(1); i <= 10; i++ {
			k.measure(First, RTCPRR, i*second, 45_000, false)
			k.measure(Second, STUN, i*second, 45_000, false)
		}
		k.settle(10 * second)
		return k
	}
	t.Run("alone it is noise", func(t *testing.T) {
		k := steady()
		k.measure(First, RTCPRR, 11*second, 90_000, false)
		e := k.at(11 * second)
		require.EqualValues(t, 45_000, e.Us)
		require.Greater(t, e.ErrUs, float32(20_000), "but it may be none")
		k.measure(First, RTCPRR, 12*second, 45_000, false)
		require.EqualValues(t, 45_000, k.at(12*second).Us)
	})
	t.Run("twice it is a new delay", func(t *testing.T) {
		k := steady()
		k.measure(First, RTCPRR, 11*second, 90_000, false)
		k.measure(First, RTCPRR, 12*second, 90_000, false)
		require.EqualValues(t, 90_000, k.at(12*second).Us)
	})
	t.Run("confirmed it is one at once", func(t *testing.T) {
		k := steady()
		k.measure(First, RTCPRR, 11*second, 90_000, false)
		k.measure(Second, STUN, 11*second, 90_100, false)
		require.EqualValues(t, 90_000, k.at(11*second).Us)
	})
	t.Run("a fall is believed at once", func(t *testing.T) {
		k := steady()
		k.measure(First, RTCPRR, 11*second, 20_000, false)
		require.EqualValues(t, 20_000, k.at(11*second).Us)
	})
}

func TestJitterOfTheNetworkIsLeftAlone(t *testing.T) {
	var k track
	r := rand.New(rand.NewPCG(3, 3))
	sum, n := float32(0), 0
	for i := int64(1); i <= 300; i++ {
		k.measure(First, RTCPRR, i*second, uint64(80_000+40_000*r.Float64()), false)
		if i%5 == 0 && i > 20 {
			sum += k.settle(i * second).Us
			n++
		}
	}
	require.InDelta(t, 100_000, sum/float32(n), 3_000, "the middle, not the floor")
}

func TestAConnectionThatBeginsWithASpikeIsMeasuredByWhoeverSaysLess(t *testing.T) {
	var k track
	k.measure(First, RTCPRR, 2*second, 148_000, false)
	k.measure(First, STUN, 2*second, 122_000, false)
	require.InDelta(t, 122_000, k.at(2*second).Us, 1)
}
