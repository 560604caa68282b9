package poll

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/sfu-probe/export"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

type sink struct {
	export.Discard
	mu   sync.Mutex
	sent []*earshotv1.Sample
}

func (s *sink) Send(m *earshotv1.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, m.CloneVT())
}

func TestWhatIsFoundIsNumberedAndSentOnTheGrid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, out, asked := time.Now(), &sink{}, []time.Duration{}
		p, err := New(Config{Name: "janus", Interval: 5 * time.Second}, func(_ context.Context, now time.Time) (*earshotv1.Sample, error) {
			asked = append(asked, now.Sub(began))
			switch len(asked) {
			case 2:
				return nil, errors.New("away")
			case 3:
				return &earshotv1.Sample{}, nil // nobody is there
			}
			return &earshotv1.Sample{Transports: []*earshotv1.Transport{{TransportId: "1"}}}, nil
		}, Dependencies{Exporter: out, Registerer: prometheus.NewRegistry()})
		require.NoError(t, err)
		require.NoError(t, p.Start(t.Context()))
		require.NoError(t, p.Start(t.Context()), "twice")
		time.Sleep(17 * time.Second)
		require.NoError(t, p.Shutdown(t.Context()))
		require.NoError(t, p.Shutdown(t.Context()), "twice")

		require.Equal(t, []time.Duration{1 * time.Second, 6 * time.Second, 11 * time.Second, 16 * time.Second}, asked)
		require.Len(t, out.sent, 2)
		for i, s := range out.sent {
			require.EqualValues(t, i+1, s.Sequence)
			require.Equal(t, out.sent[0].SessionId, s.SessionId)
			require.EqualValues(t, 5_000_000, s.IntervalUs)
		}
		stats := p.Stats()
		require.EqualValues(t, 4, stats.Polls)
		require.EqualValues(t, 1, stats.PollsFailed)
	})
}

func TestAShutdownEndsAQuestionThatIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := New(Config{Name: "janus"}, func(ctx context.Context, _ time.Time) (*earshotv1.Sample, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, Dependencies{Exporter: &sink{}})
		require.NoError(t, err)
		require.NoError(t, p.Start(t.Context()))
		time.Sleep(2 * time.Second)
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

func TestAnIntervalThatIsTooShortIsNamed(t *testing.T) {
	_, err := New(Config{Name: "livekit", Interval: time.Millisecond}, nil, Dependencies{Exporter: &sink{}})
	require.EqualError(t, err, "livekit: the interval is 1ms: give at least 100ms, or 0 for 5s")
}
