package processor

import (
	"context"
	"errors"
	"fmt"

	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// bad keeps a record that cannot be read: its bytes go to the topic of dead letters, and what is wrong with it becomes a row.
func (w *worker) bad(r *kafka.Record, err error) {
	m := w.letter(r, err)
	w.batch.dead = append(w.batch.dead, m)
	d := w.batch.rows.AddDead()
	d.ReceivedAt, d.Topic = r.Time.UnixMilli(), w.claim.Topic
	d.Partition, d.Offset = uint32(w.claim.Partition), uint64(r.Offset)
	d.Reason, d.Detail = string(m.Headers[0].Value), string(m.Headers[1].Value)
	d.Bytes = uint32(len(r.Key) + len(r.Value))
}

// letter makes a dead letter of a record that cannot be read: the bytes as they came, and why.
func (w *worker) letter(r *kafka.Record, err error) kafka.Message {
	reason := "unreadable"
	var re *partition.ReadError
	if errors.As(err, &re) {
		reason = string(re.Reason)
	}
	return kafka.Message{
		Topic: w.p.cfg.DeadTopic,
		Key:   append([]byte(nil), r.Key...),
		Value: append([]byte(nil), r.Value...), // the fetch buffer would be kept whole otherwise
		Time:  r.Time,
		Headers: []kafka.Header{
			{Key: topic.HeaderReason, Value: []byte(reason)},
			{Key: topic.HeaderDetail, Value: []byte(err.Error())},
			// The offset makes a letter that was sent twice, after a crash, recognisable.
			{Key: topic.HeaderFrom, Value: fmt.Appendf(nil, "processor/%s/%d/%d", w.claim.Topic, w.claim.Partition, r.Offset)},
		},
	}
}

// bury sends the batch's dead letters.
func (w *worker) bury(ctx context.Context) error {
	if len(w.batch.dead) == 0 {
		return nil
	}
	err := w.insist(ctx, "dead", func(ctx context.Context) error { return w.p.producer.Produce(ctx, w.batch.dead) })
	if err != nil {
		return err
	}
	for _, m := range w.batch.dead {
		w.p.metrics.dropped.WithLabelValues("dead_" + string(m.Headers[0].Value)).Inc()
	}
	return nil
}
