package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
)

// ErrFenced says that the claim is no longer this member's: another generation of the group has begun. What was not
// committed is somebody else's to do.
var ErrFenced = errors.New("partition belongs to a later generation of the group")

// Claim is one partition, for as long as one generation of the group gives it to this member. It is for one goroutine.
type Claim struct {
	Topic      string
	Partition  int
	Generation int32
	// Committed is what the group had committed when the claim began.
	Committed Offset

	c       *Consumer
	member  string
	drain   func() (context.Context, context.CancelFunc)
	fetches sync.WaitGroup
}

// claims reads what is committed for the partitions of a generation.
func (c *Consumer) claims(ctx, drains context.Context, gen *kafkago.Generation) ([]*Claim, error) {
	assigned := gen.Assignments[c.cfg.Topic]
	if len(assigned) == 0 {
		return nil, nil
	}
	partitions := make([]int, len(assigned))
	for i, a := range assigned {
		partitions[i] = a.ID
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	res, err := c.client.OffsetFetch(ctx, &kafkago.OffsetFetchRequest{
		GroupID: gen.GroupID, Topics: map[string][]int{c.cfg.Topic: partitions},
	})
	if err != nil {
		return nil, err
	}
	if res.Error != nil {
		return nil, res.Error
	}
	drain := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(drains, c.cfg.DrainTimeout)
	}
	var claims []*Claim
	for _, p := range res.Topics[c.cfg.Topic] {
		if p.Error != nil {
			return nil, fmt.Errorf("partition %d: %w", p.Partition, p.Error)
		}
		claims = append(claims, &Claim{
			Topic: c.cfg.Topic, Partition: p.Partition, Generation: gen.ID,
			Committed: Offset{At: max(p.CommittedOffset, -1), Metadata: p.Metadata},
			c:         c, member: gen.MemberID, drain: drain,
		})
	}
	if len(claims) != len(assigned) {
		return nil, fmt.Errorf("broker told of %d partitions where %d were asked for", len(claims), len(assigned))
	}
	return claims, nil
}

// Drain gives a context for work that must not stop half-way when ctx, the claim's, ends: it goes on for DrainTimeout after
// that, but no longer than Shutdown waits.
func (cl *Claim) Drain(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		drain, done := cl.drain()
		defer done()
		select {
		case <-drain.Done():
			cancel()
		case <-work.Done():
		}
	})
	return work, func() {
		stop()
		cancel()
	}
}

// Commit sets the group's offset, the next record to process, and the words beside it (4096 bytes at most, by the broker's
// default). It returns ErrFenced when the partition has gone to another generation.
func (cl *Claim) Commit(ctx context.Context, offset int64, metadata string) error {
	ctx, cancel := context.WithTimeout(ctx, cl.c.cfg.RequestTimeout)
	defer cancel()
	res, err := cl.c.client.OffsetCommit(ctx, &kafkago.OffsetCommitRequest{
		GroupID: cl.c.cfg.Group, GenerationID: int(cl.Generation), MemberID: cl.member,
		Topics: map[string][]kafkago.OffsetCommit{
			cl.Topic: {{Partition: cl.Partition, Offset: offset, Metadata: metadata}},
		},
	})
	if err == nil {
		err = errors.New("broker did not answer for the partition")
		for _, p := range res.Topics[cl.Topic] {
			if p.Partition == cl.Partition {
				err = p.Error
			}
		}
	}
	switch {
	case err == nil:
		cl.c.metrics.commits.WithLabelValues("ok").Inc()
		return nil
	case errors.Is(err, kafkago.IllegalGeneration), errors.Is(err, kafkago.UnknownMemberId),
		errors.Is(err, kafkago.RebalanceInProgress), errors.Is(err, kafkago.FencedInstanceID):
		cl.c.metrics.commits.WithLabelValues("fenced").Inc()
		return fmt.Errorf("commit %s/%d at %d: %w: %w", cl.Topic, cl.Partition, offset, ErrFenced, err)
	default:
		cl.c.metrics.commits.WithLabelValues("error").Inc()
		return fmt.Errorf("commit %s/%d at %d: %w", cl.Topic, cl.Partition, offset, err)
	}
}

// Append writes one record to the end of the claim's own partition, whatever its key, and returns when all replicas have it.
func (cl *Claim) Append(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, cl.c.cfg.RequestTimeout)
	defer cancel()
	r := kafkago.Record{Time: m.Time}
	if m.Key != nil {
		r.Key = kafkago.NewBytes(m.Key)
	}
	if m.Value != nil {
		r.Value = kafkago.NewBytes(m.Value)
	}
	for _, h := range m.Headers {
		r.Headers = append(r.Headers, kafkago.Header{Key: h.Key, Value: h.Value})
	}
	res, err := cl.c.client.Produce(ctx, &kafkago.ProduceRequest{
		Topic: cl.Topic, Partition: cl.Partition, RequiredAcks: kafkago.RequireAll, Records: kafkago.NewRecordReader(r),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return fmt.Errorf("append to %s/%d: %w", cl.Topic, cl.Partition, err)
	}
	return nil
}

// Bounds returns the offset of the first record that is still there and the one after the last.
func (cl *Claim) Bounds(ctx context.Context) (first, end int64, err error) {
	p, err := cl.offsets(ctx, kafkago.FirstOffsetOf(cl.Partition), kafkago.LastOffsetOf(cl.Partition))
	return p.FirstOffset, p.LastOffset, err
}

// OffsetAt returns the offset of the first record whose time is at or after t, or -1 where there is none.
func (cl *Claim) OffsetAt(ctx context.Context, t time.Time) (int64, error) {
	p, err := cl.offsets(ctx, kafkago.TimeOffsetOf(cl.Partition, t))
	if err != nil {
		return -1, err
	}
	for offset := range p.Offsets {
		return offset, nil
	}
	return -1, nil
}

func (cl *Claim) offsets(ctx context.Context, of ...kafkago.OffsetRequest) (kafkago.PartitionOffsets, error) {
	ctx, cancel := context.WithTimeout(ctx, cl.c.cfg.RequestTimeout)
	defer cancel()
	res, err := cl.c.client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{
		Topics: map[string][]kafkago.OffsetRequest{cl.Topic: of},
	})
	if err != nil {
		return kafkago.PartitionOffsets{}, fmt.Errorf("list offsets of %s/%d: %w", cl.Topic, cl.Partition, err)
	}
	if all := res.Topics[cl.Topic]; len(all) == 1 {
		if all[0].Error != nil {
			return all[0], fmt.Errorf("list offsets of %s/%d: %w", cl.Topic, cl.Partition, all[0].Error)
		}
		return all[0], nil
	}
	return kafkago.PartitionOffsets{}, fmt.Errorf("list offsets of %s/%d: broker did not answer for the partition", cl.Topic, cl.Partition)
}
