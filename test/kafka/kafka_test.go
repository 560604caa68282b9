// Package kafka_test plays a real call through a real Apache Kafka broker; see run.sh.
package kafka_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/lab/report"
)

func TestKafkaCarriesACallAsTheEmbeddedBrokerDoes(t *testing.T) {
	broker := os.Getenv("EARSHOT_TEST_KAFKA")
	if broker == "" {
		t.Skip("EARSHOT_TEST_KAFKA names no broker; run make test-kafka")
	}
	out := filepath.Join(t.TempDir(), "out.json")
	cmd := exec.CommandContext(t.Context(), "../../bin/earshot", "lab", "run", "--topology", "../../lab/topologies/line-2.yaml",
		"--duration", "30s", "--json", out, "--kafka", broker, "--data-dir", t.TempDir())
	log, err := cmd.CombinedOutput()
	require.NoError(t, err, string(log))
	t.Log(string(log))

	data, err := os.ReadFile(out)
	require.NoError(t, err)
	var rep report.Report
	require.NoError(t, json.Unmarshal(data, &rep))
	require.NotEmpty(t, rep.Paths)
	for _, p := range rep.Paths {
		require.Positive(t, p.Windows, "%s > %s %s", p.Publisher, p.Subscriber, p.Kind)
	}
	s := rep.Summary
	require.Zero(t, s.WrongPaths)
	require.Zero(t, s.Dead)
	require.Positive(t, s.SamplesSent)
	require.Equal(t, s.SamplesSent, s.SamplesStored, "what was acknowledged is stored, once")
	require.Equal(t, s.WindowsExpected > 0, s.Coverage > 0.5)
}
