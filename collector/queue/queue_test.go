package queue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/collector/queue"
	"github.com/earshot-rtc/earshot/internal/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// producer is a Kafka that does as it is told.
type producer struct {
	mu    sync.Mutex
	got   []kafka.Message
	calls int
	do    func(ctx context.Context, msgs []kafka.Message) error
}

func (p *producer) Produce(ctx context.Context, msgs []kafka.Message) error {
	if p.do != nil {
		if err := p.do(ctx, msgs); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	p.got = append(p.got, msgs...)
	return nil
}

func small() queue.Config {
	return queue.Config{Bytes: 1 << 20, Workers: 4, SliceMessages: 10, SliceBytes: 1 << 16}
}

func start(t testing.TB, cfg queue.Config, p *producer) *queue.Queue {
	t.Helper()
	q, err := queue.New(cfg, queue.Dependencies{Producer: p, Registerer: prometheus.NewRegistry()})
	require.NoError(t, err)
	require.NoError(t, q.Start(context.Background()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = q.Shutdown(ctx)
	})
	return q
}

func messages(key string, n int) []kafka.Message {
	out := make([]kafka.Message, n)
	for i := range out {
		out[i] = kafka.Message{Key: []byte(key), Value: fmt.Appendf(nil, "%04d", i)}
	}
	return out
}

func TestEveryJobIsToldOnceWhenItIsDurable(t *testing.T) {
	p := &producer{}
	q := start(t, small(), p)
	var told atomic.Int32
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Add(1)
		msgs := append(messages(fmt.Sprintf("a%d", i), 3), messages(fmt.Sprintf("b%d", i), 2)...)
		require.NoError(t, q.Submit(msgs, func(errs []error) {
			defer wg.Done()
			told.Add(1)
			if errs != nil {
				t.Error(errs)
			}
		}))
	}
	wg.Wait()
	require.EqualValues(t, 100, told.Load())
	require.Len(t, p.got, 500)
	require.Zero(t, q.Bytes())
}

func TestMessagesOfAKeyKeepTheirOrder(t *testing.T) {
	p := &producer{}
	q := start(t, small(), p)
	for _, key := range []string{"x", "y", "z"} {
		for _, m := range messages(key, 200) {
			require.NoError(t, q.Submit([]kafka.Message{m}, func([]error) {}))
		}
	}
	require.NoError(t, q.Shutdown(context.Background()))
	seen := map[string][]string{}
	for _, m := range p.got {
		seen[string(m.Key)] = append(seen[string(m.Key)], string(m.Value))
	}
	require.Len(t, seen, 3)
	for key, values := range seen {
		require.Len(t, values, 200)
		require.IsIncreasing(t, values, key)
	}
	require.Less(t, p.calls, 600, "what waits goes together")
}

