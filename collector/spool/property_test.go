package spool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

// step is one thing that happens.
type step struct {
	What  string
	Calls int // produce: at the same time
	Each  int // produce: messages of a call
	State state
	Wait  time.Duration
	Room  int64
}

var steps = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
	s := step{What: rapid.SampledFrom([]string{"produce", "produce", "produce", "produce", "kafka", "kafka", "wait", "crash", "restart", "disk"}).Draw(t, "what")}
	switch s.What {
	case "produce":
		s.Calls = rapid.IntRange(1, 4).Draw(t, "calls")
		s.Each = rapid.IntRange(1, 30).Draw(t, "each")
	case "kafka":
		s.State = state(rapid.IntRange(0, int(states)-1).Draw(t, "state"))
	case "wait":
		s.Wait = time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond
	case "disk":
		s.Room = int64(rapid.SampledFrom([]int{-1, -1, 0, 1, 1000, 20_000, -2, -3}).Draw(t, "room"))
	}
	return s
}), 1, 60)

// world is a spool between probes that send again what was refused and a broker, on a disk; and what has been acknowledged.
type world struct {
	t      *verdict
	dir    string
	dice   *rand.Rand
	disk   *forgetful
	broker *broker
	spool  *Spool

	mu    sync.Mutex
	seq   map[string]int
	acked map[string]int // message: when
	order []string
}

func (w *world) start() {
	room, failSync, failCut := int64(-1), error(nil), error(nil)
	if w.disk != nil {
		room, failSync, failCut = w.disk.room, w.disk.failSync, w.disk.failCut
	}
	w.disk = newForgetful(w.dir)
	w.disk.room, w.disk.failSync, w.disk.failCut = room, failSync, failCut
	entries, err := os.ReadDir(w.dir)
	require.NoError(w.t, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(w.t, err)
		w.disk.synced[e.Name()] = info.Size()
	}
	w.spool, err = New(Config{Dir: w.dir, Bytes: 128 << 10, SegmentBytes: 64 << 10, After: 2 * time.Second},
		Dependencies{Next: w.broker, Limits: Limits{Messages: 20, Bytes: 4000}, Registerer: prometheus.NewRegistry(), disk: w.disk})
	require.NoError(w.t, err)
	w.spool.cfg.SegmentBytes = 5000 // less than a user may say
	require.NoError(w.t, w.spool.Start(context.Background()))
}

func (w *world) do(s step) {
	switch s.What {
	case "kafka":
		w.broker.set(s.State)
	case "wait":
		time.Sleep(s.Wait)
	case "produce":
		var calls sync.WaitGroup
		for c := range s.Calls {
			msgs := w.messages(c, s.Each)
			calls.Go(func() { w.produce(msgs) })
		}
		calls.Wait()
	case "disk":
		w.disk.mu.Lock()
		w.disk.room, w.disk.failSync, w.disk.failCut = s.Room, nil, nil
		if s.Room < -1 {
			w.disk.failSync = syscall.EIO
		}
		if s.Room < -2 {
			w.disk.failCut = syscall.EIO
		}
		w.disk.mu.Unlock()
	case "restart":
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.NoError(w.t, w.spool.Shutdown(ctx))
		w.start()
	case "crash":
		// In the middle of what is sent.
		var calls sync.WaitGroup
		msgs, when := w.messages(0, 20), time.Duration(w.dice.IntN(3000))*time.Millisecond
		calls.Go(func() { w.produce(msgs) })
		time.Sleep(when)
		w.disk.off()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(w.t, w.spool.Shutdown(ctx))
		calls.Wait()
		w.disk.crash(w.t, w.dice.IntN)
		w.start()
	}
}

// messages are the next ones of the keys of one caller, some larger.
func (w *world) messages(caller, n int) []kafka.Message {
	msgs := make([]kafka.Message, n)
	for i := range msgs {
		key := fmt.Sprintf("k%d.%d", caller, w.dice.IntN(3))
		w.seq[key]++
		value := fmt.Sprintf("%s %d ", key, w.seq[key])
		msgs[i] = kafka.Message{Topic: "t", Key: []byte(key), Value: []byte(value + strings.Repeat("x", w.dice.IntN(200))), Time: time.UnixMilli(int64(w.seq[key]))}
	}
	return msgs
}

