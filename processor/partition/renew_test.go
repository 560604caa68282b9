package partition_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

// renewing is a configuration under which calls of some minutes are renewed several times.
var renewing = partition.Config{
	Renew: 28 * time.Second, Warmup: 12 * time.Second, Idle: 12 * time.Second, Window: 2 * time.Second, Lateness: 4 * time.Second,
}

// bound is how far back a state reaches under it: Renew, Warmup and Idle, a window and its lateness.
const bound = (28 + 12 + 12 + 2 + 4) * time.Second

// life is what a partition says, record by record.
type life struct {
	records []callgen.Record
	rows    []string // of each record
	since   []int64  // Since after each record
	e2e     [][]row.E2E
}

func apply(t *testing.T, p *partition.Partition, r callgen.Record, b *row.Batch) {
	t.Helper()
	var err *partition.ReadError
	if got := p.Apply(partition.Record{Key: r.Key, Value: r.Value, Time: r.Time}, b); got != nil {
		require.ErrorAs(t, got, &err)
		require.NotEqual(t, partition.Panic, err.Reason, err)
	}
}

func undisturbed(t *testing.T, records []callgen.Record) *life {
	t.Helper()
	l := &life{records: records}
	p := partition.New(renewing)
	for _, r := range records {
		var b row.Batch
		apply(t, p, r, &b)
		l.rows, l.since, l.e2e = append(l.rows, dump(&b)), append(l.since, p.Since()), append(l.e2e, b.E2E)
	}
	return l
}

// restart makes the state after so many records again, as the processor does it.
func (l *life) restart(t *testing.T, after int, from time.Time) *partition.Partition {
	t.Helper()
	p := partition.New(renewing)
	var b row.Batch
	first := 0
	for l.records[first].Time.Before(from) {
		first++
	}
	for _, r := range l.records[first:max(after, first)] {
		apply(t, p, r, &b)
		b.Reset()
	}
	for _, h := range p.Heritages() {
		p.Inherit(h, l.epochs(h, after))
	}
	return p
}

// epochs is what the table of e2e would say.
func (l *life) epochs(h partition.Heritage, after int) map[partition.Track]int64 {
	epochs := map[partition.Track]int64{}
	for _, rows := range l.e2e[:after] {
		for _, r := range rows {
			if r.Tenant == h.Tenant && r.CallID == h.CallID && slices.Contains(h.Windows[:], r.WindowStart) {
				k := partition.Track{Subscriber: r.SubscriberID, Transport: r.TransportID, SSRC: r.SSRC}
				epochs[k] = max(epochs[k], r.EpochStart)
			}
		}
	}
	return epochs
}

func TestARestartAnywhereGivesTheSameRowsThoughCallsAreLongerThanTheReplay(t *testing.T) {
	for _, seed := range []uint64{5, 13} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			records := callgen.Mix(seed, 6, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 8*time.Minute, 20)
			r := rand.New(rand.NewPCG(seed, 7))
			for range 6 { // the second half of a write came through, then all of it again: time goes back in the log
				i := r.IntN(len(records) - 10)
				j := min(i+5+r.IntN(300), len(records))
				k := i + r.IntN(j-i)
				records = slices.Insert(records, i, slices.Clone(records[k:j])...)
			}
			l := undisturbed(t, records)
			for i := range 10 {
				cut := 1 + r.IntN(len(records)-1)
				if i%2 == 0 { // when a state that others stood on has just gone, after a pause perhaps
					for cut < len(records)-1 && (l.since[cut] <= l.since[cut-1] || l.since[cut-1] == 0) {
						cut++
					}
				}
				now := records[cut-1].Time
				for _, x := range records[:cut] {
					if x.Time.After(now) {
						now = x.Time
					}
				}
				since := now
				if l.since[cut-1] > 0 {
					since = time.UnixMicro(l.since[cut-1])
				}
				require.Less(t, now.Sub(since), bound, "no state reaches further back")
				if r.IntN(2) == 0 {
					since = now.Add(-bound) // further than need be
				}
				p := l.restart(t, cut, since)
				for i := cut; i < len(records) && records[i].Time.Sub(now) < 150*time.Second; i++ {
					var b row.Batch
					apply(t, p, records[i], &b)
					if got := dump(&b); got != l.rows[i] {
						require.Equal(t, l.rows[i], got, "cut after %d, record %d of %d, %v later", cut, i, len(records), records[i].Time.Sub(now))
					}
				}
			}
		})
	}
}

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
