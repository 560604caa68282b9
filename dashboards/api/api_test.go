package api

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/dashboards/query/querytest"
	"github.com/earshot-rtc/earshot/internal/clickhouse"
	embedded "github.com/earshot-rtc/earshot/internal/embedded/clickhouse"
	ddl "github.com/earshot-rtc/earshot/schemas/clickhouse"
)

var engine struct {
	once   sync.Once
	server *embedded.Server
	db     *clickhouse.DB
	err    error
}

func TestMain(m *testing.M) {
	embedded.RunChildIfAsked()
	code := m.Run()
	if engine.db != nil {
		_ = engine.db.Close()
	}
	if engine.server != nil {
		_ = engine.server.Shutdown(context.Background())
	}
	http.DefaultClient.CloseIdleConnections()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// openStore is an engine with the call "shared" of the tenants acme and blue, and "only-blue" of blue.
func openStore(t *testing.T) *clickhouse.DB {
	t.Helper()
	engine.once.Do(func() {
		engine.err = func() (err error) {
			if engine.server, err = embedded.New(embedded.Config{}, embedded.Dependencies{}); err != nil {
				return err
			}
			if err = engine.server.Start(t.Context()); err != nil {
				return err
			}
			if engine.db, err = clickhouse.Open(clickhouse.Config{Addr: []string{engine.server.Addr()}}); err != nil {
				return err
			}
			if _, err = clickhouse.Migrate(t.Context(), engine.db, ddl.Migrations); err != nil {
				return err
			}
			for _, c := range []querytest.Call{
				{ID: "shared", Start: start(), Tenant: "blue"}, {ID: "only-blue", Start: start(), Tenant: "blue"}, {ID: "quiet", Start: start()},
			} {
				if err := c.Insert(t.Context(), engine.db, 0, 4); err != nil {
					return err
				}
			}
			return querytest.Regressions(t.Context(), engine.db, "blue", start())
		}()
	})
	if errors.Is(engine.err, embedded.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip(engine.err)
	}
	require.NoError(t, engine.err)
	return engine.db
}

func start() time.Time { return time.Now().UTC().Truncate(time.Hour).Add(-2 * time.Hour) }

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

func twoTenants() AuthConfig {
	return AuthConfig{Tokens: []TokenConfig{
		{Name: "acme's", Tenant: "acme", SHA256: digest("secret of acme")},
		{Name: "blue's", Tenant: "blue", SHA256: digest("secret of blue")},
		{Name: "ours", SHA256: digest("ours")},
	}}
}

func serve(t *testing.T, cfg AuthConfig, s *query.Service) *API {
	t.Helper()
	require.NoError(t, cfg.Validate("auth", "127.0.0.1:0"))
	a, err := New(cfg, Dependencies{Query: s})
	require.NoError(t, err)
	return a
}

func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	return do(h, http.MethodGet, target, header...)
}

func do(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:4488"+target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), w.Body.String())
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var p Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, w.Code, p.Status)
	return p
}

// mute is a store that answers with an error, or not at all.
type mute struct{ err error }

func (m mute) Query(context.Context, string, clickhouse.Params, ...clickhouse.Settings) (clickhouse.Rows, error) {
	return nil, m.err
}

// target is a route's URL for a call, with what it cannot do without.
func target(rt *route, call string) string {
	url := strings.Replace(rt.pattern, "{call}", call, 1)
	switch {
	case strings.HasSuffix(url, "/paths/series"):
		return url + "?publisher=ana&subscriber=chi&kind=audio"
	case strings.HasSuffix(url, "/hops/series"):
		return url + "?from_id=fra&to_id=iad"
	}
	return url
}

