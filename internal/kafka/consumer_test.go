package kafka

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"
)

func TestFirstRunReadsAllPartitionsFromTheBeginning(t *testing.T) {
	defer goleak.VerifyNone(t)
	cluster, brokers := brokerWith(t, 3)
	defer cluster.Close()
	for p := range 3 {
		produce(t, brokers, p, 250, t0)
	}
	var s seen
	c := startConsumer(t, quick(brokers), func(ctx context.Context, cl *Claim) error {
		require.Equal(t, Offset{At: -1}, cl.Committed)
		return s.follow(ctx, cl)
	})
	s.await(t, 750)
	require.NoError(t, c.Ready())
	require.Equal(t, 3, c.Assigned())
	stopConsumer(t, c)
	stopConsumer(t, c) // twice
	_, all := s.count()
	require.Equal(t, 750, all)
	require.Error(t, c.Ready())
}

func TestRecordsComeWholeAndBoundedFetchesLoseNone(t *testing.T) {
	_, brokers := brokerWith(t, 1)
	produce(t, brokers, 0, 1000, t0)
	cfg := quick(brokers)
	cfg.FetchBytes = 1024 // far less than a batch of 100 records
	got := make(chan Batch)
	startConsumer(t, cfg, func(ctx context.Context, cl *Claim) error {
		for b := range cl.Fetch(ctx, 150) { // within a batch
			select {
			case got <- b:
			case <-ctx.Done():
			}
		}
		return nil
	})
	for next := int64(150); next < 1000; {
		b := receive(t, got)
		require.LessOrEqual(t, len(b.Records), 100)
		require.Equal(t, int64(1000), b.HighWatermark)
		for _, r := range b.Records {
			require.Equal(t, next, r.Offset)
			require.Equal(t, strconv.Itoa(int(next)), string(r.Value))
			require.Equal(t, "k", string(r.Key))
			require.Equal(t, t0.Add(time.Duration(next)*time.Second).UnixMilli(), r.Time.UnixMilli())
			require.Equal(t, []Header{{"h", []byte{byte(next)}}}, r.Headers)
			next++
		}
		require.Equal(t, next, b.Next)
		require.Equal(t, next == 1000, b.CaughtUp())
	}
	require.True(t, func() bool { b := receive(t, got); return len(b.Records) == 0 && b.CaughtUp() }(), "an idle partition says so")
}

func TestAHandlerThatDoesNotReceiveStopsTheReading(t *testing.T) {
	cluster, brokers := brokerWith(t, 1)
	produce(t, brokers, 0, 1000, t0)
	var fetches atomic.Int32
	cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		fetches.Add(1)
		return nil, nil, false
	})
	cfg := quick(brokers)
	cfg.FetchBytes = 1024
	stuck := make(chan struct{})
	startConsumer(t, cfg, func(ctx context.Context, cl *Claim) error {
		batches := cl.Fetch(ctx, 0)
		<-batches
		<-stuck
		for range batches {
		}
		return nil
	})
	require.Eventually(t, func() bool { return fetches.Load() == 2 }, soon, time.Millisecond)
	require.Never(t, func() bool { return fetches.Load() > 2 }, 300*time.Millisecond, 10*time.Millisecond,
		"one in hand, one ahead")
	close(stuck)
	require.Eventually(t, func() bool { return fetches.Load() > 9 }, soon, time.Millisecond)
}

func TestRestartResumesWhereItWasCommittedWithItsMetadata(t *testing.T) {
	_, brokers := brokerWith(t, 1)
	produce(t, brokers, 0, 300, t0)
	done := make(chan error, 1)
	first := startConsumer(t, quick(brokers), func(ctx context.Context, cl *Claim) error {
		done <- cl.Commit(ctx, 120, `{"v":1,"to":"ümlaut"}`)
		<-ctx.Done()
		return nil
	})
	require.NoError(t, receive(t, done))
	stopConsumer(t, first)

	was := make(chan Offset, 1)
	startConsumer(t, quick(brokers), func(ctx context.Context, cl *Claim) error {
		was <- cl.Committed
		<-ctx.Done()
		return nil
	})
	require.Equal(t, Offset{At: 120, Metadata: `{"v":1,"to":"ümlaut"}`}, receive(t, was))
}

