package main

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
	"github.com/earshot-rtc/earshot/internal/tracing"
	"github.com/earshot-rtc/earshot/processor"
)

// tracedInserter is an inserter of whose inserts there are spans.
type tracedInserter struct {
	processor.Inserter
	tracer trace.Tracer
}

// traced makes spans of inserts, where traces are on.
func (d *daemon) traced(i processor.Inserter) processor.Inserter {
	if t := d.tracing.Tracer(); t != nil {
		return tracedInserter{i, t}
	}
	return i
}

// Insert is the processor.Inserter's.
func (t tracedInserter) Insert(ctx context.Context, table, token string, columns []clickhouse.Column) error {
	ctx, span := tracing.Begin(ctx, t.tracer, "insert into "+table, trace.SpanKindClient)
	defer span.End()
	span.SetAttributes(attribute.String("db.system", "clickhouse"), attribute.String("db.collection.name", table))
	err := t.Inserter.Insert(ctx, table, token, columns)
	if err != nil {
		span.SetStatus(codes.Error, "not inserted")
	}
	return err
}
