// Package lab is the call laboratory: a topology comes in, and real calls come out: Pion clients and SFUs that speak ICE,
// DTLS, RTP and RTCP over UDP on the loopback interface, with a known delay on every hop, watched by real probes that
// report to a collector. Beside them stands the truth of what the probes should find.
package lab

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/lab/delay"
	"github.com/earshot-rtc/earshot/lab/link"
	"github.com/earshot-rtc/earshot/lab/media"
	"github.com/earshot-rtc/earshot/lab/topology"
	"github.com/earshot-rtc/earshot/lab/truth"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

// Config says which call to play.
type Config struct {
	Topology *topology.Topology
	// CollectorURL is the WebSocket address of the collector's stream, ws://host:port/v1/stream. Empty throws samples away.
	CollectorURL string
	// Token, where set, is what the probes show to the collector.
	Token string
	// Seed decides jitter, loss, packet sizes and phases.
	Seed uint64
}

// Dependencies are what a Lab is given. All may be nil.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Exporter, where set, makes where a probe's samples go, in place of CollectorURL.
	Exporter func() sfuprobe.Exporter
}

// Lab is one call. It is a service.Component.
type Lab struct {
	cfg  Config
	deps Dependencies
	log  *slog.Logger
	top  *topology.Topology

	timeline *truth.Timeline
	metrics  *Metrics

	// Set by Start.
	line   *delay.Line
	pacer  *media.Pacer
	maker  *link.Maker
	stop   chan struct{}
	done   chan struct{}
	procs  int
	layers *layerTask

	// closing counts links and probes that are being closed in the background.
	closing sync.WaitGroup

	mu      sync.Mutex
	started bool
	stopped bool
	t0      time.Time
	applied []Applied
	probes  []*sfuprobe.Probe
	failed  int

	call *call // of the goroutine that plays events, and of Start and Shutdown around it
}

// Applied is an event and the instant at which it was put into effect.
type Applied struct {
	Event topology.Event
	At    time.Time
}

// New prepares a call; nobody joins before Start.
func New(cfg Config, deps Dependencies) (*Lab, error) {
	if cfg.Topology == nil {
		return nil, errors.New("lab: Config.Topology is not set")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Lab{cfg: cfg, deps: deps, log: deps.Logger, top: cfg.Topology, timeline: truth.New(), stop: make(chan struct{}), done: make(chan struct{})}
	var err error
	l.metrics, err = NewMetrics(l.Totals, deps.Registerer)
	return l, err
}

// layersEvery is how often simulcast viewers are given another layer.
const layersEvery = 10 * time.Second

// spareProcs are scheduling slots beyond the processors. Go hands a slot on only when a goroutine yields, the kernel whenever
// a thread that has waited deserves it; with slots to spare it is the kernel that decides, and packets are released and
// taken in on time while the rest of the process computes.
const spareProcs = 2

// Start has everybody join who is there from the start, and returns when they have been introduced to one another;
// connections come up in the round trips that follow.
func (l *Lab) Start(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started || l.stopped {
		return errors.New("lab: started before")
	}
	l.started = true
	if n := runtime.GOMAXPROCS(0); n < runtime.NumCPU()+spareProcs {
		l.procs = runtime.GOMAXPROCS(runtime.NumCPU() + spareProcs)
	}
	l.line = delay.NewLine(l.cfg.Seed)
	l.pacer = media.NewPacer()
	l.maker = &link.Maker{
		Line: l.line, Logger: link.Logger{Logger: l.log},
		Rand: rand.New(rand.NewPCG(l.cfg.Seed, 0x1ab)),
	}
	l.t0 = time.Now()
	l.call = newCall(l)
	l.timeline.Record(l.t0, l.call.state)
	l.layers = &layerTask{call: l.call}
	l.pacer.Add(l.layers, l.t0.Add(layersEvery))
	go l.play() //nolint:contextcheck // the call outlives its start
	return nil
}

// restartTakes is how long a restarted SFU is away.
const restartTakes = time.Second

// play brings the call about, and then its events at their times.
func (l *Lab) play() {
	defer close(l.done)
	l.call.settle()
	schedule := l.top.Schedule()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for len(schedule) > 0 {
		e := schedule[0]
		timer.Reset(time.Until(l.t0.Add(time.Duration(e.At))))
		select {
		case <-timer.C:
		case <-l.stop:
			return
		}
		schedule = schedule[1:]
		l.apply(e)
		if e.RestartSFU != nil {
			back := topology.Event{At: e.At + topology.Duration(restartTakes), Started: e.RestartSFU}
			i := 0
			for i < len(schedule) && schedule[i].At <= back.At {
				i++
			}
			schedule = append(schedule[:i:i], append([]topology.Event{back}, schedule[i:]...)...)
		}
	}
}

// apply puts an event into effect. What it is about has changed when it returns from the plan; the truth says so from that
// instant on, and connections follow as fast as they can.
func (l *Lab) apply(e topology.Event) {
	now := time.Now()
	l.call.state.Apply(e)
	l.call.ways.update(l.call.state)
	l.timeline.Record(now, l.call.state)
	l.mu.Lock()
	l.applied = append(l.applied, Applied{e, now})
	l.mu.Unlock()
	l.log.Info("lab event", "event", Describe(e))
	l.call.act(e)
	l.call.settle()
}

// Shutdown ends the call: probes take a last sample and wait, until ctx ends, for it to be acknowledged.
func (l *Lab) Shutdown(ctx context.Context) error {
	l.mu.Lock()
	if !l.started || l.stopped {
		l.stopped = true
		l.mu.Unlock()
		return nil
	}
	l.stopped = true
	probes := l.probes
	l.mu.Unlock()

	close(l.stop)
	<-l.done
	l.timeline.End(time.Now())
	errs := make([]error, len(probes)+1)
	var flushing sync.WaitGroup
	for i, p := range probes {
		flushing.Go(func() { errs[i] = p.Shutdown(ctx) })
	}
	flushing.Wait()
	l.pacer.Remove(l.layers)
	l.call.end()
	l.closing.Wait()
	l.pacer.Close()
	errs[len(probes)] = l.line.Close()
	if l.procs > 0 {
		runtime.GOMAXPROCS(l.procs)
	}
	l.metrics.Unregister()
	return errors.Join(errs...)
}
