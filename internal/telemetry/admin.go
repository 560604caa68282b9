package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check says why a component cannot do its work now; nil means that it can.
type Check func() error

// Admin serves /metrics, /healthz, /readyz and /debug/pprof for operators. It is a service.Component.
type Admin struct {
	listen string
	server *http.Server
	ln     net.Listener
	done   chan struct{}

	mu     sync.Mutex
	checks map[string]Check
}

// NewAdmin makes the listener for an address such as 127.0.0.1:4481; nothing listens before Start. An empty address makes
// an Admin that does nothing.
func NewAdmin(listen string, gatherer prometheus.Gatherer) *Admin {
	a := &Admin{listen: listen, checks: map[string]Check{}}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return a
}

// AddCheck makes /readyz ask the named component too.
func (a *Admin) AddCheck(name string, c Check) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.checks[name] = c
}

func (a *Admin) ready(w http.ResponseWriter, _ *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, check := range a.checks {
		if err := check(); err != nil {
			http.Error(w, name+": "+err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	fmt.Fprintln(w, "ready")
}

// Start listens and returns.
func (a *Admin) Start(ctx context.Context) error {
	if a.listen == "" {
		return nil
	}
	ln, err := Listen(ctx, a.listen, "admin.listen")
	if err != nil {
		return err
	}
	a.ln, a.done = ln, make(chan struct{})
	go func() {
		defer close(a.done)
		_ = a.server.Serve(ln) // always ErrServerClosed after Shutdown
	}()
	return nil
}

// Addr is where it listens; empty before Start.
func (a *Admin) Addr() string {
	if a.ln == nil {
		return ""
	}
	return a.ln.Addr().String()
}

// Shutdown stops listening and waits for requests under way.
func (a *Admin) Shutdown(ctx context.Context) error {
	if a.ln == nil {
		return nil
	}
	err := a.server.Shutdown(ctx)
	<-a.done
	a.ln = nil
	return err
}

// Listen opens a TCP listener; where that cannot be, the error is one sentence that names the address and the setting
// (a flag or a key) that changes it.
func Listen(ctx context.Context, addr, setting string) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err == nil {
		return ln, nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another process; stop that one or choose another address with %s", addr, setting)
	}
	return nil, fmt.Errorf("cannot listen on %s: %w; correct %s", addr, err, setting)
}
