package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
)

type benchCmd struct {
	Collector benchCollectorCmd `cmd:"" help:"Samples per CPU second through a collector, time until the ack, and memory per WebSocket."`
	Stitch    benchStitchCmd    `cmd:"" help:"Samples per second through decoding, graph, stitching and scoring, and memory per client."`
	Store     benchStoreCmd     `cmd:"" help:"Rows per second into a fresh ClickHouse, bytes per row, and how long questions take."`
}

// benchStitchCmd measures the heart of the processor on made-up calls of six clients over three SFUs: one peer connection
// each, audio and video, 4 streams sent and 10 received. Samples of the SFUs are counted as samples too.
type benchStitchCmd struct {
	Calls  int           `default:"20" help:"Calls at the same time."`
	Length time.Duration `default:"10m" help:"How long the calls last, in their own time; a sample every 5 s."`
	Rounds int           `default:"4" help:"How often all samples are processed; the first round is not counted."`
	JSON   string        `name:"json" placeholder:"FILE" help:"Write the figures to this file."`
}

// stitchFigures is the JSON of `earshot bench stitch`.
type stitchFigures struct {
	SamplesPerCPUSecond float64 `json:"samples_per_cpu_second"` // processor time of the whole process, garbage collection included
	AllocsPerSample     float64 `json:"allocs_per_sample"`
	BytesPerClient      float64 `json:"bytes_per_client"` // live heap, everything that the calls hold
	Samples             int     `json:"samples"`          // measured
	Clients             int     `json:"clients"`
	StreamsPerSample    float64 `json:"streams_per_sample"`
	E2ERowsPerSample    float64 `json:"e2e_rows_per_sample"`
	BytesPerSample      float64 `json:"bytes_per_sample"`
}

// clientsPerCall is callgen's default.
const clientsPerCall = 6

// Run measures and prints.
func (c *benchStitchCmd) Run(ctx context.Context) error {
	if c.Calls < 1 || c.Rounds < 2 || c.Length < 10*time.Second {
		return errors.New("too little to measure; give at least --calls 1, --rounds 2 and --length 10s")
	}
	records := callgen.Records(callgen.Config{}, c.Calls, c.Length)
	f := stitchFigures{Clients: c.Calls * clientsPerCall}
	var streams, e2e, bytes int
	var used time.Duration
	var allocs uint64
	for round := range c.Rounds {
		if ctx.Err() != nil {
			return failure{ctx.Err()}
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		p := partition.New(partition.Config{})
		out := new(row.Batch)
		began := cpuTime()
		for i := range records {
			r := &records[i]
			if err := p.Apply(partition.Record{Key: r.Key, Value: r.Value, Time: r.Time}, out); err != nil {
				return failure{err}
			}
			if len(out.Streams) > 20_000 {
				streams, e2e = streams+len(out.Streams), e2e+len(out.E2E)
				out.Reset()
			}
		}
		streams, e2e = streams+len(out.Streams), e2e+len(out.E2E)
		took := cpuTime() - began
		runtime.ReadMemStats(&after)
		mallocs := after.Mallocs - before.Mallocs
		runtime.GC()
		runtime.ReadMemStats(&after)
		f.BytesPerClient = float64(after.HeapAlloc-before.HeapAlloc) / float64(f.Clients)
		runtime.KeepAlive(p)
		if round == 0 { // warms up; what it leaves in pools is not the calls'
			streams, e2e = 0, 0
			continue
		}
		used += took
		allocs += mallocs
		f.Samples += len(records)
	}
	for i := range records {
		bytes += len(records[i].Value)
	}
	n := float64(f.Samples)
	f.SamplesPerCPUSecond = n / used.Seconds()
	f.AllocsPerSample = float64(allocs) / n
	f.StreamsPerSample, f.E2ERowsPerSample = float64(streams)/n, float64(e2e)/n
	f.BytesPerSample = float64(bytes) / float64(len(records))

	fmt.Printf("%d samples of %d clients (%.1f streams and %.0f bytes each, %.1f e2e rows): %.0f samples per CPU second, "+
		"%.1f allocations per sample, %.0f bytes per client\n", f.Samples, f.Clients, f.StreamsPerSample, f.BytesPerSample,
		f.E2ERowsPerSample, f.SamplesPerCPUSecond, f.AllocsPerSample, f.BytesPerClient)
	if c.JSON == "" {
		return nil
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.JSON, append(data, '\n'), 0o600)
}
