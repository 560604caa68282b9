package partition_test

import (
	"compress/gzip"
	"encoding/gob"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// renewing is a configuration under which calls of some minutes are renewed several times. It is that of test/chaos.
var renewing = partition.Config{
	Renew: 28 * time.Second, Warmup: 12 * time.Second, Idle: 12 * time.Second, Window: 2 * time.Second, Lateness: 4 * time.Second,
}

// bound is how far back a state reaches under it: Renew, Warmup and Idle, a window and its lateness.
const bound = (28 + 12 + 12 + 2 + 4) * time.Second

// life is what a partition says, record by record.
type life struct {
	records []callgen.Record
	rows    []string    // of each record
	now     []time.Time // after each record: the latest time so far
	since   []int64     // Since after each record
	e2e     [][]row.E2E
}

func apply(t *testing.T, p *partition.Partition, r callgen.Record, b *row.Batch) {
	t.Helper()
	if len(r.Key)+len(r.Value) == 0 {
		p.Advance(r.Time, b)
		return
	}
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
	var now time.Time
	for _, r := range records {
		var b row.Batch
		apply(t, p, r, &b)
		if r.Time.After(now) {
			now = r.Time
		}
		l.rows, l.now, l.since, l.e2e = append(l.rows, dump(&b)), append(l.now, now), append(l.since, p.Since()), append(l.e2e, b.E2E)
	}
	return l
}

// from is the latest record from which on to read for the state after so many records: the one that made time what it was when the
// first record came that the state stands on.
func (l *life) from(after int) int {
	since := l.now[after-1]
	if s := l.since[after-1]; s > 0 {
		since = time.UnixMicro(s)
	}
	return slices.IndexFunc(l.now, func(now time.Time) bool { return !now.Before(since) })
}

// restart makes the state after so many records again, as the processor does it.
func (l *life) restart(t *testing.T, after, from int) *partition.Partition {
	t.Helper()
	p := partition.New(renewing)
	var b row.Batch
	for _, r := range l.records[from:after] {
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

// check restarts after so many records and holds what comes then against the undisturbed rows.
func (l *life) check(t *testing.T, cut, from int) {
	t.Helper()
	p := l.restart(t, cut, from)
	now := l.now[cut-1]
	for i := cut; i < len(l.records) && l.now[i].Sub(now) < 2*bound; i++ {
		var b row.Batch
		apply(t, p, l.records[i], &b)
		if got := dump(&b); got != l.rows[i] {
			require.Equal(t, l.rows[i], got, "cut after %d, read from %d (%v), record %d of %d, %v later",
				cut, from, now.Sub(l.now[from]), i, len(l.records), l.now[i].Sub(now))
		}
	}
}

// cuts are where to restart: half of them when a state that others stood on has just gone, after a pause perhaps.
func (l *life) cuts(r *rand.Rand, n int) []int {
	var cuts []int
	for i := range n {
		cut := 1 + r.IntN(len(l.records)-1)
		if i%2 == 0 {
			for cut < len(l.records)-1 && (l.since[cut] <= l.since[cut-1] || l.since[cut-1] == 0) {
				cut++
			}
		}
		cuts = append(cuts, cut)
	}
	return cuts
}

// disorder does to a log what brokers, collectors and probes do that try again.
func disorder(r *rand.Rand, records []callgen.Record) []callgen.Record {
	for range 6 { // a part of a write came through, then all of it again: time goes back in the log
		i := r.IntN(len(records) - 10)
		j := min(i+5+r.IntN(300), len(records))
		k := i + r.IntN(j-i)
		if r.IntN(2) == 0 {
			records = slices.Insert(records, i, slices.Clone(records[k:j])...)
		} else {
			records = slices.Insert(records, k, slices.Clone(records[i:k])...)
		}
	}
	for range 6 { // a probe sends again, or only now, what it has sampled for a while
		i := r.IntN(len(records) - 10)
		who, until := source(records[i]), records[i].Time.Add(time.Duration(1+r.IntN(25))*time.Second)
		j := i
		var again []callgen.Record
		keep := r.IntN(2) == 0
		rest := slices.DeleteFunc(slices.Clone(records[i:]), func(x callgen.Record) bool {
			if j++; x.Time.After(until) || source(x) != who {
				return false
			}
			x.Time = until
			again = append(again, x)
			return !keep
		})
		at := slices.IndexFunc(rest, func(x callgen.Record) bool { return x.Time.After(until) })
		if at < 0 {
			at = len(rest)
		}
		records = append(slices.Clone(records[:i]), slices.Insert(rest, at, again...)...)
	}
	return records
}

// source is whose sample a record is.
func source(r callgen.Record) string {
	var m earshotv1.Sample
	if m.UnmarshalVT(r.Value) != nil {
		return ""
	}
	return string(r.Key) + m.GetClient().GetClientId() + "/" + m.GetSfu().GetSfuId()
}

// seeds are those that the environment names, such as 100-199, or a few.
func seeds(t *testing.T) (all []uint64) {
	t.Helper()
	var first, last uint64
	if n, _ := fmt.Sscanf(os.Getenv("EARSHOT_RESTART_SEEDS"), "%d-%d", &first, &last); n < 2 {
		return []uint64{5, 13}
	}
	for s := first; s <= last; s++ {
		all = append(all, s)
	}
	return all
}

// TestARestartAnywhereGivesTheSameRows though calls are longer than what is read again. EARSHOT_RESTART_SEEDS=1-1000 tries more.
func TestARestartAnywhereGivesTheSameRows(t *testing.T) {
	for _, seed := range seeds(t) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			records := callgen.Mix(seed, 3+r.IntN(3), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 5*time.Minute, 20)
			l := undisturbed(t, disorder(r, records))
			for _, cut := range l.cuts(r, 10) {
				from := l.from(cut)
				require.Less(t, l.now[cut-1].Sub(l.now[from]), bound, "no state reaches further back")
				if r.IntN(2) == 0 { // further than need be
					earlier := r.IntN(from + 1)
					from, _ = slices.BinarySearchFunc(l.now, l.now[earlier], time.Time.Compare)
				}
				l.check(t, cut, from)
			}
		})
	}
}

// TestALogThatChaosHasLeft gives the same rows wherever processors began to read it, and elsewhere. It is what test/chaos/processor keeps
// where rows differ.
func TestALogThatChaosHasLeft(t *testing.T) {
	dir := os.Getenv("EARSHOT_RESTART_LOG")
	if dir == "" {
		t.Skip("EARSHOT_RESTART_LOG names no folder")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.gob.gz"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		var kept struct {
			Records []callgen.Record
			Begins  []struct{ From, Committed int }
		}
		f, err := os.Open(name) //nolint:gosec // the user names it
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		require.NoError(t, gob.NewDecoder(z).Decode(&kept))
		require.NoError(t, f.Close())
		t.Run(filepath.Base(name), func(t *testing.T) {
			l := undisturbed(t, kept.Records)
			for _, b := range kept.Begins {
				if b.Committed > 0 {
					l.check(t, b.Committed, b.From)
				}
			}
			for _, cut := range l.cuts(rand.New(rand.NewPCG(1, 1)), 20) {
				l.check(t, cut, l.from(cut))
			}
		})
	}
}
