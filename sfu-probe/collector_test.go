package sfuprobe_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/webrtc/v3"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// collect is a collector over a real socket whose clock is an hour ahead.
func collect(got func(*earshotv1.Sample)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }()
		for {
			_, raw, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			var in earshotv1.ClientFrame
			if in.UnmarshalVT(raw) != nil {
				return
			}
			out := &earshotv1.ServerFrame{}
			if s := in.Sample; s != nil {
				got(s)
				out.Ack = &earshotv1.Ack{SessionId: s.SessionId, Sequence: s.Sequence}
			}
			if q := in.Time; q != nil {
				now := time.Now().Add(time.Hour).UnixMicro()
				out.Time = &earshotv1.TimeReply{SentAtUs: q.SentAtUs, ReceivedAtUs: now, RepliedAtUs: now}
			}
			b, err := out.MarshalVT()
			if err != nil || conn.Write(r.Context(), websocket.MessageBinary, b) != nil {
				return
			}
		}
	}
}

func TestSamplesReachACollector(t *testing.T) {
	var mu sync.Mutex
	got := map[uint64]*earshotv1.Sample{}
	server := httptest.NewServer(collect(func(s *earshotv1.Sample) {
		mu.Lock()
		defer mu.Unlock()
		got[s.Sequence] = s
	}))
	defer server.Close()
	cfg := client("ana")
	cfg.Collector = "ws" + strings.TrimPrefix(server.URL, "http") + "/v1/stream"
	cfg.Decorate = func(s *earshotv1.Sample) { s.Events = append(s.Events, &earshotv1.Event{Value: "decorated"}) }
	registry := prometheus.NewRegistry()
	probe, err := sfuprobe.New(cfg, sfuprobe.WithRegisterer(registry))
	require.NoError(t, err)
	api := newAPI(t, probe, 0)
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	require.NoError(t, err)
	defer func() { _ = pc.GracefulClose() }()
	_, err = probe.Watch(pc, "")
	require.NoError(t, err)
	require.NoError(t, probe.Start(t.Context()))
	probe.Event(&earshotv1.Event{Type: earshotv1.EventType_EVENT_TYPE_CUSTOM, Value: "hello"})
	eventually(t, "a few samples are durable", func() bool { return probe.Stats().SamplesAcked > 2 })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, probe.Shutdown(ctx))
	require.NoError(t, probe.Shutdown(ctx))

	mu.Lock()
	defer mu.Unlock()
	stats := probe.Stats()
	require.Len(t, got, int(stats.SamplesTaken))
	require.Equal(t, stats.SamplesTaken, stats.SamplesAcked)
	require.Equal(t, "hello", got[1].Events[0].Value)
	require.Equal(t, "decorated", got[2].Events[len(got[2].Events)-1].Value)
	require.Equal(t, sfuprobe.Version, got[1].Client.ProbeVersion)
	require.Equal(t, interval.Microseconds(), got[1].IntervalUs)
	last := got[stats.SamplesTaken]
	require.InDelta(t, time.Hour.Microseconds(), last.Clock.OffsetUs, 1e6)
	require.Positive(t, last.Clock.ErrorUs)
	n, err := testutil.GatherAndCount(registry)
	require.NoError(t, err)
	require.Equal(t, 9, n)
}

// Samples come on a steady grid, the first after an interval, or a second where that is longer.
func TestSamplesComeOnAGrid(t *testing.T) {
	p := newPeer(t, client("ana"), 0)
	eventually(t, "ten samples", func() bool { return len(p.sink.all()) >= 10 })
	all := p.sink.all()
	elapsed := time.Duration(all[len(all)-1].SampledAtUs-all[0].SampledAtUs) * time.Microsecond
	require.InDelta(t, time.Duration(len(all)-1)*interval, elapsed, float64(interval))
}
