package collector_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/earshot-rtc/earshot/collector"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

func TestEveryBatchIsASpanAndItsMessagesNameIt(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	f := &fakeKafka{}
	c, err := collector.New(config(), collector.Dependencies{Producer: f, Tracer: provider.Tracer("test")})
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	defer http.DefaultClient.CloseIdleConnections()
	do(t, http.MethodPost, "http://"+c.Addr()+"/v1/samples", bytes.NewReader(batch(t, sample(1), sample(2))), "Content-Type", "application/x-protobuf",
		"traceparent", "00-11111111111111111111111111111111-2222222222222222-01")
	p := dial(t, c)
	p.send(&pb.ClientFrame{Sample: sample(3)})
	p.receive()
	require.NoError(t, p.conn.CloseNow())
	require.NoError(t, c.Shutdown(t.Context()))

	named := map[string]int{}
	for _, m := range f.of(topic.Samples) {
		require.Len(t, m.Headers, 1)
		require.Equal(t, topic.HeaderTrace, m.Headers[0].Key)
		named[string(m.Headers[0].Value)]++
	}
	got := map[string]int{}
	for _, s := range spans.Ended() {
		got[s.Name()]++
		if s.Name() == "samples" {
			sc := s.SpanContext()
			require.Contains(t, named, "00-"+sc.TraceID().String()+"-"+sc.SpanID().String()+"-01")
			require.NotContains(t, sc.TraceID().String(), "1111111111111111", "nobody outside decides what is traced")
		}
		for _, a := range s.Attributes() {
			require.NotContains(t, a.Value.String(), "127.0.0.1")
		}
	}
	require.Equal(t, 2, got["samples"])
	require.Positive(t, got["write to Kafka"])
	require.Len(t, named, 2)
}