func TestAFullQueueRefusesTheWholeJobAndTakesTheNextOnceThereIsRoom(t *testing.T) {
	hold := make(chan struct{})
	p := &producer{do: func(ctx context.Context, _ []kafka.Message) error {
		select {
		case <-hold:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	cfg := small()
	cfg.Bytes = 1000
	q := start(t, cfg, p)
	done := make(chan []error, 10)
	tell := func(errs []error) { done <- errs }
	require.NoError(t, q.Submit(messages("k", 10), tell)) // 10 x (64 + 1 + 4) bytes
	require.ErrorIs(t, q.Submit(messages("k", 10), tell), queue.ErrFull)
	require.EqualValues(t, 690, q.Bytes())
	require.NoError(t, q.Submit(messages("k", 3), tell), "what fits still goes in")
	close(hold)
	require.Nil(t, <-done)
	require.Nil(t, <-done)
	require.Eventually(t, func() bool { return q.Bytes() == 0 }, time.Second, time.Millisecond)
	require.NoError(t, q.Submit(messages("k", 10), tell))
	require.Nil(t, <-done)
	require.Len(t, p.got, 23)
}

func TestErrorsReachTheirMessages(t *testing.T) {
	down, large := errors.New("down"), kafka.ErrTooLarge
	for name, tc := range map[string]struct {
		answer func(n int) error
		want   []error
	}{
		"all of them": {func(int) error { return down }, []error{down, down, down}},
		"one of them": {func(n int) error {
			e := make(kafka.WriteErrors, n)
			e[1] = large
			return e
		}, []error{nil, large, nil}},
		"wrapped": {func(n int) error {
			e := make(kafka.WriteErrors, n)
			e[0] = down
			return fmt.Errorf("write: %w", e)
		}, []error{down, nil, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			q := start(t, small(), &producer{do: func(_ context.Context, msgs []kafka.Message) error { return tc.answer(len(msgs)) }})
			done := make(chan []error, 1)
			require.NoError(t, q.Submit(messages("k", 3), func(errs []error) { done <- errs }))
			require.Equal(t, tc.want, <-done)
			require.Eventually(t, func() bool { return q.Bytes() == 0 }, time.Second, time.Millisecond)
		})
	}
}

func TestAProducerThatMiscountsFailsTheSlice(t *testing.T) {
	q := start(t, small(), &producer{do: func(context.Context, []kafka.Message) error { return kafka.WriteErrors{nil} }})
	done := make(chan []error, 1)
	require.NoError(t, q.Submit(messages("k", 3), func(errs []error) { done <- errs }))
	for _, err := range <-done {
		require.ErrorContains(t, err, "told of 1 messages, was given 3")
	}
}

func TestSlicesStayWithinTheirBounds(t *testing.T) {
	hold := make(chan struct{})
	first := true
	var sizes []int
	p := &producer{}
	p.do = func(_ context.Context, msgs []kafka.Message) error {
		if first {
			first = false
			<-hold
		}
		sizes = append(sizes, len(msgs))
		return nil
	}
	cfg := queue.Config{Bytes: 1 << 20, Workers: 1, SliceMessages: 10, SliceBytes: 300}
	q := start(t, cfg, p)
	require.NoError(t, q.Submit(messages("k", 1), func([]error) {}))
	require.NoError(t, q.Submit(messages("k", 20), func([]error) {}))
	require.NoError(t, q.Submit([]kafka.Message{{Key: []byte("k"), Value: make([]byte, 5000)}}, func([]error) {}))
	close(hold)
	require.NoError(t, q.Shutdown(context.Background()))
	require.Len(t, p.got, 22)
	for _, n := range sizes {
		require.LessOrEqual(t, n, 4) // 69 bytes each
	}
}

func TestShutdownFlushesAndThenRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &producer{do: func(context.Context, []kafka.Message) error { time.Sleep(time.Second); return nil }}
		q := start(t, small(), p)
		told := 0
		for range 5 {
			require.NoError(t, q.Submit(messages("k", 10), func([]error) { told++ }))
		}
		require.NoError(t, q.Shutdown(t.Context()))
		require.Equal(t, 5, told)
		require.Len(t, p.got, 50)
		require.ErrorIs(t, q.Submit(messages("k", 1), nil), queue.ErrClosed)
		require.NoError(t, q.Shutdown(t.Context()), "twice")
	})
}

func TestShutdownThatRunsOutOfTimeFailsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &producer{do: func(ctx context.Context, _ []kafka.Message) error { <-ctx.Done(); return ctx.Err() }}
		q := start(t, small(), p)
		var got [][]error
		var mu sync.Mutex
		for range 3 {
			require.NoError(t, q.Submit(messages("k", 10), func(errs []error) { mu.Lock(); got = append(got, errs); mu.Unlock() }))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err := q.Shutdown(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "2070 bytes not flushed")
		require.Len(t, got, 3)
		for _, errs := range got {
			for _, err := range errs {
				require.ErrorIs(t, err, context.Canceled)
			}
		}
		require.Zero(t, q.Bytes())
	})
}

func TestBeforeStartAndEmptyJobs(t *testing.T) {
	q, err := queue.New(small(), queue.Dependencies{Producer: &producer{}})
	require.NoError(t, err)
	require.ErrorIs(t, q.Submit(messages("k", 1), nil), queue.ErrClosed)
	told := false
	require.NoError(t, q.Submit(nil, func(errs []error) { told = errs == nil }))
	require.True(t, told)
	require.NoError(t, q.Shutdown(t.Context()))
	require.Error(t, q.Start(t.Context()), "not after Shutdown")
}

func BenchmarkSubmit(b *testing.B) {
	p := &producer{}
	p.do = func(context.Context, []kafka.Message) error { p.got = p.got[:0]; return nil }
	cfg := small()
	cfg.Workers, cfg.SliceMessages = 1, 1000
	q := start(b, cfg, p)
	msgs := messages("call", 1)
	done := make(chan struct{}, 1)
	tell := func([]error) { done <- struct{}{} }
	b.ReportAllocs()
	for b.Loop() {
		if err := q.Submit(msgs, tell); err != nil {
			b.Fatal(err)
		}
		<-done
	}
}
