package collector_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/schemas/openapi"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Collector)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	return doc
}

func TestTheDocumentHasTheRoutesThatTheCollectorServes(t *testing.T) {
	described := map[string][]string{}
	for path, item := range document(t).Paths.Map() {
		for method := range item.Operations() {
			if method != http.MethodOptions { // which all have, for pages
				described[path] = append(described[path], method)
			}
		}
		require.NotNil(t, item.Options, path)
		slices.Sort(described[path])
	}
	require.Equal(t, secure(t, nil).Routes(), described)
}

func TestTheDocumentIsServed(t *testing.T) {
	res, err := http.Get("http://" + secure(t, nil).Addr() + "/openapi.yaml")
	require.NoError(t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, "application/yaml", res.Header.Get("Content-Type"))
	require.Equal(t, string(openapi.Collector), string(data))
}

// ledger holds answers against the document, and remembers which of its statuses were seen.
type ledger struct {
	t    *testing.T
	doc  *openapi3.T
	seen map[string]bool
}

// visit asks and expects a status.
func (l *ledger) visit(addr, method, target string, body []byte, want int, header ...string) {
	l.t.Helper()
	u, err := url.Parse("http://" + addr + target)
	require.NoError(l.t, err)
	req, err := http.NewRequestWithContext(l.t.Context(), method, u.String(), bytes.NewReader(body))
	require.NoError(l.t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(l.t, err)
	l.hold(method, u.Path, req, res, want)
}

func (l *ledger) hold(method, path string, req *http.Request, res *http.Response, want int) {
	l.t.Helper()
	where := fmt.Sprintf("%s %s %d", method, path, want)
	var data []byte
	if want != http.StatusSwitchingProtocols {
		var err error
		data, err = io.ReadAll(res.Body)
		require.NoError(l.t, err)
	}
	require.NoError(l.t, res.Body.Close())
	require.Equal(l.t, want, res.StatusCode, "%s: %s", where, data)
	item := l.doc.Paths.Value(path)
	require.NotNil(l.t, item, where)
	op := item.GetOperation(method)
	require.NotNil(l.t, op, where)
	described := op.Responses.Status(want)
	require.NotNil(l.t, described, "%s: not in the document", where)
	for name, h := range described.Value.Headers {
		require.True(l.t, !h.Value.Required || res.Header.Get(name) != "", "%s: no %s", where, name)
	}
	l.seen[method+" "+path+" "+strconv.Itoa(want)] = true
	if len(data) == 0 {
		require.Empty(l.t, described.Value.Content, where)
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: req, Route: &routers.Route{Spec: l.doc, Path: path, PathItem: item, Method: method, Operation: op},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true},
	}
	require.NoError(l.t, openapi3filter.ValidateResponse(l.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: want, Header: res.Header, Body: io.NopCloser(bytes.NewReader(data)), Options: in.Options,
	}), "%s: %s", where, data)
}

// slow begins a body and leaves it at that.
func (l *ledger) slow(s *secured, path string, header ...string) {
	l.t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	require.NoError(l.t, err)
	defer conn.Close()
	var lines strings.Builder
	for i := 0; i < len(header); i += 2 {
		fmt.Fprintf(&lines, "%s: %s\r\n", header[i], header[i+1])
	}
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n%s\r\n{", path, lines.String())
	require.NoError(l.t, err)
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, "http://"+s.Addr()+path, nil)
	require.NoError(l.t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), req)
	require.NoError(l.t, err)
	l.hold(http.MethodPost, path, req, res, http.StatusRequestTimeout)
}

