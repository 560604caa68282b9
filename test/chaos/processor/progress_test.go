package processor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

func ask[R any](t *testing.T, addr string, question func(context.Context, *kafkago.Client) (R, error)) R {
	t.Helper()
	transport := &kafkago.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafkago.Client{Addr: kafkago.TCP(addr), Timeout: 5 * time.Second, Transport: transport}
	for deadline := time.Now().Add(5 * time.Minute); ; {
		got, err := question(t.Context(), client)
		if err == nil {
			return got
		}
		require.True(t, time.Now().Before(deadline), "%v", err)
		time.Sleep(200 * time.Millisecond)
	}
}

// offsets are where the partitions of a topic end.
func offsets(t *testing.T, addr, name string) map[int]int64 {
	t.Helper()
	return ask(t, addr, func(ctx context.Context, c *kafkago.Client) (map[int]int64, error) {
		meta, err := c.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{name}})
		if err != nil {
			return nil, err
		}
		if len(meta.Topics) != 1 || len(meta.Topics[0].Partitions) == 0 {
			return nil, errors.New("the topic is not there")
		}
		var requests []kafkago.OffsetRequest
		for _, p := range meta.Topics[0].Partitions {
			requests = append(requests, kafkago.LastOffsetOf(p.ID))
		}
		res, err := c.ListOffsets(ctx, &kafkago.ListOffsetsRequest{Topics: map[string][]kafkago.OffsetRequest{name: requests}})
		if err != nil {
			return nil, err
		}
		ends := map[int]int64{}
		for _, p := range res.Topics[name] {
			if p.Error != nil {
				return nil, p.Error
			}
			ends[p.Partition] = p.LastOffset
		}
		return ends, nil
	})
}

// committed is where a group is, and what stands beside it.
func committed(t *testing.T, addr, group, name string, partitions int) (at map[int]int64, words []string) {
	t.Helper()
	ids := make([]int, partitions)
	for i := range ids {
		ids[i] = i
	}
	res := ask(t, addr, func(ctx context.Context, c *kafkago.Client) (*kafkago.OffsetFetchResponse, error) {
		res, err := c.OffsetFetch(ctx, &kafkago.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{name: ids}})
		if err == nil {
			err = res.Error
		}
		return res, err
	})
	at = map[int]int64{}
	for _, p := range res.Topics[name] {
		at[p.Partition] = p.CommittedOffset
		words = append(words, p.Metadata)
	}
	return at, words
}

// awaitEnd waits until groups have processed all that the topic holds. It is patient for as long as they get on.
func awaitEnd(t *testing.T, addr, name string, partitions int, patience time.Duration, groups ...string) {
	t.Helper()
	deadline, done := time.Now().Add(patience), int64(-1)
	for quiet := 0; quiet < 4; time.Sleep(300 * time.Millisecond) {
		ends, sum := offsets(t, addr, name), int64(0)
		quiet++
		var behind []string
		for _, g := range groups {
			at, words := committed(t, addr, g, name, partitions)
			for p, end := range ends {
				sum += at[p]
				if at[p] < end {
					quiet = 0
				}
			}
			behind = append(behind, fmt.Sprint(g, at, words))
		}
		if sum > done {
			done, deadline = sum, time.Now().Add(patience)
		}
		require.True(t, quiet > 0 || time.Now().Before(deadline), "%v of %v", behind, ends)
	}
}
