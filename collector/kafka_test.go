package collector_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/internal/kafka"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// broker starts a Kafka broker with the topics of the contract.
func broker(t testing.TB) (addrs []string, stop func()) {
	t.Helper()
	k, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(k.Close)
	var specs []kafka.TopicSpec
	for _, tp := range topic.Defaults() {
		specs = append(specs, kafka.TopicSpec(tp))
	}
	require.NoError(t, kafka.EnsureTopics(context.Background(), k.ListenAddrs(), specs))
	return k.ListenAddrs(), k.Close
}

func realProducer(t testing.TB, cfg kafka.ProducerConfig) *kafka.Producer {
	t.Helper()
	p, err := kafka.NewProducer(cfg, kafka.Dependencies{Registerer: prometheus.NewRegistry()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// records reads n records of a topic.
func records(t testing.TB, addrs []string, name string, n int) []*kgo.Record {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.ConsumeTopics(name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	require.NoError(t, err)
	defer cl.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var out []*kgo.Record
	for len(out) < n {
		fs := cl.PollFetches(ctx)
		require.NoError(t, fs.Err0())
		out = append(out, fs.Records()...)
	}
	return out
}

func TestWhatIsAcknowledgedIsInKafka(t *testing.T) {
	addrs, _ := broker(t)
	p := realProducer(t, kafka.ProducerConfig{Brokers: addrs})
	require.NoError(t, p.Start(t.Context()))
	c := start(t, config(), p)
	require.NoError(t, c.Ready())

	const clients, each = 8, 25
	var wg sync.WaitGroup
	for i := range clients {
		ws := dial(t, c)
		wg.Go(func() {
			for seq := range uint64(each) {
				s := sample(seq + 1)
				s.Client.ClientId, s.CallId = fmt.Sprintf("client-%d", i), fmt.Sprintf("call-%d", i/2)
				if i%2 == 0 {
					ws.send(&pb.ClientFrame{Sample: s})
					if a := ws.receive().Ack; a.Error != "" {
						t.Error(a.Error)
					}
				} else if r := post(t, c, protobuf, batch(t, s)); r.status != http.StatusAccepted {
					t.Error(r.body)
				}
			}
		})
	}
	wg.Wait()
	sfu := &pb.Sample{
		Sfu: &pb.SFUOrigin{SfuId: "fra"}, SessionId: "s", Sequence: 1, SampledAtUs: time.Now().UnixMicro(),
		Transports: []*pb.Transport{{TransportId: "a", CallId: "call-0"}, {TransportId: "b"}},
		Streams:    []*pb.Stream{{TransportId: "b", CallId: "call-3", Direction: 2}},
	}
	require.Equal(t, 202, post(t, c, protobuf, batch(t, sfu, &pb.Sample{})).status)

	partition := map[string]int32{}
	last := map[string]uint64{}
	got := records(t, addrs, topic.Samples, clients*each+2)
	require.Len(t, got, clients*each+2)
	for _, r := range got {
		s := &pb.Sample{}
		require.NoError(t, s.UnmarshalVT(r.Value))
		require.Equal(t, s.CallId, string(r.Key))
		if where, ok := partition[s.CallId]; ok {
			require.Equal(t, where, r.Partition, "a call meets in one partition")
		}
		partition[s.CallId] = r.Partition
		require.Equal(t, s.Receipt.ReceivedAtUs/1000, r.Timestamp.UnixMilli())
		if s.Client != nil {
			require.Equal(t, last[s.Client.ClientId]+1, s.Sequence, "in order")
			last[s.Client.ClientId] = s.Sequence
		}
	}
	require.Len(t, last, clients)

	dead := records(t, addrs, topic.Dead, 1)
	require.Equal(t, topic.HeaderReason, dead[0].Headers[0].Key)
	require.Equal(t, "no_origin", string(dead[0].Headers[0].Value))
}

func TestKafkaThatGoesAwayIs503NotAHang(t *testing.T) {
	addrs, stop := broker(t)
	p := realProducer(t, kafka.ProducerConfig{Brokers: addrs, Attempts: 1, WriteTimeout: time.Second, DialTimeout: 500 * time.Millisecond})
	cfg := config()
	cfg.Receive.AckTimeout = 3 * time.Second
	c := start(t, cfg, p)
	require.Equal(t, 202, post(t, c, protobuf, batch(t, sample(1))).status)
	stop()
	r := post(t, c, protobuf, batch(t, sample(2)))
	require.Equal(t, 503, r.status, r.body)
	require.NotEmpty(t, r.header.Get("Retry-After"))
	require.Eventually(t, func() bool { return c.Ready() != nil }, 5*time.Second, 50*time.Millisecond)
	require.ErrorContains(t, c.Ready(), "no Kafka broker answers at "+addrs[0])
	require.Error(t, p.Start(t.Context()))
}

func BenchmarkHTTP(b *testing.B) {
	addrs, _ := broker(b)
	c := start(b, config(), realProducer(b, kafka.ProducerConfig{Brokers: addrs}))
	s := sample(1)
	for i := range 14 {
		s.Streams = append(s.Streams, &pb.Stream{
			TransportId: "t1", Direction: 1, Ssrc: uint32(i), Codec: "opus", TrackId: "f2b1c8e0-6f3c-4f43-9a55-1d9f4f1e4a10", Packets: 123_456, Bytes: 1 << 27,
			JitterBufferDelayUs: 5_000_000_000, JitterBufferEmitted: 480_000, SamplesReceived: 1 << 23, SamplesConcealed: 1 << 12, DecodeTimeUs: 1 << 25,
		})
	}
	const n = 100
	var samples []*pb.Sample
	for i := range n {
		one := s.CloneVT()
		one.CallId = fmt.Sprintf("call-%d", i)
		samples = append(samples, one)
	}
	body := batch(b, samples...)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r := post(b, c, protobuf, body); r.status != http.StatusAccepted {
				b.Error(r.body)
			}
		}
	})
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "samples/s")
}

var _ collector.Producer = (*kafka.Producer)(nil)
