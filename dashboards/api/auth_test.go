package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

const jwtSecret = "0123456789abcdef0123456789abcdef"

// signed makes a JWT, HS256.
func signed(t *testing.T, secret string, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		data, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	text := part(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func withJWT(t *testing.T) AuthConfig {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secrets")
	require.NoError(t, os.WriteFile(file, []byte(jwtSecret+"\n"), 0o600))
	cfg := DefaultAuthConfig()
	cfg.JWT.SecretsFile, cfg.JWT.Audience = file, []string{"earshot-query"}
	return cfg
}

func TestAJWTShowsTheCallsOfItsTenant(t *testing.T) {
	reg := prometheus.NewRegistry()
	a, err := New(withJWT(t), Dependencies{Query: query.New(openStore(t)), Registerer: reg})
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	defer func() { require.NoError(t, a.Shutdown(t.Context())) }()
	later := time.Now().Add(time.Hour).Unix()
	good := map[string]any{"aud": "earshot-query", "exp": later, "tenant": "blue"}
	without := func(name string, value any) map[string]any {
		c := map[string]any{}
		for k, v := range good {
			c[k] = v
		}
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return c
	}
	for name, c := range map[string]struct {
		token  string
		status int
	}{
		"good":             {signed(t, jwtSecret, good), 200},
		"another tenant":   {signed(t, jwtSecret, without("tenant", "acme")), 200},
		"forged":           {signed(t, strings.Repeat("x", 32), good), 401},
		"expired":          {signed(t, jwtSecret, without("exp", time.Now().Add(-time.Hour).Unix())), 401},
		"of a probe":       {signed(t, jwtSecret, without("aud", "earshot-collector")), 401},
		"without a tenant": {signed(t, jwtSecret, without("tenant", nil)), 403},
		"no text":          {signed(t, jwtSecret, without("tenant", 7)), 401},
		"no JWT":           {"secret", 401},
	} {
		t.Run(name, func(t *testing.T) {
			w := get(a, "/api/v1/calls", "Authorization", "Bearer "+c.token)
			require.Equal(t, c.status, w.Code, w.Body.String())
			require.Equal(t, name == "good", strings.Contains(w.Body.String(), "only-blue"))
			if c.status != 200 {
				require.NotContains(t, problemOf(t, w).Detail, c.token)
			}
			if c.status == 401 {
				require.Equal(t, `Bearer realm="earshot", error="invalid_token"`, w.Header().Get("WWW-Authenticate"))
			}
		})
	}
	require.InDelta(t, 1, testutil.ToFloat64(a.metrics.refused.WithLabelValues("token_expired")), 0)
	require.InDelta(t, 1, testutil.ToFloat64(a.metrics.refused.WithLabelValues("no_tenant")), 0)
}

func TestAHeaderThatIsNoBearerTokenIsRefused(t *testing.T) {
	h := serve(t, twoTenants(), query.New(mute{}))
	for header, want := range map[string]string{
		"":                             "no token is given; send one as Authorization: Bearer TOKEN",
		"Basic YTpi":                   "the header is not of the form Authorization: Bearer TOKEN",
		"Bearer":                       "the header is not of the form Authorization: Bearer TOKEN",
		"Bearer wrong":                 "the token is not known here; ask whoever runs Earshot for one",
		"Bearer " + digest("secret"):   "the token is not known here; ask whoever runs Earshot for one",
		"secret of blue":               "the header is not of the form Authorization: Bearer TOKEN",
		"Bearer secret of blue, other": "the token is not known here; ask whoever runs Earshot for one",
	} {
		w := get(h, "/api/v1/calls", "Authorization", header)
		require.Equal(t, http.StatusUnauthorized, w.Code, header)
		require.Equal(t, want, problemOf(t, w).Detail)
	}
}

func TestTheConfigurationOfTokensIsCheckedWithTheKeyToMend(t *testing.T) {
	one := func(change func(*TokenConfig)) AuthConfig {
		c := twoTenants()
		change(&c.Tokens[1])
		return c
	}
	noAudience := withJWT(t)
	noAudience.JWT.Audience = nil
	for want, c := range map[string]struct {
		cfg    AuthConfig
		listen string
	}{
		"": {twoTenants(), "0.0.0.0:4488"},
		"auth: 0.0.0.0:4488 can be reached from elsewhere":                                          {AuthConfig{}, "0.0.0.0:4488"},
		"auth: :4488 can be reached from elsewhere":                                                 {AuthConfig{}, ":4488"},
		"auth: 10.0.0.1:4488 can be reached from elsewhere":                                         {AuthConfig{Tenant: "x"}, "10.0.0.1:4488"},
		`auth.tenant: "x" is only for use without tokens`:                                           {AuthConfig{Tenant: "x", Tokens: twoTenants().Tokens}, "[::1]:4488"},
		"auth.tokens[1].name is empty; say whose token it is":                                       {one(func(t *TokenConfig) { t.Name = "" }), ""},
		`auth.tokens[1].name: "acme's" names two tokens`:                                            {one(func(t *TokenConfig) { t.Name = "acme's" }), ""},
		"auth.tokens[1].sha256 of \"blue's\": it is not the 64 hex digits that `printf %s SECRET":   {one(func(t *TokenConfig) { t.SHA256 = "secret" }), ""},
		`auth.tokens[1].sha256: "acme's" and "blue's" have the same secret`:                         {one(func(t *TokenConfig) { t.SHA256 = strings.ToUpper(digest("secret of acme")) }), ""},
		"auth.jwt.audience is empty, so that the tokens of probes would open the API too; name one": {noAudience, ""},
	} {
		err := c.cfg.Validate("auth", c.listen)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
	for _, listen := range []string{"127.0.0.1:4488", "localhost:4488", "[::1]:0"} {
		require.NoError(t, (&AuthConfig{}).Validate("auth", listen), listen)
	}
}
