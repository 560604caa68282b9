package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
)

// ErrBeyondEnd says that the offset to read from lies after the end of the log: the topic was made anew, or the brokers lost
// its tail.
var ErrBeyondEnd = errors.New("offset is beyond the end of the log")

// Pauses after a fetch that failed, doubling from the first to the last.
const (
	fetchBackoff    = 100 * time.Millisecond
	fetchBackoffMax = 5 * time.Second
)

// Fetch reads the partition from an offset on until ctx ends, which also closes the channel. One fetch goes on while the
// handler works on the one before, never more: a handler that does not receive stops the reading. Failures are retried for
// as long as the claim lasts, except ErrBeyondEnd, which comes as the last Batch.
func (cl *Claim) Fetch(ctx context.Context, from int64) <-chan Batch {
	out := make(chan Batch)
	cl.fetches.Go(func() {
		defer close(out)
		backoff := fetchBackoff
		var lost int64
		for ctx.Err() == nil {
			b, err := cl.fetch(ctx, from)
			if errors.Is(err, kafkago.OffsetOutOfRange) {
				first, end, berr := cl.Bounds(ctx)
				switch {
				case berr != nil:
					err = berr
				case from < first:
					lost += first - from
					from = first
					continue
				case from > end:
					err = fmt.Errorf("%s/%d at %d: %w (%d)", cl.Topic, cl.Partition, from, ErrBeyondEnd, end)
					select {
					case out <- Batch{Next: from, Err: err}:
					case <-ctx.Done():
					}
					return
				}
			}
			if err != nil {
				if ctx.Err() == nil {
					cl.c.report(err)
					pause(ctx, backoff/2+rand.N(backoff/2))
					backoff = min(2*backoff, fetchBackoffMax)
				}
				continue
			}
			if backoff > fetchBackoff {
				backoff = fetchBackoff
				cl.c.recovered()
			}
			b.Lost, lost = lost, 0
			select {
			case out <- b:
				from = b.Next
			case <-ctx.Done():
			}
		}
	})
	return out
}

// recovered takes back what report said of a fetch.
func (c *Consumer) recovered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.joined {
		c.trouble = nil
	}
}

func (cl *Claim) fetch(ctx context.Context, from int64) (Batch, error) {
	ctx, cancel := context.WithTimeout(ctx, cl.c.cfg.MaxWait+cl.c.cfg.RequestTimeout)
	defer cancel()
	b := Batch{Next: from, AskedAt: time.Now()}
	res, err := cl.c.client.Fetch(ctx, &kafkago.FetchRequest{
		Topic: cl.Topic, Partition: cl.Partition, Offset: from,
		MinBytes: 1, MaxBytes: int64(cl.c.cfg.FetchBytes), MaxWait: cl.c.cfg.MaxWait,
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return b, fmt.Errorf("fetch %s/%d at %d: %w", cl.Topic, cl.Partition, from, err)
	}
	b.HighWatermark = res.HighWatermark
	if err := b.read(res.Records); err != nil {
		return b, fmt.Errorf("fetch %s/%d at %d: %w", cl.Topic, cl.Partition, from, err)
	}
	cl.c.metrics.records.Add(float64(len(b.Records)))
	return b, nil
}

// read copies the records from b.Next on out of the library's pages.
func (b *Batch) read(records kafkago.RecordReader) error {
	var space arena
	for {
		r, err := records.ReadRecord()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		// Brokers answer with whole batches, so the first may begin before what was asked for.
		if r.Offset >= b.Next {
			rec := Record{Offset: r.Offset, Time: r.Time}
			if rec.Key, err = space.copy(r.Key); err != nil {
				return err
			}
			if rec.Value, err = space.copy(r.Value); err != nil {
				return err
			}
			for _, h := range r.Headers {
				rec.Headers = append(rec.Headers, Header{Key: h.Key, Value: h.Value})
			}
			b.Records = append(b.Records, rec)
			b.Next = r.Offset + 1
		}
		for _, part := range []protocol.Bytes{r.Key, r.Value} {
			if part != nil {
				_ = part.Close() // gives the page back
			}
		}
	}
	// The marker that ends a transaction takes an offset and gives no record; without this, one at the end of the log would
	// be asked for again and again.
	if stream, ok := records.(*protocol.RecordStream); ok {
		for _, r := range stream.Records {
			if marker, ok := r.(*protocol.ControlBatch); ok && marker.BaseOffset >= b.Next {
				b.Next = marker.BaseOffset + 1
			}
		}
	}
	return nil
}

// arena hands out slices of large buffers.
type arena struct{ free []byte }

const arenaBytes = 64 << 10

func (a *arena) copy(b protocol.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	n := b.Len()
	if n > len(a.free) {
		a.free = make([]byte, max(n, arenaBytes))
	}
	out := a.free[:n:n]
	a.free = a.free[n:]
	_, err := io.ReadFull(b, out)
	return out, err
}
