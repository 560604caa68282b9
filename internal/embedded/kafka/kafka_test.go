package kafka_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/embedded/kafka"
)

const envBroker = "EARSHOT_TEST_BROKER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envBroker); dir != "" {
		b, err := kafka.New(kafka.Config{DataDir: dir, Topics: []kafka.Topic{{Name: "t", Partitions: 1}}}, kafka.Dependencies{})
		if err == nil {
			err = b.Start(context.Background())
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(b.Addrs()[0])
		select {}
	}
	goleak.VerifyTestMain(m)
}

func start(t *testing.T, cfg kafka.Config) *kafka.Broker {
	t.Helper()
	b, err := kafka.New(cfg, kafka.Dependencies{})
	require.NoError(t, err)
	require.NoError(t, b.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, b.Shutdown(context.Background())) })
	return b
}

func dial(t *testing.T, addrs []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(addrs...))...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func produce(t *testing.T, addrs []string, records ...*kgo.Record) {
	t.Helper()
	c := dial(t, addrs, kgo.RequiredAcks(kgo.AllISRAcks()), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()))
	require.NoError(t, c.ProduceSync(t.Context(), records...).FirstErr())
	c.Close()
}

// topicsByName keeps to versions in which requests name topics; later ones want ids.
var topicsByName = kgo.MaxVersions(kversion.V3_4_0())

// read returns n records of topic t, from its start.
func read(t *testing.T, addrs []string, n int) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c := dial(t, addrs, kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer c.Close()
	var all []*kgo.Record
	for len(all) < n {
		fetches := c.PollFetches(ctx)
		require.NoError(t, fetches.Err())
		all = append(all, fetches.Records()...)
	}
	return all
}

func partitions(t *testing.T, addrs []string, topic string) int {
	t.Helper()
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{{Topic: &topic}}
	res, err := req.RequestWith(t.Context(), dial(t, addrs))
	require.NoError(t, err)
	return len(res.Topics[0].Partitions)
}

func TestTopicsHaveThePartitionsAskedFor(t *testing.T) {
	b := start(t, kafka.Config{Topics: []kafka.Topic{{Name: "a", Partitions: 12}, {Name: "b", Partitions: 1, Retention: time.Hour}}})
	require.Equal(t, 12, partitions(t, b.Addrs(), "a"))
	require.Equal(t, 1, partitions(t, b.Addrs(), "b"))
	require.Zero(t, partitions(t, b.Addrs(), "typo"), "a topic that nobody created does not come into being")
}

func TestRecordsAndCommittedOffsetsSurviveARestart(t *testing.T) {
	cfg := kafka.Config{DataDir: t.TempDir(), Topics: []kafka.Topic{{Name: "t", Partitions: 2}}}
	b := start(t, cfg)
	at := time.UnixMilli(1_700_000_000_123)
	produce(t, b.Addrs(),
		&kgo.Record{Topic: "t", Partition: 1, Key: []byte("k"), Value: []byte("v"), Timestamp: at, Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("x")}}})
	commit := kmsg.NewPtrOffsetCommitRequest()
	note := "intent"
	commit.Group = "g"
	commit.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: "t", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Partition: 1, Offset: 1, LeaderEpoch: -1, Metadata: &note}}}}
	committed, err := commit.RequestWith(t.Context(), dial(t, b.Addrs(), topicsByName))
	require.NoError(t, err)
	require.Zero(t, committed.Topics[0].Partitions[0].ErrorCode)
	require.NoError(t, b.Shutdown(t.Context()))
	require.NoError(t, b.Shutdown(t.Context()), "a second Shutdown does nothing")

	cfg.Topics = append(cfg.Topics, kafka.Topic{Name: "new", Partitions: 3})
	b = start(t, cfg)
	require.Equal(t, 3, partitions(t, b.Addrs(), "new"), "a topic that is new to the directory")
	r := read(t, b.Addrs(), 1)[0]
	require.Equal(t, "k=v", string(r.Key)+"="+string(r.Value))
	require.Equal(t, at.UnixMilli(), r.Timestamp.UnixMilli())
	require.Equal(t, "h", r.Headers[0].Key)
	fetch := kmsg.NewPtrOffsetFetchRequest()
	fetch.Group = "g"
	fetch.Topics = []kmsg.OffsetFetchRequestTopic{{Topic: "t", Partitions: []int32{1}}}
	fetch.Groups = []kmsg.OffsetFetchRequestGroup{{Group: "g", MemberEpoch: -1, Topics: []kmsg.OffsetFetchRequestGroupTopic{{Topic: "t", Partitions: []int32{1}}}}}
	offsets, err := fetch.RequestWith(t.Context(), dial(t, b.Addrs(), topicsByName))
	require.NoError(t, err)
	p := offsets.Groups[0].Topics[0].Partitions[0]
	require.EqualValues(t, 1, p.Offset)
	require.Equal(t, note, *p.Metadata)
}

