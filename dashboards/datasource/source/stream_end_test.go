package source_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/dashboards/datasource/source"
)

// sent counts what a stream sent.
type sent struct{ n atomic.Int64 }

func (s *sent) Send(*backend.StreamPacket) error { s.n.Add(1); return nil }

// alone makes a data source that no server serves, with a clock of its own.
func alone(t *testing.T, now func() time.Time) *source.Source {
	t.Helper()
	openStore(t)
	raw, err := json.Marshal(options{"address": engine.server.Addr()})
	require.NoError(t, err)
	return source.New(backend.DataSourceInstanceSettings{UID: "alone", JSONData: raw}, source.WithClock(now), source.WithPoll(time.Millisecond))
}

func TestAStreamEndsWithItsCall(t *testing.T) {
	var now atomic.Pointer[time.Time]
	at := soon()
	now.Store(&at)
	s := alone(t, func() time.Time { return *now.Load() })
	defer s.Dispose()
	done := make(chan error, 1)
	out := &sent{}
	go func() {
		done <- s.RunStream(t.Context(), &backend.RunStreamRequest{Path: "call/demo"}, backend.NewStreamSender(out))
	}()
	require.Eventually(t, func() bool { return out.n.Load() == 1 }, 20*time.Second, time.Millisecond)
	later := soon().Add(10 * time.Minute)
	now.Store(&later)
	select {
	case err := <-done:
		require.NoError(t, err, "no error: Grafana does not begin anew")
	case <-time.After(30 * time.Second):
		t.Fatal("the stream goes on")
	}
	require.EqualValues(t, 1, out.n.Load(), "what does not change is sent once")
}

func TestAStreamEndsWithItsDataSource(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	s := alone(t, soon)
	done := make(chan error, 1)
	out := &sent{}
	go func() {
		done <- s.RunStream(context.Background(), &backend.RunStreamRequest{Path: "call/demo"}, backend.NewStreamSender(out))
	}()
	require.Eventually(t, func() bool { return out.n.Load() == 1 }, 20*time.Second, time.Millisecond)
	s.Dispose()
	s.Dispose()
	require.ErrorContains(t, <-done, "the settings of the data source have changed")
	goleak.VerifyNone(t, ignore)
}
