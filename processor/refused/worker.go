package refused

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/row"
)

// every is how long a letter waits for others at most.
const every = time.Second

// worker has one partition of the topic while it is assigned. What it will insert is first written beside the offset, as the processor does
// with its batches: after a crash the same letters make the same insert under the same token, which the table drops.
type worker struct {
	r     *Reader
	claim *kafka.Claim
	first int64 // offset of the first letter that is not committed
	next  int64 // the one after the last that was read
	until int64 // recovery: the last of the batch that was begun before; -1: none was
	batch row.Batch
}

func (r *Reader) work(ctx context.Context, claim *kafka.Claim) error {
	w := &worker{r: r, claim: claim, until: -1}
	err := w.run(ctx)
	switch {
	case err == nil || errors.Is(err, kafka.ErrFenced):
		return nil
	case ctx.Err() == nil:
		r.metrics.failures.Inc()
		r.log.Warn("what collectors refused is not stored yet; it is read again", "partition", claim.Partition, "error", err)
	}
	return err
}

func (w *worker) run(ctx context.Context) error {
	w.first = w.claim.Committed.At
	if w.first < 0 {
		begin, _, err := w.claim.Bounds(ctx)
		if err != nil {
			return err
		}
		w.first = begin
	}
	w.next = w.first
	if last, err := strconv.ParseInt(w.claim.Committed.Metadata, 10, 64); err == nil && last >= w.first {
		w.until = last
	}
	batches := w.claim.Fetch(ctx, w.first)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case b, open := <-batches:
			if !open {
				return w.store(ctx)
			}
			if err := w.take(ctx, &b); err != nil {
				return err
			}
		case <-tick.C:
			if w.until < 0 {
				if err := w.store(ctx); err != nil {
					return err
				}
			}
		}
	}
}

// take adds letters to the batch, and stores it where it is full, or is the one that was begun before.
func (w *worker) take(ctx context.Context, b *kafka.Batch) error {
	if errors.Is(b.Err, kafka.ErrBeyondEnd) {
		_, end, err := w.claim.Bounds(ctx)
		if err != nil {
			return err
		}
		if err := w.claim.Commit(ctx, end, ""); err != nil { // the topic was made anew: offsets mean something else now
			return err
		}
		return b.Err
	}
	for i := range b.Records {
		if err := w.read(ctx, &b.Records[i]); err != nil {
			return err
		}
	}
	w.next = max(w.next, b.Next)
	return nil
}

func (w *worker) read(ctx context.Context, r *kafka.Record) error {
	if w.until >= 0 && r.Offset > w.until { // its last records are there no longer
		w.next = w.until + 1
		if err := w.store(ctx); err != nil {
			return err
		}
	}
	if l, ok := letter(r, w.claim.Topic, w.claim.Partition); ok {
		*w.batch.AddDead() = l
	}
	w.next = r.Offset + 1
	if r.Offset == w.until || (w.until < 0 && len(w.batch.Dead) >= w.r.cfg.Rows) {
		return w.store(ctx)
	}
	return nil
}

// store inserts the batch and moves the offset past it.
func (w *worker) store(ctx context.Context) error {
	if w.next == w.first || (w.until >= 0 && w.next <= w.until) {
		return nil
	}
	ctx, cancel := w.claim.Drain(ctx)
	defer cancel()
	last := w.next - 1
	if len(w.batch.Dead) > 0 {
		if w.until < 0 {
			if err := w.claim.Commit(ctx, w.first, strconv.FormatInt(last, 10)); err != nil {
				return err
			}
		}
		token := fmt.Sprintf("refused:%s:%d:%d-%d", w.claim.Topic, w.claim.Partition, w.first, last)
		for _, t := range insert.NewBuffer().Fill(&w.batch) {
			if err := w.r.inserter.Insert(ctx, t.Name, token, t.Columns); err != nil {
				return err
			}
		}
	}
	if err := w.claim.Commit(ctx, w.next, ""); err != nil {
		return err
	}
	for i := range w.batch.Dead {
		w.r.metrics.letters.WithLabelValues(w.batch.Dead[i].Reason).Inc()
	}
	w.batch.Reset()
	w.first, w.until = w.next, -1
	return nil
}
