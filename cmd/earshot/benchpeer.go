package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/collector/load"
	embeddedkafka "github.com/earshot-rtc/earshot/internal/embedded/kafka"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/internal/telemetry"
)

// peer is another process of a measurement: this same program, which answers every line on its standard input with a line
// of JSON and ends with it.
type peer struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	addr string
}

// peerState is what a peer says of itself.
type peerState struct {
	Addr  string        `json:"addr,omitempty"`
	CPU   time.Duration `json:"cpu,omitempty"` // used so far
	RSS   int64         `json:"rss,omitempty"` // bytes
	Error string        `json:"error,omitempty"`
}

// startPeer starts a process and waits until it works.
func startPeer(ctx context.Context, role, spec string) (*peer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &peer{cmd: exec.CommandContext(ctx, self, "bench", "collector", "--role", role, "--spec", spec)}
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	s, err := p.read()
	if err != nil {
		p.end()
		return nil, fmt.Errorf("start the %s: %w", role, err)
	}
	p.addr = s.Addr
	return p, nil
}

func (p *peer) read() (s peerState, err error) {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(line, &s); err != nil {
		return s, err
	}
	if s.Error != "" {
		return s, fmt.Errorf("%s", s.Error)
	}
	return s, nil
}

func (p *peer) ask(what string) (peerState, error) {
	if _, err := io.WriteString(p.in, what+"\n"); err != nil {
		return peerState{}, err
	}
	return p.read()
}

// end lets the process end.
func (p *peer) end() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

// serveParent answers the parent until it is gone.
func serveParent(first peerState, answer func(what string) peerState) {
	out := json.NewEncoder(os.Stdout)
	_ = out.Encode(first)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		_ = out.Encode(answer(lines.Text()))
	}
}

func benchBroker(ctx context.Context) error {
	broker, err := embeddedkafka.New(embeddedkafka.Config{}, embeddedkafka.Dependencies{})
	if err != nil {
		return err
	}
	if err := broker.Start(ctx); err != nil {
		return err
	}
	if err := kafka.EnsureTopics(ctx, broker.Addrs(), topicSpecs()); err != nil {
		return err
	}
	serveParent(peerState{Addr: strings.Join(broker.Addrs(), ",")}, func(string) peerState { return peerState{} })
	return broker.Shutdown(context.WithoutCancel(ctx))
}

func benchServer(ctx context.Context, brokers string) error {
	cfg := collector.DefaultConfig()
	cfg.Listen = "127.0.0.1:0"
	cfg.Kafka.Brokers = strings.Split(brokers, ",")
	cfg.Throttle.Connections, cfg.Throttle.ConnectionsPerAddress = 0, 0 // all come from one address
	producer, err := kafka.NewProducer(cfg.Kafka, kafka.Dependencies{})
	if err != nil {
		return err
	}
	c, err := collector.New(cfg, collector.Dependencies{Producer: producer, Registerer: telemetry.NewRegistry(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := c.Start(ctx); err != nil {
		return err
	}
	serveParent(peerState{Addr: c.Addr()}, func(what string) peerState {
		if what == "collect" {
			debug.FreeOSMemory()
		}
		if file, ok := strings.CutPrefix(what, "profile "); ok {
			if err := profile(file); err != nil {
				return peerState{Error: err.Error()}
			}
		}
		return peerState{CPU: cpuTime(), RSS: resident()}
	})
	pprof.StopCPUProfile()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = c.Shutdown(ctx)
	return producer.Close()
}

// profile begins to write a CPU profile, which ends with the process.
func profile(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return pprof.StartCPUProfile(f)
}

// resident is the memory of this process that is in RAM; 0 where the system does not tell as Linux does.
func resident() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// startLoad starts the process of the probes; it says that it works once all WebSockets are open.
func startLoad(ctx context.Context, spec loadSpec) (*peer, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	return startPeer(ctx, "load", string(text))
}

// runLoad lets the process of the probes do its work and gives what came of it.
func runLoad(ctx context.Context, spec loadSpec, into *load.Result) error {
	p, err := startLoad(ctx, spec)
	if err != nil {
		return err
	}
	defer p.end()
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the probes have died: %w", err)
	}
	var outcome struct {
		load.Result
		Error string `json:"error"`
	}
	if err := json.Unmarshal(line, &outcome); err != nil {
		return err
	}
	if outcome.Error != "" {
		return fmt.Errorf("the probes: %s", outcome.Error)
	}
	*into = outcome.Result
	return nil
}

func benchLoad(ctx context.Context, text string) error {
	var spec loadSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	if spec.Mode == "idle" {
		ctx, cancel := context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
		err := load.Idle(ctx, spec.Config, func() { _ = out.Encode(peerState{}) })
		if err != nil {
			_ = out.Encode(peerState{Error: err.Error()})
		}
		return nil
	}
	_ = out.Encode(peerState{})
	run := load.HTTP
	if spec.Mode == "websocket" {
		run = load.WebSocket
	}
	r, err := run(ctx, spec.Config)
	outcome := struct {
		load.Result
		Error string `json:"error,omitempty"`
	}{Result: r}
	if err != nil {
		outcome.Error = err.Error()
	}
	return out.Encode(outcome)
}