func TestNoRouteShowsAnotherTenantsRows(t *testing.T) {
	h := serve(t, twoTenants(), query.New(openStore(t)))
	marks := []string{"ana", "chi", "fra", "eu-central", "1.2.0", "only-blue", `"at":"`}
	for _, rt := range routes() {
		t.Run(rt.pattern, func(t *testing.T) {
			for _, call := range []string{"shared", "only-blue"} {
				own := get(h, target(rt, call), "Authorization", "Bearer secret of blue")
				require.Equal(t, http.StatusOK, own.Code, own.Body.String())
				shown := false
				for _, mark := range marks {
					shown = shown || strings.Contains(own.Body.String(), mark)
				}
				if rt.pattern != "/api/v1/dead-letters" {
					require.True(t, shown, "who it belongs to sees something: %s", own.Body.String())
				}
				for _, stranger := range []string{"secret of acme", "ours"} {
					w := get(h, target(rt, call), "Authorization", "Bearer "+stranger)
					if strings.Contains(rt.pattern, "{call}") {
						require.Equal(t, http.StatusNotFound, w.Code)
					} else {
						require.Equal(t, http.StatusOK, w.Code)
					}
					if stranger == "ours" && w.Code == http.StatusOK {
						continue // has rows of its own, of the same people
					}
					body, _, _ := strings.Cut(w.Body.String(), `"instance"`) // which repeats what was asked
					for _, mark := range marks {
						if mark == call {
							body = strings.ReplaceAll(body, call, "") // what was asked for is repeated
						}
						require.NotContains(t, body, mark)
					}
				}
			}
			nobody := get(h, target(rt, "shared"))
			require.Equal(t, http.StatusUnauthorized, problemOf(t, nobody).Status)
			require.Equal(t, `Bearer realm="earshot"`, nobody.Header().Get("WWW-Authenticate"))
		})
	}
	ours := get(h, "/api/v1/calls", "Authorization", "Bearer ours")
	require.Contains(t, ours.Body.String(), `"quiet"`)
	require.NotContains(t, ours.Body.String(), "only-blue")
}

func TestAnswersCarryAnETagAndAreNotSentTwice(t *testing.T) {
	h := serve(t, AuthConfig{Tenant: "blue"}, query.New(openStore(t)))
	first := get(h, "/api/v1/calls")
	require.Equal(t, http.StatusOK, first.Code)
	require.Equal(t, "private, no-cache", first.Header().Get("Cache-Control"))
	require.Contains(t, first.Header().Values("Vary"), "Authorization")
	tag := first.Header().Get("ETag")
	for name, c := range map[string]struct {
		header string
		want   int
	}{
		"the same": {tag, 304}, "strong": {strings.TrimPrefix(tag, "W/"), 304}, "any": {"*", 304}, "in a list": {`"x", ` + tag, 304}, "another": {`"x"`, 200},
	} {
		w := get(h, "/api/v1/calls", "If-None-Match", c.header)
		require.Equal(t, c.want, w.Code, name)
		require.Equal(t, tag, w.Header().Get("ETag"))
		if c.want == 304 {
			require.Empty(t, w.Body.String())
		}
	}
	w := get(h, "/api/v1/calls?search=only", "If-None-Match", tag)
	require.Equal(t, 200, w.Code, "another question")
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	h := serve(t, AuthConfig{Tenant: "blue"}, query.New(openStore(t)))
	w := do(h, http.MethodHead, "/api/v1/calls")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, get(h, "/api/v1/calls").Header().Get("ETag"), w.Header().Get("ETag"))
	require.Empty(t, w.Body.String())
	w = do(h, http.MethodHead, "/api/v1/calls?limit=x")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Empty(t, w.Body.String())
}

func TestLargeAnswersAreCompressedForWhoTakesThem(t *testing.T) {
	srv := httptest.NewServer(serve(t, AuthConfig{Tenant: "blue"}, query.New(openStore(t))))
	defer srv.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/api/v1/calls/shared/paths", nil)
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := srv.Client().Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
	require.Contains(t, strings.Join(resp.Header.Values("Vary"), ","), "Accept-Encoding")
	zr, err := gzip.NewReader(resp.Body)
	require.NoError(t, err)
	data, err := io.ReadAll(zr)
	require.NoError(t, err)
	require.True(t, json.Valid(data))
}

func TestOnlyGetAndHeadAreAnswered(t *testing.T) {
	h := serve(t, AuthConfig{}, query.New(mute{}))
	for _, rt := range routes() {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
			w := do(h, method, target(rt, "c"))
			require.Equal(t, http.StatusMethodNotAllowed, problemOf(t, w).Status)
			require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
		}
	}
	w := do(h, http.MethodPost, "/api/v2/calls")
	require.Equal(t, "/api/v2/calls is no part of this API; see /api/v1/openapi.yaml", problemOf(t, w).Detail)
}

