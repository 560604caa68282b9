package child_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/lab"
	"github.com/earshot-rtc/earshot/lab/child"
	"github.com/earshot-rtc/earshot/lab/topology"
	"github.com/earshot-rtc/earshot/lab/truth"
)

func TestMain(m *testing.M) {
	child.RunIfAsked()
	goleak.VerifyTestMain(m)
}

const call = `
sample_every: 200ms
p2p: true
clients: [{id: ana, delay_ms: 5, publish: [audio]}, {id: bo, delay_ms: [1, 2], subscribe: [ana]}]
events: [{at: 1s, set_delay: {client: bo, delay_ms: 20}}, {at: 1500ms, mute: {client: ana, kind: audio}}]
`

func newLab(t *testing.T) *child.Lab {
	t.Helper()
	top, err := topology.Parse("t.yaml", []byte(call))
	require.NoError(t, err)
	l, err := child.New(lab.Config{Topology: top, Seed: 1}, child.Dependencies{Registerer: prometheus.NewRegistry()})
	require.NoError(t, err)
	return l
}

func TestAChildPlaysAndTheTruthIsKeptHere(t *testing.T) {
	l := newLab(t)
	before := time.Now()
	require.NoError(t, l.Start(t.Context()))
	require.Error(t, l.Start(t.Context()), "a second start")
	require.WithinRange(t, l.T0(), before, time.Now())
	require.Eventually(t, func() bool { return len(l.Events()) == 2 }, 20*time.Second, 10*time.Millisecond)
	key := truth.KeyOf("ana", "bo", topology.Audio, nil)
	span, there := l.Truth().At(key, time.Now())
	require.True(t, there)
	require.Equal(t, 50*time.Millisecond, span.RTT)
	require.True(t, span.Muted)
	first, there := l.Truth().At(key, l.T0())
	require.True(t, there)
	require.Equal(t, 13*time.Millisecond, first.RTT)
	require.WithinRange(t, l.Events()[0].At, l.T0().Add(time.Second), time.Now())

	require.NoError(t, l.Shutdown(t.Context()))
	require.NoError(t, l.Shutdown(t.Context()), "a second shutdown is harmless")
	totals := l.Totals()
	require.Equal(t, 2, totals.Probes)
	require.Greater(t, totals.Sent, uint64(10))
	require.Greater(t, totals.Line.Released, uint64(20))
	_, there = l.Truth().At(key, time.Now())
	require.False(t, there, "the call is over")
	select {
	case <-l.Failed():
		t.Fatal("it was asked to end")
	default:
	}
}

func TestAChildThatDiesIsNoticed(t *testing.T) {
	l := newLab(t)
	require.NoError(t, l.Start(t.Context()))
	child.Kill(l)
	select {
	case <-l.Failed():
	case <-time.After(20 * time.Second):
		t.Fatal("its death was not noticed")
	}
	require.ErrorContains(t, l.Err(), "the lab's process: signal: killed")
	require.NoError(t, l.Shutdown(t.Context()))
}

func TestAChildThatNeverStartedShutsDown(t *testing.T) {
	l := newLab(t)
	require.NoError(t, l.Shutdown(t.Context()))
	require.Error(t, l.Start(t.Context()))
	_, err := child.New(lab.Config{}, child.Dependencies{})
	require.Error(t, err)
}
