package export

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// shutdown flushes and expects that nothing is left.
func shutdown(t *testing.T, e *Exporter) {
	t.Helper()
	require.NoError(t, e.Shutdown(context.Background()))
	require.NoError(t, e.Shutdown(context.Background()), "a second time")
}

func TestSamplesAreSentAndAcknowledgedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(t)
		e := c.exporter(func(cfg *Config) { cfg.Token = "secret"; cfg.Header = http.Header{"X-Tenant": {"one"}} })
		for i := range uint64(5) {
			e.Send(sample(i + 1))
		}
		synctest.Wait()
		require.Equal(t, []uint64{1, 2, 3, 4, 5}, c.sequences())
		s := e.Stats()
		require.Equal(t, Stats{SamplesSent: 5, SamplesAcked: 5, Connects: 1}, s)
		c.set(func() {
			require.Equal(t, "Bearer secret", c.headers.Get("Authorization"))
			require.Equal(t, "one", c.headers.Get("X-Tenant"))
		})
		shutdown(t, e)
	})
}

func TestUnacknowledgedSamplesAreSentAgainOnANewConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(t)
		c.answer = func(s *earshotv1.Sample) *earshotv1.Ack {
			if s.Sequence > 2 {
				return nil
			}
			return &earshotv1.Ack{SessionId: s.SessionId, Sequence: s.Sequence}
		}
		e := c.exporter()
		for i := range uint64(4) {
			e.Send(sample(i + 1))
		}
		synctest.Wait()
		c.set(func() { c.answer, c.got = nil, nil })
		c.drop()
		e.Send(sample(5))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, []uint64{3, 4, 5}, c.sequences())
		s := e.Stats()
		require.Equal(t, uint64(5), s.SamplesAcked)
		require.Equal(t, uint64(7), s.SamplesSent)
		require.Equal(t, uint64(2), s.Connects)
		require.Zero(t, s.BytesQueued)
		shutdown(t, e)
	})
}

func TestACollectorThatComesLateGetsWhatTheQueueHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(t)
		c.down = true
		e := c.exporter(func(cfg *Config) { cfg.QueueBytes = 100 * 200 })
		for i := range uint64(1000) {
			e.Send(sample(i + 1))
			time.Sleep(time.Second)
		}
		s := e.Stats()
		require.LessOrEqual(t, s.BytesQueued, uint64(100*200))
		require.Positive(t, s.SamplesQueued)
		require.Equal(t, uint64(1000), s.SamplesDropped+s.SamplesQueued)
		require.Zero(t, s.SamplesSent)

		c.set(func() { c.down = false })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		got := c.sequences()
		require.Equal(t, s.SamplesDropped+1, got[0], "the oldest gave way")
		require.Equal(t, uint64(1000), got[len(got)-1])
		require.Len(t, got, int(s.SamplesQueued))
		shutdown(t, e)
	})
}

func TestAttemptsToConnectGrowRareAndAreJittered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(t)
		c.down = true
		e := c.exporter()
		time.Sleep(10 * time.Minute)
		var waits []time.Duration
		dials := c.dialled()
		for i := 1; i < len(dials); i++ {
			waits = append(waits, dials[i].Sub(dials[i-1]))
		}
		distinct := map[time.Duration]bool{}
		for i, w := range waits {
			limit := min(time.Second<<min(i, 3), 8*time.Second)
			require.GreaterOrEqual(t, w, limit/2)
			require.LessOrEqual(t, w, limit)
			distinct[w] = true
		}
		require.Greater(t, len(waits), 600/8-1)
		require.Less(t, len(waits), 600/4+4)
		require.Greater(t, len(distinct), len(waits)/2)

		c.set(func() { c.down, c.dials = false, nil })
		time.Sleep(9 * time.Second)
		c.set(func() { c.down, c.dials = true, nil })
		before := time.Now()
		c.drop()
		time.Sleep(time.Second)
		dials = c.dialled()
		require.NotEmpty(t, dials, "the backoff begins anew after a connection that worked")
		require.LessOrEqual(t, dials[0].Sub(before), time.Second)
		require.NoError(t, e.Shutdown(context.Background()))
	})
}

