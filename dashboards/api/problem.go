package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// Problem is an error as RFC 9457 writes it. Its type is about:blank, so the title is the status's; the detail says what is
// wrong and what to change.
type Problem struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail"`
	Instance string   `json:"instance"`
	Field    string   `json:"field,omitempty"`       // the argument that is wrong
	Known    []string `json:"known_calls,omitempty"` // when a call is not
}

// Write answers a request with the problem.
func (p Problem) Write(w http.ResponseWriter, r *http.Request) {
	p.Type, p.Title, p.Instance = "about:blank", http.StatusText(p.Status), r.URL.RequestURI()
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Detail, p.Status)
		return
	}
	h := w.Header()
	h.Del("ETag")
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // whoever asked has gone; nobody is left to tell
	}
}

// fail answers a question that could not be answered. What lies in the store's own words goes to the log, not to whoever asked.
func (a *API) fail(w http.ResponseWriter, r *http.Request, route string, err error) {
	var (
		argument *query.ArgumentError
		missing  *query.NotFoundError
	)
	switch {
	case errors.As(err, &argument):
		Problem{Status: http.StatusBadRequest, Detail: argument.Error(), Field: argument.Field}.Write(w, r)
	case errors.As(err, &missing):
		Problem{Status: http.StatusNotFound, Detail: missing.Error(), Known: missing.Known}.Write(w, r)
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		// Whoever asked wants something else meanwhile.
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, query.ErrTooMuch):
		Problem{Status: http.StatusGatewayTimeout, Detail: "the store did not answer in time; ask for a shorter range"}.Write(w, r)
	default:
		a.log.Warn("question not answered", "route", route, "error", err)
		w.Header().Set("Retry-After", "2")
		Problem{Status: http.StatusServiceUnavailable, Detail: "the store cannot answer now; see the log of earshot"}.Write(w, r)
	}
}
