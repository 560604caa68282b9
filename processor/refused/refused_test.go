package refused_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/refused"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const soon = 2 * time.Minute // a bound for the unhappy case only

// table drops what has a token that it has seen, as ClickHouse does.
type table struct {
	mu     sync.Mutex
	tokens []string
	rows   []map[string]any
	// afterwards is what an insert answers although it has been done: a connection that broke, or a process that died.
	afterwards error
	tries      int
}

func (t *table) Insert(_ context.Context, name, token string, columns []clickhouse.Column) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tries++
	if name != "dead_letters" {
		return errors.New("rows of " + name)
	}
	if !slices.Contains(t.tokens, token) {
		t.tokens = append(t.tokens, token)
		for i := range columns[0].Values.([]int64) {
			row := map[string]any{}
			for _, c := range columns {
				switch v := c.Values.(type) {
				case []string:
					row[c.Name] = v[i]
				case []uint64:
					row[c.Name] = v[i]
				case []uint32:
					row[c.Name] = v[i]
				case []int64:
					row[c.Name] = v[i]
				}
			}
			t.rows = append(t.rows, row)
		}
	}
	err := t.afterwards
	t.afterwards = nil
	return err
}

// column is what a column of all rows holds.
func (t *table) column(name string) []any {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]any, len(t.rows))
	for i, r := range t.rows {
		out[i] = r[name]
	}
	return out
}

func broker(t *testing.T) []string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic.Dead), kfake.GroupMinSessionTimeout(100*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

// letters are of a collector, but for those from another place.
func letters(reasons ...string) []kafka.Message {
	out := make([]kafka.Message, len(reasons))
	for i, reason := range reasons {
		out[i] = kafka.Message{Topic: topic.Dead, Key: []byte("ana"), Value: []byte("masked"), Time: time.UnixMilli(1_760_000_000_000 + int64(i)), Headers: []kafka.Header{
			{Key: topic.HeaderReason, Value: []byte(reason)},
			{Key: topic.HeaderFrom, Value: []byte("collector/http")},
			{Key: topic.HeaderDetail, Value: []byte("because of " + reason)},
			{Key: topic.HeaderForm, Value: []byte(topic.FormMasked)},
			{Key: topic.HeaderBytes, Value: []byte(strconv.Itoa(100 + i))},
		}}
	}
	return out
}

func produce(t *testing.T, brokers []string, messages []kafka.Message) {
	t.Helper()
	p, err := kafka.NewProducer(kafka.ProducerConfig{Brokers: brokers}, kafka.Dependencies{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close()) }()
	require.NoError(t, p.Produce(t.Context(), messages))
}

func start(t *testing.T, brokers []string, into *table, rows int) (*prometheus.Registry, func()) {
	t.Helper()
	registry := prometheus.NewRegistry()
	r, err := refused.New(refused.Config{Brokers: brokers, Group: "g", Rows: rows}, refused.Dependencies{Inserter: into, Registerer: registry})
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context()))
	stop := sync.OnceFunc(func() { require.NoError(t, r.Shutdown(context.Background())) })
	t.Cleanup(stop)
	return registry, stop
}

func TestWhatCollectorsRefusedIsCountedByReason(t *testing.T) {
	brokers, into := broker(t), &table{}
	all := letters("malformed", "personal_id", "malformed", "raw")
	all[1].Headers[1].Value = []byte("processor/earshot.samples.v1/0/17") // has a row already
	all[3].Headers[3].Value = []byte(topic.FormRaw)
	produce(t, brokers, all)
	registry, stop := start(t, brokers, into, 0)
	require.Eventually(t, func() bool { return len(into.column("reason")) == 3 }, soon, 10*time.Millisecond)
	stop()

	require.Equal(t, []any{"malformed", "malformed", "raw"}, into.column("reason"))
	require.Equal(t, []any{"because of malformed", "because of malformed", ""}, into.column("detail"), "what quotes the sender is left out")
	require.Equal(t, []any{"collector/http", "collector/http", "collector/http"}, into.column("source"))
	require.Equal(t, []any{uint32(100), uint32(102), uint32(103)}, into.column("bytes"), "of what came, not of what was kept")
	require.Equal(t, []any{uint64(0), uint64(2), uint64(3)}, into.column("offset"))
	require.Equal(t, []any{topic.Dead, topic.Dead, topic.Dead}, into.column("topic"))
	require.Equal(t, 2, testutil.CollectAndCount(registry, "earshot_refused_letters_total"))
}

func TestLettersAreStoredOnceOverRestarts(t *testing.T) {
	brokers, into := broker(t), &table{}
	produce(t, brokers, letters("a", "b", "c"))
	_, stop := start(t, brokers, into, 2)
	require.Eventually(t, func() bool { return len(into.column("reason")) == 3 }, soon, 10*time.Millisecond)
	stop()

	produce(t, brokers, letters("d"))
	_, stop = start(t, brokers, into, 2)
	require.Eventually(t, func() bool { return len(into.column("reason")) == 4 }, soon, 10*time.Millisecond)
	stop()
	require.Equal(t, []any{"a", "b", "c", "d"}, into.column("reason"))
}

// An insert that was done, of which nobody heard, is repeated as it was: same rows, same token, whatever came since.
func TestAnInsertOfWhichNobodyHeardCountsOnce(t *testing.T) {
	brokers, into := broker(t), &table{afterwards: errors.New("connection reset")}
	produce(t, brokers, letters("a", "b", "c"))
	_, stop := start(t, brokers, into, 0)
	require.Eventually(t, func() bool { return len(into.column("reason")) == 3 }, soon, 10*time.Millisecond)
	produce(t, brokers, letters("d"))
	require.Eventually(t, func() bool { return len(into.column("reason")) == 4 }, soon, 10*time.Millisecond)
	stop()

	require.Equal(t, []any{"a", "b", "c", "d"}, into.column("reason"))
	into.mu.Lock()
	defer into.mu.Unlock()
	require.GreaterOrEqual(t, into.tries, 3, "the first insert was repeated")
}

func TestWithoutAnInserterThereIsNoReader(t *testing.T) {
	_, err := refused.New(refused.Config{Brokers: []string{"x:9092"}, Group: "g"}, refused.Dependencies{})
	require.ErrorContains(t, err, "inserter")
}