func TestARebalanceHandsPartitionsOverWithoutLossOrRepeat(t *testing.T) {
	defer goleak.VerifyNone(t)
	cluster, brokers := brokerWith(t, 4)
	defer cluster.Close()
	var s seen
	first := startConsumer(t, quick(brokers), s.follow)
	require.Eventually(t, func() bool { return first.Assigned() == 4 }, soon, 5*time.Millisecond)
	for p := range 4 {
		produce(t, brokers, p, 200, t0)
	}
	second := startConsumer(t, quick(brokers), s.follow)
	require.Eventually(t, func() bool { return first.Assigned() == 2 && second.Assigned() == 2 }, soon, 5*time.Millisecond)
	for p := range 4 {
		produce(t, brokers, p, 200, t0)
	}
	s.await(t, 1600)
	stopConsumer(t, first)
	require.Eventually(t, func() bool { return second.Assigned() == 4 }, soon, 5*time.Millisecond)
	for p := range 4 {
		produce(t, brokers, p, 100, t0)
	}
	s.await(t, 2000)
	stopConsumer(t, second)
	_, all := s.count()
	require.Equal(t, 2000, all, "each record once: whoever drained had committed")
}

func TestACommitOfAnEarlierGenerationIsRefused(t *testing.T) {
	_, brokers := brokerWith(t, 2)
	claims := make(chan *Claim, 16)
	hold := func(ctx context.Context, cl *Claim) error {
		claims <- cl
		<-ctx.Done()
		return nil
	}
	startConsumer(t, quick(brokers), hold)
	stale := receive(t, claims)
	require.NoError(t, stale.Commit(t.Context(), 7, "mine"))
	second := startConsumer(t, quick(brokers), hold)
	require.Eventually(t, func() bool { return second.Assigned() == 1 }, soon, 5*time.Millisecond)

	err := stale.Commit(t.Context(), 9, "still mine?")
	require.ErrorIs(t, err, ErrFenced)
	require.ErrorIs(t, err, kafkago.IllegalGeneration, "error 22")
	for {
		cl := receive(t, claims)
		if cl.Generation > stale.Generation && cl.Partition == stale.Partition {
			require.Equal(t, Offset{At: 7, Metadata: "mine"}, cl.Committed)
			break
		}
	}
}

func TestAHandlerThatFailsIsGivenThePartitionAgain(t *testing.T) {
	_, brokers := brokerWith(t, 2)
	var calls atomic.Int32
	c := startConsumer(t, quick(brokers), func(ctx context.Context, cl *Claim) error {
		if cl.Partition == 1 && calls.Add(1) == 1 {
			return fmt.Errorf("no luck")
		}
		<-ctx.Done()
		return nil
	})
	require.Eventually(t, func() bool { return calls.Load() == 2 && c.Assigned() == 2 && c.Ready() == nil }, soon, 5*time.Millisecond)
}

func TestReadingGoesOnAfterTheBrokerWasRestarted(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr, ok := l.Addr().(*net.TCPAddr)
	require.True(t, ok)
	require.NoError(t, l.Close())
	opts := []kfake.Opt{kfake.Ports(addr.Port), kfake.DataDir(dir), kfake.SyncWrites()}
	cluster, brokers := brokerWith(t, 2, opts...)
	produce(t, brokers, 0, 100, t0)
	var s seen
	c := startConsumer(t, quick(brokers), s.follow)
	s.await(t, 100)

	cluster.Close()
	require.Eventually(t, func() bool { return c.Ready() != nil }, soon, 5*time.Millisecond)
	cluster, brokers = brokerWith(t, 2, opts...)
	defer cluster.Close()
	produce(t, brokers, 0, 50, t0)
	produce(t, brokers, 1, 50, t0)
	s.await(t, 200)
	require.Eventually(t, func() bool { return c.Ready() == nil }, soon, 5*time.Millisecond)
	stopConsumer(t, c)
	_, all := s.count()
	require.Equal(t, 200, all)
}

func TestOffsetsAreFoundByTime(t *testing.T) {
	_, brokers := brokerWith(t, 1)
	type found struct {
		first, end        int64
		before, in, after int64
		err               error
	}
	got := make(chan found, 1)
	look := func(ctx context.Context, cl *Claim) error {
		var f found
		f.first, f.end, f.err = cl.Bounds(ctx)
		f.before, _ = cl.OffsetAt(ctx, t0.Add(-time.Hour))
		f.in, _ = cl.OffsetAt(ctx, t0.Add(49*time.Second+time.Millisecond))
		f.after, _ = cl.OffsetAt(ctx, t0.Add(time.Hour))
		got <- f
		<-ctx.Done()
		return nil
	}
	c := startConsumer(t, quick(brokers), look)
	require.Equal(t, found{before: -1, in: -1, after: -1}, receive(t, got))
	stopConsumer(t, c)
	produce(t, brokers, 0, 100, t0)
	startConsumer(t, quick(brokers), look)
	f := receive(t, got)
	require.Contains(t, []int64{49, 50}, f.in, "the broker in process gives the record before, Apache Kafka the one after")
	f.in = 0
	require.Equal(t, found{end: 100, after: -1}, f)
}

