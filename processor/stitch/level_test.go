package stitch

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSpreadIsThatOfTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float32Range(0, 1e6), 1, depth).Draw(t, "v")
		sorted := slices.Sorted(slices.Values(v))
		n := len(v)
		median := (sorted[(n-1)/2] + sorted[n/2]) / 2
		var d []float32
		for _, x := range v {
			d = append(d, float32(math.Abs(float64(x-median))))
		}
		slices.Sort(d)
		gotMedian, sigma := spreadOf(v)
		require.Equal(t, median, gotMedian)
		require.InDelta(t, 1.4826*d[(n-1)/2], sigma, 1)
	})
}
