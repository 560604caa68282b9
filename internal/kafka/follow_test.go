package kafka

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
)

const soon = 20 * time.Second // a bound for the unhappy case only

func brokerWith(t *testing.T, partitions int, opts ...kfake.Opt) (*kfake.Cluster, []string) {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.SeedTopics(int32(partitions), samplesTopic), kfake.GroupMinSessionTimeout(100 * time.Millisecond),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, c.ListenAddrs()
}

// produce writes n records, values 0 .. n-1, their times a second apart from `at` on, to one partition.
func produce(t *testing.T, brokers []string, partition, n int, at time.Time) {
	t.Helper()
	transport := &kafkago.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafkago.Client{Addr: kafkago.TCP(brokers...), Transport: transport}
	records := make([]kafkago.Record, n)
	for i := range records {
		records[i] = kafkago.Record{
			Time: at.Add(time.Duration(i) * time.Second), Key: kafkago.NewBytes([]byte("k")), Value: kafkago.NewBytes([]byte(strconv.Itoa(i))),
			Headers: []kafkago.Header{{Key: "h", Value: []byte{byte(i)}}},
		}
		if (i+1)%100 == 0 || i == n-1 {
			res, err := client.Produce(t.Context(), &kafkago.ProduceRequest{
				Topic: samplesTopic, Partition: partition, RequiredAcks: kafkago.RequireAll,
				Records: kafkago.NewRecordReader(records[i/100*100 : i+1]...),
			})
			require.NoError(t, err)
			require.NoError(t, res.Error)
		}
	}
}

var t0 = time.UnixMilli(1_700_000_000_000)

func quick(brokers []string) ConsumerConfig {
	return ConsumerConfig{
		Brokers: brokers, Group: "g", Topic: samplesTopic,
		MaxWait: 20 * time.Millisecond, Heartbeat: 50 * time.Millisecond, RetryBackoff: 50 * time.Millisecond,
	}
}

func startConsumer(t *testing.T, cfg ConsumerConfig, h Handler) *Consumer {
	t.Helper()
	c, err := NewConsumer(cfg, h, Dependencies{})
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	t.Cleanup(func() { stopConsumer(t, c) })
	return c
}

func stopConsumer(t *testing.T, c *Consumer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	require.NoError(t, c.Shutdown(ctx))
}

func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(soon):
		require.FailNow(t, "nothing came")
		panic("not reached")
	}
}

// seen gathers what handlers were given.
type seen struct {
	mu      sync.Mutex
	records map[string]int // "partition/offset" -> times
}

func (s *seen) add(partition int, b Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records == nil {
		s.records = map[string]int{}
	}
	for _, r := range b.Records {
		s.records[fmt.Sprintf("%d/%d", partition, r.Offset)]++
	}
}

func (s *seen) count() (distinct, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range maps.Values(s.records) {
		all += n
	}
	return len(s.records), all
}

// follow reads from the committed offset on and commits after every batch.
func (s *seen) follow(ctx context.Context, cl *Claim) error {
	for b := range cl.Fetch(ctx, max(cl.Committed.At, 0)) {
		if b.Err != nil {
			return b.Err
		}
		if len(b.Records) == 0 {
			continue
		}
		drain, cancel := cl.Drain(ctx)
		err := cl.Commit(drain, b.Next, "")
		cancel()
		if err != nil {
			return err
		}
		s.add(cl.Partition, b)
	}
	return nil
}

func (s *seen) await(t *testing.T, distinct int) {
	t.Helper()
	require.Eventually(t, func() bool { n, _ := s.count(); return n == distinct }, soon, 5*time.Millisecond)
}
