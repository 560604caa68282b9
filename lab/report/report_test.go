package report_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/lab/plan"
	"github.com/earshot-rtc/earshot/lab/report"
	"github.com/earshot-rtc/earshot/lab/topology"
	"github.com/earshot-rtc/earshot/lab/truth"
)

var t0 = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func sec(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }

// input plays a topology for a minute, without results.
func input(t *testing.T, doc string) report.Input {
	t.Helper()
	top, err := topology.Parse("t.yaml", []byte(doc))
	require.NoError(t, err)
	s, tl := plan.New(top), truth.New()
	tl.Record(t0, s)
	for _, e := range top.Schedule() {
		s.Apply(e)
		tl.Record(t0.Add(time.Duration(e.At)), s)
	}
	tl.End(sec(60))
	return report.Input{Topology: top, Truth: tl, Start: t0, End: sec(60), Window: 5 * time.Second, Samples: report.Samples{Sent: 10, Stored: 9, Late: 2, Dead: 1}}
}

// RTT of ana>bo: 20 + 90 + 10 = 120 ms.
const call = `
sfus: [{id: fra}, {id: iad}, {id: nrt}]
links: [{between: [fra, iad], delay_ms: 45}, {between: [iad, nrt], delay_ms: 50}]
clients: [{id: ana, sfu: fra, delay_ms: 10, publish: [audio]}, {id: bo, sfu: iad, delay_ms: 5}]
`

func window(start, rtt float64, status report.Status, sfus ...string) report.Window {
	hops := []report.HopWindow{{From: "ana", To: "fra", RTT: 20, Source: "rtcp_rr"}, {From: "fra", To: "iad", RTT: rtt - 30, Source: "stun"}, {From: "iad", To: "bo", RTT: 10, Source: "rtcp_rr"}}
	return report.Window{
		Publisher: "ana", Subscriber: "bo", Kind: topology.Audio, SFUPath: sfus, Start: sec(start), Length: 5 * time.Second,
		Status: status, RTT: rtt, Err: 1, Hops: hops,
	}
}

func TestAnEntryComparesEveryWindowWithItsOwnTruth(t *testing.T) {
	in := input(t, call+"events: [{at: 30s, set_delay: {link: [fra, iad], delay_ms: 95}}]\n")
	for start := 5.0; start < 60; start += 5 { // the first one is missing
		rtt := 121.0
		if start >= 30 {
			rtt = 223
		}
		in.Windows = append(in.Windows, window(start, rtt, report.Complete, "fra", "iad"))
	}
	r := report.Make(in)
	require.Len(t, r.Paths, 1)
	p := r.Paths[0]
	require.Equal(t, 3, p.Hops)
	// 5 to 30 s: five windows, 1 ms off; 30 to 35 s spans the change; 35 to 60 s: five windows, 3 ms off.
	require.Equal(t, 10, p.Windows)
	require.Equal(t, 1, p.WindowsLeftOut)
	require.Equal(t, 9, p.WindowsExpected)
	require.Equal(t, 1.0, p.Coverage)
	require.Equal(t, 170.0, *p.TrueRTT, "the median of five times 120 and five times 220")
	require.Equal(t, 172.0, *p.RTT)
	require.Equal(t, 2.0, *p.Error)
	require.Equal(t, 3.0, *p.P95AbsError)
	require.Equal(t, 1.0, *p.RTTErr)
	require.Equal(t, 0.5, *p.Honest, "1 ms is within twice the band of 1 ms, 3 ms is not")
	require.Equal(t, report.Complete, p.Status)
	require.Equal(t, map[report.Status]int{report.Complete: 11}, p.StatusCounts)
	require.Equal(t, "fra", p.HopDetail[1].From)
	require.Equal(t, 2.0, *p.HopDetail[1].Error)
	require.Equal(t, 0.0, *p.HopDetail[2].Error)
	require.Equal(t, map[string]int{"stun": 10}, p.HopDetail[1].Sources)
	require.Empty(t, r.Changes, "a change of delay is no change of path")

	s := r.Summary
	require.Equal(t, 1, s.Paths)
	require.Equal(t, 2.0, *s.MedianAbsError)
	require.Equal(t, 0.667, *s.MedianErrorPerHop)
	require.Equal(t, 1.0, *s.P95ErrorPerHop)
	require.Equal(t, report.Samples{Sent: 10, Stored: 9, Late: 2, Dead: 1}, report.Samples{Sent: s.SamplesSent, Stored: s.SamplesStored, Late: s.Late, Dead: s.Dead})
	require.Zero(t, s.WrongPaths)
}

