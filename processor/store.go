package processor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/kafka"
)

// store makes the batch durable and commits it:
//
//  1. The intent is written beside the offset, which stays. From now on whoever owns the partition builds this batch and no other.
//  2. The rows are inserted, table by table, under the tokens of the batch.
//  3. The offset moves past the batch, and the intent goes.
//
// Whatever is killed between two of these steps, the batch comes again in the same form, and tables that have it drop it.
func (w *worker) store(ctx context.Context, in intent) error {
	b := &w.batch
	if b.records == 0 {
		return nil
	}
	since := w.state.Since()
	start := w.turns.before(since, w.p.cfg.Replay)
	done := progress{Time: b.time, From: since / 1e3, Start: &start}
	// The claim may end while rows are on their way; better to finish than to leave it to the next owner.
	ctx, cancel := w.claim.Drain(ctx)
	defer cancel()
	if err := w.bury(ctx); err != nil {
		return err
	}
	if b.rows.Len() > 0 {
		begun := w.committed
		begun.Intent = &in
		if err := w.commit(ctx, b.first, begun); err != nil {
			return err
		}
		if err := w.insert(ctx, in); err != nil {
			return err
		}
	}
	if err := w.commit(ctx, in.Last+1, done); err != nil {
		return err
	}
	if trouble := w.state.Trouble(); trouble != "" && trouble != w.trouble {
		w.trouble = trouble
		w.log.Error("a call made the code panic and was dropped; this is a fault of Earshot: please report it", "panic", trouble)
	}
	counts := w.state.Counts()
	w.p.metrics.count(w.claim.Partition, w.counted, counts)
	w.counted, w.committed = counts, done
	w.out.Reset()
	b.rows.Reset()
	clear(b.dead)
	w.batch = batch{first: in.Last + 1, rows: b.rows, dead: b.dead[:0], time: done.Time}
	return nil
}

// insert sends the rows of the batch to their tables.
func (w *worker) insert(ctx context.Context, in intent) error {
	b := &w.batch
	for _, t := range w.out.Fill(&b.rows) {
		id := token(t.Name, w.claim.Topic, w.claim.Partition, b.first, in.Last, b.stamp)
		err := w.insist(ctx, "insert", func(ctx context.Context) error {
			began := time.Now()
			err := w.p.inserter.Insert(ctx, t.Name, id, t.Columns)
			switch {
			case err == nil:
				w.p.metrics.inserts.Observe(time.Since(began).Seconds())
			case clickhouse.Misfit(err):
				err = fmt.Errorf("the tables in ClickHouse are not those of this version of Earshot; run `earshot migrate up` (%w)", err)
			}
			return err
		})
		if err != nil {
			return err
		}
		w.p.metrics.rows.WithLabelValues(t.Name).Add(float64(t.Rows))
	}
	return nil
}

func (w *worker) commit(ctx context.Context, offset int64, p progress) error {
	return w.insist(ctx, "commit", func(ctx context.Context) error { return w.claim.Commit(ctx, offset, p.String()) })
}

// insist tries until it works, the claim is somebody else's, or ctx ends. After Retry.Attempts failures, or at once when
// the error says that trying again will not help, the processor is not ready: it keeps what it has, reads no further, and
// goes on trying.
func (w *worker) insist(ctx context.Context, what string, try func(context.Context) error) error {
	retry := w.p.cfg.Retry
	pause := retry.Backoff
	for attempt := 1; ; attempt++ {
		err := func() error {
			ctx, cancel := context.WithTimeout(ctx, retry.Timeout)
			defer cancel()
			return try(ctx)
		}()
		switch {
		case err == nil:
			w.p.well(w.claim.Partition)
			return nil
		case errors.Is(err, kafka.ErrFenced), ctx.Err() != nil:
			return err
		}
		w.p.metrics.retries.WithLabelValues(what).Inc()
		if attempt >= retry.Attempts || what == "insert" && !clickhouse.Transient(err) {
			w.p.sick(w.claim.Partition, err)
			if _, end, err := w.claim.Bounds(ctx); err == nil {
				w.lag(end) // nothing is fetched meanwhile that would tell
			}
		}
		timer := time.NewTimer(pause/2 + rand.N(pause/2+1))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
		pause = min(2*pause, retry.BackoffMax)
	}
}
