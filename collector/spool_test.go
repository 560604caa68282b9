package collector_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/kafka"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

func (f *fakeKafka) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.do = func(context.Context, []kafka.Message) error { return err }
}

func TestWithASpoolSamplesAreTakenWhileKafkaIsAway(t *testing.T) {
	away := &kafka.UnreachableError{Brokers: []string{"b:1"}, Err: errors.New("refused")}
	f := &fakeKafka{ping: away}
	f.set(away)
	cfg := config()
	cfg.Spool.Dir = filepath.Join(t.TempDir(), "spool")
	c := start(t, cfg, f)
	require.NoError(t, c.Ready(), "there is room")
	for i := range uint64(3) {
		r := post(t, c, protobuf, batch(t, sample(i+1)))
		require.Equal(t, http.StatusAccepted, r.status, r.body)
	}
	require.Empty(t, f.of(topic.Samples))

	// A restart, with Kafka back.
	require.NoError(t, c.Shutdown(t.Context()))
	f.ping = nil
	f.set(nil)
	start(t, cfg, f)
	require.Eventually(t, func() bool { return len(f.of(topic.Samples)) == 3 }, 10*time.Second, 10*time.Millisecond)
	for i, m := range f.of(topic.Samples) {
		require.Equal(t, "demo", string(m.Key))
		s := &pb.Sample{}
		require.NoError(t, s.UnmarshalVT(m.Value))
		require.EqualValues(t, i+1, s.Sequence)
		require.Equal(t, s.Receipt.ReceivedAtUs/1000, m.Time.UnixMilli(), "when it was received, not when it was drained")
	}
}

func TestASpoolThatCannotBeWrittenMeans503(t *testing.T) {
	away := &kafka.UnreachableError{Brokers: []string{"b:1"}, Err: errors.New("refused")}
	f := &fakeKafka{ping: away}
	f.set(away)
	cfg := config()
	cfg.Spool.Dir = filepath.Join(t.TempDir(), "spool")
	c := start(t, cfg, f)
	require.NoError(t, os.RemoveAll(cfg.Spool.Dir))
	r := post(t, c, protobuf, batch(t, sample(1)))
	require.Equal(t, http.StatusServiceUnavailable, r.status, r.body)
	require.NotEmpty(t, r.header.Get("Retry-After"))
	require.Equal(t, "unavailable", r.Rejected[0].Reason)
	require.Error(t, c.Ready())

	require.NoError(t, os.Mkdir(cfg.Spool.Dir, 0o700))
	require.Equal(t, http.StatusAccepted, post(t, c, protobuf, batch(t, sample(1))).status, "the disk is back")
}

func TestSpoolConfigNamesTheKey(t *testing.T) {
	cfg := config()
	cfg.Spool.Dir, cfg.Spool.Bytes, cfg.Spool.SegmentBytes = "x", 1<<20, 64<<10
	require.ErrorContains(t, cfg.Validate(), "spool.bytes must be at least twice queue.slice_bytes")
	cfg.Spool.Bytes, cfg.Spool.After = 1<<30, cfg.Receive.AckTimeout
	require.ErrorContains(t, cfg.Validate(), "spool.after must be less than receive.ack_timeout")
	cfg.Spool.Dir = ""
	require.NoError(t, cfg.Validate(), "what is not used may be anything")
}
