package intake

import (
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// Unavailable is the reason given for a good sample that could not be stored now: send it again.
const Unavailable = "unavailable"

// Result is what became of a batch.
type Result struct {
	// Accepted samples are durable, or concern no call.
	Accepted int
	// Rejected lists the others, those that were not stored for now included.
	Rejected []Rejection
	// Unavailable is how many of Rejected should be sent again.
	Unavailable int
}

// Drop ends the batch without storing or counting anything.
func (b *Batch) Drop() {
	b.release()
	b.traced(nil)
}

// traced ends the batch's span. res is nil where nothing came of it.
func (b *Batch) traced(res *Result) {
	if b.span == nil {
		return
	}
	b.span.SetAttributes(attribute.String("earshot.route", b.origin.Route), attribute.Int("earshot.samples", b.n))
	if res != nil {
		b.span.SetAttributes(attribute.Int("earshot.accepted", res.Accepted), attribute.Int("earshot.unavailable", res.Unavailable))
	}
	if res == nil || res.Unavailable > 0 {
		b.span.SetStatus(codes.Error, Unavailable)
	}
	b.span.End()
}

func (b *Batch) release() {
	if b.sc != nil {
		b.in.giveBack(b.sc)
		b.sc = nil
	}
}

// Submit ends the batch and puts it into the queue. done is told the result once, perhaps before Submit returns, from
// another goroutine mostly, and must not block. When the queue does not take the batch, done is not called and nothing
// was stored.
func (b *Batch) Submit(done func(Result)) error {
	b.release()
	var headers []kafka.Header
	if b.parent != "" {
		headers = []kafka.Header{{Key: topic.HeaderTrace, Value: []byte(b.parent)}}
	}
	msgs := make([]kafka.Message, len(b.places))
	for i, p := range b.places {
		msgs[i] = kafka.Message{
			Topic: topic.Samples, Key: b.arena[p.key:p.value:p.value], Value: b.arena[p.value:p.end:p.end], Time: b.origin.Received,
			Headers: headers,
		}
	}
	err := b.in.queue.Submit(msgs, func(errs []error) { done(b.result(errs)) })
	if err != nil {
		b.in.metrics.samples.WithLabelValues(b.origin.Route, "unavailable").Add(float64(b.n))
		b.traced(nil)
		return err
	}
	b.bury()
	return nil
}

// bury sends the dead letters on. Nobody waits for them, and a full queue may lose them, which is counted.
func (b *Batch) bury() {
	if len(b.dead) == 0 {
		return
	}
	n, m := len(b.dead), b.in.metrics
	err := b.in.queue.Submit(b.dead, func(errs []error) {
		lost := 0
		for _, err := range errs {
			if err != nil {
				lost++
			}
		}
		m.dead.WithLabelValues("written").Add(float64(n - lost))
		m.dead.WithLabelValues("lost").Add(float64(lost))
	})
	if err != nil {
		m.dead.WithLabelValues("lost").Add(float64(n))
	}
	b.dead = nil
}

func (b *Batch) result(errs []error) Result {
	res := Result{Rejected: b.rejected}
	refused := len(b.rejected)
	last := -1
	for i, err := range errs {
		// The messages of a sample lie side by side.
		if err == nil || b.places[i].sample == last {
			continue
		}
		last = b.places[i].sample
		r := Rejection{Index: last, Reason: Unavailable, Detail: "could not be stored; send it again"}
		if errors.Is(err, kafka.ErrTooLarge) {
			r.Reason, r.Detail = string(admit.TooLarge), "larger than Kafka takes"
			refused++
		} else {
			res.Unavailable++
		}
		res.Rejected = append(res.Rejected, r)
	}
	res.Accepted = b.n - len(res.Rejected)
	b.in.metrics.count(b, &res, refused)
	b.traced(&res)
	return res
}
