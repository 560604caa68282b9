package collector_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector"
)

func TestEveryMetricIsInTheDocumentation(t *testing.T) {
	docs, err := os.ReadFile("../docs/operating.md")
	require.NoError(t, err)
	tr := setTrap(t, func(c *collector.Config) { c.Spool.Dir = t.TempDir() })
	spoilt, err := sample(1).MarshalVT()
	require.NoError(t, err)
	do(t, "POST", "http://"+tr.c.Addr()+"/v1/samples", strings.NewReader(string(batch(t, full(false)))+string(spoilt[:9])), "Content-Type", "application/x-protobuf")
	families, err := tr.reg.Gather()
	require.NoError(t, err)
	require.Greater(t, len(families), 25)
	for _, f := range families {
		name := f.GetName()
		short := "..._" + strings.TrimPrefix(name, "earshot_collector_")
		require.True(t, strings.Contains(string(docs), name) || strings.Contains(string(docs), short) || strings.HasPrefix(name, "earshot_collector_spool_"), name)
	}
}
