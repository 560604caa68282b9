package processor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// memory is an Inserter that keeps rows, and drops repeats by token, like the server; it is asked for epochs too.
type memory struct {
	mu     sync.Mutex
	tokens map[string]bool
	rows   map[string]int // "table: what is in it" -> how often
	epochs map[string]map[partition.Track]int64
}

func newMemory() *memory {
	return &memory{tokens: map[string]bool{}, rows: map[string]int{}, epochs: map[string]map[partition.Track]int64{}}
}

func (s *memory) Insert(_ context.Context, table, token string, columns []clickhouse.Column) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens[token] {
		return nil
	}
	s.tokens[token] = true
	byName := map[string]any{}
	texts := make([]strings.Builder, reflect.ValueOf(columns[0].Values).Len())
	for _, c := range columns {
		byName[c.Name] = c.Values
		switch v := reflect.ValueOf(c.Values); v.Kind() {
		case reflect.Slice:
			for i := range texts {
				fmt.Fprintf(&texts[i], "%s=%v ", c.Name, v.Index(i))
			}
		default:
			if n, ok := c.Values.(*clickhouse.Nullable[float32]); ok {
				for i := range texts {
					fmt.Fprintf(&texts[i], "%s=%v %v ", c.Name, n.Values[i], n.Nulls[i])
				}
			}
		}
	}
	for i := range texts {
		s.rows[table+": "+texts[i].String()]++
	}
	if table != insert.E2E {
		return nil
	}
	for i, call := range byName["call_id"].([]string) {
		key := fmt.Sprint(byName["tenant"].([]string)[i], call, byName["window_start"].([]int64)[i])
		if s.epochs[key] == nil {
			s.epochs[key] = map[partition.Track]int64{}
		}
		t := partition.Track{
			Subscriber: byName["subscriber_id"].([]string)[i], Transport: byName["transport_id"].([]string)[i], SSRC: byName["ssrc"].([]uint32)[i],
		}
		s.epochs[key][t] = max(s.epochs[key][t], byName["epoch_start"].([]int64)[i])
	}
	return nil
}

func (s *memory) Epochs(_ context.Context, of []partition.Heritage) ([]map[partition.Track]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []map[partition.Track]int64
	for _, h := range of {
		epochs := map[partition.Track]int64{}
		for _, w := range h.Windows {
			for t, at := range s.epochs[fmt.Sprint(h.Tenant, h.CallID, w)] {
				epochs[t] = max(epochs[t], at)
			}
		}
		all = append(all, epochs)
	}
	return all, nil
}

func (s *memory) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.rows {
		n += times
	}
	return n
}

// TestCallsThatLastLongerThanWhatIsReadAgainGiveTheSameRows though processors die all the time, many records have the same time, and time goes
// back in the log, so that no record can be found by its time. EARSHOT_RESTART_SEEDS=1-100 tries more.
func TestCallsThatLastLongerThanWhatIsReadAgainGiveTheSameRows(t *testing.T) {
	first, last := uint64(8), uint64(8)
	if s := os.Getenv("EARSHOT_RESTART_SEEDS"); s != "" {
		_, err := fmt.Sscanf(s, "%d-%d", &first, &last)
		require.NoError(t, err)
	}
	for seed := first; seed <= last; seed++ {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { longer(t, seed) })
	}
}

func longer(t *testing.T, seed uint64) {
	brokers := broker(t, 1)
	producer, err := kafka.NewProducer(kafka.ProducerConfig{Brokers: brokers}, kafka.Dependencies{})
	require.NoError(t, err)
	defer producer.Close()
	short := func(c *Config) {
		c.Window, c.Lateness, c.Replay, c.Flush.Rows = 2*time.Second, 4*time.Second, time.Minute, 1500
	}
	cfg := DefaultConfig()
	short(&cfg)
	renew, warmup, idle := cfg.memory()
	state := partition.New(partition.Config{Window: cfg.Window, Lateness: cfg.Lateness, Renew: renew, Warmup: warmup, Idle: idle})

	var direct row.Batch
	var write, before []kafka.Message
	for _, r := range callgen.Mix(seed, 2, t0, 3*time.Minute, 0) {
		write = append(write, kafka.Message{Topic: topic.Samples, Key: r.Key, Value: r.Value, Time: r.Time.Truncate(500 * time.Millisecond)})
		if len(write) < 100 {
			continue
		}
		all := slices.Concat(before, write) // a part of what was written before comes again
		require.NoError(t, producer.Produce(t.Context(), all))
		for _, m := range all {
			require.NoError(t, state.Apply(partition.Record{Key: m.Key, Value: m.Value, Time: m.Time}, &direct))
		}
		before, write = write[30:60], nil
	}
	most := direct.Len()
	last := t0.Add(time.Hour) // closes all windows
	state.Advance(last, &direct)
	calm, stormy := newMemory(), newMemory()
	for _, tab := range insert.NewBuffer().Fill(&direct) {
		require.NoError(t, calm.Insert(t.Context(), tab.Name, tab.Name, tab.Columns))
	}

	r := rand.New(rand.NewPCG(seed, 1))
	for stormy.count() < most {
		crash := &crashing{Inserter: stormy, left: 1 + r.IntN(8), after: r.IntN(2) == 0, crashed: make(chan struct{})}
		p := start(t, brokers, setup{inserter: crash, epochs: stormy, real: true, advance: t0.Add(-time.Hour), change: short})
		require.Eventually(t, func() bool {
			select {
			case <-crash.crashed:
				return true
			default:
				return stormy.count() >= most
			}
		}, soon, 5*time.Millisecond)
		kill(t, p)
	}
	p := start(t, brokers, setup{inserter: stormy, epochs: stormy, real: true, advance: last, change: short})
	require.Eventually(t, func() bool { return stormy.count() >= calm.count() }, soon, 20*time.Millisecond)
	stop(t, p)
	require.Empty(t, more(calm, stormy), "missing, or too few")
	require.Empty(t, more(stormy, calm), "wrong, or too many")
}

// more lists rows that one has more often than the other.
func more(a, b *memory) (rows []string) {
	for text, n := range a.rows {
		if n > b.rows[text] && len(rows) < 5 {
			rows = append(rows, text)
		}
	}
	return rows
}