func TestWrongArgumentsAreRefusedWithWhatToChange(t *testing.T) {
	h := serve(t, AuthConfig{}, query.New(mute{errors.New("asked")}))
	for target, want := range map[string]string{
		"calls?limit=many":        `limit: "many" is not a whole number`,
		"calls?limit=50001":       "limit: 50001 is not between 1 and 50000",
		"calls?limit=-1":          "limit: -1 is not between 1 and 50000",
		"calls?serch=x":           "serch: is no argument of this question; it takes search, client, user,",
		"calls?search=x&search=y": "search: is given 2 times; give it once",
		"calls?turn=maybe":        `turn: "maybe" is neither true nor false`,
		"calls?sort=name":         `sort: "name" is not one of last_seen, first_seen,`,
		"calls?order=up":          `order: "up" is neither asc nor desc`,
		"calls?min_rtt_ms=NaN":    `min_rtt_ms: "NaN" is not a number`,
		"calls?min_duration=-5m":  `min_duration: "-5m" is no length of time such as 15m, 24h or 7d`,
		"calls?cursor=x":          "cursor: belongs to another question; leave it out to begin with the first page",
		"calls?search=%ff;%zz":    "query: the part after ? cannot be read; escape it as a URL",
		"calls/c?from=yesterday":  `from: "yesterday" is no time such as 2026-03-01T12:00:00Z, nor a length of time before now such as 1h`,
		"calls/c?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z": "from: 2026-03-02T00:00:00Z does not lie before to, 2026-03-01T00:00:00Z",
		"calls/c/hops?since=-5m":                                    `since: "-5m" is no length of time such as 15m, 24h or 7d`,
		"calls/c/hops?since=5m&to=now":                              "since: stands beside from or to; give one of them",
		"calls/c/paths?kind=text":                                   `kind: "text" is neither audio nor video`,
		"calls/c/paths/series?kind=audio":                           "subscriber: no subscriber is named",
		"links?step=1ms":                                            "step: 1ms is not between 1s and 24h",
		"links?step=1s&since=7d":                                    "step: 1s makes more than 5000 points of this range; ask for a longer step",
		"links?points=1":                                            "points: is not between 2 and 5000",
		"calls/c/events?type=explosion":                             `type: "explosion" is not one of join,`,
		"calls/c/windows?since=5w":                                  "from: a span of 840h1m0s is longer than the 744h0m0s that one question covers",
		"latency?since=100w":                                        "longer than the 9600h0m0s that one question covers",
		"latency?by=user":                                           `by: "user" is not one of publisher_region,`,
		"latency?asn=Telekom":                                       `asn: "Telekom" is no number of a network operator such as 3320`,
		"coverage?step=90s":                                         "step: 1m30s is no multiple of 1m0s; round it",
		"worst?by=length":                                           `by: "length" is not one of bad, rtt, mouth_to_ear, score`,
		"connectivity?by=user_id":                                   `by: "user_id" is not one of version,`,
		"calls/" + strings.Repeat("c", 600):                         "call: 600 bytes are more than the 512 that a name may have",
	} {
		w := get(h, "/api/v1/"+target)
		require.Equal(t, http.StatusBadRequest, w.Code, "%s: %s", target, w.Body.String())
		p := problemOf(t, w)
		require.Contains(t, p.Detail, want, target)
		require.Equal(t, "Bad Request", p.Title)
		require.Equal(t, "/api/v1/"+target, p.Instance)
		require.True(t, strings.HasPrefix(p.Detail, p.Field+": "), target)
	}
}

func TestTroubleOfTheStoreIsNotShown(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want Problem
	}{
		"away":     {errors.New("dial tcp: secret-host: refused"), Problem{Status: 503, Detail: "the store cannot answer now; see the log of earshot"}},
		"too slow": {context.DeadlineExceeded, Problem{Status: 504, Detail: "the store did not answer in time; ask for a shorter range"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := serve(t, AuthConfig{}, query.New(mute{c.err}))
			for _, rt := range routes() {
				p := problemOf(t, get(h, target(rt, "c")))
				require.Equal(t, c.want.Status, p.Status)
				require.Equal(t, c.want.Detail, p.Detail)
			}
		})
	}
}

func TestAnUnknownCallIsNamedWithThoseThatAreKnown(t *testing.T) {
	h := serve(t, AuthConfig{Tenant: "blue"}, query.New(openStore(t)))
	p := problemOf(t, get(h, "/api/v1/calls/nope"))
	require.Equal(t, 404, p.Status)
	require.ElementsMatch(t, []string{"shared", "only-blue"}, p.Known)
}