func TestRecordsThatRetentionTookAreCountedAndSkipped(t *testing.T) {
	_, brokers := brokerWith(t, 1)
	produce(t, brokers, 0, 300, t0)
	deleteRecords(t, brokers, 210)
	got := make(chan Batch, 16)
	startConsumer(t, quick(brokers), func(ctx context.Context, cl *Claim) error {
		for b := range cl.Fetch(ctx, 40) {
			select {
			case got <- b:
			default:
			}
		}
		return nil
	})
	b := receive(t, got)
	require.Equal(t, int64(170), b.Lost)
	require.Equal(t, int64(210), b.Records[0].Offset)
	require.Zero(t, receive(t, got).Lost)
}

func deleteRecords(t *testing.T, brokers []string, before int64) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", brokers[0])
	require.NoError(t, err)
	defer conn.Close()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.SetVersion(0)
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic = samplesTopic
	part := kmsg.NewDeleteRecordsRequestTopicPartition()
	part.Offset = before
	topic.Partitions = append(topic.Partitions, part)
	req.Topics = append(req.Topics, topic)
	req.TimeoutMillis = 1000
	_, err = conn.Write(kmsg.NewRequestFormatter(kmsg.FormatterClientID("t")).AppendRequest(nil, req, 1))
	require.NoError(t, err)
	answer := make([]byte, 4096)
	n, err := conn.Read(answer)
	require.NoError(t, err)
	res := kmsg.NewPtrDeleteRecordsResponse()
	res.SetVersion(0)
	require.NoError(t, res.ReadFrom(answer[8:n]))
	require.Zero(t, res.Topics[0].Partitions[0].ErrorCode)
}

func TestAnOffsetBeyondTheEndIsReported(t *testing.T) {
	_, brokers := brokerWith(t, 1)
	produce(t, brokers, 0, 10, t0)
	got := make(chan []Batch, 1)
	startConsumer(t, quick(brokers), func(ctx context.Context, cl *Claim) error {
		got <- slices.Collect(func(yield func(Batch) bool) {
			for b := range cl.Fetch(ctx, 40) {
				if !yield(b) {
					return
				}
			}
		})
		<-ctx.Done()
		return nil
	})
	all := receive(t, got)
	require.Len(t, all, 1, "it is the last of the channel")
	require.ErrorIs(t, all[0].Err, ErrBeyondEnd)
	require.False(t, all[0].CaughtUp())
}

func TestShutdownCutsADrainShortWhenItsContextEnds(t *testing.T) {
	defer goleak.VerifyNone(t)
	cluster, brokers := brokerWith(t, 1)
	defer cluster.Close()
	started, drained := make(chan struct{}), make(chan error, 1)
	c := startConsumer(t, quick(brokers), func(ctx context.Context, cl *Claim) error {
		close(started)
		<-ctx.Done()
		drain, cancel := cl.Drain(ctx)
		defer cancel()
		<-drain.Done()
		drained <- drain.Err()
		return nil
	})
	receive(t, started)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, c.Shutdown(ctx), "not drained in time")
	require.ErrorIs(t, receive(t, drained), context.Canceled)
	stopConsumer(t, c)
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	defer goleak.VerifyNone(t)
	cluster, brokers := brokerWith(t, 1)
	defer cluster.Close()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dead := l.Addr().String()
	require.NoError(t, l.Close())

	cfg := quick([]string{dead})
	cfg.RequestTimeout = 500 * time.Millisecond
	c, err := NewConsumer(cfg, nil, Dependencies{})
	require.NoError(t, err)
	require.ErrorContains(t, c.Start(t.Context()), "no Kafka broker answers at "+dead)
	require.NoError(t, c.Shutdown(t.Context()), "after a start that failed")

	cfg = quick(brokers)
	cfg.Topic = "nowhere"
	c, err = NewConsumer(cfg, nil, Dependencies{})
	require.NoError(t, err)
	require.ErrorContains(t, c.Start(t.Context()), "topic nowhere cannot be read")
	require.NoError(t, c.Shutdown(t.Context()))
}

func TestConsumerConfigIsRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*ConsumerConfig)
		want   string
	}{
		{"no broker", func(c *ConsumerConfig) { c.Brokers = nil }, "no Kafka broker is named"},
		{"no group", func(c *ConsumerConfig) { c.Group = "" }, "no consumer group"},
		{"no topic", func(c *ConsumerConfig) { c.Topic = "" }, "no topic"},
		{"tiny fetch", func(c *ConsumerConfig) { c.FetchBytes = 10 }, "too small"},
		{"rare heartbeat", func(c *ConsumerConfig) { c.Heartbeat = time.Minute }, "too rare"},
		{"long drain", func(c *ConsumerConfig) { c.DrainTimeout = time.Minute }, "does not fit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := ConsumerConfig{Brokers: []string{"x:1"}, Group: "g", Topic: "t"}
			c.change(&cfg)
			_, err := NewConsumer(cfg, nil, Dependencies{})
			require.ErrorContains(t, err, c.want)
		})
	}
}
