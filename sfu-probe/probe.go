package sfuprobe

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/sfu-probe/export"
	"github.com/earshot-rtc/earshot/sfu-probe/rtpstats"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Version is reported as probe_version where the origin does not say another.
const Version = "0.1.0"

// maxEvents bounds the events that wait for the next sample.
const maxEvents = 1000

// Probe reports the PeerConnections it is shown. All its methods may be called from any goroutine.
type Probe struct {
	cfg      Config
	session  string
	log      *slog.Logger
	factory  *rtpstats.Factory
	exporter Exporter
	sampler  *sampler

	mu          sync.Mutex // guards what follows; never held across a call into Pion that might wait
	connections []*Connection
	byTransport map[*webrtc.DTLSTransport]*Connection
	tracks      map[*webrtc.TrackRemote]*Connection
	forwards    map[*Forward]struct{}
	events      []*earshotv1.Event
	made        uint64 // transport ids
	taken       uint64 // samples
	started     bool
	ended       bool

	news    chan struct{} // the shape of things has changed
	watched chan struct{} // there is a connection that is not connected yet
	stop    chan struct{}
	done    chan struct{}
}

// New checks cfg and builds a probe that does nothing yet.
func New(cfg Config, opts ...Option) (*Probe, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	o := options{logger: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&o)
	}
	if cfg.Interval == 0 {
		cfg.Interval = DefaultInterval
	}
	cfg.SFU, cfg.Client = cfg.SFU.CloneVT(), cfg.Client.CloneVT()
	if cfg.SFU != nil && cfg.SFU.ProbeVersion == "" {
		cfg.SFU.ProbeVersion = Version
	}
	if cfg.Client != nil && cfg.Client.ProbeVersion == "" {
		cfg.Client.ProbeVersion = Version
	}
	session := make([]byte, 12)
	if _, err := rand.Read(session); err != nil {
		return nil, fmt.Errorf("sfuprobe: session id: %w", err)
	}
	p := &Probe{
		cfg:         cfg,
		session:     hex.EncodeToString(session),
		log:         o.logger,
		news:        make(chan struct{}, 1),
		watched:     make(chan struct{}, 1),
		exporter:    o.exporter,
		byTransport: map[*webrtc.DTLSTransport]*Connection{},
		tracks:      map[*webrtc.TrackRemote]*Connection{},
		forwards:    map[*Forward]struct{}{},
		stop:        make(chan struct{}),
		done:        make(chan struct{}),
	}
	p.factory = rtpstats.NewFactory(rtpstats.Config{XR: cfg.XR, ResidenceEvery: cfg.ResidenceEvery, Changed: p.soon})
	p.sampler = newSampler(p)
	if err := p.newExporter(); err != nil {
		return nil, err
	}
	if err := p.register(o.registerer); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Probe) newExporter() error {
	if p.exporter != nil {
		return nil
	}
	if p.cfg.Collector == "" {
		p.exporter = export.Discard{}
		return nil
	}
	e, err := export.New(
		export.Config{URL: p.cfg.Collector, Token: p.cfg.Token, QueueBytes: p.cfg.QueueBytes},
		export.Dependencies{Logger: p.log},
	)
	if err != nil {
		return fmt.Errorf("sfuprobe: %w", err)
	}
	p.exporter = e
	return nil
}

// Interceptor is the factory to add to the interceptor registry of the API that makes the PeerConnections. Add it before
// all others: the first one sits next to the wire, sees what the others send, and stamps packets soonest.
func (p *Probe) Interceptor() interceptor.Factory { return p.factory }

// SessionID names this run of the probe in its samples.
func (p *Probe) SessionID() string { return p.session }

// Event puts an event of the application's own into the next sample. At an SFU its transport_id says which call it
// belongs to. An at_us of 0 means now. More than a thousand events a sample are dropped.
func (p *Probe) Event(e *earshotv1.Event) {
	e = e.CloneVT()
	if e.AtUs == 0 {
		e.AtUs = time.Now().UnixMicro()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.events) < maxEvents {
		p.events = append(p.events, e)
	}
}

// Start begins sampling and connects to the collector in the background; it does not wait for the connection.
func (p *Probe) Start(ctx context.Context) error {
	p.mu.Lock()
	if p.started || p.ended {
		p.mu.Unlock()
		return nil
	}
	p.started = true
	p.mu.Unlock()
	if err := p.exporter.Start(ctx); err != nil {
		close(p.done)
		return fmt.Errorf("start the exporter: %w", err)
	}
	go p.run()
	return nil
}

// sample takes one sample and hands it on, unless there is nothing to say.
func (p *Probe) sample() {
	s := p.sampler.take(time.Now())
	if s == nil {
		return
	}
	p.mu.Lock()
	p.taken++
	s.Sequence = p.taken
	p.mu.Unlock()
	s.Clock = p.exporter.Clock()
	if p.cfg.Decorate != nil {
		p.cfg.Decorate(s)
	}
	p.exporter.Send(s)
}

// Shutdown takes a last sample, waits until ctx ends for the collector to acknowledge what is queued, and stops. A ctx
// without a deadline is given export.DefaultFlushTimeout. It may be called twice, and without Start.
func (p *Probe) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return nil
	}
	p.ended = true
	started := p.started
	p.mu.Unlock()
	close(p.stop)
	if !started {
		return nil
	}
	select {
	case <-p.done:
		p.sample()
	case <-ctx.Done(): // Pion keeps the sampling goroutine waiting.
	}
	p.release()
	if err := p.exporter.Shutdown(ctx); err != nil {
		return fmt.Errorf("flush samples: %w", err)
	}
	return nil
}

// Stats says what has become of the samples so far.
type Stats struct {
	// SamplesTaken were handed to the exporter.
	SamplesTaken uint64
	// Connections are watched now.
	Connections int
	export.Stats
}

// Stats may be called at any time.
func (p *Probe) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{SamplesTaken: p.taken, Connections: len(p.connections), Stats: p.exporter.Stats()}
}

// add takes in a connection and gives it its id.
func (p *Probe) add(c *Connection) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return ErrClosed
	}
	p.made++
	c.id = c.opts.transportID
	if c.id == "" {
		// The session makes it unique beyond a restart of the SFU.
		c.id = fmt.Sprintf("%s-%d", p.session[:8], p.made)
	}
	p.connections = append(p.connections, c)
	p.byTransport[c.dtls] = c
	select {
	case p.watched <- struct{}{}:
	default:
	}
	return nil
}

// release lets interceptors forget streams that nobody will ask for.
func (p *Probe) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.connections {
		c.stats.Keep(false)
	}
}

// remove forgets a connection and what forwards know of it.
func (p *Probe) remove(c *Connection) {
	c.stats.Keep(false)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.connections {
		if other == c {
			p.connections = append(p.connections[:i:i], p.connections[i+1:]...)
			break
		}
	}
	if p.byTransport[c.dtls] == c {
		delete(p.byTransport, c.dtls)
	}
	for _, ref := range c.roster.tracks {
		if p.tracks[ref.track] == c {
			delete(p.tracks, ref.track)
		}
	}
	for f := range p.forwards {
		if f.out == c.dtls {
			f.end()
		}
	}
}
