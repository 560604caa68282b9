package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"
)

const samplesTopic = "samples"

func fakeBroker(t testing.TB) []string {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

func newProducer(t testing.TB, cfg ProducerConfig) *Producer {
	t.Helper()
	p, err := NewProducer(cfg, Dependencies{Registerer: prometheus.NewRegistry()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// readAll reads partition by partition until every one gave what it holds.
func readAll(t testing.TB, brokers []string, topic string, partitions int) (out []kafkago.Message) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for part := range partitions {
		conn, err := kafkago.DialLeader(ctx, "tcp", brokers[0], topic, part)
		require.NoError(t, err)
		first, last, err := conn.ReadOffsets()
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		if last == first {
			continue
		}
		r := kafkago.NewReader(kafkago.ReaderConfig{Brokers: brokers, Topic: topic, Partition: part, MaxWait: 50 * time.Millisecond})
		require.NoError(t, r.SetOffset(kafkago.FirstOffset))
		for range last - first {
			m, err := r.ReadMessage(ctx)
			require.NoError(t, err)
			out = append(out, m)
		}
		require.NoError(t, r.Close())
	}
	return out
}

func TestProducedMessagesAreInKafkaWithKeyTimeAndHeaders(t *testing.T) {
	brokers := fakeBroker(t)
	ctx := t.Context()
	require.NoError(t, EnsureTopics(ctx, brokers, []TopicSpec{{Name: samplesTopic, Partitions: 4, Retention: time.Hour}}))
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		p := newProducer(t, ProducerConfig{Brokers: brokers, Compression: codec})
		at := time.UnixMilli(1_700_000_000_123)
		require.NoError(t, p.Produce(ctx, []Message{
			{Topic: samplesTopic, Key: []byte(codec), Value: []byte("value of " + codec), Time: at, Headers: []Header{{"h", []byte("x")}}},
		}))
		require.NoError(t, p.Close())
		require.NoError(t, p.Close(), "twice")
		require.ErrorIs(t, p.Produce(ctx, []Message{{Topic: samplesTopic}}), ErrClosed)
	}
	got := readAll(t, brokers, samplesTopic, 4)
	require.Len(t, got, 5)
	for _, m := range got {
		require.Equal(t, "value of "+string(m.Key), string(m.Value))
		require.Equal(t, int64(1_700_000_000_123), m.Time.UnixMilli())
		require.Equal(t, []kafkago.Header{{Key: "h", Value: []byte("x")}}, m.Headers)
	}
}

func TestMessagesOfOneKeyMeetInOnePartitionInOrder(t *testing.T) {
	brokers := fakeBroker(t)
	require.NoError(t, EnsureTopics(t.Context(), brokers, []TopicSpec{{Name: samplesTopic, Partitions: 8}}))
	p := newProducer(t, ProducerConfig{Brokers: brokers, BatchMessages: 7})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 10 {
				var msgs []Message
				for j := range 10 {
					msgs = append(msgs, Message{Topic: samplesTopic, Key: fmt.Appendf(nil, "call-%d", w), Value: fmt.Appendf(nil, "%03d", 10*i+j)})
				}
				if err := p.Produce(context.Background(), msgs); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string][]string{}
	partition := map[string]int{}
	for _, m := range readAll(t, brokers, samplesTopic, 8) {
		k := string(m.Key)
		if _, ok := partition[k]; ok {
			require.Equal(t, partition[k], m.Partition)
		}
		partition[k] = m.Partition
		seen[k] = append(seen[k], string(m.Value))
	}
	require.Len(t, seen, 4)
	for k, values := range seen {
		require.Len(t, values, 100, k)
		require.IsIncreasing(t, values, k)
	}
}

func TestErrorsAreTold(t *testing.T) {
	brokers := fakeBroker(t)
	require.NoError(t, EnsureTopics(t.Context(), brokers, []TopicSpec{{Name: samplesTopic, Partitions: 2}}))
	p := newProducer(t, ProducerConfig{Brokers: brokers, MaxMessageBytes: 1000})

	t.Run("one message too large, the others written", func(t *testing.T) {
		err := p.Produce(t.Context(), []Message{
			{Topic: samplesTopic, Value: []byte("one")},
			{Topic: samplesTopic, Value: bytes.Repeat([]byte("x"), 2000)},
			{Topic: samplesTopic, Value: []byte("three")},
		})
		var each WriteErrors
		require.ErrorAs(t, err, &each)
		require.NoError(t, each[0])
		require.ErrorIs(t, each[1], ErrTooLarge)
		require.NoError(t, each[2])
		require.ErrorIs(t, err, ErrTooLarge)
		require.Contains(t, err.Error(), "1 of 3 messages")
		require.Len(t, readAll(t, brokers, samplesTopic, 2), 2)
	})
	t.Run("a topic that does not exist", func(t *testing.T) {
		err := p.Produce(t.Context(), []Message{{Topic: "nowhere", Value: []byte("x")}})
		require.ErrorIs(t, err, kafkago.UnknownTopicOrPartition)
	})
	t.Run("no broker", func(t *testing.T) {
		addr := closedPort(t)
		q := newProducer(t, ProducerConfig{Brokers: []string{addr}, Attempts: 1, WriteTimeout: time.Second, DialTimeout: 500 * time.Millisecond})
		began := time.Now()
		err := q.Produce(t.Context(), []Message{{Topic: samplesTopic, Value: []byte("x")}})
		var un *UnreachableError
		require.ErrorAs(t, err, &un)
		require.Contains(t, err.Error(), "no Kafka broker answers at "+addr+"; ")
		require.Less(t, time.Since(began), 10*time.Second)
		require.ErrorAs(t, q.Ping(t.Context()), &un)
		require.ErrorAs(t, EnsureTopics(t.Context(), []string{addr}, nil), &un)
	})
	t.Run("something that listens but is no broker", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer ln.Close()
		q := newProducer(t, ProducerConfig{Brokers: []string{ln.Addr().String()}, DialTimeout: 200 * time.Millisecond})
		var un *UnreachableError
		require.ErrorAs(t, q.Ping(t.Context()), &un)
	})
}

func TestConfigIsRefusedInAWordThatHelps(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg  ProducerConfig
		want string
	}{
		"no brokers":   {ProducerConfig{}, "no brokers are named"},
		"no port":      {ProducerConfig{Brokers: []string{"kafka"}}, `broker "kafka" is not of the form host:port`},
		"unknown code": {ProducerConfig{Brokers: []string{"k:1"}, Compression: "rar"}, `compression "rar" is not known; use none, gzip`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewProducer(tc.cfg, Dependencies{})
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestProducersShareARegistry(t *testing.T) {
	reg := prometheus.NewRegistry()
	for range 2 {
		_, err := NewProducer(ProducerConfig{Brokers: []string{"127.0.0.1:1"}}, Dependencies{Registerer: reg})
		require.NoError(t, err)
	}
}

func TestEnsureTopicsTwiceAndInParallel(t *testing.T) {
	brokers := fakeBroker(t)
	specs := []TopicSpec{{Name: "a", Partitions: 3, Retention: time.Hour}, {Name: "b", Partitions: 1, ReplicationFactor: 1}, {Name: "c"}}
	errs := make(chan error, 4)
	for range cap(errs) {
		go func() { errs <- EnsureTopics(context.Background(), brokers, specs) }()
	}
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	require.NoError(t, EnsureTopics(t.Context(), brokers, []TopicSpec{{Name: "a", Partitions: 9}}), "another count is no error")
	conn, err := kafkago.Dial("tcp", brokers[0])
	require.NoError(t, err)
	defer conn.Close()
	parts, err := conn.ReadPartitions("a")
	require.NoError(t, err)
	require.Len(t, parts, 3)
}

func TestWriteErrorsListEachErrorOnce(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	e := WriteErrors{nil, one, one, two}
	require.Equal(t, []error{one, two}, e.Unwrap())
	require.Equal(t, "3 of 4 messages not written: one", e.Error())
}

func TestNoGoroutineOutlivesAProducer(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	brokers := func() []string {
		c, err := kfake.NewCluster(kfake.NumBrokers(1))
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, EnsureTopics(t.Context(), c.ListenAddrs(), []TopicSpec{{Name: samplesTopic, Partitions: 1}}))
		p, err := NewProducer(ProducerConfig{Brokers: c.ListenAddrs()}, Dependencies{})
		require.NoError(t, err)
		require.NoError(t, p.Ping(t.Context()))
		require.NoError(t, p.Produce(t.Context(), []Message{{Topic: samplesTopic, Value: []byte("x")}}))
		require.NoError(t, p.Close())
		return c.ListenAddrs()
	}()
	require.Len(t, brokers, 1)
	goleak.VerifyNone(t, ignore)
}

func closedPort(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

func BenchmarkProduce(b *testing.B) {
	brokers := fakeBroker(b)
	require.NoError(b, EnsureTopics(context.Background(), brokers, []TopicSpec{{Name: samplesTopic, Partitions: 12, Retention: time.Second}}))
	for _, slice := range []int{1, 100, 1000} {
		for _, most := range []int{500, 1000} {
			b.Run(fmt.Sprintf("slice=%d/batch=%d", slice, most), func(b *testing.B) {
				p := newProducer(b, ProducerConfig{Brokers: brokers, BatchMessages: most})
				msgs := make([]Message, slice)
				for i := range msgs {
					msgs[i] = Message{Topic: samplesTopic, Key: fmt.Appendf(nil, "call-%d", i), Value: bytes.Repeat([]byte("x"), 2000)}
				}
				b.ReportAllocs()
				b.SetParallelism(4)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := p.Produce(context.Background(), msgs); err != nil {
							b.Error(err)
						}
					}
				})
				b.ReportMetric(float64(b.N*slice)/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}
