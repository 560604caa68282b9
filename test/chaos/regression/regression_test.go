// Package regression_test plays a real call in which a link between two SFUs gets slower and recovers, and asks at the command line
// whether that was found, named and seen to end. Run it with make test-chaos; it takes four minutes.
package regression_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/test/chaos/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Clean()
	os.Exit(code)
}

type regression struct {
	ID         string     `json:"id"`
	State      string     `json:"state"`
	Cause      string     `json:"cause"`
	Link       string     `json:"link"`
	Shift      float64    `json:"shift_ms"`
	StartedAt  time.Time  `json:"started_at"`
	DetectedAt time.Time  `json:"detected_at"`
	ResolvedAt *time.Time `json:"resolved_at"`
	Reason     string     `json:"reason"`
}

func TestALinkThatGetsSlowerIsFoundNamedAndResolved(t *testing.T) {
	process.RequireChaos(t)
	earshot, data := process.Build(t, "./cmd/earshot"), t.TempDir()
	began := time.Now()
	lab := process.Start(t, nil, earshot, "lab", "run", "--topology", "../../../lab/topologies/regression.yaml", "--duration", "220s", "--data-dir", data)
	ask := func() []regression {
		out, err := exec.CommandContext(t.Context(), earshot, "query", "regressions", "--json", "--data-dir", data).Output()
		if err != nil {
			return nil // it is on its way up
		}
		var answer struct {
			Regressions []regression `json:"regressions"`
		}
		require.NoError(t, json.Unmarshal(out, &answer))
		return answer.Regressions
	}
	var first []regression
	for len(first) == 0 {
		require.Less(t, time.Since(began), 150*time.Second, "nothing was found in a minute and a half after the step")
		time.Sleep(2 * time.Second)
		first = ask()
	}
	require.Len(t, first, 1)
	r := first[0]
	require.Equal(t, "open", r.State)
	require.Equal(t, "sfu_link", r.Cause)
	require.Equal(t, "fra-iad", r.Link)
	require.InDelta(t, 60, r.Shift, 15)
	require.Less(t, r.DetectedAt.Sub(r.StartedAt), time.Minute)

	<-lab.Done()
	require.NoError(t, lab.Err())
	last := ask()
	require.Len(t, last, 1, "it opened once, and nothing else did")
	require.Equal(t, r.ID, last[0].ID)
	require.Equal(t, "resolved", last[0].State)
	require.Equal(t, "gone", last[0].Reason)
	require.WithinDuration(t, r.StartedAt.Add(90*time.Second), *last[0].ResolvedAt, 75*time.Second)
}
