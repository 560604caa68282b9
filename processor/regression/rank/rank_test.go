package rank_test

import (
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/earshot-rtc/earshot/processor/regression/rank"
)

// counted is the p-value by going through every way to choose which of all values are x.
func counted(x, y []float64) float64 {
	all := append(slices.Clone(x), y...)
	statistic := func(in func(int) bool) float64 {
		u := 0.0
		for i := range all {
			for j := range all {
				if in(i) && !in(j) {
					switch {
					case all[i] > all[j]:
						u++
					case all[i] == all[j]:
						u += 0.5
					}
				}
			}
		}
		return u
	}
	was := statistic(func(i int) bool { return i < len(x) })
	as, ways := 0, 0
	for set := range uint(1) << len(all) {
		if bits.OnesCount(set) != len(x) {
			continue
		}
		ways++
		if statistic(func(i int) bool { return set>>i&1 == 1 }) >= was {
			as++
		}
	}
	return float64(as) / float64(ways)
}

func TestSmallSamplesHaveTheExactProbability(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfNDistinct(rapid.IntRange(0, 1000), 2, 11, rapid.ID[int]).Draw(t, "values")
		n := rapid.IntRange(1, len(all)-1).Draw(t, "n")
		x, y := floats(all[:n]), floats(all[n:])
		require.InDelta(t, counted(x, y), rank.Greater(slices.Clone(x), slices.Clone(y)), 1e-9)
	})
}

func TestEqualValuesErrOnTheSafeSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.IntRange(0, 6), 3, 11).Draw(t, "values")
		n := rapid.IntRange(1, len(all)-1).Draw(t, "n")
		x, y := floats(all[:n]), floats(all[n:])
		p := rank.Greater(slices.Clone(x), slices.Clone(y))
		if exact := counted(x, y); exact <= 0.05 {
			require.GreaterOrEqual(t, p, exact/2, "far more certain than it may be")
		}
		require.LessOrEqual(t, p, 1.0)
	})
}

func floats(of []int) []float64 {
	out := make([]float64, len(of))
	for i, v := range of {
		out[i] = float64(v)
	}
	return out
}

func TestLargeSamplesAgreeWithTheNormalDistribution(t *testing.T) {
	line := func(n int, from float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = from + float64(i)
		}
		return out
	}
	// Where the exact distribution is left the two are close: 12 values from 10.5 to 21.5 are above the other in 186 of the 12 times 26 pairs.
	z := (186 - 156 - 0.5) / math.Sqrt(12*26*39/12.0)
	require.InDelta(t, math.Erfc(z/math.Sqrt2)/2, rank.Greater(line(12, 10.5), line(26, 1)), 0.005)
	require.Less(t, rank.Greater(line(40, 100), line(64, 0)), 1e-15)
	require.InDelta(t, 0.5, rank.Greater(line(50, 0), line(50, 0)), 0.01)
	require.InDelta(t, 1, rank.Greater(make([]float64, 20), make([]float64, 20)), 0, "all values are one")
	require.InDelta(t, 1, rank.Greater(nil, line(5, 0)), 0)
}

func TestTheShiftIsWhatWasAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.SliceOfN(rapid.Float64Range(1, 300), 3, 80).Draw(t, "y")
		by := rapid.Float64Range(-100, 100).Draw(t, "by")
		x := slices.Clone(y)
		for i := range x {
			x[i] += by
		}
		s := rank.Shift(x, y, 0.95)
		require.InDelta(t, by, s.Estimate, 1e-6)
		require.LessOrEqual(t, s.Low, s.Estimate)
		require.GreaterOrEqual(t, s.High, s.Estimate)
	})
}

func TestAnOutlierDoesNotMoveTheShift(t *testing.T) {
	y := []float64{10, 11, 12, 13, 14, 15, 16, 17, 18}
	x := []float64{40, 41, 42, 43, 44, 45, 46, 47, 5000}
	require.InDelta(t, 30, rank.Shift(x, y, 0.95).Estimate, 1)
}

func TestAdjustedValuesAreThoseOfBenjaminiAndHochberg(t *testing.T) {
	// The example of their paper (1995, section 3.2): at 0.05 the first four of fifteen are kept.
	p := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1}
	kept := 0
	for _, q := range rank.Adjust(p, len(p)) {
		if q <= 0.05 {
			kept++
		}
	}
	require.Equal(t, 4, kept)
	require.InDelta(t, 0.0015, rank.Adjust(p, 15)[0], 1e-9)
	require.InDelta(t, 0.003, rank.Adjust(p[:1], 30)[0], 1e-9, "tests of which nothing came count")
}

func TestTheOrderOfTestsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 1, 40).Draw(t, "p")
		q := rank.Adjust(p, len(p))
		order := rapid.Permutation(indices(len(p))).Draw(t, "order")
		mixed := make([]float64, len(p))
		for i, at := range order {
			mixed[i] = p[at]
		}
		for i, v := range rank.Adjust(mixed, len(p)) {
			require.InDelta(t, q[order[i]], v, 1e-12)
			require.GreaterOrEqual(t, v, mixed[i]-1e-12)
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestTheMeanWithoutEndsLeavesThemOut(t *testing.T) {
	require.InDelta(t, 2, rank.Trimmed([]float64{-1000, 1, 2, 3, 1e9}, 0.2), 1e-9)
	require.True(t, math.IsNaN(rank.Median(nil)))
}
