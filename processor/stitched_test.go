package processor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// print is what a table holds, in short: equal rows, in whatever order, give equal prints.
type print struct {
	Rows uint64 `ch:"rows"`
	Sum  uint64 `ch:"sum"`
}

func prints(t *testing.T, db *clickhouse.DB) map[string]print {
	t.Helper()
	all := map[string]print{}
	for _, table := range []string{"samples", "streams", "hops", "e2e"} {
		got, err := clickhouse.Select[print](t.Context(), db, "SELECT count() AS rows, sum(cityHash64(toString(tuple(*)))) AS sum FROM "+table, nil)
		require.NoError(t, err)
		all[table] = got[0]
	}
	return all
}

func TestCallsAreStitchedIntoTheSameRowsHoweverOftenProcessorsDie(t *testing.T) {
	brokers := broker(t, 3)
	dbs := databases(t, "calm", "earshot")
	calm, stormy := dbs[0], dbs[1]
	producer, err := kafka.NewProducer(kafka.ProducerConfig{Brokers: brokers}, kafka.Dependencies{})
	require.NoError(t, err)
	defer producer.Close()
	records := callgen.Records(callgen.Config{ID: "call", Start: t0, Interval: time.Second}, 3, time.Minute)
	msgs := make([]kafka.Message, len(records))
	for i, r := range records {
		msgs[i] = kafka.Message{Topic: topic.Samples, Key: r.Key, Value: r.Value, Time: r.Time}
	}
	require.NoError(t, producer.Produce(t.Context(), msgs))

	last := t0.Add(time.Hour) // closes all windows
	var direct row.Batch
	state := partition.New(partition.Config{})
	for _, r := range records {
		require.NoError(t, state.Apply(partition.Record{Key: r.Key, Value: r.Value, Time: r.Time}, &direct))
	}
	state.Advance(last, &direct)
	complete := func(db *clickhouse.DB) func() bool {
		return func() bool {
			got := prints(t, db)
			return got["samples"].Rows >= uint64(len(direct.Samples)) && got["streams"].Rows >= uint64(len(direct.Streams)) &&
				got["hops"].Rows >= uint64(len(direct.Hops)) && got["e2e"].Rows >= uint64(len(direct.E2E))
		}
	}
	// Each call: six who hear five others, audio and video, in twelve windows and those at the edges.
	require.InDelta(t, 3*6*5*2*12, len(direct.E2E), 3*6*5*2*2)

	p := start(t, brokers, setup{inserter: calm, real: true, advance: last, change: func(c *Config) { c.Group = "calm" }})
	require.Eventually(t, complete(calm), soon, 20*time.Millisecond)
	stop(t, p)
	want := prints(t, calm)
	require.Equal(t, []int{len(direct.Samples), len(direct.Streams), len(direct.Hops), len(direct.E2E)},
		[]int{int(want["samples"].Rows), int(want["streams"].Rows), int(want["hops"].Rows), int(want["e2e"].Rows)})

	for round := range 8 {
		crash := &crashing{Inserter: stormy, left: 1 + round*5%9, after: round%2 == 0, crashed: make(chan struct{})}
		p := start(t, brokers, setup{inserter: crash, real: true, advance: t0.Add(-time.Hour), change: func(c *Config) { c.Flush.Rows = 500 + 150*round }})
		select {
		case <-crash.crashed:
		case <-time.After(soon):
			require.FailNow(t, "the crash did not come", "round %d, %+v", round, prints(t, stormy))
		}
		kill(t, p)
	}
	p = start(t, brokers, setup{inserter: stormy, real: true, advance: last})
	require.Eventually(t, complete(stormy), soon, 20*time.Millisecond)
	stop(t, p)
	require.Equal(t, want, prints(t, stormy))
}
