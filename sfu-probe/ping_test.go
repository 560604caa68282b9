package sfuprobe

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAPongCountsOnceAndOnlyForAPingThatWasSent(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	p := &pinger{now: func() time.Time { return now }}
	pongTo := func(m []byte) []byte {
		m = append([]byte(nil), m...)
		m[0] = pong
		return m
	}
	early, waiting := pongTo(p.next()), pongTo(p.next())
	now = now.Add(300 * time.Millisecond)
	p.receive(early)
	p.receive(waiting)
	require.Zero(t, p.rtt().Count, "the other end may just have opened its channel")

	first := pongTo(p.next())
	now = now.Add(40 * time.Millisecond)
	p.receive(first)
	p.receive(first)
	require.EqualValues(t, 1, p.rtt().Count, "the second is a repeat")
	require.Equal(t, 40*time.Millisecond, p.rtt().Latest)

	for name, m := range map[string][]byte{
		"never sent": {pong, 0, 0, 0, 0, 0, 0, 0, 99}, "number zero": {pong, 0, 0, 0, 0, 0, 0, 0, 0},
		"too short": {pong}, "empty": nil, "another kind": {'x', 0, 0, 0, 0, 0, 0, 0, 1},
	} {
		p.receive(m)
		require.EqualValues(t, 1, p.rtt().Count, name)
	}

	old := pongTo(p.next())
	for range len(p.sent) {
		now = now.Add(time.Second)
		p.next()
	}
	p.receive(old)
	require.EqualValues(t, 1, p.rtt().Count, "its place was taken by a later one")
}
