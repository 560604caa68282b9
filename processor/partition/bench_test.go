package partition_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

// BenchmarkApply takes samples of calls of six clients over three SFUs through decoding, graph, stitching and scoring:
// ns/op is per sample.
func BenchmarkApply(b *testing.B) {
	const calls = 20
	records := callgen.Records(callgen.Config{}, calls, 10*time.Minute)
	bytes := 0
	for _, r := range records {
		bytes += len(r.Value)
	}
	b.SetBytes(int64(bytes / len(records)))
	b.ReportAllocs()
	p := partition.New(partition.Config{})
	var out row.Batch
	streams, e2e := 0, 0
	used := cpu()
	b.ResetTimer()
	for i := range b.N {
		if i > 0 && i%len(records) == 0 {
			b.StopTimer()
			p = partition.New(partition.Config{})
			b.StartTimer()
		}
		r := &records[i%len(records)]
		if err := p.Apply(partition.Record{Key: r.Key, Value: r.Value, Time: r.Time}, &out); err != nil {
			b.Fatal(err)
		}
		if len(out.Streams) > 20_000 {
			streams, e2e = streams+len(out.Streams), e2e+len(out.E2E)
			out.Reset()
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/(cpu()-used).Seconds(), "samples/cpu-s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "samples/s")
	b.ReportMetric(float64(streams)/float64(b.N), "streams/sample")
	b.ReportMetric(float64(e2e)/float64(b.N), "e2e/sample")
}

// cpu is the processor time that the process has used, that of the garbage collector included.
func cpu() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkMemory reports what a client of such a call takes in memory, everything included.
func BenchmarkMemory(b *testing.B) {
	const calls = 200
	records := callgen.Records(callgen.Config{}, calls, time.Minute)
	for range b.N {
		var before, after runtime.MemStats
		p := partition.New(partition.Config{})
		var out row.Batch
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range records {
			r := &records[i]
			if err := p.Apply(partition.Record{Key: r.Key, Value: r.Value, Time: r.Time}, &out); err != nil {
				b.Fatal(err)
			}
			out.Reset()
		}
		out = row.Batch{}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(calls*6), "B/client")
		runtime.KeepAlive(p)
		runtime.KeepAlive(records)
	}
}
