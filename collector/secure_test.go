package collector_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/collector/identity"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

const (
	hmacSecret = "0123456789abcdef0123456789abcdef"
	sfuSecret  = "the fixed token of an SFU"
)

// safe is a buffer that a logger may write to from everywhere.
type safe struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// secured is a collector that asks for tokens.
type secured struct {
	*collector.Collector
	t        testing.TB
	kafka    *fakeKafka
	registry *prometheus.Registry
	log      *safe
	key      *ecdsa.PrivateKey
	dir      string
}

func secure(t testing.TB, change func(*collector.Config)) *secured {
	t.Helper()
	s := &secured{t: t, kafka: &fakeKafka{}, registry: prometheus.NewRegistry(), log: &safe{}, dir: t.TempDir()}
	var err error
	s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	raw, err := s.key.PublicKey.Bytes()
	require.NoError(t, err)
	set, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kid": "k1", "kty": "EC", "crv": "P-256",
		"x": base64.RawURLEncoding.EncodeToString(raw[1:33]), "y": base64.RawURLEncoding.EncodeToString(raw[33:]),
	}}})
	require.NoError(t, err)
	s.write("secrets", hmacSecret)
	s.write("jwks.json", string(set))
	cfg := config()
	cfg.Auth.Mode = identity.Required
	cfg.Auth.Tokens.SecretsFile, cfg.Auth.Tokens.JWKSFile = s.path("secrets"), s.path("jwks.json")
	cfg.Auth.Tokens.Audience, cfg.Auth.Tokens.Leeway = []string{"earshot"}, 0
	sum := sha256.Sum256([]byte(sfuSecret))
	cfg.Auth.SFUTokens = []identity.SFUToken{{Name: "edge", SHA256: hex.EncodeToString(sum[:]), Tenant: "acme", SFUIDs: []string{"fra"}}}
	if change != nil {
		change(&cfg)
	}
	s.Collector, err = collector.New(cfg, collector.Dependencies{
		Producer: s.kafka, Registerer: s.registry, Poll: 5 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

func (s *secured) path(name string) string { return filepath.Join(s.dir, name) }

func (s *secured) write(name, text string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(s.path(name), []byte(text), 0o600))
}

func claims(more ...any) jwt.MapClaims {
	c := jwt.MapClaims{"exp": time.Now().Add(time.Hour).Unix(), "aud": "earshot", "tenant": "acme", "call_id": "demo", "client_id": "ana"}
	for i := 0; i < len(more); i += 2 {
		if name, _ := more[i].(string); more[i+1] == nil {
			delete(c, name)
		} else {
			c[name] = more[i+1]
		}
	}
	return c
}

func (s *secured) sign(method jwt.SigningMethod, key any, kid string, c jwt.MapClaims) string {
	s.t.Helper()
	tok := jwt.NewWithClaims(method, c)
	if kid != "" {
		tok.Header["kid"] = kid
	}
	raw, err := tok.SignedString(key)
	require.NoError(s.t, err)
	return raw
}

func (s *secured) token(more ...any) string {
	return s.sign(jwt.SigningMethodHS256, []byte(hmacSecret), "", claims(more...))
}

func bearer(tok string) []string { return []string{"Authorization", "Bearer " + tok} }

// metric sums the samples of a metric whose labels have this value.
func (s *secured) metric(name, label string) (sum float64) {
	s.t.Helper()
	families, err := s.registry.Gather()
	require.NoError(s.t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			ok := label == ""
			for _, l := range m.GetLabel() {
				ok = ok || l.GetValue() == label
			}
			if ok {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func (s *secured) stored() (out []*pb.Sample) {
	s.t.Helper()
	for _, m := range s.kafka.of(topic.Samples) {
		one := &pb.Sample{}
		require.NoError(s.t, one.UnmarshalVT(m.Value))
		out = append(out, one)
	}
	return out
}

func sfuSample(id string) *pb.Sample {
	return &pb.Sample{
		Sfu: &pb.SFUOrigin{SfuId: id}, SessionId: "s1", Sequence: 1, SampledAtUs: time.Now().UnixMicro(),
		Transports: []*pb.Transport{{TransportId: "t1", CallId: "demo"}},
		Streams:    []*pb.Stream{{TransportId: "t1", Direction: 1, Ssrc: 7}},
	}
}

func TestNobodyGetsInWhoShouldNot(t *testing.T) {
	s := secure(t, nil)
	good := batch(t, sample(1))
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	public, err := s.key.PublicKey.Bytes()
	require.NoError(t, err)
	b64 := base64.RawURLEncoding.EncodeToString
	payload, err := json.Marshal(claims())
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		header []string
		query  string
		status int
		reason string
	}{
		"no token":              {nil, "", 401, "credentials_missing"},
		"basic":                 {[]string{"Authorization", "Basic YTpi"}, "", 401, "credentials_scheme"},
		"bearer of nothing":     {[]string{"Authorization", "Bearer"}, "", 401, "credentials_scheme"},
		"garbage":               {bearer("garbage"), "", 401, "token_malformed"},
		"control characters":    {bearer("a\tb"), "", 401, "token_malformed"},
		"long garbage":          {bearer(strings.Repeat("x", 8000)), "", 401, "token_too_long"},
		"a token in the query":  {nil, "?access_token=garbage", 401, "token_malformed"},
		"expired":               {bearer(s.token("exp", time.Now().Add(-time.Minute).Unix())), "", 401, "token_expired"},
		"not yet":               {bearer(s.token("nbf", time.Now().Add(time.Minute).Unix())), "", 401, "token_not_yet"},
		"without expiry":        {bearer(s.token("exp", nil)), "", 401, "token_expiry"},
		"for somebody else":     {bearer(s.token("aud", "billing")), "", 401, "token_audience"},
		"alg none":              {bearer(b64([]byte(`{"alg":"none"}`)) + "." + b64(payload) + "."), "", 401, "token_algorithm"},
		"alg nOnE":              {bearer(b64([]byte(`{"alg":"nOnE"}`)) + "." + b64(payload) + "."), "", 401, "token_algorithm"},
		"forged, ES256":         {bearer(s.sign(jwt.SigningMethodES256, stranger, "k1", claims())), "", 401, "token_forged"},
		"forged, HS256":         {bearer(s.sign(jwt.SigningMethodHS256, []byte("x"), "", claims())), "", 401, "token_forged"},
		"HS256, the public key": {bearer(s.sign(jwt.SigningMethodHS256, public, "k1", claims())), "", 401, "token_forged"},
		"unknown key":           {bearer(s.sign(jwt.SigningMethodES256, s.key, "k9", claims())), "", 401, "token_unknown_key"},
		"HS512":                 {bearer(s.sign(jwt.SigningMethodHS512, []byte(hmacSecret), "", claims())), "", 401, "token_algorithm"},
		"an odd claim":          {bearer(s.token("call_id", 7)), "", 401, "token_claim"},
		"almost an SFU's":       {bearer(sfuSecret + "x"), "", 401, "token_malformed"},
		"an SFU's":              {bearer(sfuSecret), "", 403, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := s.metric("earshot_collector_refused_total", tc.reason)
			r := do(t, http.MethodPost, "http://"+s.Addr()+"/v1/samples"+tc.query, bytes.NewReader(good), append(tc.header, "Content-Type", protobuf)...)
			require.Equal(t, tc.status, r.status, r.body)
			require.Equal(t, tc.reason, r.Reason)
			require.NotEmpty(t, r.Error)
			if tc.status == 401 {
				require.Contains(t, r.header.Get("WWW-Authenticate"), `Bearer realm="earshot"`)
				require.Equal(t, before+1, s.metric("earshot_collector_refused_total", tc.reason))
				_, res, err := websocket.Dial(t.Context(), "ws://"+s.Addr()+"/v1/stream"+tc.query, &websocket.DialOptions{HTTPHeader: header(tc.header)})
				require.Error(t, err)
				require.Equal(t, 401, res.StatusCode, "a WebSocket neither")
				_ = res.Body.Close()
			}
		})
	}
	require.Empty(t, s.kafka.of(topic.Samples))
	for _, path := range []string{"/v1/time", "/healthz", "/readyz"} {
		require.Equal(t, 200, do(t, "GET", "http://"+s.Addr()+path, nil).status, "open to all: %s", path)
	}
	require.Equal(t, 202, post(t, s.Collector, protobuf, good, bearer(s.sign(jwt.SigningMethodES256, s.key, "k1", claims()))...).status)
	require.Equal(t, "acme", s.stored()[0].Receipt.Tenant)
}

func header(pairs []string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func TestTheTokenSaysWhoseTheSamplesAre(t *testing.T) {
	s := secure(t, nil)
	other := sample(2)
	other.CallId, other.Client.ClientId = "another", "eve"
	r := post(t, s.Collector, protobuf, batch(t, sample(1), other, sfuSample("fra")), bearer(s.token())...)
	require.Equal(t, 202, r.status, r.body)
	require.Equal(t, 2, r.Accepted)
	require.Equal(t, "wrong_origin", r.Rejected[0].Reason)
	for _, one := range s.stored() {
		require.Equal(t, []string{"demo", "ana", "acme"}, []string{one.CallId, one.Client.ClientId, one.Receipt.Tenant})
	}
	require.Equal(t, 1.0, s.metric("earshot_collector_parts_dropped_total", "call_overwritten"))
	require.Equal(t, 1.0, s.metric("earshot_collector_parts_dropped_total", "client_overwritten"))
	require.Equal(t, 1.0, s.metric("earshot_collector_samples_rejected_total", "wrong_origin"))

	r = post(t, s.Collector, protobuf, batch(t, sfuSample("fra"), sfuSample("lon"), sample(1)), bearer(sfuSecret)...)
	require.Equal(t, 202, r.status)
	require.Equal(t, 1, r.Accepted)
	require.Equal(t, []string{"sfu_not_allowed", "wrong_origin"}, []string{r.Rejected[0].Reason, r.Rejected[1].Reason})
	r = post(t, s.Collector, protobuf, batch(t, sfuSample("lon"), sample(1)), bearer(sfuSecret)...)
	require.Equal(t, 403, r.status)
	require.Len(t, r.Rejected, 2)
	bad := sample(1)
	bad.SessionId = ""
	require.Equal(t, 400, post(t, s.Collector, protobuf, batch(t, bad, sfuSample("fra")), bearer(s.token())...).status, "not only forbidden")
}

func TestWaysToShowAToken(t *testing.T) {
	s := secure(t, nil)
	one, err := protojson.Marshal(sample(1))
	require.NoError(t, err)
	envelope := func(tok string) []byte { return []byte(fmt.Sprintf(`{"access_token":%q,"samples":[%s]}`, tok, one)) }
	url := "http://" + s.Addr() + "/v1/samples"
	for name, tc := range map[string]struct {
		url, contentType string
		header           []string
		body             []byte
		status           int
		reason           string
	}{
		"header":               {url, "application/json", bearer(s.token()), one, 202, ""},
		"query":                {url + "?access_token=" + s.token(), "application/json", nil, one, 202, ""},
		"beacon, token inside": {url, "text/plain;charset=UTF-8", nil, envelope(s.token()), 202, ""},
		"beacon, query":        {url + "?access_token=" + s.token(), "text/plain", nil, one, 202, ""},
		"beacon, both":         {url + "?access_token=" + s.token(), "text/plain", nil, envelope("other"), 202, ""},
		"beacon, bad token":    {url, "text/plain", nil, envelope("other"), 401, "token_malformed"},
		"beacon, no token":     {url, "text/plain", nil, one, 401, "credentials_missing"},
		"beacon, no JSON":      {url, "text/plain", nil, []byte("hello"), 401, "credentials_missing"},
		"beacon, cut off":      {url, "text/plain", nil, envelope(s.token())[:len(envelope(s.token()))-5], 400, ""},
		"beacon, too large":    {url, "text/plain", nil, envelope(strings.Repeat("x", 70_000)), 413, "body_too_large"},
		"JSON, token inside":   {url, "application/json", nil, envelope(s.token()), 401, "credentials_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			r := do(t, http.MethodPost, tc.url, bytes.NewReader(tc.body), append(tc.header, "Content-Type", tc.contentType)...)
			require.Equal(t, tc.status, r.status, r.body)
			require.Equal(t, tc.reason, r.Reason)
		})
	}
}

func TestNoTokenIsToldOn(t *testing.T) {
	s := secure(t, func(c *collector.Config) { c.Throttle.Requests = 0 })
	good := s.token("jti", "planted")
	forged := s.sign(jwt.SigningMethodHS256, []byte("wrong"), "", claims("jti", "planted"))
	bad := []byte(`{"call_id":"demo"}`)
	url := "http://" + s.Addr() + "/v1/samples"
	for _, tok := range []string{good, forged, sfuSecret} {
		for _, contentType := range []string{"application/json", "text/plain", protobuf, "nonsense"} {
			for _, body := range [][]byte{
				bad, []byte(fmt.Sprintf(`{"access_token":%q,"samples":[{}]}`, tok)), []byte(fmt.Sprintf(`{"samples":[{},{"access`+
					`_token":1}],"access_token":%q`, tok)), []byte(fmt.Sprintf(`{"access_token":%q,"samples":[{}`, tok)),
			} {
				do(t, http.MethodPost, url, bytes.NewReader(body), append(bearer(tok), "Content-Type", contentType)...)
				do(t, http.MethodPost, url+"?access_token="+strings.ReplaceAll(tok, " ", "+"), bytes.NewReader(body), "Content-Type", contentType)
				do(t, http.MethodPost, url, bytes.NewReader(body), "Content-Type", contentType)
			}
		}
		do(t, http.MethodGet, "http://"+s.Addr()+"/nowhere?access_token="+strings.ReplaceAll(tok, " ", "+"), nil)
		conn, res, err := websocket.Dial(t.Context(), "ws://"+s.Addr()+"/v1/stream", &websocket.DialOptions{Subprotocols: []string{"earshot.v1", "bearer." + strings.ReplaceAll(tok, " ", "")}})
		if res != nil && res.Body != nil {
			_ = res.Body.Close()
		}
		if err == nil {
			p := &probe{t, conn}
			p.raw(websocket.MessageText, bad)
			require.NotEmpty(t, p.receive().Ack.Error)
			_ = conn.CloseNow()
		}
	}
	require.Eventually(t, func() bool { return len(s.kafka.of(topic.Dead)) > 10 }, time.Second, time.Millisecond)
	metrics := &bytes.Buffer{}
	families, err := s.registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		fmt.Fprintln(metrics, f.String())
	}
	dead := &bytes.Buffer{}
	for _, m := range append(s.kafka.of(topic.Dead), s.kafka.of(topic.Samples)...) {
		fmt.Fprintf(dead, "%s %s %s\n", m.Key, m.Value, m.Headers)
	}
	require.NotEmpty(t, dead.String())
	for place, text := range map[string]string{"log": s.log.String(), "metrics": metrics.String(), "Kafka": dead.String()} {
		for _, tok := range []string{good, forged, sfuSecret} {
			for _, part := range strings.Split(tok, ".")[:1] {
				require.NotContains(t, text, part, place)
			}
			require.NotContains(t, text, tok[len(tok)-12:], place)
		}
	}
}

func TestKeysAreExchangedWhileItRuns(t *testing.T) {
	s := secure(t, nil)
	good := batch(t, sample(1))
	old := s.token()
	require.Equal(t, 202, post(t, s.Collector, protobuf, good, bearer(old)...).status)
	s.write("secrets", "next fedcba9876543210fedcba9876543210")
	next := s.sign(jwt.SigningMethodHS256, []byte("fedcba9876543210fedcba9876543210"), "next", claims())
	require.Eventually(t, func() bool { return post(t, s.Collector, protobuf, good, bearer(next)...).status == 202 }, 5*time.Second, 10*time.Millisecond)
	require.Equal(t, 401, post(t, s.Collector, protobuf, good, bearer(old)...).status)
}
