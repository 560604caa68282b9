package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(dir string) Config {
	return Config{Dir: dir, Bytes: 1 << 20, SegmentBytes: 64 << 10, After: 2 * time.Second}
}

func build(t testing.TB, cfg Config, b Producer, d disk) *Spool {
	t.Helper()
	s, err := New(cfg, Dependencies{Next: b, Limits: Limits{Messages: 100, Bytes: 20_000}, Registerer: prometheus.NewRegistry(), disk: d})
	require.NoError(t, err)
	return s
}

func run(t testing.TB, cfg Config, b Producer, d disk) *Spool {
	t.Helper()
	s := build(t, cfg, b, d)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, s.Shutdown(ctx))
	})
	return s
}

// numbered are messages of one key with the values from, from+1 ...
func numbered(key string, from, n int) []kafka.Message {
	out := make([]kafka.Message, n)
	for i := range out {
		out[i] = kafka.Message{Topic: "t", Key: []byte(key), Value: fmt.Appendf(nil, "%s %04d", key, from+i), Time: time.UnixMilli(int64(from + i))}
	}
	return out
}

func valuesOf(msgs ...[]kafka.Message) []string {
	var out []string
	for _, m := range msgs {
		for i := range m {
			out = append(out, string(m[i].Value))
		}
	}
	return out
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	require.NoError(t, err)
	return all
}

func (s *Spool) is() mode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mode
}

func TestWhileKafkaIsThereTheDiskIsNotTouched(t *testing.T) {
	b, dir := &broker{}, t.TempDir()
	s := run(t, config(dir), b, nil)
	msgs := numbered("a", 1, 3)
	require.NoError(t, s.Produce(t.Context(), msgs))
	require.Equal(t, msgs, b.got())
	require.Empty(t, files(t, dir))
	require.NoError(t, s.Produce(t.Context(), nil))
	require.Equal(t, 1, b.calls)
}

func TestWhatKafkaCannotTakeWaitsOnDiskAndGoesOnAsItWas(t *testing.T) {
	for name, away := range map[string]state{"refuses connections": down, "hangs": hangs, "answers get lost": unanswered} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, dir := &broker{}, filepath.Join(t.TempDir(), "made")
				s := run(t, config(dir), b, nil)
				b.set(away)
				at := time.UnixMilli(1_700_000_000_123)
				first := []kafka.Message{
					{Topic: "t", Key: []byte("k"), Value: []byte("v"), Time: at, Headers: []kafka.Header{{Key: "h", Value: []byte("x")}, {Key: "", Value: nil}, {Key: "e", Value: []byte{}}}},
					{Topic: "dead", Value: []byte{0, 255}, Time: at},
					{Topic: "t", Key: []byte{}, Time: at},
				}
				require.NoError(t, s.Produce(t.Context(), first))
				require.NoError(t, s.Produce(t.Context(), numbered("a", 1, 500)))
				require.Equal(t, spooling, s.is())
				require.NoError(t, s.Ping(t.Context()), "ready, since there is room")
				require.Equal(t, 503.0, testutil.ToFloat64(s.metrics.appended))
				info, err := os.Stat(dir)
				require.NoError(t, err)
				require.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
				info, err = os.Stat(files(t, dir)[0])
				require.NoError(t, err)
				require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())

				b.mu.Lock()
				b.state, b.log = up, nil
				b.mu.Unlock()
				time.Sleep(40 * time.Second)
				got := b.got()
				if away != hangs { // where what hung comes as well, some time
					require.Len(t, got, 503)
				}
				for i, m := range first {
					require.True(t, m.Time.Equal(got[i].Time))
					got[i].Time = m.Time
					require.Equal(t, m, got[i])
				}
				require.Equal(t, valuesOf(numbered("a", 1, 500)), b.values()[3:503])
				require.Equal(t, direct, s.is())
				require.Empty(t, files(t, dir), "what is drained is deleted")
				require.NoError(t, s.Produce(t.Context(), numbered("a", 501, 1)))
				require.Equal(t, 503.0, testutil.ToFloat64(s.metrics.appended), "and all is as before")
			})
		})
	}
}

func TestOnlyWhatFailedGoesToTheSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{state: half}
		s := run(t, config(t.TempDir()), b, nil)
		keys := map[int]string{}
		for i := 0; len(keys) < 2; i++ {
			k := fmt.Sprint(i)
			keys[partition([]byte(k))] = k
		}
		var msgs []kafka.Message
		for i := range 10 {
			msgs = append(msgs, numbered(keys[i%2], i, 1)...)
		}
		require.NoError(t, s.Produce(t.Context(), msgs))
		require.Len(t, b.got(), 5)
		require.Equal(t, 5.0, testutil.ToFloat64(s.metrics.appended))
		b.set(up)
		time.Sleep(time.Minute)
		require.ElementsMatch(t, valuesOf(msgs), b.values())
	})
}

func TestWhatNoWaitingHelpsIsNotSpooled(t *testing.T) {
	other := errors.New("other")
	for name, c := range map[string]struct {
		given, want error
		files       int
	}{
		"too large":       {kafka.ErrTooLarge, kafka.ErrTooLarge, 0},
		"one of them":     {kafka.WriteErrors{nil, kafka.ErrTooLarge}, kafka.WriteErrors{nil, kafka.ErrTooLarge}, 0},
		"producer closed": {kafka.ErrClosed, kafka.ErrClosed, 0},
		"and one passes":  {kafka.WriteErrors{other, kafka.ErrTooLarge}, kafka.WriteErrors{nil, kafka.ErrTooLarge}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := run(t, config(dir), answers{c.given}, nil)
			require.Equal(t, c.want, s.Produce(t.Context(), numbered("a", 1, 2)))
			require.Len(t, files(t, dir), c.files)
		})
	}
}

// answers is a Kafka with one answer.
type answers struct{ err error }

func (a answers) Produce(context.Context, []kafka.Message) error { return a.err }
func (a answers) Ping(context.Context) error                     { return errRefused }

func TestACallerThatGivesUpIsNotSpooledFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{state: hangs}
		s := run(t, config(t.TempDir()), b, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, s.Produce(ctx, numbered("a", 1, 1)), context.DeadlineExceeded)
		require.Equal(t, direct, s.is())
		time.Sleep(2 * late)
	})
}

func TestAFullSpoolRefusesUntilThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dir := &broker{state: down}, t.TempDir()
		cfg := config(dir)
		cfg.Bytes = 128 << 10
		s := run(t, cfg, b, nil)
		var acked []string
		var err error
		for i := 0; err == nil; i += 100 {
			msgs := numbered("a", i, 100)
			if err = s.Produce(t.Context(), msgs); err == nil {
				acked = append(acked, valuesOf(msgs)...)
			}
		}
		require.ErrorIs(t, err, ErrFull)
		require.ErrorContains(t, err, "131072 bytes are all it may take (spool.bytes)")
		require.Greater(t, len(acked), 3000)
		require.NoError(t, s.Produce(t.Context(), numbered("b", 1, 1)), "what fits still goes in")
		require.ErrorIs(t, s.Produce(t.Context(), numbered("b", 2, 100)), ErrFull)
		require.ErrorIs(t, s.Ping(t.Context()), ErrFull, "no traffic, please")
		require.Positive(t, testutil.ToFloat64(s.metrics.refused.WithLabelValues("full")))
		size := int64(0)
		for _, f := range files(t, dir) {
			info, err := os.Stat(f)
			require.NoError(t, err)
			size += info.Size()
		}
		require.LessOrEqual(t, size, cfg.Bytes)

		b.set(up)
		time.Sleep(time.Minute)
		require.Equal(t, append(acked, "b 0001"), b.values())
		require.NoError(t, s.Ping(t.Context()))
		require.NoError(t, s.Produce(t.Context(), numbered("b", 3, 100)))
	})
}

func TestARefusalMakesTheSpoolUnreadyForAWhileOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		d := newForgetful(dir)
		d.room = 0
		s := run(t, config(dir), &broker{state: down}, d)
		err := s.Produce(t.Context(), numbered("a", 1, 1))
		require.ErrorIs(t, err, ErrFull)
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.ErrorIs(t, s.Ping(t.Context()), ErrFull)
		time.Sleep(unwell + time.Second)
		require.NoError(t, s.Ping(t.Context()), "or nobody would find out that there is room again")
		require.Equal(t, direct, s.is(), "with nothing in it")
	})
}