func TestRefusalsAndPauses(t *testing.T) {
	t.Run("a refused sample is not sent again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCollector(t)
			c.answer = func(s *earshotv1.Sample) *earshotv1.Ack {
				return &earshotv1.Ack{SessionId: s.SessionId, Sequence: s.Sequence, Error: "no call_id"}
			}
			e := c.exporter()
			e.Send(sample(1))
			time.Sleep(time.Minute)
			require.Equal(t, []uint64{1}, c.sequences())
			require.Equal(t, uint64(1), e.Stats().SamplesRefused)
			require.Zero(t, e.Stats().SamplesQueued)
			shutdown(t, e)
		})
	})
	t.Run("with retry_after_ms it is, when the time has come", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCollector(t)
			full := true
			c.answer = func(s *earshotv1.Sample) *earshotv1.Ack {
				a := &earshotv1.Ack{SessionId: s.SessionId, Sequence: s.Sequence}
				if full {
					a.Error, a.RetryAfterMs = "full", 60000
				}
				return a
			}
			e := c.exporter()
			e.Send(sample(1))
			synctest.Wait()
			e.Send(sample(2))
			time.Sleep(59 * time.Second)
			require.Equal(t, []uint64{1}, c.sequences(), "and nothing else meanwhile")
			c.set(func() { full = false })
			time.Sleep(2 * time.Second)
			require.Equal(t, []uint64{1, 1, 2}, c.sequences())
			require.Equal(t, uint64(1), e.Stats().Connects)
			shutdown(t, e)
		})
	})
	t.Run("Retry-After of a refused connection", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCollector(t)
			c.status, c.retry = http.StatusServiceUnavailable, "120"
			e := c.exporter()
			time.Sleep(119 * time.Second)
			require.Len(t, c.dialled(), 1)
			c.set(func() { c.status = 0 })
			time.Sleep(2 * time.Second)
			require.Equal(t, uint64(1), e.Stats().Connects)
			shutdown(t, e)
		})
	})
}

func TestASilentCollectorIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(t)
		c.answer = func(*earshotv1.Sample) *earshotv1.Ack { return nil }
		e := c.exporter(func(cfg *Config) { cfg.AckTimeout = 10 * time.Second })
		time.Sleep(time.Minute) // Nothing to say is no silence.
		require.Equal(t, uint64(1), e.Stats().Connects)
		e.Send(sample(1))
		time.Sleep(9 * time.Second)
		require.Equal(t, uint64(1), e.Stats().Connects)
		c.set(func() { c.answer = nil })
		time.Sleep(3 * time.Second)
		require.Equal(t, uint64(2), e.Stats().Connects)
		require.Equal(t, uint64(1), e.Stats().SamplesAcked)
		shutdown(t, e)
	})
}

func TestASampleThatIsTooBigIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(t)
		c.limit = 1000
		e := c.exporter()
		big := sample(2)
		big.Streams = []*earshotv1.Stream{{TrackId: strings.Repeat("x", 2000)}}
		e.Send(sample(1))
		e.Send(big)
		e.Send(sample(3))
		time.Sleep(10 * time.Second)
		s := e.Stats()
		require.Equal(t, uint64(1), s.SamplesRefused)
		require.Equal(t, uint64(2), s.SamplesAcked)
		require.Equal(t, uint64(2), s.Connects)
		shutdown(t, e)
	})
}

// A collector that accepts the connection and then neither reads nor writes.
func TestNothingBlocksTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(t)
		c.stuck = true
		e := c.exporter(func(cfg *Config) { cfg.QueueBytes = 100_000 })
		before := time.Now()
		for i := range uint64(10000) {
			e.Send(sample(i + 1))
			e.Clock()
			e.Stats()
		}
		require.Zero(t, time.Since(before), "in the time of synctest a wait would show")
		require.LessOrEqual(t, e.Stats().BytesQueued, uint64(100_000))
		time.Sleep(time.Minute)
		require.Greater(t, e.Stats().Connects, uint64(1))
		require.Error(t, e.Shutdown(context.Background()))
	})
}

