package processor_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// load writes records to Kafka as fast as their times say, sped up.
type load struct {
	produced atomic.Int64
	done     chan struct{}
	err      error
}

// play spreads the records over a time. What is not acknowledged is sent again, so some come twice when a broker dies: in
// the log they stand where they stand, for everybody who reads it.
func play(ctx context.Context, brokers []string, name string, records []callgen.Record, over time.Duration) *load {
	l := &load{done: make(chan struct{})}
	go func() {
		defer close(l.done)
		l.err = l.run(ctx, brokers, name, records, over)
	}()
	return l
}

func (l *load) run(ctx context.Context, brokers []string, name string, records []callgen.Record, over time.Duration) error {
	p, err := kafka.NewProducer(kafka.ProducerConfig{Brokers: brokers, WriteTimeout: 2 * time.Second}, kafka.Dependencies{})
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	began, first := time.Now(), records[0].Time
	span := records[len(records)-1].Time.Sub(first)
	for len(records) > 0 {
		now := first.Add(time.Duration(float64(span) * min(float64(time.Since(began))/float64(over), 1)))
		n := 0
		var msgs []kafka.Message
		for n < len(records) && n < 2000 && !records[n].Time.After(now) {
			r := records[n]
			msgs = append(msgs, kafka.Message{Topic: name, Key: r.Key, Value: r.Value, Time: r.Time})
			n++
		}
		for len(msgs) > 0 {
			if err := p.Produce(ctx, msgs); err == nil {
				break
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(100 * time.Millisecond)
		}
		records = records[n:]
		l.produced.Add(int64(n))
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// finish writes to every partition that it is late, so that all windows close.
func finish(t *testing.T, brokers []string, name string, partitions int, at time.Time) {
	t.Helper()
	p, err := kafka.NewProducer(kafka.ProducerConfig{Brokers: brokers}, kafka.Dependencies{})
	require.NoError(t, err)
	defer func() { _ = p.Close() }()
	reached := map[int]bool{}
	ends := offsets(t, brokers[0], name)
	for len(reached) < partitions { // without a key, partitions are taken in turn
		require.NoError(t, p.Produce(t.Context(), []kafka.Message{{Topic: name, Time: at, Headers: []kafka.Header{{Key: topic.HeaderTick, Value: []byte("1")}}}}))
		for i, end := range offsets(t, brokers[0], name) {
			if end > ends[i] {
				reached[i] = true
			}
		}
	}
}