func TestCallsAtTheSameTimeShareASync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		d := newForgetful(dir)
		d.takes = 10 * time.Millisecond
		b := &broker{state: down}
		s := run(t, config(dir), b, d)
		var calls sync.WaitGroup
		for i := range 50 {
			calls.Go(func() {
				if err := s.Produce(t.Context(), numbered(fmt.Sprint(i), 1, 2)); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
		require.LessOrEqual(t, d.syncs, 3)
		b.set(up)
		time.Sleep(time.Minute)
		require.Len(t, b.got(), 100)
	})
}

func TestWhatTheDiskDidNotSyncIsNeverTrusted(t *testing.T) {
	for name, cut := range map[string]error{"cut off": nil, "not even cut off": syscall.EIO} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				d := newForgetful(dir)
				b := &broker{state: down}
				s := run(t, config(dir), b, d)
				require.NoError(t, s.Produce(t.Context(), numbered("a", 1, 3)))
				d.failSync, d.failCut = syscall.EIO, cut
				require.ErrorIs(t, s.Produce(t.Context(), numbered("a", 4, 3)), syscall.EIO)
				require.Equal(t, 1.0, testutil.ToFloat64(s.metrics.refused.WithLabelValues("disk")))
				d.failSync, d.failCut = nil, nil
				require.NoError(t, s.Produce(t.Context(), numbered("a", 7, 3)))
				require.Len(t, files(t, dir), 2, "in another file")
				require.Equal(t, 1.0, testutil.ToFloat64(s.metrics.abandoned))
				b.set(up)
				time.Sleep(time.Minute)
				require.Equal(t, valuesOf(numbered("a", 1, 3), numbered("a", 7, 3)), b.values())
			})
		})
	}
}

func TestASpoolIsDrainedAfterARestartAndTheTornTailIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dir := &broker{state: down}, t.TempDir()
		s := run(t, config(dir), b, nil)
		require.NoError(t, s.Produce(t.Context(), numbered("a", 1, 1000)))
		require.NoError(t, s.Produce(t.Context(), numbered("a", 1001, 1000)))
		require.NoError(t, s.Shutdown(t.Context()))
		require.NoError(t, s.Shutdown(t.Context()), "twice")
		require.ErrorIs(t, s.Produce(t.Context(), numbered("a", 1, 1)), ErrClosed)
		require.ErrorIs(t, s.Ping(t.Context()), ErrClosed)
		all := files(t, dir)
		f, err := os.OpenFile(all[len(all)-1], os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		torn := appendFrame(nil, &numbered("a", 2001, 1)[0])
		_, err = f.Write(torn[:len(torn)-1])
		require.NoError(t, errors.Join(err, f.Close()))

		s = run(t, config(dir), b, nil)
		require.Equal(t, spooling, s.is())
		require.EqualValues(t, 2000, s.records)
		require.Equal(t, float64(len(torn)-1), testutil.ToFloat64(s.metrics.truncated))
		require.NoError(t, s.Produce(t.Context(), numbered("a", 2001, 10)))
		b.set(up)
		time.Sleep(time.Minute)
		require.Equal(t, valuesOf(numbered("a", 1, 2010)), b.values())
		require.Empty(t, files(t, dir))
	})
}

// The position of a spool long drained must not make a new file look drained.
func TestNumbersAreNotUsedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dir := &broker{}, t.TempDir()
		for i := range 5 {
			s := run(t, config(dir), b, nil)
			b.set(down)
			require.NoError(t, s.Produce(t.Context(), numbered("a", 10*i, 1)))
			if i%2 == 0 {
				b.set(up)
				time.Sleep(time.Minute)
				require.Equal(t, direct, s.is())
			}
			require.NoError(t, s.Shutdown(t.Context()))
		}
		b.set(up)
		run(t, config(dir), b, nil)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"a 0000", "a 0010", "a 0020", "a 0030", "a 0040"}, b.values())
	})
}

