// Package enrich tells where a network is: the address of a request goes in, before it is masked; country, region, ASN and ISP
// come out, as local MaxMind-format files have them. Nothing is asked over the network.
package enrich

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// Place is what the files say of an address. What they do not say is zero.
type Place struct {
	// Country is an ISO 3166-1 code, Region the part after the hyphen of an ISO 3166-2 code.
	Country, Region string
	// ASN is the number of the autonomous system, ISP who runs the network.
	ASN uint32
	ISP string
}

// Dependencies may all be nil.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Enricher looks addresses up. It is safe for concurrent use.
type Enricher struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	files   []*file
	// readers are those of the files, in their order; replaced as a whole.
	readers atomic.Pointer[[]*maxminddb.Reader]

	mu    sync.Mutex
	known places

	stop context.CancelFunc
	done chan struct{}
}

// New makes an Enricher; no file is read before Start.
func New(cfg Config, deps Dependencies) (*Enricher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Enricher{cfg: cfg, log: deps.Logger, metrics: newMetrics(deps.Registerer)}
	for _, path := range cfg.Files {
		e.files = append(e.files, &file{path: path})
	}
	return e, nil
}

// Start reads the files, and goes on looking whether they were replaced. A file that is missing or broken is an error.
func (e *Enricher) Start(ctx context.Context) error {
	if e.done != nil {
		return errors.New("enrich: started before")
	}
	for i, f := range e.files {
		if err := f.load(); err != nil {
			return fmt.Errorf("enrich.files[%d]: %w", i, err)
		}
		e.metrics.built(f)
	}
	e.use()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.stop, e.done = cancel, make(chan struct{})
	go e.watch(ctx)
	return nil
}

// Shutdown ceases to watch the files. Lookup goes on with what was read.
func (e *Enricher) Shutdown(context.Context) error {
	if e.done != nil {
		e.stop()
		<-e.done
	}
	return nil
}

func (e *Enricher) watch(ctx context.Context) {
	defer close(e.done)
	if len(e.files) == 0 {
		return
	}
	tick := time.NewTicker(e.cfg.Reload)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.look()
		}
	}
}

// look reads the files that were replaced.
func (e *Enricher) look() {
	changed := false
	for _, f := range e.files {
		again, err := f.replaced()
		if err == nil && !again {
			continue
		}
		if err == nil {
			err = f.load()
		}
		if err != nil {
			e.metrics.reloads.WithLabelValues("error").Inc()
			e.log.Warn("enrichment goes on with the file as it was", "error", err)
			continue
		}
		changed = true
		e.metrics.reloads.WithLabelValues("ok").Inc()
		e.metrics.built(f)
	}
	if changed {
		e.use()
	}
}

// use makes Lookup ask the files as they are now.
func (e *Enricher) use() {
	readers := make([]*maxminddb.Reader, len(e.files))
	for i, f := range e.files {
		readers[i] = f.reader
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.readers.Store(&readers)
	e.known = places{}
}

// Lookup says what the files know of an address; nothing for one that is not valid, or before Start.
func (e *Enricher) Lookup(addr netip.Addr) Place {
	readers := e.readers.Load()
	if readers == nil || len(*readers) == 0 || !addr.IsValid() {
		return Place{}
	}
	addr = addr.Unmap().WithZone("")
	e.mu.Lock()
	p, ok := e.known.get(addr)
	e.mu.Unlock()
	if ok {
		return p
	}
	p, err := ask(*readers, addr)
	switch {
	case err != nil:
		e.metrics.lookups.WithLabelValues("error").Inc()
	case p == Place{}:
		e.metrics.lookups.WithLabelValues("unknown").Inc()
	default:
		e.metrics.lookups.WithLabelValues("found").Inc()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.readers.Load() == readers { // or what was found is of yesterday
		e.known.put(addr, p)
	}
	return p
}

// record has the fields of the files that are used.
type record struct {
	Country struct {
		ISOCode string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	Subdivisions []struct {
		ISOCode string `maxminddb:"iso_code"`
	} `maxminddb:"subdivisions"`
	ASN          uint32 `maxminddb:"autonomous_system_number"`
	ASName       string `maxminddb:"autonomous_system_organization"`
	ISP          string `maxminddb:"isp"`
	Organization string `maxminddb:"organization"`
}

func ask(readers []*maxminddb.Reader, addr netip.Addr) (p Place, err error) {
	for _, r := range readers {
		if addr.Is6() && r.Metadata.IPVersion == 4 {
			continue
		}
		var rec record
		if e := r.Lookup(addr).Decode(&rec); e != nil {
			err = e
			continue
		}
		first(&p.Country, rec.Country.ISOCode)
		if len(rec.Subdivisions) > 0 {
			first(&p.Region, rec.Subdivisions[0].ISOCode)
		}
		if p.ASN == 0 {
			p.ASN = rec.ASN
		}
		first(&p.ISP, rec.ISP, rec.Organization, rec.ASName)
	}
	return p, err
}

func first(at *string, from ...string) {
	for _, s := range from {
		if *at == "" {
			*at = s
		}
	}
}
