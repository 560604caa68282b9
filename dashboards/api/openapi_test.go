package api

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
	"github.com/earshot-rtc/earshot/schemas/openapi"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Query)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	return doc
}

func TestTheDocumentAndTheHandlersHaveTheSameRoutesAndArguments(t *testing.T) {
	doc := document(t)
	described := map[string][]string{}
	for path, item := range doc.Paths.Map() {
		if path == "/api/v1/openapi.yaml" {
			continue
		}
		require.Len(t, item.Operations(), 1, path)
		args := []string{}
		for _, p := range item.Get.Parameters {
			if p.Value.In == "query" {
				args = append(args, p.Value.Name)
			}
			require.NotEmpty(t, p.Value.Description, "%s %s", path, p.Value.Name)
		}
		slices.Sort(args)
		described[path] = args
	}
	handled := map[string][]string{}
	for _, rt := range routes() {
		handled[rt.pattern] = slices.Sorted(slices.Values(rt.params))
	}
	require.Equal(t, handled, described)
}

// Every argument that a route takes has to be one that it looks at.
func TestEveryArgumentIsRead(t *testing.T) {
	wrong := map[string]string{ // of those that are free text, one that no name may be
		"from": "x", "to": "x", "since": "x", "turn": "x", "live": "x", "limit": "x", "points": "x", "step": "x", "groups": "x", "cursor": "x",
		"min_rtt_ms": "x", "max_score": "x", "min_duration": "x", "max_duration": "x", "min_clients": "x", "min_windows": "x", "access": "x",
		"asn": "x", "kind": "x", "sort": "x", "order": "x", "by": "x", "type": "x",
		"state": "x", "cause": "x",
	}
	h := serve(t, AuthConfig{}, query.New(mute{}))
	for _, rt := range routes() {
		for _, arg := range rt.params {
			value, ok := wrong[arg]
			if !ok {
				value = strings.Repeat("x", 600)
			}
			url := strings.Replace(rt.pattern, "{call}", "c", 1) + "?" + arg + "=" + value
			if strings.HasSuffix(rt.pattern, "/series") {
				for _, more := range []string{"subscriber=s", "kind=audio", "from_id=f"} {
					name, _, _ := strings.Cut(more, "=")
					if slices.Contains(rt.params, name) && name != arg {
						url += "&" + more
					}
				}
			}
			w := get(h, url)
			require.Equal(t, http.StatusBadRequest, w.Code, url)
			require.NotEmpty(t, problemOf(t, w).Field, url)
		}
	}
}

func TestEveryAnswerIsAsTheDocumentSays(t *testing.T) {
	doc := document(t)
	h := serve(t, twoTenants(), query.New(openStore(t)))
	away := serve(t, AuthConfig{}, query.New(mute{http.ErrServerClosed}))
	param := regexp.MustCompile(`\{(\w+)\}`)
	for _, rt := range routes() {
		t.Run(rt.pattern, func(t *testing.T) {
			item := doc.Paths.Value(rt.pattern)
			require.NotNil(t, item)
			check := func(h http.Handler, url, token string, want int) {
				r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+url, nil)
				if token != "" {
					r.Header.Set("Authorization", "Bearer "+token)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				require.Equal(t, want, w.Code, w.Body.String())
				values := map[string]string{}
				for _, m := range param.FindAllStringSubmatch(rt.pattern, -1) {
					values[m[1]] = strings.Split(strings.TrimPrefix(url, "/api/v1/calls/"), "/")[0]
				}
				in := &openapi3filter.RequestValidationInput{
					Request: r, PathParams: values,
					Route: &routers.Route{Spec: doc, Path: rt.pattern, PathItem: item, Method: http.MethodGet, Operation: item.Get},
					Options: &openapi3filter.Options{
						AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true,
					},
				}
				if want != http.StatusBadRequest {
					require.NoError(t, openapi3filter.ValidateRequest(t.Context(), in), url)
				}
				require.NoError(t, openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
					RequestValidationInput: in, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())),
					Options: in.Options,
				}), "%s: %s", url, w.Body.String())
			}
			url := target(rt, "shared")
			join := "?"
			if strings.Contains(url, "?") {
				join = "&"
			}
			check(h, url, "secret of blue", http.StatusOK)
			if slices.Contains(rt.params, "limit") {
				check(h, url+join+"limit=1", "secret of blue", http.StatusOK)
			}
			check(h, url+join+"since=never", "secret of blue", http.StatusBadRequest)
			check(h, url, "", http.StatusUnauthorized)
			if strings.Contains(rt.pattern, "{call}") {
				check(h, url, "secret of acme", http.StatusNotFound)
			}
			check(away, url, "", http.StatusServiceUnavailable)
		})
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	h := serve(t, twoTenants(), query.New(mute{}))
	w := get(h, "/api/v1/openapi.yaml")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "application/yaml", w.Header().Get("Content-Type"))
	require.Equal(t, openapi.Query, w.Body.Bytes())
	require.Equal(t, http.StatusNotModified, get(h, "/api/v1/openapi.yaml", "If-None-Match", w.Header().Get("ETag")).Code)
}
