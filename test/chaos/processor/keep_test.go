package processor_test

import (
	"compress/gzip"
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/test/chaos/broker"
)

// kept is what one partition held, and where processors began to read it.
type kept struct {
	Records []callgen.Record // by offset
	Begins  []begin
}

// begin is what a processor says when it begins with a partition: all from From on is read, and what comes from Committed on counts.
type begin struct{ From, Committed int }

var begins = regexp.MustCompile(`msg="reading begins".* partition=(\d+) .*from=(\d+) committed=(\d+)`)

// keepLog saves what the topic holds, a file for each partition, so that the state machine can be run over it again without
// brokers, databases and luck.
func keepLog(t *testing.T, addr string, g *group) {
	t.Helper()
	dir, err := os.MkdirTemp("", "earshot-chaos-log-")
	require.NoError(t, err)
	logs := make([]kept, partitions)
	for _, m := range broker.Read(t, addr, samples) {
		l := &logs[m.Partition]
		require.Len(t, l.Records, int(m.Offset))
		l.Records = append(l.Records, callgen.Record{Key: m.Key, Value: m.Value, Time: m.Time})
	}
	for _, m := range begins.FindAllStringSubmatch(g.output.String(), -1) {
		var n [3]int
		for i := range n {
			n[i], err = strconv.Atoi(m[i+1])
			require.NoError(t, err)
		}
		if n[0] < partitions {
			logs[n[0]].Begins = append(logs[n[0]].Begins, begin{n[1], n[2]})
		}
	}
	for i := range logs {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.gob.gz", i))) //nolint:gosec // in a directory of our own
		require.NoError(t, err)
		z := gzip.NewWriter(f)
		require.NoError(t, gob.NewEncoder(z).Encode(logs[i]))
		require.NoError(t, z.Close())
		require.NoError(t, f.Close())
	}
	t.Logf("the log is kept; EARSHOT_RESTART_LOG=%s go test ./processor/partition -run TestALogThatChaosHasLeft runs restarts over it", dir)
}
