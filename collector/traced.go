package collector

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/internal/tracing"
)

// traced is a Producer of whose writes there are spans.
type traced struct {
	Producer
	tracer trace.Tracer
}

// Produce is the Producer's.
func (t traced) Produce(ctx context.Context, msgs []kafka.Message) error {
	ctx, span := tracing.Begin(ctx, t.tracer, "write to Kafka", trace.SpanKindProducer)
	defer span.End()
	span.SetAttributes(attribute.Int("messaging.batch.message_count", len(msgs)))
	err := t.Producer.Produce(ctx, msgs)
	if err != nil {
		span.SetStatus(codes.Error, "not all messages were written") // the error itself may name brokers
	}
	return err
}
