package partition_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
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

// TestAStateThatStandsForAnotherEndsWithIt though it knows less: here it takes a repeat for the sample itself, believes that its source is
// there, and waits for it.
func TestAStateThatStandsForAnotherEndsWithIt(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	say := func(who string, n int, interval, at, received time.Duration) callgen.Record {
		m := &earshotv1.Sample{
			CallId: "call", Client: &earshotv1.ClientOrigin{ClientId: who}, SessionId: who, Sequence: uint64(n), IntervalUs: interval.Microseconds(),
			SampledAtUs: start.Add(at).UnixMicro(), Transports: []*earshotv1.Transport{{TransportId: who, LinkKey: 1}},
		}
		value, err := m.MarshalVT()
		require.NoError(t, err)
		return callgen.Record{Key: []byte("call"), Value: value, Time: start.Add(received)}
	}
	var records []callgen.Record
	for n := range 300 {
		at := time.Duration(n) * 200 * time.Millisecond
		records = append(records, say("steady", n+1, 200*time.Millisecond, at, at))
	}
	p := partition.New(renewing)
	for _, r := range records {
		apply(t, p, r, &row.Batch{})
	}
	heritage := p.Heritages()
	require.Len(t, heritage, 1)
	end := time.UnixMilli(heritage[0].Windows[2]).Add(renewing.Window).Sub(start)
	said := end - 13500*time.Millisecond
	records = append(records, say("silent", 1, 5*time.Second, said, said), say("silent", 1, 5*time.Second, said, end-time.Second))
	slices.SortStableFunc(records, func(a, b callgen.Record) int { return a.Time.Compare(b.Time) })

	l := undisturbed(t, records)
	for cut := range records {
		if at := records[cut].Time.Sub(start); at > end-2*time.Second && at < end+6*time.Second {
			l.check(t, cut+1, l.from(cut+1))
		}
	}
}