func TestAcknowledgedRecordsSurviveAKill(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), envBroker+"="+dir)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	var addr string
	_, err = fmt.Fscanln(out, &addr)
	require.NoError(t, err)
	const n = 500
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{Topic: "t", Value: []byte(strconv.Itoa(i))}
	}
	produce(t, []string{addr}, records...)
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())

	b := start(t, kafka.Config{DataDir: dir})
	for i, r := range read(t, b.Addrs(), n) {
		require.Equal(t, strconv.Itoa(i), string(r.Value))
	}
}

func TestRetentionBoundsThePartition(t *testing.T) {
	const bound = 8 << 20
	b := start(t, kafka.Config{RetentionBytes: bound, Topics: []kafka.Topic{{Name: "t", Partitions: 1}}})
	const n = 300
	for range n / 10 {
		records := make([]*kgo.Record, 10)
		for i := range records {
			records[i] = &kgo.Record{Topic: "t", Value: bytes.Repeat([]byte("x"), 100<<10)}
		}
		produce(t, b.Addrs(), records...)
	}
	first := func() int64 {
		req := kmsg.NewPtrListOffsetsRequest()
		req.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: "t", Partitions: []kmsg.ListOffsetsRequestTopicPartition{{Timestamp: -2, CurrentLeaderEpoch: -1}}}}
		res, err := req.RequestWith(t.Context(), dial(t, b.Addrs()))
		require.NoError(t, err)
		return res.Topics[0].Partitions[0].Offset
	}
	require.Eventually(t, func() bool { return first() >= n-bound/(100<<10) }, 15*time.Second, 100*time.Millisecond)
	require.Len(t, read(t, b.Addrs(), int(n-first())), int(n-first()), "the newest are there")
}

func TestStartRefusesWithAClearSentence(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	port := taken.Addr().(*net.TCPAddr).Port
	inUse := t.TempDir()
	start(t, kafka.Config{DataDir: inUse})
	file := t.TempDir() + "/file"
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, c := range map[string]struct {
		cfg  kafka.Config
		want string
	}{
		"port in use":           {kafka.Config{Port: port}, fmt.Sprintf("port %d for the embedded Kafka is not free", port)},
		"port in use, on disk":  {kafka.Config{Port: port, DataDir: t.TempDir()}, "choose another port"},
		"data directory in use": {kafka.Config{DataDir: inUse}, inUse + " is in use by another broker"},
		"data directory a file": {kafka.Config{DataDir: file}, file},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := kafka.New(c.cfg, kafka.Dependencies{})
			require.NoError(t, err)
			require.ErrorContains(t, b.Start(t.Context()), c.want)
			require.NoError(t, b.Shutdown(t.Context()))
		})
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  kafka.Config
		want string
	}{
		"port":          {kafka.Config{Port: 70000}, "port 70000"},
		"no partitions": {kafka.Config{Topics: []kafka.Topic{{Name: "t"}}}, `topic "t" wants 0 partitions`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := kafka.New(c.cfg, kafka.Dependencies{})
			require.ErrorContains(t, err, c.want)
		})
	}
}
