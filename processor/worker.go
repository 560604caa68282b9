package processor

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/processor/insert"
	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/row"
)

// worker has one partition while it is assigned. Its life has three parts:
//
//  1. Replay: the records that the state at the committed offset stands on are applied and their rows thrown away.
//  2. Recovery, where the committed metadata holds an intent: exactly the records of the intent make one batch, which is
//     inserted with the token it had the first time.
//  3. Live: batches end when a bound of Config.Flush is met.
//
// Windows close by the time of records, never by a clock: the same records give the same rows. When the partition has been
// read to its end and a window has been due for longer than Config.Settle, a tick is written to the partition, a record
// that has nothing but a time, and closes the window when it is read.
type worker struct {
	p     *Processor
	claim *kafka.Claim
	log   *slog.Logger
	state state
	out   *insert.Buffer

	next      int64    // the first offset that is not applied yet
	turns     turns    // where time went on
	resume    int64    // from here on rows count
	replayed  bool     // next has come to resume
	intended  *intent  // to recover, nil otherwise
	committed progress // beside the committed offset, apart from the intent

	batch batch
	// caughtUp is when the broker was asked that had nothing after next; zero while there is more.
	caughtUp time.Time
	ticked   time.Time // the latest tick written
	counted  partition.Counts
	trouble  string // that was logged last
}

// state is a *partition.Partition.
type state interface {
	Apply(rec partition.Record, out *row.Batch) error
	Advance(now time.Time, out *row.Batch)
	Counts() partition.Counts
	Due() (at time.Time, ok bool)
	Since() int64
	Heritages() []partition.Heritage
	Inherit(h partition.Heritage, epochs map[partition.Track]int64)
	Trouble() string
}

// batch is what will be inserted and committed together.
type batch struct {
	first   int64 // the committed offset
	rows    row.Batch
	dead    []kafka.Message
	bytes   int
	records int
	stamp   int64 // time of the first record, ms
	time    int64 // latest record time, ms
	began   time.Time
}

func (w *worker) run(ctx context.Context) error {
	from, err := w.locate(ctx)
	if err != nil {
		return err
	}
	w.log.Info("reading begins", "from", from, "committed", w.resume)
	w.out = insert.NewBuffer()
	w.next = from
	if err := w.reached(ctx); err != nil {
		return w.end(ctx, err)
	}
	batches := w.claim.Fetch(ctx, from)
	tick := time.NewTicker(w.p.cfg.Flush.Every)
	defer tick.Stop()
	for {
		select {
		case b, open := <-batches:
			if !open {
				return w.end(ctx, nil)
			}
			if err := w.take(ctx, b); err != nil {
				return w.end(ctx, err)
			}
		case <-tick.C:
			if w.live() {
				if err := w.flush(ctx); err != nil {
					return w.end(ctx, err)
				}
				w.tick(ctx)
			}
		}
	}
}

// live says that neither replay nor recovery is under way.
func (w *worker) live() bool { return w.replayed && w.intended == nil }

// end stores what has been read when the claim is over. What cannot be stored is left to the next owner.
func (w *worker) end(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	if err == nil && w.live() {
		err = w.flush(ctx)
	}
	if err != nil {
		w.log.Warn("a batch is left to the next owner of the partition", "first", w.batch.first, "error", err)
	}
	return nil
}

// locate finds where the committed offset is, and from where on to read.
func (w *worker) locate(ctx context.Context) (from int64, err error) {
	first, end, err := w.claim.Bounds(ctx)
	if err != nil {
		return 0, err
	}
	done, err := parseProgress(w.claim.Committed.Metadata)
	if err != nil {
		// Without the time, all that is there is replayed; without the intent, a batch may be stored twice.
		w.log.Error("progress is not known; all records are replayed", "error", err)
	}
	at := w.claim.Committed.At
	switch {
	case at < 0:
		w.resume = first
		w.batch.first = first
		return first, nil
	case at > end:
		// The topic was made anew, or the brokers have lost its tail: offsets mean something else now.
		w.resume = end
		if later, err := w.claim.OffsetAt(ctx, time.UnixMilli(done.Time+1)); err != nil {
			return 0, err
		} else if later >= 0 {
			w.resume = later
		}
		w.log.Error("the log ends before the committed offset; going on after the last record's time",
			"committed", at, "end", end, "from", w.resume)
		done.Intent, done.Start = nil, nil
	default:
		w.resume = at
	}
	if done.Intent != nil && done.Intent.Last >= end {
		w.log.Error("the log ends before a batch that was begun; the brokers have lost its tail, and some of its rows may be stored already",
			"last", done.Intent.Last, "end", end)
		done.Intent = nil
	}
	w.intended, done.Intent = done.Intent, nil
	w.committed = done
	w.batch.first, w.batch.time = w.resume, done.Time
	from, err = w.replayFrom(ctx, first, done)
	return min(from, w.resume), err
}