// produce sends messages, and notes which were acknowledged.
func (w *world) produce(msgs []kafka.Message) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := w.spool.Produce(ctx, msgs)
	if ctx.Err() != nil {
		w.t.Errorf("an answer took a minute")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, e := range spread(err, len(msgs)) {
		if e == nil {
			w.acked[string(msgs[i].Value)] = len(w.order)
			w.order = append(w.order, string(msgs[i].Value))
		}
	}
}

// settle lets everything come right, and holds what the broker has against what was acknowledged.
func (w *world) settle() {
	w.disk.mu.Lock()
	w.disk.room, w.disk.failSync, w.disk.failCut = -1, nil, nil
	w.disk.mu.Unlock()
	w.broker.set(up)
	time.Sleep(time.Minute)
	w.spool.mu.Lock()
	mode, records, used, segments := w.spool.mode, w.spool.records, w.spool.used, len(w.spool.segments)
	w.spool.mu.Unlock()
	require.Equal(w.t, direct, mode, "all is drained")
	require.Zero(w.t, records)
	require.Zero(w.t, used)
	require.Zero(w.t, segments)
	require.NoError(w.t, w.spool.Ping(context.Background()))
	require.NoError(w.t, w.spool.Shutdown(context.Background()))
	time.Sleep(2 * late)

	first := map[string]int{}
	for i, m := range w.broker.got() {
		v := string(m.Value)
		key, rest, _ := strings.Cut(v, " ")
		require.Equal(w.t, key, string(m.Key))
		seq, _, _ := strings.Cut(rest, " ")
		require.Equal(w.t, seq, fmt.Sprint(m.Time.UnixMilli()), "each keeps its time")
		if _, ok := first[v]; !ok {
			first[v] = i
		}
	}
	last := map[string]int{}
	for _, v := range w.order {
		at, ok := first[v]
		require.True(w.t, ok, "acknowledged, but not in Kafka: %.30s", v)
		key, _, _ := strings.Cut(v, " ")
		require.GreaterOrEqual(w.t, at, last[key], "out of order: %.30s", v)
		last[key] = at
	}
	entries, err := os.ReadDir(w.dir)
	require.NoError(w.t, err)
	for _, e := range entries {
		require.NotContains(w.t, e.Name(), segmentSuffix)
		require.NotContains(w.t, e.Name(), damagedSuffix)
	}
}

// verdict is a testing.T of which there may be several, so that rapid can look for a shorter failure.
type verdict struct {
	mu  sync.Mutex
	say string
}

func (v *verdict) Errorf(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.say += fmt.Sprintf(format, args...) + "\n"
}

// FailNow ends the run; it is for the goroutine that plays the script.
func (v *verdict) FailNow() { panic(v) }

// play plays a script. It is empty when all went well.
func play(t *testing.T, script []step, seed uint64) (failure string, acked int) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: &verdict{}, dir: t.TempDir(), dice: rand.New(rand.NewPCG(seed, 1)), broker: &broker{}, seq: map[string]int{}, acked: map[string]int{},
		}
		defer func() {
			if r := recover(); r != nil && r != any(w.t) {
				panic(r)
			}
			over, cancel := context.WithCancel(context.Background())
			cancel()
			_ = w.spool.Shutdown(over)
			time.Sleep(2 * late)
			failure, acked = w.t.say, len(w.order)
		}()
		w.start()
		for _, s := range script {
			w.do(s)
		}
		w.settle()
	})
	return failure, acked
}

// Whatever happens to Kafka, the disk and the machine: what was acknowledged comes out, in order per key, and nothing else.
func TestWhatIsAcknowledgedComesOut(t *testing.T) {
	acked, crashes := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		script := steps.Draw(rt, "steps")
		failure, n := play(t, script, rapid.Uint64().Draw(rt, "seed"))
		if failure != "" {
			rt.Fatalf("%s", failure)
		}
		acked += n
		for _, s := range script {
			if s.What == "crash" {
				crashes++
			}
		}
	})
	t.Logf("%d messages acknowledged, %d crashes", acked, crashes)
}
