// Package api answers the questions of the query package over HTTP: GET requests with a token come in, JSON of that token's
// tenant goes out. schemas/openapi/query.yaml describes it.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/internal/token"
	"github.com/earshot-rtc/earshot/schemas/openapi"
)

// Dependencies are the parts that the API works with. Logger and Registerer may be nil.
type Dependencies struct {
	Query      *query.Service
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// API is an http.Handler for everything below /api/.
type API struct {
	query   *query.Service
	auth    *gate
	log     *slog.Logger
	metrics *metrics
	handler http.Handler
}

// New makes the API; it asks nothing yet. The configuration has been validated.
func New(cfg AuthConfig, deps Dependencies) (*API, error) {
	if deps.Query == nil {
		return nil, errors.New("api: no query service is given")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, fmt.Errorf("api metrics: %w", err)
	}
	reg := deps.Registerer
	if reg != nil {
		reg = prometheus.WrapRegistererWithPrefix("earshot_api_", reg)
	}
	g, err := newGate(&cfg, token.Dependencies{Logger: deps.Logger, Registerer: reg})
	if err != nil {
		return nil, fmt.Errorf("api tokens: %w", err)
	}
	compress, err := gzhttp.NewWrapper(gzhttp.ContentTypes([]string{"application/json", "application/problem+json", "application/yaml"}))
	if err != nil {
		return nil, fmt.Errorf("api compression: %w", err)
	}
	a := &API{query: deps.Query, auth: g, log: deps.Logger, metrics: m}
	a.handler = compress(a.mux())
	return a, nil
}

// Start begins to follow the keys of tokens.
func (a *API) Start(ctx context.Context) error {
	if a.auth.jwt == nil {
		return nil
	}
	return a.auth.jwt.Start(ctx)
}

// Shutdown ends what Start began. Requests under way are the server's to wait for.
func (a *API) Shutdown(ctx context.Context) error {
	if a.auth.jwt == nil {
		return nil
	}
	return a.auth.jwt.Shutdown(ctx)
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

func (a *API) mux() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		h := a.metrics.count(rt.pattern, a.respond(rt))
		mux.HandleFunc("GET "+rt.pattern, h) // and HEAD
		mux.HandleFunc(rt.pattern, a.metrics.count(rt.pattern, onlyGet))
	}
	const document = "/api/v1/openapi.yaml"
	mux.HandleFunc("GET "+document, a.metrics.count(document, func(w http.ResponseWriter, r *http.Request) {
		write(w, r, openapi.Query, "application/yaml", "public, no-cache")
	}))
	mux.HandleFunc(document, a.metrics.count(document, onlyGet))
	mux.HandleFunc("/api/", a.metrics.count("/api/", func(w http.ResponseWriter, r *http.Request) {
		Problem{Status: http.StatusNotFound, Detail: r.URL.Path + " is no part of this API; see " + document}.Write(w, r)
	}))
	return mux
}

func onlyGet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, HEAD")
	Problem{Status: http.StatusMethodNotAllowed, Detail: "this API only answers GET and HEAD"}.Write(w, r)
}
