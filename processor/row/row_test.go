package row_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/row"
)

func TestWhatIsNoFigureIsNotKnown(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64} {
		require.False(t, row.Some(v).Valid, "%v", v)
	}
	require.Equal(t, row.Float{Value: 0, Valid: true}, row.Some(0.0))
	f, none := row.Some(1.5), row.Float{}
	require.EqualValues(t, 1.5, *f.Ptr())
	require.Nil(t, none.Ptr())
	require.EqualValues(t, 2, none.Or(2))
	require.True(t, math.IsNaN(none.OrNaN()))
}

func TestArraysStayWhereTheyAreUntilReset(t *testing.T) {
	var b row.Batch
	var arrays [][]float32
	for i := range 5000 {
		a := b.Floats(3)
		a[0], a[1], a[2] = float32(i), float32(i), float32(i)
		arrays = append(arrays, a)
	}
	for i, a := range arrays {
		require.Equal(t, []float32{float32(i), float32(i), float32(i)}, a)
		require.Equal(t, 3, cap(a), "an append must not reach the neighbour")
	}
	b.Reset()
	for range 5000 {
		require.Equal(t, []float32{0, 0, 0}, b.Floats(3))
	}
	require.Len(t, b.Floats(10_000), 10_000, "longer than a chunk")
}

func TestAResetBatchGivesEmptyRows(t *testing.T) {
	var b row.Batch
	for range 3 {
		*b.AddE2E() = row.E2E{CallID: "a", RTTMs: row.Some(1.0)}
		b.AddStream().CallID = "a"
		b.AddHop().CallID = "a"
		b.AddSample().CallID = "a"
	}
	require.Equal(t, 12, b.Len())
	b.Reset()
	require.Zero(t, b.Len())
	require.Equal(t, row.E2E{}, *b.AddE2E())
	require.Equal(t, row.Stream{}, *b.AddStream())
	require.Equal(t, row.Hop{}, *b.AddHop())
	require.Equal(t, row.Sample{}, *b.AddSample())
}

func TestACloneSharesNothing(t *testing.T) {
	var b row.Batch
	r := b.AddE2E()
	r.HopFrom, r.HopRTTMs = b.Strings(1), b.Floats(1)
	r.HopFrom[0], r.HopRTTMs[0] = "ana", 7
	c := b.Clone()
	b.Reset()
	b.Strings(1)[0], b.Floats(1)[0] = "other", 9
	require.Equal(t, []string{"ana"}, c.E2E[0].HopFrom)
	require.Equal(t, []float32{7}, c.E2E[0].HopRTTMs)
}

func BenchmarkAddE2E(b *testing.B) {
	var batch row.Batch
	b.ReportAllocs()
	for b.Loop() {
		r := batch.AddE2E()
		r.HopRTTMs, r.HopSource = batch.Floats(4), batch.Sources(4)
		if len(batch.E2E) == 4096 {
			batch.Reset()
		}
	}
}
