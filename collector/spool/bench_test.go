package spool

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

func slice(n int) []kafka.Message {
	msgs := make([]kafka.Message, n)
	for i := range msgs {
		msgs[i] = kafka.Message{Topic: "t", Key: fmt.Appendf(nil, "call-%d", i), Value: make([]byte, 2000), Time: time.Now()}
	}
	return msgs
}

// nowhere is a Kafka that takes everything, or answers nothing.
type nowhere struct{ err error }

func (n nowhere) Produce(context.Context, []kafka.Message) error { return n.err }
func (n nowhere) Ping(context.Context) error                     { return n.err }

// BenchmarkAppend is Produce while Kafka is away, from as many callers as the queue has workers; on a real disk.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("slice=%d", n), func(b *testing.B) {
			cfg := DefaultConfig()
			cfg.Dir, cfg.Bytes = b.TempDir(), 64<<30
			s := run(b, cfg, nowhere{errRefused}, nil)
			d := &counting{disk: s.disk}
			s.disk = d
			msgs := slice(n)
			b.SetBytes(int64(n * len(appendFrame(nil, &msgs[0]))))
			b.ReportAllocs()
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.Produce(context.Background(), msgs); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric(float64(d.syncs)/b.Elapsed().Seconds(), "syncs/s")
		})
	}
}

type counting struct {
	disk
	syncs int // the committer's
}

type countingFile struct {
	file
	c *counting
}

func (c *counting) Create(name string) (file, error) {
	f, err := c.disk.Create(name)
	return countingFile{f, c}, err
}

func (f countingFile) Sync() error {
	f.c.syncs++
	return f.file.Sync()
}

// BenchmarkDrain is how fast a spool of 100,000 messages of 2 kB is read and given on.
func BenchmarkDrain(b *testing.B) {
	const most = 100_000
	for b.Loop() {
		b.StopTimer()
		cfg := DefaultConfig()
		cfg.Dir = b.TempDir()
		s := run(b, cfg, nowhere{errRefused}, nil)
		msgs := slice(1000)
		for range most / len(msgs) {
			require.NoError(b, s.Produce(context.Background(), msgs))
		}
		require.NoError(b, s.Shutdown(context.Background()))
		b.StartTimer()
		s = run(b, cfg, nowhere{}, nil)
		for s.is() != direct {
			time.Sleep(time.Millisecond)
		}
	}
	b.ReportMetric(float64(most)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkDirect is what the spool costs while Kafka is there.
func BenchmarkDirect(b *testing.B) {
	cfg := DefaultConfig()
	cfg.Dir = b.TempDir()
	s := run(b, cfg, nowhere{}, nil)
	msgs := slice(100)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Produce(context.Background(), msgs); err != nil {
			b.Fatal(err)
		}
	}
}
