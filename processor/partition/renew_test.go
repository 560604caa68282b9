package partition_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

// TestRenewalDoesNotShow in what rows there are and in how long paths have been as they are.
func TestRenewalDoesNotShow(t *testing.T) {
	records := callgen.Records(callgen.Config{Interval: time.Second}, 3, 6*time.Minute)
	run := func(cfg partition.Config) *row.Batch {
		p := partition.New(cfg)
		b := &row.Batch{}
		for _, r := range records {
			apply(t, p, r, b)
		}
		p.Advance(records[len(records)-1].Time.Add(time.Minute), b)
		return b
	}
	type key struct {
		call, subscriber, transport string
		window                      int64
		ssrc                        uint32
	}
	index := func(b *row.Batch) map[key]row.E2E {
		all := map[key]row.E2E{}
		for _, r := range b.E2E {
			k := key{r.CallID, r.SubscriberID, r.TransportID, r.WindowStart, r.SSRC}
			_, twice := all[k]
			require.False(t, twice, "a window twice: %+v", k)
			all[k] = r
		}
		return all
	}
	plain, renewed := run(partition.Config{}), run(partition.Config{Renew: time.Minute, Warmup: 25 * time.Second})
	require.Equal(t, len(plain.Samples), len(renewed.Samples))
	require.Equal(t, len(plain.Streams), len(renewed.Streams))
	require.Equal(t, len(plain.Hops), len(renewed.Hops))
	want, got := index(plain), index(renewed)
	require.Len(t, got, len(want))
	differ := 0
	for k, w := range want {
		g, ok := got[k]
		require.True(t, ok, "%+v", k)
		require.Equal(t, w.EpochStart, g.EpochStart, "%+v", k)
		require.Equal(t, w.Status, g.Status)
		require.Equal(t, w.HopFrom, g.HopFrom)
		require.InDelta(t, w.RTTMs.Value, g.RTTMs.Value, 3)
		if w.RTTMs != g.RTTMs {
			differ++
		}
	}
	require.Less(t, differ, len(want)/3, "what is learned of sources may differ a little after a renewal")
}
