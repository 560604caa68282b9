// Package throttle bounds how much comes from whom: callers and what they send come in; how long they have to wait comes out.
package throttle

import (
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/collector/identity"
)

// Who has to wait.
const (
	ByRequests = "requests"
	BySource   = "source"
	ByAddress  = "address"
	ByTenant   = "tenant"
)

// Dependencies are what a Throttle is given. All may be nil.
type Dependencies struct {
	Registerer prometheus.Registerer
	// Trusted says which addresses are reverse proxies: behind them are many, so their connections are not counted by
	// address.
	Trusted func(netip.Addr) bool
}

// Throttle keeps count. It is safe for concurrent use.
type Throttle struct {
	cfg      Config
	metrics  *metrics
	trusted  func(netip.Addr) bool
	requests *table[netip.Addr]
	tenants  *table[string]
	sources  *table[source]
	networks *table[netip.Addr]
	conns    counts
	sockets  counts
}

// source is whom a caller speaks for. Tenants name their clients as they like.
type source struct {
	tenant string
	kind   identity.Kind
	id     string
}

// New makes a Throttle.
func New(cfg Config, deps Dependencies) (*Throttle, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t := &Throttle{
		cfg: cfg, trusted: deps.Trusted,
		requests: newTable[netip.Addr](Rate{Samples: cfg.Requests}, cfg.Burst, cfg.Buckets),
		tenants:  newTable[string](cfg.Tenant, cfg.Burst, cfg.Buckets),
		sources:  newTable[source](cfg.Source, cfg.Burst, cfg.Buckets),
		networks: newTable[netip.Addr](cfg.Address, cfg.Burst, cfg.Buckets),
	}
	if t.trusted == nil {
		t.trusted = func(netip.Addr) bool { return false }
	}
	t.conns.init(cfg.Connections, cfg.ConnectionsPerAddress)
	t.sockets.init(0, cfg.ConnectionsPerAddress)
	t.metrics = newMetrics(deps.Registerer, t)
	return t, nil
}

// network is what is counted as one address: of IPv6 the /64, since whoever has one address there has them all.
func network(a netip.Addr) netip.Addr {
	if a.Is6() && !a.Is4In6() {
		p, err := a.WithZone("").Prefix(64)
		if err == nil {
			return p.Addr()
		}
	}
	return a.Unmap()
}

// Request notes a request from an address and says how long it has to wait. It comes before anybody looks at the request, so
// that tokens cannot be guessed at any speed.
func (t *Throttle) Request(from netip.Addr, now time.Time) time.Duration {
	b := t.requests.acquire(network(from), now)
	if b == nil {
		return 0
	}
	defer t.requests.release(b)
	wait := b.wait(t.requests.limit, now)
	if wait > 0 {
		t.metrics.throttled.WithLabelValues(ByRequests).Inc()
		return wait
	}
	b.spend(t.requests.limit, now, 1, 0)
	return 0
}

// Lease is the account of a caller, for a request or as long as a WebSocket lasts.
type Lease struct {
	t       *Throttle
	tenant  *held[string]
	source  *held[source]
	network *held[netip.Addr]
}

// Lease opens the account of a caller; it is to be closed.
func (t *Throttle) Lease(c *identity.Caller, now time.Time) *Lease {
	l := &Lease{t: t, network: t.networks.acquire(network(c.Address), now)}
	if c.Kind == identity.Anybody {
		return l
	}
	l.tenant = t.tenants.acquire(c.Tenant, now)
	if id := c.Source(); id != "" {
		l.source = t.sources.acquire(source{c.Tenant, c.Kind, id}, now)
	}
	return l
}

// Close gives the account back.
func (l *Lease) Close() {
	l.t.tenants.release(l.tenant)
	l.t.sources.release(l.source)
	l.t.networks.release(l.network)
}

// Wait says how long the caller has to wait before the next sample, and by whose limit; 0 when it need not.
func (l *Lease) Wait(now time.Time) (wait time.Duration, by string) {
	if l.source != nil {
		if wait = l.source.wait(l.t.sources.limit, now); wait > 0 {
			by = BySource
		}
	}
	if l.network != nil {
		if w := l.network.wait(l.t.networks.limit, now); w > wait {
			wait, by = w, ByAddress
		}
	}
	if l.tenant != nil {
		if w := l.tenant.wait(l.t.tenants.limit, now); w > wait {
			wait, by = w, ByTenant
		}
	}
	if wait > 0 {
		l.t.metrics.throttled.WithLabelValues(by).Inc()
	}
	return wait, by
}

// Spend notes what has come. More than there is left makes a debt.
func (l *Lease) Spend(now time.Time, samples, bytes int) {
	if l.source != nil {
		l.source.spend(l.t.sources.limit, now, samples, bytes)
	}
	if l.network != nil {
		l.network.spend(l.t.networks.limit, now, samples, bytes)
	}
	if l.tenant != nil {
		l.tenant.spend(l.t.tenants.limit, now, samples, bytes)
	}
}
