// Package receive is the collector's face: HTTP requests and WebSocket frames with samples come in; answers go out once the
// intake has told what became of the samples.
package receive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/intake"
	"github.com/earshot-rtc/earshot/collector/janus"
	"github.com/earshot-rtc/earshot/collector/throttle"
	"github.com/earshot-rtc/earshot/schemas/openapi"
)

// Dependencies are what a Server is given. Logger, Registerer, Now and Ready may be nil.
type Dependencies struct {
	Intake     *intake.Intake
	Identity   *identity.Authenticator
	Throttle   *throttle.Throttle
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Now is the collector's clock: times of receipt and the time exchange come from it.
	Now func() time.Time
	// Ready says why the collector cannot do its work now.
	Ready func(context.Context) error
	// Loopback says that only this machine can reach the server; see Config.Origins.
	Loopback bool
}

// Paths that are asked all the time, by machines of the operator's, and cost nothing.
const (
	health = "/healthz"
	ready  = "/readyz"
)

// Server is the http.Handler of the collector's routes.
type Server struct {
	cfg      Config
	intake   *intake.Intake
	identity *identity.Authenticator
	throttle *throttle.Throttle
	log      *slog.Logger
	metrics  *metrics
	now      func() time.Time
	ready    func(context.Context) error
	origins  *origins
	routes   map[string]route
	foreign  foreign
	draining atomic.Bool

	mu      sync.Mutex
	sockets map[*socket]struct{}
	open    sync.WaitGroup
}

// route is what there is at a path, by method.
type route map[string]handler

// methods lists them as the header fields do.
func (rt route) methods() string {
	return strings.Join(slices.Sorted(maps.Keys(rt)), ", ")
}

// New makes a Server.
func New(cfg Config, deps Dependencies) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	o, err := newOrigins(cfg.Origins, deps.Loopback)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, intake: deps.Intake, identity: deps.Identity, throttle: deps.Throttle, log: deps.Logger, now: deps.Now, ready: deps.Ready, origins: o,
		metrics: newMetrics(deps.Registerer), sockets: map[*socket]struct{}{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.foreign.janus = janus.NewKeeper(janus.DefaultLimits(), deps.Registerer)
	s.routes = map[string]route{
		"/v1/samples": {http.MethodPost: s.post("http", s.samples)},
		"/v1/stream":  {http.MethodGet: s.stream("websocket", newNative)},
		"/v1/observertc": {
			http.MethodPost: s.post("observertc", s.postObservertc),
			http.MethodGet:  s.stream("observertc_websocket", newObservertc),
		},
		"/v1/janus":     {http.MethodPost: s.post("janus", s.postJanus)},
		"/v1/time":      {http.MethodGet: s.time},
		health:          {http.MethodGet: s.healthz},
		ready:           {http.MethodGet: s.readyz},
		"/openapi.yaml": {http.MethodGet: document},
	}
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	rt, ok := s.routes[path]
	if !ok {
		path = "other" // a label must not be the client's to choose
	}
	sw := &statusWriter{ResponseWriter: w}
	var f *failure
	switch {
	case !ok:
		f = fail(http.StatusNotFound, "no_route", "there is no %s here; samples go to /v1/samples or /v1/stream", r.URL.Path)
	case !s.allowOrigin(sw, r):
		f = fail(http.StatusForbidden, "origin", "%v", errOrigin)
	case path != health && path != ready && s.hurried(r, &f):
	case r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "":
		s.preflight(sw, rt)
	case rt[r.Method] == nil:
		sw.Header().Set("Allow", rt.methods()+", OPTIONS")
		f = fail(http.StatusMethodNotAllowed, "method", "%s is not for %s; use %s", path, r.Method, rt.methods())
	default:
		f = rt[r.Method](sw, r)
	}
	if f != nil {
		s.fail(sw, f)
	}
	s.metrics.requests.WithLabelValues(path, strconv.Itoa(sw.status)).Inc()
}

// hurried says whether the address of a request has sent too many of them, and f what to answer then.
func (s *Server) hurried(r *http.Request, f **failure) bool {
	d := s.throttle.Request(s.identity.Address(r), s.now())
	if d > 0 {
		*f = s.wait(throttle.ByRequests, d)
	}
	return d > 0
}

// allowOrigin sets the CORS headers and says whether the page behind the request, if there is one, may go on.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if s.origins.check(origin) != nil {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate")
	return true
}

func (s *Server) preflight(w http.ResponseWriter, rt route) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", rt.methods())
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding")
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) fail(w http.ResponseWriter, f *failure) {
	s.metrics.refused.WithLabelValues(f.Reason).Inc()
	if f.retry || f.retryIn > 0 {
		w.Header().Set("Retry-After", seconds(max(f.retryIn, s.retryAfter())))
	}
	if f.challenge != "" {
		w.Header().Set("WWW-Authenticate", f.challenge)
	}
	answer(w, f.status, f)
}

// retryAfter spreads those who come back.
func (s *Server) retryAfter() time.Duration {
	return s.cfg.RetryAfter + rand.N(s.cfg.RetryAfter)
}

// seconds is a duration as Retry-After has it.
func seconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}

func answer(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(data) // a peer that is gone is no fault of ours
}

// Clock is the answer of GET /v1/time: the collector's clock when the request came and when the answer went, in
// microseconds since 1970. With the times at which the probe sent and received it makes NTP's four.
type Clock struct {
	ReceivedAtUS int64 `json:"received_at_us"`
	RepliedAtUS  int64 `json:"replied_at_us"`
}

func (s *Server) time(w http.ResponseWriter, _ *http.Request) *failure {
	at := s.now().UnixMicro()
	answer(w, http.StatusOK, Clock{ReceivedAtUS: at, RepliedAtUS: s.now().UnixMicro()})
	return nil
}

// document is the description of all routes.
func document(w http.ResponseWriter, _ *http.Request) *failure {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(openapi.Collector)
	return nil
}

// Routes lists the methods of every path.
func (s *Server) Routes() map[string][]string {
	out := map[string][]string{}
	for path, rt := range s.routes {
		out[path] = slices.Sorted(maps.Keys(rt))
	}
	return out
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) *failure {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) *failure {
	if err := s.Ready(r.Context()); err != nil {
		s.log.Debug("not ready", "error", err)
		// Which brokers there are is nothing for the world to know; the admin listener says it.
		return fail(http.StatusServiceUnavailable, "not_ready", "the collector cannot take samples now")
	}
	answer(w, http.StatusOK, map[string]string{"status": "ready"})
	return nil
}

var errDraining = errors.New("the collector is shutting down")

// Ready says why the server should get no traffic now.
func (s *Server) Ready(ctx context.Context) error {
	if s.draining.Load() {
		return errDraining
	}
	if s.ready != nil {
		return s.ready(ctx)
	}
	return nil
}

// Drain refuses new work, lets every WebSocket have the answers it waits for and closes it with 1001. Those that are not
// done when ctx ends are cut.
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	s.mu.Lock()
	for sk := range s.sockets {
		go sk.leave(websocket.StatusGoingAway, errDraining.Error())
	}
	s.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		s.open.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	n := len(s.sockets)
	for sk := range s.sockets {
		sk.cut()
	}
	s.mu.Unlock()
	<-gone
	return fmt.Errorf("%d WebSockets cut: %w", n, ctx.Err())
}

// statusWriter remembers the status for the metrics.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the WebSocket library find the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
