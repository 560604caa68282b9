package partition

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

// sabotage makes whatever works on a call panic.
func (p *Partition) sabotage(t *testing.T, id string) {
	t.Helper()
	for k, c := range p.calls {
		if k.id == id {
			c.graph = nil
			return
		}
	}
	t.Fatal("no such call")
}

func TestARecordThatPanicsStopsNothing(t *testing.T) {
	records := callgen.Records(callgen.Config{ID: "call", Interval: time.Second}, 3, 40*time.Second)
	for _, c := range []struct {
		name string
		do   func(p *Partition, i int, out *row.Batch) error
	}{
		{"in a record", func(p *Partition, i int, out *row.Batch) error {
			p.sabotage(t, string(records[i].Key))
			r := records[i]
			return p.Apply(Record{Key: r.Key, Value: r.Value, Time: r.Time}, out)
		}},
		{"in a window that closes", func(p *Partition, i int, out *row.Batch) error {
			p.sabotage(t, string(records[i].Key))
			p.Advance(records[i].Time.Add(7*time.Second), out)
			return nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New(Config{Lateness: 2 * time.Second})
			var out row.Batch
			half := len(records) / 2
			for _, r := range records[:half] {
				require.NoError(t, p.Apply(Record{Key: r.Key, Value: r.Value, Time: r.Time}, &out))
			}
			require.Empty(t, p.Trouble())
			samples := len(out.Samples)
			err := c.do(p, half, &out)
			var refused *ReadError
			if errors.As(err, &refused) {
				require.Equal(t, Panic, refused.Reason)
				require.Contains(t, refused.Detail, "nil pointer")
				require.Contains(t, refused.Detail, "processor/", "it says where")
				require.Len(t, out.Samples, samples, "what came of the record is taken back")
			}
			require.NotEmpty(t, p.Trouble())
			require.Empty(t, p.Trouble(), "said once")
			require.EqualValues(t, 1, p.Counts().Panics)
			require.Equal(t, 2, p.Counts().Calls, "the call is dropped")
			for _, r := range records[half+1:] {
				require.NoError(t, p.Apply(Record{Key: r.Key, Value: r.Value, Time: r.Time}, &out))
			}
			require.Equal(t, 3, p.Counts().Calls, "and begins anew")
			last := map[string]int64{}
			for _, r := range out.E2E {
				last[r.CallID] = max(last[r.CallID], r.WindowStart)
			}
			require.Len(t, last, 3)
			require.Equal(t, last["call-0"], last["call-1"])
			require.Equal(t, last["call-0"], last["call-2"])
		})
	}
}

func TestACulpritIsNamedWithFileAndLine(t *testing.T) {
	stack := "goroutine 7 [running]:\nruntime/debug.Stack()\n\t/go/src/runtime/debug/stack.go:26 +0x5e\n" +
		"panic({0x1, 0x2})\n\t/go/src/runtime/panic.go:783 +0x132\nx/processor/graph.(*Graph).Begin(0x0)\n\t/src/x/processor/graph/source.go:59 +0x10\n"
	require.Equal(t, "processor/graph/source.go:59", culprit([]byte(stack)))
	require.Equal(t, "an unknown place", culprit([]byte("goroutine 7")))
}
