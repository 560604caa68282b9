package tracing_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/earshot-rtc/earshot/internal/tracing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink is an OpenTelemetry collector.
func sink(t *testing.T) (url string, names func() []string) {
	t.Helper()
	got := make(chan *tracepb.ExportTraceServiceRequest, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		req := &tracepb.ExportTraceServiceRequest{}
		if err == nil && r.URL.Path == "/v1/traces" && proto.Unmarshal(body, req) == nil {
			got <- req
		}
		w.WriteHeader(http.StatusOK)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() (out []string) {
		close(got)
		for req := range got {
			for _, rs := range req.ResourceSpans {
				for _, ss := range rs.ScopeSpans {
					for _, s := range ss.Spans {
						out = append(out, rs.Resource.Attributes[0].Value.GetStringValue()+": "+s.Name)
					}
				}
			}
		}
		return out
	}
}

func begin(t *testing.T, cfg tracing.Config) *tracing.Tracing {
	t.Helper()
	tr, err := tracing.New(cfg, tracing.Dependencies{Service: "earshot collector", Version: "1"})
	require.NoError(t, err)
	require.NoError(t, tr.Start(t.Context()))
	return tr
}

func end(t *testing.T, tr *tracing.Tracing) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	require.NoError(t, tr.Shutdown(ctx))
	require.NoError(t, tr.Shutdown(ctx))
}

func TestSpansGoToTheEndpoint(t *testing.T) {
	url, names := sink(t)
	tr := begin(t, tracing.Config{Endpoint: url, Ratio: 1})
	ctx, span := tracing.Begin(t.Context(), tr.Tracer(), "POST /v1/samples", trace.SpanKindServer)
	require.Regexp(t, "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", tracing.Parent(ctx))
	span.End()
	end(t, tr)
	require.Equal(t, []string{"earshot collector: POST /v1/samples"}, names())
}

func TestTheStandardVariableTurnsTracesOn(t *testing.T) {
	url, names := sink(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
	tr := begin(t, tracing.Config{Ratio: 1})
	_, span := tracing.Begin(t.Context(), tr.Tracer(), "x", trace.SpanKindServer)
	span.End()
	end(t, tr)
	require.Len(t, names(), 1)
}

func TestWithoutAnEndpointNothingHappens(t *testing.T) {
	tr := begin(t, tracing.DefaultConfig())
	require.Nil(t, tr.Tracer())
	ctx, span := tracing.Begin(t.Context(), tr.Tracer(), "x", trace.SpanKindServer)
	span.End()
	require.Empty(t, tracing.Parent(ctx))
	end(t, tr)
}

func TestWhatIsNotSampledHasNoParentToPassOn(t *testing.T) {
	url, _ := sink(t)
	tr := begin(t, tracing.Config{Endpoint: url})
	ctx, span := tracing.Begin(t.Context(), tr.Tracer(), "x", trace.SpanKindServer)
	span.End()
	require.Empty(t, tracing.Parent(ctx))
	end(t, tr)
}

func TestAnEndpointThatIsAwayStopsNothing(t *testing.T) {
	tr := begin(t, tracing.Config{Endpoint: "http://127.0.0.1:1", Ratio: 1})
	_, span := tracing.Begin(t.Context(), tr.Tracer(), "x", trace.SpanKindServer)
	span.End()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.NoError(t, tr.Shutdown(ctx))
}

func TestWhatMakesNoSenseIsNamed(t *testing.T) {
	_, err := tracing.New(tracing.Config{Ratio: 2}, tracing.Dependencies{})
	require.EqualError(t, err, "tracing.ratio is 2; give a number from 0 to 1")
	_, err = tracing.New(tracing.Config{Endpoint: "localhost:4318"}, tracing.Dependencies{})
	require.EqualError(t, err, `tracing.endpoint: "localhost:4318" is not of the form http://host:port`)
}
