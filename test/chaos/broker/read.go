package broker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// Read gives all records of a topic, partition by partition, in order.
func (b *Broker) Read(name string) []kafka.Message {
	b.t.Helper()
	return Read(b.t, b.Addr(), name)
}

// Read gives all records that a topic has now, partition by partition, in order.
func Read(t testing.TB, addr, name string) []kafka.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dialer := &kafka.Dialer{Timeout: 10 * time.Second}
	partitions, err := dialer.LookupPartitions(ctx, "tcp", addr, name)
	require.NoError(t, err)
	var all []kafka.Message
	for _, p := range partitions {
		conn, err := dialer.DialLeader(ctx, "tcp", addr, name, p.ID)
		require.NoError(t, err)
		first, last, err := conn.ReadOffsets()
		require.NoError(t, errors.Join(err, conn.Close()))
		if first == last {
			continue
		}
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{addr}, Topic: name, Partition: p.ID, MaxBytes: 8 << 20, MaxWait: 100 * time.Millisecond, Dialer: dialer})
		require.NoError(t, r.SetOffset(first))
		for {
			m, err := r.ReadMessage(ctx)
			require.NoError(t, err)
			all = append(all, m)
			if m.Offset == last-1 {
				break
			}
		}
		require.NoError(t, r.Close())
	}
	return all
}
