package janus

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// round is all that a real gateway answered at one time, by request and path: test/janus/record.mjs.
type round map[string]json.RawMessage

func rounds(t testing.TB, name string) (out []round) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+"-admin.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// looks reads the handles of a round.
func (r round) looks(t testing.TB) (out []*look) {
	t.Helper()
	for request, raw := range r {
		if strings.HasPrefix(request, "handle_info/") {
			var answer handleInfo
			require.NoError(t, read(raw, &answer))
			out = append(out, answer.Info)
		}
	}
	return out
}

// gateway plays one back. Its fields may be changed under mu.
type gateway struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	round  round
	status int               // answers all requests with this
	gone   map[string]bool   // requests that are answered with 459
	asked  map[string]int    // how often, by request
	answer map[string]string // in place of what was recorded
}

func newGateway(t testing.TB, r round) *gateway {
	g := &gateway{round: r, secret: "overlord", gone: map[string]bool{}, asked: map[string]int{}, answer: map[string]string{}}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) set(change func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change()
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	var q struct {
		Janus  string `json:"janus"`
		Secret string `json:"admin_secret"`
	}
	_ = json.Unmarshal(body, &q)
	request := q.Janus + strings.TrimPrefix(r.URL.Path, "/admin")
	g.asked[request]++
	refuse := func(code int) {
		_ = json.NewEncoder(w).Encode(map[string]any{"janus": "error", "error": map[string]any{"code": code, "reason": "because"}})
	}
	switch {
	case g.status != 0:
		w.WriteHeader(g.status)
	case q.Secret != g.secret && q.Janus != "info":
		refuse(codeUnauthorized)
	case g.answer[request] != "":
		_, _ = io.WriteString(w, g.answer[request])
	case g.gone[request] || g.round[request] == nil:
		refuse(459)
	default:
		_, _ = w.Write(g.round[request])
	}
}

// handles are the requests of handle_info.
func (r round) handles() (out []string) {
	for request := range r {
		if strings.HasPrefix(request, "handle_info/") {
			out = append(out, request)
		}
	}
	return out
}
