// Package tracing sends spans to an OpenTelemetry collector: an endpoint comes in, a tracer comes out, which does nothing where
// there is no endpoint.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Config says where spans go.
type Config struct {
	// Endpoint takes OTLP over HTTP, such as http://localhost:4318. Empty: what the standard variable
	// OTEL_EXPORTER_OTLP_ENDPOINT says; neither: no traces.
	Endpoint string `yaml:"endpoint"`
	// Ratio is the share of requests and writes that are traced, from 0 to 1.
	Ratio float64 `yaml:"ratio"`
}

// DefaultConfig traces one of a hundred, once there is an endpoint.
func DefaultConfig() Config { return Config{Ratio: 0.01} }

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	if !(c.Ratio >= 0 && c.Ratio <= 1) {
		return fmt.Errorf("tracing.ratio is %v; give a number from 0 to 1", c.Ratio)
	}
	if c.Endpoint == "" {
		return nil
	}
	if u, err := url.Parse(c.Endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("tracing.endpoint: %q is not of the form http://host:port", c.Endpoint)
	}
	return nil
}

// The variables with which OpenTelemetry is configured everywhere.
var standard = []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"}

// On says whether there is somewhere to send spans to.
func (c *Config) On() bool {
	for _, name := range standard {
		if os.Getenv(name) != "" {
			return os.Getenv("OTEL_SDK_DISABLED") != "true"
		}
	}
	return c.Endpoint != ""
}

// Dependencies say who sends. Logger may be nil.
type Dependencies struct {
	// Service and Version name the process in the traces.
	Service, Version string
	Logger           *slog.Logger
}

// Tracing is a service.Component that gives out tracers.
type Tracing struct {
	cfg      Config
	deps     Dependencies
	provider *sdktrace.TracerProvider
}

// New makes a Tracing; nothing is sent before Start.
func New(cfg Config, deps Dependencies) (*Tracing, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Tracing{cfg: cfg, deps: deps}, nil
}

// Start makes the tracer work, where there is an endpoint. An endpoint that does not answer is no error: spans are lost then.
func (t *Tracing) Start(ctx context.Context) error {
	if !t.cfg.On() || t.provider != nil {
		return nil
	}
	var options []otlptracehttp.Option
	if t.cfg.Endpoint != "" {
		options = append(options, otlptracehttp.WithEndpointURL(t.cfg.Endpoint+path(t.cfg.Endpoint)))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return fmt.Errorf("tracing: %w", err)
	}
	t.provider = sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(quiet{exporter, t.deps.Logger}),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(t.cfg.Ratio))),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", t.deps.Service), attribute.String("service.version", t.deps.Version))),
	)
	return nil
}

// path completes an endpoint that is only a host.
func path(endpoint string) string {
	if u, err := url.Parse(endpoint); err == nil && (u.Path == "" || u.Path == "/") {
		return "/v1/traces"
	}
	return ""
}

// Tracer is what makes spans, from Start on; nil where there are none to be made.
func (t *Tracing) Tracer() trace.Tracer {
	if t.provider == nil {
		return nil
	}
	return t.provider.Tracer("github.com/earshot-rtc/earshot")
}

// Shutdown sends what is left.
func (t *Tracing) Shutdown(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	p := t.provider
	t.provider = nil
	if err := p.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("tracing: %w", err)
	}
	return nil
}

// quiet tells of spans that could not be sent at debug level only: traces are not worth an alarm.
type quiet struct {
	sdktrace.SpanExporter
	log *slog.Logger
}

// ExportSpans is the exporter's.
func (q quiet) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := q.SpanExporter.ExportSpans(ctx, spans); err != nil && q.log != nil {
		q.log.Debug("spans lost", "count", len(spans), "error", err)
	}
	return nil
}

// nowhere is where a span begins that outlives whoever began it.
var nowhere = context.Background()

// Root starts a span that has no parent, and gives the W3C traceparent of it; "" where it is not sampled.
func Root(tracer trace.Tracer, name string, kind trace.SpanKind) (string, trace.Span) {
	ctx, span := Begin(nowhere, tracer, name, kind)
	return Parent(ctx), span
}

// Begin starts a span that has no parent, so that a sender on the internet cannot decide what is traced. Without a tracer it
// does nothing.
func Begin(ctx context.Context, tracer trace.Tracer, name string, kind trace.SpanKind) (context.Context, trace.Span) {
	if tracer == nil {
		return ctx, noop.Span{}
	}
	return tracer.Start(ctx, name, trace.WithNewRoot(), trace.WithSpanKind(kind))
}

// Parent is the W3C traceparent of the span in ctx; "" where it is not traced.
func Parent(ctx context.Context) string {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() || !sc.IsSampled() {
		return ""
	}
	return "00-" + sc.TraceID().String() + "-" + sc.SpanID().String() + "-01"
}
