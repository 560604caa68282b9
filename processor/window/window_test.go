package window_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/window"
)

const (
	ms = int64(1_000)
	s  = int64(1_000_000)
)

func TestWindowsAreAlignedToTheEpoch(t *testing.T) {
	g := window.Grid{Size: 5 * s, Step: s}
	for at, want := range map[int64]int64{0: 0, 5*s - 1: 0, 5 * s: 1, -1: -1, -5 * s: -1, -5*s - 1: -2} {
		require.Equal(t, want, g.Index(at), "%d", at)
		require.LessOrEqual(t, g.Start(want), at)
		require.Greater(t, g.End(want), at)
	}
	require.Equal(t, 5, g.Instants())
	require.Equal(t, 11*s, g.Instant(2, 0))
	require.Equal(t, g.End(2), g.Instant(2, 4))
	require.Equal(t, 1, window.Grid{Size: s, Step: 2 * s}.Instants())
}

func TestASpanIsSharedOutToTheWindowsThatItTouches(t *testing.T) {
	g := window.Grid{Size: 5 * s, Step: s}
	require.InDelta(t, 0.75, g.Share(0, s+s/4, 6*s+s/4), 1e-9)
	require.InDelta(t, 0.25, g.Share(1, s+s/4, 6*s+s/4), 1e-9)
	require.Zero(t, g.Share(2, s, 6*s))
	require.Zero(t, g.Share(0, s, s))
}

func TestAWindowClosesWhenAllHaveReportedOrAtTheAllowedLateness(t *testing.T) {
	c := window.Closing{Grid: window.Grid{Size: 5 * s, Step: s}, Lateness: 10 * s, IdleIntervals: 3}
	require.Zero(t, c.Due(0, window.Report{Event: 5 * s, Received: 5 * s, Interval: s}), "has reported")
	require.Equal(t, 7*s, c.Due(0, window.Report{Event: 4 * s, Received: 4 * s, Interval: s}), "idle after three intervals")
	require.Equal(t, 15*s, c.Due(0, window.Report{Event: 4 * s, Received: 4 * s, Interval: 5 * s}), "the allowed lateness")
}

func TestEventTime(t *testing.T) {
	const now = 1_800_000_000 * s
	for name, c := range map[string]struct {
		sampledAt int64
		offset    window.Offset
		received  int64
		want      int64
		ok        bool
	}{
		"a right clock":                      {now - 30*ms, window.Offset{}, now, now - 30*ms, true},
		"an offset that the source measured": {now - 3600*s, window.Offset{Known: true, Us: 3600*s - 40*ms, ErrUs: 500}, now, now - 40*ms, true},
		"a sample that waited for a network": {now - 300*s, window.Offset{}, now, now - 300*s, true},
		"a clock that is an hour slow":       {now - 3600*s, window.Offset{}, now, now, false},
		"a clock that is an hour fast":       {now + 3600*s, window.Offset{}, now, now, false},
		"an offset that cannot be":           {now, window.Offset{Known: true, Us: 7200 * s}, now, now, false},
		"an offset whose error is unbounded": {now, window.Offset{Known: true, Us: 7200 * s, ErrUs: 1 << 63}, now, now, false},
		"no time of receipt to compare with": {now, window.Offset{}, 0, now, true},
		"no time of sampling":                {0, window.Offset{}, now, now, false},
	} {
		t.Run(name, func(t *testing.T) {
			var k window.Clock
			shift, ok := k.Shift(c.sampledAt, c.offset, c.received)
			require.Equal(t, c.want, c.sampledAt+shift)
			require.Equal(t, c.ok, ok)
		})
	}
}

func TestAWrongClockKeepsItsPace(t *testing.T) {
	const start = 1_800_000_000 * s
	var k window.Clock
	var last int64
	for i, delay := range []int64{40, 90, 30, 200, 35} {
		sampled := start - 3600*s + int64(i)*s
		shift, ok := k.Shift(sampled, window.Offset{}, start+int64(i)*s+delay*ms)
		require.False(t, ok)
		at := sampled + shift
		if i > 2 {
			require.Equal(t, s, at-last, "the fastest sample so far sets the clock; slower ones do not move it")
		}
		last = at
	}
}
