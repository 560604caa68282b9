package broker_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/schemas/topic"
	"github.com/earshot-rtc/earshot/test/chaos/broker"
	"github.com/earshot-rtc/earshot/test/chaos/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Clean()
	os.Exit(code)
}

func client(t *testing.T, addr string) *kafka.Client {
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(addr), Timeout: 10 * time.Second, Transport: transport}
}

func TestTopicsRecordsAndCommittedOffsetsSurviveKill(t *testing.T) {
	process.RequireChaos(t)
	b := broker.Start(t, topic.Topic{Name: "t", Partitions: 3})
	addr := b.Addr()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	const rounds, each = 3, 200
	for round := range rounds {
		w := &kafka.Writer{Addr: kafka.TCP(addr), Topic: "t", RequiredAcks: kafka.RequireAll, Balancer: &kafka.RoundRobin{}, BatchTimeout: time.Millisecond, Transport: &kafka.Transport{}}
		msgs := make([]kafka.Message, each)
		for i := range msgs {
			msgs[i].Value = fmt.Appendf(nil, "%d-%d", round, i)
		}
		require.NoError(t, w.WriteMessages(ctx, msgs...))
		require.NoError(t, w.Close())
		committed, err := client(t, addr).OffsetCommit(ctx, &kafka.OffsetCommitRequest{
			GroupID: "g", GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{"t": {{Partition: 1, Offset: int64(round + 1), Metadata: fmt.Sprint(round)}}},
		})
		require.NoError(t, err)
		require.NoError(t, committed.Topics["t"][0].Error)

		b.Kill()
		b.Start()
		require.Equal(t, addr, b.Addr())
	}
	c := client(t, addr)
	meta, err := c.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{"t"}})
	require.NoError(t, err)
	require.Len(t, meta.Topics[0].Partitions, 3)
	offset, err := c.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: "g", Topics: map[string][]int{"t": {1}}})
	require.NoError(t, err)
	require.EqualValues(t, rounds, offset.Topics["t"][0].CommittedOffset)
	require.Equal(t, fmt.Sprint(rounds-1), offset.Topics["t"][0].Metadata)

	records := b.Read("t")
	got := map[string]int{}
	for _, r := range records {
		got[string(r.Value)]++
	}
	require.Len(t, records, rounds*each)
	require.Len(t, got, rounds*each)

	b.Stop()
	b.Start()
	require.Len(t, b.Read("t"), rounds*each, "after an orderly stop as well")
}