func TestEveryAnswerIsAsTheDocumentSaysAndEveryAnswerInItIsGiven(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	l := &ledger{t: t, doc: document(t), seen: map[string]bool{}}
	s := secure(t, func(c *collector.Config) {
		c.ReadTimeout, c.Receive.Origins, c.Receive.Samples = 300*time.Millisecond, []string{"https://app.example"}, 3
	})
	hurried := secure(t, func(c *collector.Config) { c.Throttle.Requests, c.Throttle.Burst = 0.001, time.Second })
	away := secure(t, nil)
	away.kafka.do = func(context.Context, []kafka.Message) error { return errors.New("down") }
	away.kafka.ping = errors.New("down")
	draining := secure(t, nil)
	addr := draining.Addr()

	text, err := protojson.Marshal(sample(1))
	require.NoError(t, err)
	client, err := os.ReadFile("observertc/testdata/client-3.0-publisher.json")
	require.NoError(t, err)
	var janus = []byte(`{"emitter":"fra","type":1,"timestamp":1,"session_id":1,"event":{"name":"created"}}`)
	token := func(of *secured) []string { return append(bearer(of.token()), "Content-Type", jsons) }
	sfu := func() []string { return append(bearer(sfuSecret), "Content-Type", jsons) }

	for _, path := range []string{"/v1/samples", "/v1/observertc", "/v1/janus"} {
		l.visit(s.Addr(), "POST", path, nil, 401, "Content-Type", jsons)
		l.visit(s.Addr(), "POST", path, []byte("{"), 400, token(s)...)
		l.visit(s.Addr(), "POST", path, text, 403, append(token(s), "Origin", "https://evil.example")...)
		l.visit(s.Addr(), "POST", path, make([]byte, 5<<20), 413, token(s)...)
		l.visit(s.Addr(), "POST", path, text, 415, append(token(s), "Content-Type", "text/html")...)
		l.visit(s.Addr(), "POST", path, text, 415, append(token(s), "Content-Encoding", "br")...)
		l.slow(s, path, token(s)...)
		l.visit(hurried.Addr(), "GET", "/v1/time", nil, map[bool]int{true: 200, false: 429}[path == "/v1/samples"]) // takes what there is
		l.visit(hurried.Addr(), "POST", path, text, 429, token(hurried)...)
	}
	l.visit(s.Addr(), "POST", "/v1/samples", text, 202, token(s)...)
	l.visit(s.Addr(), "POST", "/v1/samples", []byte("["+string(text)+",{}]"), 202, token(s)...)
	l.visit(s.Addr(), "POST", "/v1/samples", []byte("[{},{},{},{}]"), 413, token(s)...)
	l.visit(s.Addr(), "POST", "/v1/samples", text, 403, sfu()...)
	l.visit(s.Addr(), "POST", "/v1/observertc?call_id=demo", []byte(stamp(client)), 202, token(s)...)
	l.visit(s.Addr(), "POST", "/v1/janus", janus, 202, sfu()...)
	l.visit(away.Addr(), "POST", "/v1/samples", text, 503, token(away)...)
	l.visit(away.Addr(), "POST", "/v1/observertc?call_id=demo", []byte(stamp(client)), 503, token(away)...)

	upgrade := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	for _, path := range []string{"/v1/stream", "/v1/observertc"} {
		l.visit(s.Addr(), "GET", path, nil, 101, append(upgrade, bearer(s.token())...)...)
		l.visit(s.Addr(), "GET", path, nil, 426, bearer(s.token())...)
		l.visit(s.Addr(), "GET", path, nil, 400, append(upgrade[:6:6], bearer(s.token())...)...)
		l.visit(s.Addr(), "GET", path, nil, 401, upgrade...)
		l.visit(s.Addr(), "GET", path, nil, 403, append(upgrade, "Origin", "https://evil.example")...)
		l.visit(hurried.Addr(), "GET", path, nil, 429, append(upgrade, bearer(hurried.token())...)...)
	}
	l.visit(s.Addr(), "GET", "/v1/observertc?codec=morse", nil, 400, append(upgrade, bearer(s.token())...)...)

	for _, path := range []string{"/v1/time", "/healthz", "/readyz", "/openapi.yaml"} {
		l.visit(s.Addr(), "GET", path, nil, 200)
		l.visit(s.Addr(), "GET", path, nil, 403, "Origin", "https://evil.example")
	}
	l.visit(away.Addr(), "GET", "/readyz", nil, 503)
	l.visit(hurried.Addr(), "GET", "/openapi.yaml", nil, 429)
	for path := range l.doc.Paths.Map() {
		ask := []string{"Access-Control-Request-Method", "POST", "Origin"}
		l.visit(s.Addr(), "OPTIONS", path, nil, 204, append(ask, "https://app.example")...)
		l.visit(s.Addr(), "OPTIONS", path, nil, 403, append(ask, "https://evil.example")...)
	}

	// Those that refuse while they stop are asked on connections that were open before.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	hold := make(chan struct{})
	reached := make(chan struct{}, 1)
	draining.kafka.do = func(context.Context, []kafka.Message) error { reached <- struct{}{}; <-hold; return nil }
	under := make(chan struct{})
	go func() {
		defer close(under)
		do(t, http.MethodPost, "http://"+addr+"/v1/samples", bytes.NewReader(text), token(draining)...)
	}()
	<-reached
	drained := draining.Drain(ctx)
	for _, path := range []string{"/v1/stream", "/v1/observertc"} {
		l.visit(addr, "GET", path, nil, 503, append(upgrade, bearer(draining.token())...)...)
	}
	l.visit(addr, "POST", "/v1/janus", janus, 503, sfu()...)
	l.visit(addr, "GET", "/readyz", nil, 503)
	close(hold)
	<-under
	require.NoError(t, <-drained)

	for path, item := range l.doc.Paths.Map() {
		for method, op := range item.Operations() {
			for status := range op.Responses.Map() {
				require.True(t, l.seen[method+" "+path+" "+status], "%s %s %s is in the document, but was never given", method, path, status)
			}
		}
	}
}

// stamp makes a recording one of now.
func stamp(recording []byte) string {
	now := time.Now().UnixMilli()
	out := strings.Replace(string(recording), `"timestamp": 1795417184620`, `"timestamp": `+strconv.FormatInt(now, 10), 1)
	return out
}
