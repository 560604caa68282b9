package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestASampleHasAboutTwoKilobytes(t *testing.T) {
	size := Sample(123, 456).SizeVT()
	require.InDelta(t, 2048, size, 200)
}

func TestQuantiles(t *testing.T) {
	var took []time.Duration
	for i := range 100 {
		took = append(took, time.Duration(i+1)*time.Millisecond)
	}
	require.InDelta(t, 50, quantile(took, 0.5), 0)
	require.InDelta(t, 99, quantile(took, 0.99), 0)
	require.InDelta(t, 100, quantile(took, 1), 0)
	require.Zero(t, quantile(nil, 0.5))
}

func TestNamesDiffer(t *testing.T) {
	require.NotEqual(t, id("call", 17), id("call", 18))
	require.Len(t, id("call", 1<<20), len(id("call", 0)))
}