func TestAMoveGivesASecondEntryAndAChange(t *testing.T) {
	in := input(t, call+"events: [{at: 31s, move: {client: bo, to: nrt}}]\n")
	in.Windows = []report.Window{
		window(20, 120, report.Complete, "fra", "iad"),
		window(40, 120, report.Complete, "fra", "iad"),
		window(30, 220, report.Complete, "fra", "iad", "nrt"),
		window(45, 220, report.Complete, "fra", "iad", "nrt"),
	}
	in.Windows[3].SeenAt = sec(50.25)
	in.Windows[2].SeenAt = sec(38.5)
	r := report.Make(in)
	require.Len(t, r.Paths, 2)
	old, now := r.Paths[0], r.Paths[1]
	require.Equal(t, []string{"fra", "iad"}, old.SFUPath)
	require.Equal(t, 1, old.WindowsStale)
	require.Equal(t, 1, old.Windows)
	require.Equal(t, 4, now.Hops)
	require.Equal(t, 1, now.WindowsLeftOut)
	require.Equal(t, 1, now.Windows)
	require.Equal(t, 3, now.WindowsExpected, "from 41 s on")
	require.Equal(t, 0.333, now.Coverage)
	require.Len(t, r.Changes, 1)
	require.Equal(t, 31.0, r.Changes[0].At)
	require.Equal(t, 7500.0, *r.Changes[0].ShownAfter)
}

func TestWhatWasNeverStoredIsMissing(t *testing.T) {
	r := report.Make(input(t, call))
	p := r.Paths[0]
	require.Equal(t, report.Missing, p.Status)
	require.Zero(t, p.Coverage)
	require.Nil(t, p.RTT)
	require.Nil(t, p.Honest)
	require.Zero(t, r.Summary.Coverage)
}

func TestWrongPathsAreCounted(t *testing.T) {
	in := input(t, call)
	unknown := window(20, 10, report.Partial, "iad")
	unknown.Publisher = ""
	in.Windows = []report.Window{window(20, 120, report.Complete, "fra", "nrt", "iad"), window(20, 120, report.Imputed, "fra"), unknown}
	s := report.Make(in).Summary
	require.Equal(t, 2, s.WrongPaths)
	require.Equal(t, 1, s.Unfollowed)
}

func TestPartialWindowsHaveNoValueToCompare(t *testing.T) {
	in := input(t, call)
	partial := window(20, 110, report.Partial, "fra", "iad")
	partial.RTT = math.NaN()
	imputed := window(25, 121, report.Imputed, "fra", "iad")
	imputed.Hops[1].RTT = math.NaN()
	in.Windows = []report.Window{partial, imputed}
	p := report.Make(in).Paths[0]
	require.Equal(t, 1, p.Windows)
	require.Zero(t, p.Coverage, "imputed is not complete")
	require.Equal(t, report.Imputed, p.Status)
	require.Nil(t, p.HopDetail[1].RTT)
	require.Equal(t, 20.0, *p.HopDetail[0].RTT)
}

func TestPathsOverAnUnprobedSFUAreNotExpectedAndNeverComplete(t *testing.T) {
	in := input(t, `
sfus: [{id: fra}, {id: iad, probe: false}]
links: [{between: [fra, iad], delay_ms: 45}]
clients: [{id: ana, sfu: fra, delay_ms: 10, publish: [audio]}, {id: bo, sfu: iad, delay_ms: 5}, {id: cy, sfu: fra, delay_ms: 1}]
`)
	in.Windows = []report.Window{window(20, 120, report.Complete, "fra", "iad")}
	r := report.Make(in)
	require.False(t, r.Paths[0].Observable)
	require.True(t, r.Paths[1].Observable)
	require.Equal(t, 1, r.Summary.FalseComplete)
	require.Equal(t, r.Paths[1].WindowsExpected, r.Summary.WindowsExpected)
}

func TestTheJSONHasTheFieldsThatWerePromised(t *testing.T) {
	in := input(t, call)
	in.Windows = []report.Window{window(20, 120.6, report.Complete, "fra", "iad")}
	data, err := json.Marshal(report.Make(in))
	require.NoError(t, err)
	var got struct {
		Paths   []map[string]any
		Summary map[string]any
	}
	require.NoError(t, json.Unmarshal(data, &got))
	want := map[string]any{
		"publisher": "ana", "subscriber": "bo", "kind": "audio", "sfu_path": []any{"fra", "iad"}, "hops": 3.0, "true_rtt_ms": 120.0, "rtt_ms": 120.6,
		"rtt_err_ms": 1.0, "error_ms": 0.6, "p95_abs_error_ms": 0.6, "coverage": 0.1, "windows": 1.0, "status": "complete",
	}
	for k, v := range want {
		require.Equal(t, v, got.Paths[0][k], k)
	}
	for _, k := range []string{"paths", "median_abs_error_ms", "p95_abs_error_ms", "coverage", "samples_sent", "samples_stored", "late", "dead"} {
		require.Contains(t, got.Summary, k)
	}
}