func TestAfterACrashOnlyWhatWasDrainedLastRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := &broker{state: down}
		s := run(t, config(dir), b, nil)
		require.NoError(t, s.Produce(t.Context(), numbered("a", 1, 1500)))
		b.set(slow) // 100 messages a second
		time.Sleep(10 * time.Second)
		d := newForgetful(dir)
		d.off()
		s.mu.Lock()
		s.disk = d // nothing is noted at the end
		s.mu.Unlock()
		over, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, s.Shutdown(over))
		before := len(b.got())
		require.Greater(t, before, 500)
		b.set(up)
		run(t, config(dir), b, nil)
		time.Sleep(time.Minute)
		require.GreaterOrEqual(t, len(b.got()), 1500)
		require.LessOrEqual(t, len(b.got()), 1500+300)
	})
}

func TestAMessageThatKafkaTakesInNoWayIsPutAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dir := &broker{state: down}, t.TempDir()
		s := run(t, config(dir), b, nil)
		require.NoError(t, s.Produce(t.Context(), numbered("a", 1, 50)))
		b.mu.Lock()
		b.state = up
		b.refuses = func(m kafka.Message) bool { return strings.HasSuffix(string(m.Value), "7") }
		b.mu.Unlock()
		time.Sleep(time.Minute)
		require.Equal(t, direct, s.is())
		require.Len(t, b.got(), 45)
		require.IsIncreasing(t, b.values())
		require.Equal(t, 5.0, testutil.ToFloat64(s.metrics.aside))
		require.NoError(t, s.Shutdown(t.Context()))

		b.refuses, b.log = nil, nil
		refused, err := os.ReadFile(filepath.Join(dir, asideName))
		require.NoError(t, err)
		want := []string{"a 0007", "a 0017", "a 0027", "a 0037", "a 0047"}
		for range 2 {
			require.NoError(t, os.WriteFile(filepath.Join(dir, retryName), refused, 0o600))
			s = run(t, config(dir), b, nil)
			time.Sleep(time.Minute)
			require.Equal(t, direct, s.is())
			require.Equal(t, want, b.values(), "the operator's way to bring them in")
			require.NoError(t, s.Shutdown(t.Context()))
			want = append(want, want...)
		}
	})
}

func TestARefusalByConfigurationHoldsTheDrainUntilItIsMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{state: down}
		s := run(t, config(t.TempDir()), b, nil)
		require.NoError(t, s.Produce(t.Context(), numbered("a", 1, 5)))
		s.mu.Lock()
		s.next = answers{kafka.ErrClosed}
		s.mu.Unlock()
		time.Sleep(time.Hour)
		require.EqualValues(t, 5, s.records)
		s.mu.Lock()
		s.next = b
		s.mu.Unlock()
		b.set(up)
		time.Sleep(time.Minute)
		require.Len(t, b.got(), 5)
	})
}

func TestDamageCostsWhatIsDamagedAndTheFileIsKept(t *testing.T) {
	frame := len(appendFrame(nil, &numbered("a", 1, 1)[0]))
	for name, c := range map[string]struct {
		at   int // byte of the first file that is changed
		lost int
	}{
		"in a message":       {len(header) + 200*frame + 20, 1}, // the first hundred are read already
		"in its checksum":    {len(header) + 200*frame + 5, 1},
		"in a length":        {len(header) + 990*frame, 10},
		"in the last":        {len(header) + 1000*frame - 1, 1},
		"in a length, large": {len(header) + 990*frame + 3, 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, dir := &broker{state: down}, t.TempDir()
				cfg := config(dir)
				cfg.SegmentBytes = int64(64 << 10)
				s := run(t, cfg, b, nil)
				s.cfg.SegmentBytes = 100 // one file for each call
				require.NoError(t, s.Produce(t.Context(), numbered("a", 1, 1000)))
				require.NoError(t, s.Produce(t.Context(), numbered("a", 1001, 10)))
				path := files(t, dir)[0]
				data, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Len(t, data, len(header)+1000*frame)
				data[c.at] ^= 0x15
				require.NoError(t, os.WriteFile(path, data, 0o600))
				b.set(up)
				time.Sleep(time.Minute)
				got := b.values()
				require.Len(t, got, 1010-c.lost)
				require.Subset(t, valuesOf(numbered("a", 1, 1010)), got)
				require.IsIncreasing(t, got)
				require.FileExists(t, path+damagedSuffix)
				require.Positive(t, testutil.ToFloat64(s.metrics.corruptRecords)+testutil.ToFloat64(s.metrics.corruptBytes))
				require.Equal(t, direct, s.is())
			})
		})
	}
}

