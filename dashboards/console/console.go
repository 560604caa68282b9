// Package console is the page on which people watch a call: questions of the query package come in over HTTP, the page and
// JSON go out. Everything it serves is embedded; it loads nothing from elsewhere.
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

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
}

// Questions are those of query.Service that the page asks.
type Questions interface {
	Calls(ctx context.Context, q query.CallsQuery) ([]query.Call, error)
	CallOverview(ctx context.Context, q query.CallQuery) (*query.Overview, error)
	PathsNow(ctx context.Context, q query.E2EQuery) ([]query.E2ERow, error)
	PathSeries(ctx context.Context, q query.SeriesQuery) (*query.PathSeries, error)
	HopsNow(ctx context.Context, q query.HopsQuery) ([]query.Link, error)
}

// Dependencies are the parts that the console works with. Logger and Registerer may be nil.
type Dependencies struct {
	Query      Questions
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Console serves the page. It is a service.Component.
type Console struct {
	cfg     Config
	query   Questions
	log     *slog.Logger
	metrics *metrics
	handler http.Handler
	server  *http.Server
	ln      net.Listener
	done    chan struct{}
}

// New makes a console; nothing listens before Start.
func New(cfg Config, deps Dependencies) (*Console, error) {
	if deps.Query == nil {
		return nil, errors.New("console: no query service is given")
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:4488"
	}
	if _, _, err := net.SplitHostPort(cfg.Listen); err != nil {
		return nil, fmt.Errorf("console address %q is not host:port, such as 127.0.0.1:4488", cfg.Listen)
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("console metrics: %w", err)
	}
	c := &Console{cfg: cfg, query: deps.Query, log: deps.Logger, metrics: m}
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
	ln, err := telemetry.Listen(ctx, c.cfg.Listen, "--port")
	if err != nil {
		return err
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
	return err
}
