package processor

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/recall"
	"github.com/earshot-rtc/earshot/processor/row"
)

func TestATickIsWrittenWhereSomethingWaitsAndForAllWhoRead(t *testing.T) {
	brokers := broker(t, 1)
	store := &tables{}
	send(t, brokers, 0, 500)
	p := start(t, brokers, setup{inserter: store, sent: 1000})
	require.Eventually(t, func() bool { return store.count("hops") == 100 }, soon, time.Millisecond, "the last windows close though nothing comes")
	ticks := func(p *Processor) float64 { return testutil.ToFloat64(p.metrics.records.WithLabelValues("tick")) }
	seen := ticks(p)
	require.GreaterOrEqual(t, seen, 1.0)
	time.Sleep(200 * time.Millisecond) // several flushes
	require.Equal(t, seen, ticks(p), "and none where nothing waits")
	stop(t, p)

	other := &tables{} // reads the same log much later, and knows no time of its own
	p = start(t, brokers, setup{inserter: other, sent: 0, change: func(c *Config) { c.Group = "other" }})
	require.Eventually(t, func() bool { return other.count("hops") == 100 }, soon, time.Millisecond)
	stop(t, p)
	require.Equal(t, 500, other.count("samples"), "ticks are no samples")
	require.Zero(t, other.count("dead_letters"))
}

// heirs is a state that needs to be told of a call.
type heirs struct {
	counting
	mu   sync.Mutex
	told map[partition.Track]int64
}

func (h *heirs) Heritages() []partition.Heritage {
	return []partition.Heritage{{Tenant: "acme", CallID: "call-1", Windows: [3]int64{1, 2, 3}}}
}

func (h *heirs) Inherit(of partition.Heritage, epochs map[partition.Track]int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if of.CallID == "call-1" {
		h.told = epochs
	}
}

type answers struct {
	mu    sync.Mutex
	fails int
}

func (a *answers) Epochs(_ context.Context, of []partition.Heritage) ([]map[partition.Track]int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fails--; a.fails >= 0 {
		return nil, clickhouse.ErrUnavailable
	}
	return []map[partition.Track]int64{{{Subscriber: of[0].CallID}: 42}}, nil
}

func TestAStateIsToldWhatNoReplayReachesBackToBeforeItGoesOn(t *testing.T) {
	brokers := broker(t, 1)
	store := &tables{}
	send(t, brokers, 0, 10)
	p, err := New(Config{Brokers: brokers, Flush: Flush{Every: 20 * time.Millisecond}, Retry: Retry{Backoff: time.Millisecond}, Settle: time.Minute},
		Dependencies{Inserter: store, Producer: &letters{}, Epochs: &answers{fails: 3}})
	require.NoError(t, err)
	h := &heirs{counting: counting{open: map[string]map[int64]uint32{}}}
	p.newState = func() state { return h }
	require.NoError(t, p.Start(t.Context()))
	require.Eventually(t, func() bool { return store.count("samples") == 10 }, soon, time.Millisecond)
	stop(t, p)
	require.Equal(t, map[partition.Track]int64{{Subscriber: "call-1"}: 42}, h.told)
	require.Equal(t, 3.0, testutil.ToFloat64(p.metrics.retries.WithLabelValues("epochs")), "not without an answer")
}

func TestEpochsAreReadFromTheRowsOfTheLastWindows(t *testing.T) {
	db := database(t)
	var b row.Batch
	add := func(call, subscriber string, window, epoch int64) {
		r := b.AddE2E()
		r.Tenant, r.CallID, r.SubscriberID, r.TransportID, r.SSRC = "acme", call, subscriber, "t1", 7
		r.WindowStart, r.EpochStart, r.Status = t0.UnixMilli()+window, t0.UnixMilli()+epoch, row.Complete
	}
	add("a", "ana", -15_000, -20_000) // before the windows that count
	add("a", "ana", -10_000, -90_000)
	add("a", "ana", -5000, -90_000)
	add("a", "ana", -5000, -3000) // the path changed within the window
	add("a", "ana", 0, -1000)     // after them
	add("a", "bo", -10_000, -70_000)
	add("b", "ana", -5000, -1)
	add("c", "ana", -5000, -2)
	insertRows(t, db, &b)
	var of []partition.Heritage
	windows := [3]int64{t0.UnixMilli() - 10_000, t0.UnixMilli() - 5000, t0.UnixMilli() - 1}
	of = append(of, partition.Heritage{Tenant: "acme", CallID: "a", Windows: windows}, partition.Heritage{Tenant: "other", CallID: "b", Windows: windows})
	for i := range 500 { // more than one question takes
		of = append(of, partition.Heritage{Tenant: "acme", CallID: fmt.Sprint("none-", i), Windows: windows})
	}
	of = append(of, partition.Heritage{Tenant: "acme", CallID: "c", Windows: windows})
	got, err := recall.New(db).Epochs(t.Context(), of)
	require.NoError(t, err)
	require.Len(t, got, len(of))
	track := func(subscriber string) partition.Track {
		return partition.Track{Subscriber: subscriber, Transport: "t1", SSRC: 7}
	}
	require.Equal(t, map[partition.Track]int64{track("ana"): t0.UnixMilli() - 3000, track("bo"): t0.UnixMilli() - 70_000}, got[0])
	require.Empty(t, got[1], "another tenant's")
	require.Empty(t, got[2])
	require.Equal(t, map[partition.Track]int64{track("ana"): t0.UnixMilli() - 2}, got[len(got)-1])
	none, err := recall.New(db).Epochs(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestASchemaOfAnotherVersionIsToldWithTheCommandThatMendsIt(t *testing.T) {
	brokers, db := broker(t, 1), database(t)
	require.NoError(t, db.Exec(t.Context(), "ALTER TABLE samples RENAME COLUMN isp TO was_isp", nil))
	send(t, brokers, 0, 100)
	p := start(t, brokers, setup{inserter: db})
	require.Eventually(t, func() bool { return p.Ready() != nil }, soon, time.Millisecond)
	var said error
	require.Eventually(t, func() bool { said = p.Ready(); return said != nil && ask(t, db).Samples == 0 }, soon, time.Millisecond)
	require.Eventually(t, func() bool { said = p.Ready(); return said != nil && contains(said, "run `earshot migrate up`") }, soon, time.Millisecond, "%v", said)
	require.NoError(t, db.Exec(t.Context(), "ALTER TABLE samples RENAME COLUMN was_isp TO isp", nil))
	require.Eventually(t, func() bool { return ask(t, db).Samples == 100 && p.Ready() == nil }, soon, 20*time.Millisecond)
}
