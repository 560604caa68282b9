package truth_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/lab/plan"
	"github.com/earshot-rtc/earshot/lab/topology"
	"github.com/earshot-rtc/earshot/lab/truth"
)

var t0 = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func sec(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }

// run plays a topology's schedule with every event put into effect at its nominal time.
func run(t *testing.T, doc string) *truth.Timeline {
	t.Helper()
	top, err := topology.Parse("t.yaml", []byte(doc))
	require.NoError(t, err)
	s, tl := plan.New(top), truth.New()
	tl.Record(t0, s)
	for _, e := range top.Schedule() {
		s.Apply(e)
		tl.Record(t0.Add(time.Duration(e.At)), s)
	}
	return tl
}

const call = `
sfus: [{id: fra}, {id: iad}, {id: nrt}]
links: [{between: [fra, iad], delay_ms: 45}, {between: [iad, nrt], delay_ms: [75, 80]}]
clients: [{id: ana, sfu: fra, delay_ms: 10, publish: [audio]}, {id: bo, sfu: iad, delay_ms: 5, publish: []}]
`

var anaBo = truth.KeyOf("ana", "bo", topology.Audio, []string{"fra", "iad"})

func TestWindowVerdicts(t *testing.T) {
	// 120 ms until 20 s, 1020 ms until bo moves at 40 s.
	tl := run(t, call+"events: [{at: 20s, set_delay: {link: [fra, iad], delay_ms: 495}}, {at: 40s, move: {client: bo, to: nrt}}]\n")
	moved := truth.KeyOf("ana", "bo", topology.Audio, []string{"fra", "iad", "nrt"})
	tl.End(sec(60))
	for name, tc := range map[string]struct {
		key        truth.Key
		start, end float64
		want       truth.Verdict
		rtt        time.Duration
	}{
		"the first round trip is under way": {anaBo, 0.05, 5, truth.Changing, 120 * time.Millisecond},
		"before the change":                 {anaBo, 15, 20, truth.Steady, 120 * time.Millisecond},
		"over the change":                   {anaBo, 18, 23, truth.Changing, 1020 * time.Millisecond},
		"round trips from before it":        {anaBo, 20.5, 25.5, truth.Changing, 1020 * time.Millisecond},
		"after the change":                  {anaBo, 21.02, 26, truth.Steady, 1020 * time.Millisecond},
		"up to the move":                    {anaBo, 35, 40, truth.Steady, 1020 * time.Millisecond},
		"over the move":                     {anaBo, 38, 43, truth.Changing, 1020 * time.Millisecond},
		"after the move":                    {anaBo, 40, 45, truth.Gone, 1020 * time.Millisecond},
		"new path, too early":               {moved, 30, 35, truth.Never, 0},
		"new path, over the move":           {moved, 38, 43, truth.Changing, 1175 * time.Millisecond},
		"new path":                          {moved, 42, 47, truth.Steady, 1175 * time.Millisecond},
		"over the end":                      {moved, 58, 63, truth.Changing, 1175 * time.Millisecond},
		"a path nobody took":                {truth.KeyOf("ana", "bo", topology.Audio, []string{"fra"}), 10, 15, truth.Never, 0},
		"a kind nobody sent":                {truth.KeyOf("ana", "bo", topology.Video, []string{"fra", "iad"}), 10, 15, truth.Never, 0},
	} {
		t.Run(name, func(t *testing.T) {
			span, verdict := tl.Window(tc.key, sec(tc.start), sec(tc.end))
			require.Equal(t, tc.want, verdict)
			require.Equal(t, tc.rtt, span.RTT)
		})
	}
}

func TestSpansRememberSinceWhenThePathLives(t *testing.T) {
	tl := run(t, call+"events: [{at: 20s, set_delay: {client: bo, delay_ms: 6}}, {at: 30s, ice_restart: {client: bo}}, {at: 40s, move: {client: bo, to: nrt}}, {at: 50s, move: {client: bo, to: iad}}]\n")
	var of []truth.Span
	for _, s := range tl.Spans() {
		if s.Key == anaBo {
			of = append(of, s)
		}
	}
	require.Len(t, of, 3)
	require.Equal(t, t0, of[0].Since)
	require.Equal(t, t0, of[1].Since, "a change of delay is no new path")
	require.Equal(t, sec(40), of[1].To)
	require.Equal(t, sec(50), of[2].Since, "back at the same SFU is a new life")
	require.True(t, of[2].To.IsZero())
}

func TestARestartedSFURenewsThePathsOverIt(t *testing.T) {
	top, err := topology.Parse("t.yaml", []byte(call))
	require.NoError(t, err)
	s, tl := plan.New(top), truth.New()
	tl.Record(t0, s)
	s.Apply(topology.Event{RestartSFU: &topology.OfSFU{SFU: "iad"}})
	tl.Record(sec(10), s)
	s.Apply(topology.Event{Started: &topology.OfSFU{SFU: "iad"}})
	tl.Record(sec(11), s)
	_, there := tl.At(anaBo, sec(10.5))
	require.False(t, there)
	span, there := tl.At(anaBo, sec(12))
	require.True(t, there)
	require.Equal(t, sec(11), span.Since)
}

func TestARejoinIsANewClient(t *testing.T) {
	tl := run(t, call+"events: [{at: 20s, leave: {client: ana}}, {at: 30s, join: {client: ana}}]\n")
	again := truth.KeyOf("ana#2", "bo", topology.Audio, []string{"fra", "iad"})
	_, verdict := tl.Window(anaBo, sec(32), sec(37))
	require.Equal(t, truth.Gone, verdict)
	_, verdict = tl.Window(again, sec(32), sec(37))
	require.Equal(t, truth.Steady, verdict)
}

func TestMutedPathsStayTrue(t *testing.T) {
	tl := run(t, call+"events: [{at: 10s, mute: {client: ana, kind: audio}}]\n")
	span, verdict := tl.Window(anaBo, sec(5), sec(15))
	require.Equal(t, truth.Steady, verdict)
	require.True(t, span.Muted)
}

func TestKeysGiveTheirSFUs(t *testing.T) {
	require.Equal(t, []string{"fra", "iad"}, anaBo.SFUPath())
	require.Equal(t, []string{}, truth.KeyOf("a", "b", topology.Audio, nil).SFUPath())
}
