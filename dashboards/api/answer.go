package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// answer is the body of one route; its error becomes a problem.
type answer func(ctx context.Context, s *query.Service, v *values) (any, error)

// respond writes an answer with an ETag: pages ask every two seconds, and mostly nothing has changed. Answers belong to whoever
// asked, so no shared cache may keep them.
func (a *API) respond(rt *route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		caller, refusal := a.auth.identify(r, a.query.Now())
		if refusal != nil {
			a.metrics.refused.WithLabelValues(refusal.reason).Inc()
			refusal.write(w, r)
			return
		}
		s := a.query.For(caller.Tenant)
		v := newValues(r, s.Now(), rt)
		body, err := rt.ask(r.Context(), s, v)
		if v.err != nil {
			err = v.err
		}
		if err != nil {
			a.fail(w, r, rt.pattern, err)
			return
		}
		data, err := json.Marshal(body)
		if err != nil {
			a.fail(w, r, rt.pattern, fmt.Errorf("encode answer: %w", err))
			return
		}
		write(w, r, data, "application/json", "private, no-cache")
	}
}

// write sends a body that may be known already. Its tag is weak, since the same answer may go out compressed or not.
func write(w http.ResponseWriter, r *http.Request, data []byte, contentType, cache string) {
	h := w.Header()
	tag := etag(data)
	h.Set("ETag", tag)
	h.Set("Cache-Control", cache)
	h.Add("Vary", "Authorization")
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", contentType)
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // whoever asked has gone; nobody is left to tell
	}
}

func etag(data []byte) string {
	sum := sha256.Sum256(data)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}

// matches compares entity tags weakly, RFC 9110 section 8.8.3.2. Ours hold neither a comma nor a quote.
func matches(headers []string, tag string) bool {
	opaque := strings.TrimPrefix(tag, "W/")
	for _, header := range headers {
		for one := range strings.SplitSeq(header, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == opaque {
				return true
			}
		}
	}
	return false
}