// replayFrom is the offset of the first record that the state stands on.
func (w *worker) replayFrom(ctx context.Context, first int64, done progress) (int64, error) {
	switch {
	case done.Start != nil:
		return max(*done.Start, first), nil
	case done.Time == 0: // not known
		return first, nil
	case done.From == 0:
		return w.resume, nil
	}
	at := max(done.From, done.Time-w.p.cfg.Replay.Milliseconds())
	from, err := w.claim.OffsetAt(ctx, time.UnixMilli(at))
	if err == nil && from < 0 {
		from = w.resume
	}
	return from, err
}

// take applies what a fetch has brought.
func (w *worker) take(ctx context.Context, b kafka.Batch) error {
	if b.Err != nil {
		return b.Err
	}
	if b.Lost > 0 {
		begin := w.next + b.Lost
		if lost := begin - max(w.next, w.resume); lost > 0 {
			w.p.metrics.lost.Add(float64(lost))
			w.log.Error("records were removed by retention before they were processed", "records", lost)
		}
	}
	w.caughtUp = time.Time{}
	for i := range b.Records {
		if err := w.apply(ctx, &b.Records[i]); err != nil {
			return err
		}
	}
	w.next = max(w.next, b.Next)
	if err := w.reached(ctx); err != nil {
		return err
	}
	if b.CaughtUp() {
		w.caughtUp = b.AskedAt
	}
	w.lag(b.HighWatermark)
	return nil
}

// apply takes one record in and flushes when that fills the batch.
func (w *worker) apply(ctx context.Context, r *kafka.Record) error {
	// A gap in the offsets must not hide that the batch to recover, or the replay, is complete.
	w.next = r.Offset
	if err := w.reached(ctx); err != nil {
		return err
	}
	w.turns.note(r)
	tick := isTick(r)
	var err error
	if tick {
		w.state.Advance(r.Time, &w.batch.rows)
	} else {
		err = w.state.Apply(partition.Record{Key: r.Key, Value: r.Value, Time: r.Time}, &w.batch.rows)
	}
	w.next = r.Offset + 1
	if r.Offset < w.resume {
		w.p.metrics.records.WithLabelValues("replay").Inc()
		if w.batch.rows.Len() >= w.p.cfg.Flush.Rows {
			w.batch.rows.Reset()
		}
		return nil
	}
	if tick {
		w.p.metrics.records.WithLabelValues("tick").Inc()
	} else {
		w.p.metrics.records.WithLabelValues("live").Inc()
	}
	b := &w.batch
	if err != nil {
		w.bad(r, err)
	}
	ms := r.Time.UnixMilli()
	if b.records == 0 {
		b.stamp, b.began = ms, time.Now()
	}
	b.records++
	b.bytes += len(r.Key) + len(r.Value)
	b.time = max(b.time, ms)
	if w.intended == nil && (b.rows.Len() >= w.p.cfg.Flush.Rows || b.bytes >= w.p.cfg.Flush.Bytes || time.Since(b.began) >= w.p.cfg.Flush.Every) {
		return w.flush(ctx)
	}
	return nil
}

// reached acts when next has come to the end of the replay, or of the batch to recover.
func (w *worker) reached(ctx context.Context) error {
	if w.next < w.resume {
		return nil
	}
	if !w.replayed {
		w.replayed = true
		w.batch.rows.Reset()
		if err := w.inherit(ctx); err != nil {
			return err
		}
		w.counted = w.state.Counts()
	}
	if w.intended == nil || w.next <= w.intended.Last {
		return nil
	}
	in := *w.intended
	w.intended = nil
	w.log.Info("a batch that was begun before is stored again", "first", w.batch.first, "last", in.Last)
	w.p.metrics.recovered.Inc()
	return w.store(ctx, in)
}

// flush ends the batch.
func (w *worker) flush(ctx context.Context) error { return w.store(ctx, intent{Last: w.next - 1}) }

// lag tells how far behind the partition is that ends at end.
func (w *worker) lag(end int64) {
	label := strconv.Itoa(w.claim.Partition)
	behind := max(end-w.next, 0)
	w.p.metrics.lagRecords.WithLabelValues(label).Set(float64(behind))
	seconds := 0.0
	if behind > 0 && w.batch.time > 0 {
		seconds = max(time.Since(time.UnixMilli(w.batch.time)).Seconds(), 0)
	}
	w.p.metrics.lagSeconds.WithLabelValues(label).Set(seconds)
}
