package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/earshot-rtc/earshot/collector/load"
)

// benchCollectorCmd measures a collector in a process of its own, with Kafka in a second and the probes in a third, so that only
// what the collector itself uses is counted.
type benchCollectorCmd struct {
	For     time.Duration `default:"5s" help:"How long each measurement takes."`
	Batch   int           `default:"100" help:"Samples of an HTTP body."`
	Posts   int           `default:"8" help:"HTTP connections at a time."`
	Sockets int           `default:"200" help:"WebSockets that send."`
	Rate    float64       `default:"2000" help:"Samples a second over all WebSockets when the time until the ack is measured."`
	Idle    int           `default:"10000" help:"WebSockets that are only open."`
	Profile string        `placeholder:"FILE" help:"Write a CPU profile of the collector while bodies are posted."`
	JSON    string        `name:"json" placeholder:"FILE" help:"Write the figures to this file."`

	Role string `hidden:"" enum:",broker,server,load" default:""`
	Spec string `hidden:""`
}

// collectorFigures is the JSON of `earshot bench collector`.
type collectorFigures struct {
	SamplesPerCPUSecond float64 `json:"samples_per_cpu_second"` // in batches over HTTP; processor time of the collector, all of it
	AckP50              float64 `json:"ack_p50_ms"`             // one by one over WebSockets, at a steady rate
	AckP99              float64 `json:"ack_p99_ms"`
	BytesPerWebSocket   float64 `json:"bytes_per_websocket"` // resident memory

	SampleBytes int                `json:"sample_bytes"`
	Modes       []collectorMode    `json:"modes"`
	Idle        []collectorSockets `json:"idle"`
}

// collectorMode is one way of sending.
type collectorMode struct {
	Name                string  `json:"name"`
	SamplesPerCPUSecond float64 `json:"samples_per_cpu_second"`
	SamplesPerSecond    float64 `json:"samples_per_second"`
	CPUSeconds          float64 `json:"cpu_seconds"`
	load.Result
}

// collectorSockets is what open WebSockets cost.
type collectorSockets struct {
	Name           string  `json:"name"`
	Sockets        int     `json:"sockets"`
	BytesPerSocket float64 `json:"bytes_per_websocket"`
	RSSBefore      int64   `json:"rss_before_bytes"`
	RSSAfter       int64   `json:"rss_after_bytes"`
}

// loadSpec is what the process of the probes is told.
type loadSpec struct {
	Mode string `json:"mode"` // http, websocket or idle
	load.Config
}

// Run measures and prints; or it plays one of the other processes.
func (c *benchCollectorCmd) Run(ctx context.Context) error {
	switch c.Role {
	case "broker":
		return benchBroker(ctx)
	case "server":
		return benchServer(ctx, c.Spec)
	case "load":
		return benchLoad(ctx, c.Spec)
	}
	if c.For < time.Second || c.Batch < 1 || c.Posts < 1 || c.Sockets < 1 || c.Idle < 1 || c.Rate < 1 {
		return errors.New("too little to measure; give at least --for 1s and one of everything")
	}
	f, err := c.measure(ctx)
	if err != nil {
		return failure{err}
	}
	if c.JSON == "" {
		return nil
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.JSON, append(data, '\n'), 0o600)
}

func (c *benchCollectorCmd) measure(ctx context.Context) (*collectorFigures, error) {
	broker, err := startPeer(ctx, "broker", "")
	if err != nil {
		return nil, err
	}
	defer broker.end()
	f := &collectorFigures{SampleBytes: load.Sample(1000, 1_000_000).SizeVT()}
	if err := c.sending(ctx, f, broker.addr); err != nil {
		return nil, err
	}
	// Memory is counted in a fresh process: what the load above has touched stays resident.
	for _, deflate := range []bool{false, true} {
		if err := c.idle(ctx, f, broker.addr, deflate); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (c *benchCollectorCmd) sending(ctx context.Context, f *collectorFigures, kafka string) error {
	server, err := startPeer(ctx, "server", kafka)
	if err != nil {
		return err
	}
	defer server.end()
	body := load.Config{Addr: server.addr, Connections: c.Posts, Batch: c.Batch, For: c.For}
	single := load.Config{Addr: server.addr, Connections: c.Sockets, Unacked: 16, For: c.For}
	steady := single
	steady.Rate = c.Rate
	warm := body
	warm.For = time.Second
	for _, m := range []struct {
		name string
		spec loadSpec
	}{
		{"", loadSpec{"http", warm}},
		{fmt.Sprintf("%d per body over HTTP", c.Batch), loadSpec{"http", body}},
		{"one by one over WebSockets", loadSpec{"websocket", single}},
		{fmt.Sprintf("one by one over WebSockets, %.0f a second", c.Rate), loadSpec{"websocket", steady}},
	} {
		if m.spec.Mode == "http" && m.name != "" && c.Profile != "" {
			if _, err := server.ask("profile " + c.Profile); err != nil {
				return err
			}
		}
		before, err := server.ask("")
		if err != nil {
			return err
		}
		var r load.Result
		if err := runLoad(ctx, m.spec, &r); err != nil {
			return err
		}
		after, err := server.ask("")
		if err != nil {
			return err
		}
		if m.name == "" {
			continue
		}
		cpu := (after.CPU - before.CPU).Seconds()
		mode := collectorMode{Name: m.name, CPUSeconds: cpu, SamplesPerCPUSecond: float64(r.Samples) / cpu, SamplesPerSecond: float64(r.Samples) / r.Seconds, Result: r}
		f.Modes = append(f.Modes, mode)
		fmt.Printf("%-46s %8.0f samples per CPU second, %8.0f per second, ack %.1f ms (p50), %.1f ms (p99), refused %d\n",
			m.name+":", mode.SamplesPerCPUSecond, mode.SamplesPerSecond, r.P50, r.P99, r.Refused)
	}
	f.SamplesPerCPUSecond = f.Modes[0].SamplesPerCPUSecond
	f.AckP50, f.AckP99 = f.Modes[2].P50, f.Modes[2].P99
	return nil
}

func (c *benchCollectorCmd) idle(ctx context.Context, f *collectorFigures, kafka string, deflate bool) error {
	server, err := startPeer(ctx, "server", kafka)
	if err != nil {
		return err
	}
	defer server.end()
	// What the first connections of a process cost is not theirs.
	if err := runLoad(ctx, loadSpec{"websocket", load.Config{Addr: server.addr, Connections: 50, Unacked: 1, For: time.Second}}, new(load.Result)); err != nil {
		return err
	}
	before, err := server.ask("collect")
	if err != nil {
		return err
	}
	spec := loadSpec{"idle", load.Config{Addr: server.addr, Connections: c.Idle, Deflate: deflate}}
	sockets, err := startLoad(ctx, spec)
	if err != nil {
		return err
	}
	defer sockets.end()
	time.Sleep(2 * time.Second)
	after, err := server.ask("")
	if err != nil {
		return err
	}
	s := collectorSockets{Name: "idle", Sockets: c.Idle, RSSBefore: before.RSS, RSSAfter: after.RSS, BytesPerSocket: float64(after.RSS-before.RSS) / float64(c.Idle)}
	if deflate {
		s.Name = "idle, after one deflated sample"
	} else {
		f.BytesPerWebSocket = s.BytesPerSocket
	}
	f.Idle = append(f.Idle, s)
	fmt.Printf("%-46s %8.0f bytes each, %.0f MB for %d\n", "WebSockets, "+s.Name+":", s.BytesPerSocket, float64(after.RSS-before.RSS)/1e6, c.Idle)
	return nil
}
