package console

import (
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/earshot-rtc/earshot/dashboards/api"
)

// policy lets the page have its own script, style and requests, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (c *Console) routes() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/api/", c.api)
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	for path, a := range assets {
		pattern := path
		if path == "/" {
			pattern = "/{$}"
		}
		mux.HandleFunc("GET "+pattern, c.metrics.count(pattern, a.ServeHTTP))
	}
	return c.guard(mux), nil
}

// guard refuses foreign host names and sets the headers that every answer has.
func (c *Console) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !c.knowsHost(r.Host) {
			api.Problem{
				Status: http.StatusMisdirectedRequest,
				Detail: "the console does not go by the name " + r.Host + "; add it to console.hosts",
			}.Write(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (c *Console) knowsHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	return strings.EqualFold(host, "localhost") || net.ParseIP(host) != nil ||
		slices.ContainsFunc(c.cfg.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}
