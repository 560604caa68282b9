package collector

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/receive"
	"github.com/earshot-rtc/earshot/collector/throttle"
	"github.com/earshot-rtc/earshot/internal/certificate"
)

// guard is what keeps strangers out and the others in bounds.
type guard struct {
	identity *identity.Authenticator
	throttle *throttle.Throttle
	tls      *certificate.Files // nil without TLS
}

func newGuard(cfg *Config, deps *Dependencies) (*guard, error) {
	g := &guard{}
	var err error
	g.identity, err = identity.New(cfg.Auth, identity.Dependencies{Logger: deps.Logger, Registerer: deps.Registerer, Poll: deps.Poll})
	if err != nil {
		return nil, err
	}
	bounds := cfg.Throttle
	if cfg.Auth.Mode == identity.None { // all come from this machine, and nobody says who they are
		bounds = bounds.Open()
	}
	g.throttle, err = throttle.New(bounds, throttle.Dependencies{Registerer: deps.Registerer, Trusted: g.identity.Trusted})
	if err != nil {
		return nil, err
	}
	if !cfg.TLS.Enabled() {
		if host, _, _ := net.SplitHostPort(cfg.Listen); !receive.IsLoopback(host) && len(cfg.Auth.TrustedProxies) == 0 {
			deps.Logger.Warn("tokens come in without encryption; set collector.tls, or collector.auth.trusted_proxies where a proxy ends TLS")
		}
		return g, nil
	}
	registerer := deps.Registerer
	if registerer != nil {
		registerer = prometheus.WrapRegistererWithPrefix("earshot_collector_", registerer)
	}
	g.tls, err = certificate.New(cfg.TLS, certificate.Dependencies{Logger: deps.Logger, Registerer: registerer, Poll: deps.Poll})
	return g, err
}

func (g *guard) start(ctx context.Context) error {
	err := g.identity.Start(ctx)
	if err == nil && g.tls != nil {
		err = g.tls.Start(ctx)
	}
	if err != nil {
		return errors.Join(err, g.stop(ctx))
	}
	return nil
}

func (g *guard) stop(ctx context.Context) error {
	err := g.identity.Shutdown(ctx)
	if g.tls != nil {
		err = errors.Join(err, g.tls.Shutdown(ctx))
	}
	return err
}

// serve lets a server have what the listener takes.
func (g *guard) serve(server *http.Server, ln net.Listener) error {
	ln = g.throttle.Listener(ln)
	if g.tls == nil {
		return server.Serve(ln)
	}
	server.TLSConfig = g.tls.TLS()
	return server.ServeTLS(ln, "", "")
}
