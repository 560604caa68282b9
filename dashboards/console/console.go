// Package console is the page on which people watch a call: requests of browsers come in, the page and what package api answers
// go out. Everything it serves is embedded; it loads nothing from elsewhere.
package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/dashboards/api"
	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/telemetry"
)

// Config is what the user writes.
type Config struct {
	// Listen is the address of the page, 127.0.0.1:4488 where empty.
	Listen string `yaml:"listen"`
	// Hosts are further names under which browsers may ask for the page, for a proxy in front of it. An address and
	// localhost are always right; any other name is refused, so that no foreign page can point its own name at this port.
	Hosts []string `yaml:"hosts"`
	// Auth says who may ask, and for whose calls.
	Auth api.AuthConfig `yaml:"auth"`
}

// DefaultConfig is a console for this machine.
func DefaultConfig() Config {
	return Config{Listen: "127.0.0.1:4488", Auth: api.DefaultAuthConfig()}
}

// Validate checks the configuration; errors name the key.
func (c Config) Validate() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("console.listen: %q is not host:port, such as 127.0.0.1:4488", c.Listen)
	}
	return c.Auth.Validate("console.auth", c.Listen)
}

// Dependencies are the parts that the console works with. Logger and Registerer may be nil.
type Dependencies struct {
	Query      *query.Service
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Setting is what the user changes where the address is taken: a flag or a key, console.listen where empty.
	Setting string
}

// Console serves the page. It is a service.Component.
type Console struct {
	cfg     Config
	api     *api.API
	setting string
	log     *slog.Logger
	metrics *metrics
	handler http.Handler
	server  *http.Server
	ln      net.Listener
	done    chan struct{}
}

// New makes a console; nothing listens before Start.
func New(cfg Config, deps Dependencies) (*Console, error) {
	cfg.Listen = cmp.Or(cfg.Listen, DefaultConfig().Listen)
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("console metrics: %w", err)
	}
	questions, err := api.New(cfg.Auth, api.Dependencies{Query: deps.Query, Logger: deps.Logger, Registerer: deps.Registerer})
	if err != nil {
		return nil, err
	}
	c := &Console{cfg: cfg, api: questions, setting: cmp.Or(deps.Setting, "console.listen"), log: deps.Logger, metrics: m}
	if c.handler, err = c.routes(); err != nil {
		return nil, err
	}
	c.server = &http.Server{
		Handler:           c.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	return c, nil
}

// Handler is what the console serves, for use without its listener.
func (c *Console) Handler() http.Handler { return c.handler }

// Start listens and returns.
func (c *Console) Start(ctx context.Context) error {
	if err := c.api.Start(ctx); err != nil {
		return err
	}
	ln, err := telemetry.Listen(ctx, c.cfg.Listen, c.setting)
	if err != nil {
		return errors.Join(err, c.api.Shutdown(ctx))
	}
	c.ln, c.done = ln, make(chan struct{})
	go func() {
		defer close(c.done)
		if err := c.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			c.log.Error("console stopped serving", "error", err)
		}
	}()
	return nil
}

// Addr is where it listens, host:port; empty before Start.
func (c *Console) Addr() string {
	if c.ln == nil {
		return ""
	}
	return c.ln.Addr().String()
}

// URL is the page's address for a browser on this machine; empty before Start.
func (c *Console) URL() string {
	host, port, err := net.SplitHostPort(c.Addr())
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// Shutdown stops listening and waits for requests under way.
func (c *Console) Shutdown(ctx context.Context) error {
	if c.ln == nil {
		return nil
	}
	err := c.server.Shutdown(ctx)
	if err != nil {
		_ = c.server.Close() // the time is up: cut what is left, so that the goroutine ends
	}
	<-c.done
	c.ln = nil
	return errors.Join(err, c.api.Shutdown(ctx))
}
