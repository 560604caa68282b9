package processor

import (
	"context"
	"time"

	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// tick writes the time to the partition where nothing else tells it, and something waits for it. Nobody is harmed by a tick too
// many, nor by one of a processor that has lost the partition meanwhile: it says no more than what time it was.
func (w *worker) tick(ctx context.Context) {
	if w.caughtUp.IsZero() {
		return
	}
	now := w.caughtUp.Add(-w.p.cfg.Settle).Truncate(time.Millisecond)
	due, waiting := w.state.Due()
	if !waiting || due.After(now) || !now.After(w.ticked) {
		return
	}
	err := w.claim.Append(ctx, kafka.Message{Time: now, Headers: []kafka.Header{{Key: topic.HeaderTick, Value: []byte("1")}}})
	if err != nil {
		if ctx.Err() == nil {
			w.p.metrics.retries.WithLabelValues("tick").Inc()
			w.log.Debug("tick", "error", err)
		}
		return
	}
	w.ticked = now
}

func isTick(r *kafka.Record) bool {
	if len(r.Value) > 0 || len(r.Key) > 0 {
		return false
	}
	for _, h := range r.Headers {
		if h.Key == topic.HeaderTick {
			return true
		}
	}
	return false
}
