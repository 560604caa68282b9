package processor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	kafkafake "github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	engine "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	goleak.VerifyTestMain(m)
}

const soon = 2 * time.Minute // a bound for the unhappy case only

func broker(t *testing.T, partitions int) []string {
	t.Helper()
	c, err := kafkafake.NewCluster(kafkafake.NumBrokers(1), kafkafake.SeedTopics(int32(partitions), topic.Samples), kafkafake.SeedTopics(1, topic.Dead),
		kafkafake.GroupMinSessionTimeout(100*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

// database starts an engine and gives databases in it that have the tables, one by default.
func database(t *testing.T) *clickhouse.DB { return databases(t, "earshot")[0] }

func databases(t *testing.T, names ...string) []*clickhouse.DB {
	t.Helper()
	if _, err := engine.Find(); errors.Is(err, engine.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	s, err := engine.New(engine.Config{}, engine.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		if t.Failed() {
			t.Log("engine:", s.Err())
		}
		require.NoError(t, s.Shutdown(context.Background()))
	})
	all := make([]*clickhouse.DB, len(names))
	for i, name := range names {
		db, err := clickhouse.Open(clickhouse.Config{Addr: []string{s.Addr()}, Database: name})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		_, err = clickhouse.Migrate(t.Context(), db, ddl.Migrations)
		require.NoError(t, err)
		for _, table := range []string{"samples", "streams", "hops", "e2e", "events", "dead_letters"} {
			// The records of these tests are of a fixed day long ago.
			require.NoError(t, db.Exec(t.Context(), "ALTER TABLE "+table+" REMOVE TTL", nil))
		}
		all[i] = db
	}
	return all
}

// t0 begins a window.
var t0 = time.UnixMilli(1_700_000_000_000)

// at is when sample i was taken: a tenth of a second after the one before, and an hour after it at each 500th.
func at(i int) time.Time {
	return t0.Add(time.Duration(i)*100*time.Millisecond + time.Duration(i/500)*time.Hour)
}

// send writes samples from..to-1 of ten calls.
func send(t *testing.T, brokers []string, from, to int) {
	t.Helper()
	p, err := kafka.NewProducer(kafka.ProducerConfig{Brokers: brokers}, kafka.Dependencies{})
	require.NoError(t, err)
	defer p.Close()
	var msgs []kafka.Message
	for i := from; i < to; i++ {
		msgs = append(msgs, kafka.Message{
			Topic: topic.Samples, Key: fmt.Appendf(nil, "call-%d", i%10), Value: []byte(strconv.Itoa(i)), Time: at(i),
		})
	}
	require.NoError(t, p.Produce(t.Context(), msgs))
}

type setup struct {
	change   func(*Config)
	inserter Inserter
	producer Producer
	epochs   Epochs
	registry *prometheus.Registry
	// sent is how many samples Kafka has, a multiple of 500: up to half an hour after them a partition that has been read to its
	// end may be advanced. 0: nothing is advanced.
	sent int
	// real stitches instead of counting; advance is then up to when.
	real    bool
	advance time.Time
}

func start(t *testing.T, brokers []string, s setup) *Processor {
	t.Helper()
	cfg := Config{
		Brokers: brokers, MaxWait: 20 * time.Millisecond, Heartbeat: 50 * time.Millisecond, Backoff: 50 * time.Millisecond, Replay: 24 * time.Hour,
		Flush: Flush{Every: 50 * time.Millisecond}, Retry: Retry{Attempts: 2, Backoff: time.Millisecond, BackoffMax: 20 * time.Millisecond},
	}
	if s.change != nil {
		s.change(&cfg)
	}
	if s.producer == nil {
		s.producer = &letters{}
	}
	deps := Dependencies{Inserter: s.inserter, Producer: s.producer, Epochs: s.epochs}
	if s.registry != nil {
		deps.Registerer = s.registry
	}
	p, err := New(cfg, deps)
	require.NoError(t, err)
	p.cfg.Settle = time.Since(at(s.sent).Add(-30 * time.Minute))
	if s.real {
		p.cfg.Settle = time.Since(s.advance)
		require.NoError(t, p.Start(t.Context()))
		t.Cleanup(func() { stop(t, p) })
		return p
	}
	p.newState = func() state { return &counting{open: map[string]map[int64]uint32{}} }
	require.NoError(t, p.Start(t.Context()))
	t.Cleanup(func() { stop(t, p) })
	return p
}

func stop(t *testing.T, p *Processor) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	require.NoError(t, p.Shutdown(ctx))
}

// kill stops a processor so that nothing is finished: no insert, no commit.
func kill(t *testing.T, p *Processor) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.Shutdown(ctx)
	stop(t, p) // wait for its goroutines
}

// totals is what must be equal however often processors die.
type totals struct {
	Samples  uint64 `ch:"samples"`
	Distinct uint64 `ch:"distinct"`
	Late     uint64 `ch:"late"`
	Windows  uint64 `ch:"windows"`
	Keys     uint64 `ch:"keys"`
	Counted  uint64 `ch:"counted"`
}

func ask(t *testing.T, db *clickhouse.DB) totals {
	t.Helper()
	all, err := clickhouse.Select[totals](t.Context(), db, `
		SELECT (SELECT count() FROM samples) AS samples, (SELECT uniqExact(sequence) FROM samples) AS distinct, (SELECT countIf(late) FROM samples) AS late,
		       (SELECT count() FROM hops) AS windows, (SELECT uniqExact(call_id, window_start) FROM hops) AS keys, (SELECT sum(rtt_count) FROM hops) AS counted`, nil)
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

func awaitTotals(t *testing.T, db *clickhouse.DB, want totals) {
	t.Helper()
	deadline := time.Now().Add(soon)
	for got := ask(t, db); got != want; got = ask(t, db) {
		if time.Now().After(deadline) {
			require.Equal(t, want, got)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// whole is what n samples make, n a multiple of 500: ten calls, and 50 samples over all calls in each window of 5 s.
func whole(n int) totals {
	return totals{Samples: uint64(n), Distinct: uint64(n), Windows: uint64(n / 50 * 10), Keys: uint64(n / 50 * 10), Counted: uint64(n)}
}

func TestEverySampleBecomesItsRowsAndWindowsCloseWhenNothingComes(t *testing.T) {
	brokers, db := broker(t, 4), database(t)
	registry := prometheus.NewRegistry()
	send(t, brokers, 0, 1000)
	p := start(t, brokers, setup{inserter: db, registry: registry, sent: 2000})
	require.Eventually(t, func() bool { return p.Ready() == nil }, soon, 5*time.Millisecond)
	awaitTotals(t, db, whole(1000)) // the last windows by advance alone
	stop(t, p)
	require.Equal(t, whole(1000), ask(t, db))
	require.Equal(t, 1000.0, testutil.ToFloat64(p.metrics.rows.WithLabelValues("samples")))
	require.Equal(t, 1000.0, testutil.ToFloat64(p.metrics.records.WithLabelValues("live")))
	require.Equal(t, 200.0, testutil.ToFloat64(p.metrics.windows))
	require.Error(t, p.Ready())
}

func TestAProcessorThatIsKilledAnywhereLeavesNothingLostAndNothingTwice(t *testing.T) {
	brokers, db := broker(t, 2), database(t)
	send(t, brokers, 0, 1500)
	recovered, committed := 0.0, 0.0
	for round := range 12 {
		crash := &crashing{Inserter: db, left: 1 + round*3%8, after: round%2 == 0, crashed: make(chan struct{})}
		p := start(t, brokers, setup{inserter: crash, sent: 1500, change: func(c *Config) {
			c.Flush.Rows = 40 + 7*round // batches would fall differently each time
		}})
		select {
		case <-crash.crashed:
		case <-time.After(soon):
			require.FailNow(t, "the crash did not come", "round %d, %+v", round, ask(t, db))
		}
		kill(t, p)
		recovered += testutil.ToFloat64(p.metrics.recovered)
		committed += testutil.ToFloat64(p.metrics.rows.WithLabelValues("hops"))
	}
	require.Greater(t, recovered, 3.0, "the test has put recovery to work")
	require.Greater(t, committed, 10.0, "and has cut windows in the middle")
	send(t, brokers, 1500, 2000)
	p := start(t, brokers, setup{inserter: db, sent: 2000})
	awaitTotals(t, db, whole(2000))
	stop(t, p)
	require.Equal(t, whole(2000), ask(t, db))
}

func TestProcessorsThatComeAndGoShareTheWorkExactly(t *testing.T) {
	brokers, db := broker(t, 4), database(t)
	first := start(t, brokers, setup{inserter: db})
	send(t, brokers, 0, 500)
	second := start(t, brokers, setup{inserter: db})
	send(t, brokers, 500, 1000)
	require.Eventually(t, func() bool { return first.consumer.Assigned() == 2 && second.consumer.Assigned() == 2 }, soon, 5*time.Millisecond)
	send(t, brokers, 1000, 1500)
	stop(t, first)
	send(t, brokers, 1500, 2000)
	require.Eventually(t, func() bool { return ask(t, db).Samples == 2000 }, soon, 20*time.Millisecond)
	stop(t, second)
	third := start(t, brokers, setup{inserter: db, sent: 2000})
	awaitTotals(t, db, whole(2000)) // of windows that the others had open
	stop(t, third)
	require.Equal(t, whole(2000), ask(t, db))
}

func TestRowsThatCannotBeStoredStopTheReadingAndAreKept(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
	}{
		{"server away", fmt.Errorf("insert: %w", clickhouse.ErrUnavailable)},
		{"refused for good", errors.New("no such column")},
	} {
		t.Run(c.name, func(t *testing.T) {
			brokers := broker(t, 1)
			store := &tables{fail: c.err}
			p := start(t, brokers, setup{inserter: store})
			send(t, brokers, 0, 500)
			require.Eventually(t, func() bool { return p.Ready() != nil && strings.Contains(p.Ready().Error(), "cannot be stored") }, soon, time.Millisecond)
			require.ErrorIs(t, p.Ready(), c.err)
			tries := store.tried()
			require.Eventually(t, func() bool { return store.tried() > tries+2 }, soon, time.Millisecond, "it goes on trying")
			live := testutil.ToFloat64(p.metrics.records.WithLabelValues("live"))
			send(t, brokers, 500, 1000)
			tries = store.tried()
			require.Eventually(t, func() bool { return store.tried() > tries+2 }, soon, time.Millisecond)
			require.Equal(t, live, testutil.ToFloat64(p.metrics.records.WithLabelValues("live")), "and reads no further")
			require.Eventually(t, func() bool { return testutil.ToFloat64(p.metrics.lagRecords.WithLabelValues("0")) >= 500 }, soon, time.Millisecond)
			store.set(nil)
			require.Eventually(t, func() bool { return store.count("samples") == 1000 && p.Ready() == nil }, soon, time.Millisecond)
			stop(t, p)
			require.Equal(t, 1000, store.count("samples"))
		})
	}
}

func TestARecordThatCannotBeReadBecomesADeadLetter(t *testing.T) {
	brokers := broker(t, 1)
	store, dead := &tables{}, &letters{}
	send(t, brokers, 0, 10)
	producer, err := kafka.NewProducer(kafka.ProducerConfig{Brokers: brokers}, kafka.Dependencies{})
	require.NoError(t, err)
	defer producer.Close()
	require.NoError(t, producer.Produce(t.Context(), []kafka.Message{{Topic: topic.Samples, Key: []byte("call-3"), Value: []byte("poison"), Time: t0.Add(time.Second)}}))
	send(t, brokers, 10, 20)
	p := start(t, brokers, setup{inserter: store, producer: dead})
	require.Eventually(t, func() bool { return store.count("samples") == 20 }, soon, time.Millisecond)
	stop(t, p)
	require.Len(t, dead.list(), 1)
	m := dead.list()[0]
	require.Equal(t, topic.Dead, m.Topic)
	require.Equal(t, "call-3", string(m.Key))
	require.Equal(t, "poison", string(m.Value))
	headers := map[string]string{}
	for _, h := range m.Headers {
		headers[h.Key] = string(h.Value)
	}
	require.Equal(t, "malformed", headers[topic.HeaderReason])
	require.Contains(t, headers[topic.HeaderDetail], "poison")
	require.Equal(t, "processor/earshot.samples.v1/0/10", headers[topic.HeaderFrom])
	require.Equal(t, 1.0, testutil.ToFloat64(p.metrics.dropped.WithLabelValues("dead_malformed")))

	again := start(t, brokers, setup{inserter: store, producer: dead})
	require.Eventually(t, func() bool { return testutil.ToFloat64(again.metrics.records.WithLabelValues("replay")) == 21 }, soon, time.Millisecond)
	stop(t, again)
	require.Len(t, dead.list(), 1, "a replay buries nothing")
	require.Equal(t, 1, store.count("dead_letters"))
	require.Equal(t, 20, store.count("samples"))
}

func TestReplayBeginsOneHorizonBeforeTheCommittedRecord(t *testing.T) {
	brokers := broker(t, 1)
	store := &tables{}
	horizon := func(c *Config) { c.Window, c.Lateness, c.Replay = time.Second, time.Second, 30*time.Second }
	p := start(t, brokers, setup{inserter: store, change: horizon})
	send(t, brokers, 0, 500) // 50 s
	require.Eventually(t, func() bool { return store.count("samples") == 500 }, soon, time.Millisecond)
	stop(t, p)
	p = start(t, brokers, setup{inserter: store, change: horizon})
	send(t, brokers, 500, 510)
	require.Eventually(t, func() bool { return store.count("samples") == 510 }, soon, time.Millisecond)
	stop(t, p)
	require.EqualValues(t, 310, testutil.ToFloat64(p.metrics.records.WithLabelValues("replay")), "from the beginning of a second on")
}

func TestATopicMadeAnewIsReadFromItsBeginning(t *testing.T) {
	store := &tables{}
	old := broker(t, 1)
	p := start(t, old, setup{inserter: store})
	send(t, old, 0, 500)
	require.Eventually(t, func() bool { return store.count("samples") == 500 }, soon, time.Millisecond)
	stop(t, p)

	// The same offsets, other samples: tokens must not make the server drop them.
	anew := broker(t, 1)
	send(t, anew, 500, 1000)
	p = start(t, anew, setup{inserter: store})
	require.Eventually(t, func() bool { return store.count("samples") == 1000 }, soon, time.Millisecond)
	stop(t, p)
}
