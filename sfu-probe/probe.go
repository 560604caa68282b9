package sfuprobe

import (
	"context"
	"log/slog"
	"sync"

	"github.com/pion/interceptor"

	"github.com/earshot-rtc/earshot/sfu-probe/export"
	"github.com/earshot-rtc/earshot/sfu-probe/rtpstats"
)

// Probe reports the PeerConnections it is shown. All its methods may be called from any goroutine.
type Probe struct {
	cfg      Config
	log      *slog.Logger
	factory  *rtpstats.Factory
	exporter Exporter

	mu          sync.Mutex
	connections map[*Connection]struct{}
}

// New checks cfg and builds a probe that does nothing yet.
func New(cfg Config, opts ...Option) (*Probe, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Probe{cfg: cfg, connections: map[*Connection]struct{}{}}, nil
}

// Interceptor is the factory to add to the interceptor registry of the API that makes the PeerConnections. Add it before
// all others: the first one sits next to the wire, sees what the others send, and stamps packets soonest.
func (p *Probe) Interceptor() interceptor.Factory { return p.factory }

// Start begins sampling and connects to the collector in the background; it does not wait for the connection.
func (p *Probe) Start(ctx context.Context) error { return nil }

// Shutdown takes a last sample, waits until ctx ends for the collector to acknowledge what is queued, and stops. A ctx
// without a deadline is given export.DefaultFlushTimeout. It may be called twice, and without Start.
func (p *Probe) Shutdown(ctx context.Context) error { return nil }

// Stats says what has become of the samples so far.
type Stats struct {
	// Samples taken and handed to the exporter.
	SamplesTaken uint64
	export.Stats
}

// Stats may be called at any time.
func (p *Probe) Stats() Stats { return Stats{} }