func TestShutdown(t *testing.T) {
	t.Run("waits for the acks", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCollector(t)
			c.answer = func(s *earshotv1.Sample) *earshotv1.Ack {
				time.Sleep(3 * time.Second)
				return &earshotv1.Ack{SessionId: s.SessionId, Sequence: s.Sequence}
			}
			e := c.exporter()
			e.Send(sample(1))
			shutdown(t, e)
			require.Equal(t, uint64(1), e.Stats().SamplesAcked)
		})
	})
	t.Run("does not wait out a backoff", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCollector(t)
			c.down = true
			e := c.exporter(func(cfg *Config) { cfg.MaxBackoff = time.Hour })
			e.Send(sample(1))
			time.Sleep(3 * time.Hour)
			c.set(func() { c.down = false })
			shutdown(t, e)
			require.Equal(t, []uint64{1}, c.sequences())
		})
	})
	t.Run("ends with its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCollector(t)
			c.answer = func(*earshotv1.Sample) *earshotv1.Ack { return nil }
			e := c.exporter()
			e.Send(sample(1))
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			before := time.Now()
			require.ErrorContains(t, e.Shutdown(ctx), "1 samples were not acknowledged")
			require.Equal(t, 2*time.Second, time.Since(before))
		})
	})
	t.Run("of a dead collector ends without a deadline too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCollector(t)
			c.down = true
			e := c.exporter()
			e.Send(sample(1))
			before := time.Now()
			require.Error(t, e.Shutdown(context.Background()))
			require.Equal(t, DefaultFlushTimeout, time.Since(before))
			e.Send(sample(2))
			require.Equal(t, uint64(1), e.Stats().SamplesDropped)
		})
	})
	t.Run("without a start", func(t *testing.T) {
		e, err := New(Config{URL: "ws://127.0.0.1:1/v1/stream"}, Dependencies{})
		require.NoError(t, err)
		shutdown(t, e)
	})
}

func TestAFrameThatCannotBeReadBreaksTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(t)
		c.garbage = true
		e := c.exporter()
		e.Send(sample(1))
		time.Sleep(time.Minute)
		require.Greater(t, e.Stats().Connects, uint64(3))
		require.Less(t, e.Stats().Connects, uint64(20), "with a growing backoff")
		c.set(func() { c.garbage = false })
		time.Sleep(9 * time.Second)
		require.Equal(t, uint64(1), e.Stats().SamplesAcked)
		shutdown(t, e)
	})
}

func FuzzTake(f *testing.F) {
	b, err := (&earshotv1.ServerFrame{Ack: &earshotv1.Ack{SessionId: "session", Sequence: 1}, Time: &earshotv1.TimeReply{}}).MarshalVT()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := New(Config{URL: "ws://127.0.0.1:1/v1/stream"}, Dependencies{})
		require.NoError(t, err)
		e.Send(sample(1))
		e.clock.request(time.Unix(1, 0))
		var frame earshotv1.ServerFrame
		if frame.UnmarshalVT(b) != nil {
			return
		}
		e.take(&frame, time.Unix(2, 0))
		s := e.Stats()
		require.Equal(t, uint64(1), s.SamplesQueued+s.SamplesAcked+s.SamplesRefused)
		e.Clock()
	})
}

func BenchmarkSend(b *testing.B) {
	e, err := New(Config{URL: "ws://127.0.0.1:1/v1/stream"}, Dependencies{})
	require.NoError(b, err)
	s := sample(1)
	for i := range uint32(2000) {
		s.Streams = append(s.Streams, &earshotv1.Stream{TransportId: "transport", Ssrc: i, Packets: 1000000, Bytes: 1 << 30, Codec: "opus"})
	}
	b.ReportAllocs()
	b.SetBytes(int64(s.SizeVT()))
	for b.Loop() {
		e.Send(s)
	}
}