func TestAFileThatIsGoneDoesNotHoldTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dir := &broker{state: down}, t.TempDir()
		s := run(t, config(dir), b, nil)
		s.cfg.SegmentBytes = 100
		require.NoError(t, s.Produce(t.Context(), numbered("a", 1, 100)))
		require.NoError(t, s.Produce(t.Context(), numbered("a", 101, 10)))
		time.Sleep(time.Second)
		require.NoError(t, os.Remove(files(t, dir)[0]))
		b.set(up)
		time.Sleep(time.Minute)
		require.Subset(t, b.values(), valuesOf(numbered("a", 101, 10)))
		require.Equal(t, direct, s.is())
	})
}

// New messages come faster than the drain could ever find nothing left: a write is always under way.
func TestTheHandoverComesOffUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{state: down}
		dir := t.TempDir()
		d := newForgetful(dir)
		d.takes = 2 * time.Millisecond
		cfg := config(dir)
		cfg.Bytes = 64 << 20
		s := run(t, cfg, b, d)
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		sent := make([]int, 8)
		for i := range sent {
			calls.Go(func() {
				for ctx.Err() == nil {
					if err := s.Produce(context.Background(), numbered(fmt.Sprint(i), sent[i], 5)); err != nil {
						t.Error(err)
					}
					sent[i] += 5
					time.Sleep(100 * time.Microsecond)
					if s.is() == direct {
						time.Sleep(50 * time.Millisecond)
					}
				}
			})
		}
		time.Sleep(500 * time.Millisecond)
		require.Equal(t, spooling, s.is())
		b.set(up)
		time.Sleep(5 * time.Second)
		require.Equal(t, direct, s.is())
		cancel()
		calls.Wait()
		got := map[string][]string{}
		for _, m := range b.got() {
			got[string(m.Key)] = append(got[string(m.Key)], string(m.Value))
		}
		for i, n := range sent {
			key := fmt.Sprint(i)
			require.Equal(t, valuesOf(numbered(key, 0, n)), got[key])
		}
	})
}

func TestStartRefusesWithAClearSentence(t *testing.T) {
	inUse := t.TempDir()
	run(t, config(inUse), &broker{}, nil)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for name, c := range map[string]struct{ dir, want string }{
		"in use": {inUse, "spool.dir: another collector uses " + inUse + "; give each its own directory"},
		"a file": {file, "spool.dir: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := build(t, config(c.dir), &broker{}, nil)
			require.ErrorIs(t, s.Produce(t.Context(), numbered("a", 1, 1)), ErrClosed)
			require.ErrorContains(t, s.Start(t.Context()), c.want)
			require.NoError(t, s.Shutdown(t.Context()))
			require.Error(t, s.Start(t.Context()), "not after Shutdown")
		})
	}
}

func TestConfigNamesTheKeyThatMakesNoSense(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"none":            {func(*Config) {}, ""},
		"no directory":    {func(c *Config) { *c = Config{} }, ""},
		"small segments":  {func(c *Config) { c.SegmentBytes = 1000 }, "spool.segment_bytes"},
		"no room for two": {func(c *Config) { c.Bytes = c.SegmentBytes }, "spool.bytes"},
		"no patience":     {func(c *Config) { c.After = 0 }, "spool.after"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.Dir = "x"
			c.change(&cfg)
			if err := cfg.Validate(); c.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.want)
			}
		})
	}
	_, err := New(Config{}, Dependencies{Next: &broker{}})
	require.ErrorContains(t, err, "spool.dir")
}
