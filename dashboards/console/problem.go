package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// problem is an error as RFC 9457 writes it. Its type is about:blank, so the title is the status's.
type problem struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail"`
	Instance string   `json:"instance"`
	Field    string   `json:"field,omitempty"`       // the argument that is wrong
	Known    []string `json:"known_calls,omitempty"` // when a call is not
}

func writeProblem(w http.ResponseWriter, r *http.Request, p problem) {
	p.Type, p.Title, p.Instance = "about:blank", http.StatusText(p.Status), r.URL.RequestURI()
	body, err := json.Marshal(p)
	if err != nil {
		http.Error(w, p.Detail, p.Status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the browser has gone; nobody is left to tell
}

// fail answers a question that could not be answered. What lies in the store's own words goes to the log, not to the page.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	var (
		argument *query.ArgumentError
		missing  *query.NotFoundError
	)
	switch {
	case errors.As(err, &argument):
		writeProblem(w, r, problem{Status: http.StatusBadRequest, Detail: argument.Error(), Field: argument.Field})
	case errors.As(err, &missing):
		writeProblem(w, r, problem{Status: http.StatusNotFound, Detail: missing.Error(), Known: missing.Known})
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		// The browser asked for something else meanwhile.
	case errors.Is(err, context.DeadlineExceeded):
		writeProblem(w, r, problem{Status: http.StatusGatewayTimeout, Detail: "the store did not answer in time; ask for a shorter range"})
	default:
		c.log.Warn("question not answered", "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", "2")
		writeProblem(w, r, problem{Status: http.StatusServiceUnavailable, Detail: "the store cannot answer now; see the log of earshot"})
	}
}
