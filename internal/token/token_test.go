package token

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Unix(1_750_000_000, 0)

const (
	secretA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	secretB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

type keys struct {
	rsa   *rsa.PrivateKey
	ec    *ecdsa.PrivateKey
	ed    ed25519.PrivateKey
	other *ecdsa.PrivateKey
}

var testKeys = func() (k keys) {
	k.rsa, _ = rsa.GenerateKey(rand.Reader, 2048)
	k.ec, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.other, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, k.ed, _ = ed25519.GenerateKey(rand.Reader)
	return k
}()

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwk writes a public key as RFC 7517 has it.
func jwk(t testing.TB, kid string, pub crypto.PublicKey, more ...string) map[string]string {
	m := map[string]string{"kid": kid}
	switch p := pub.(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", b64(p.N.Bytes()), b64(big.NewInt(int64(p.E)).Bytes())
	case *ecdsa.PublicKey:
		raw, err := p.Bytes()
		require.NoError(t, err)
		m["kty"], m["crv"], m["x"], m["y"] = "EC", "P-256", b64(raw[1:33]), b64(raw[33:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", b64(p)
	}
	for i := 0; i < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

func jwks(t testing.TB, set ...map[string]string) []byte {
	t.Helper()
	data, err := json.Marshal(map[string]any{"keys": set})
	require.NoError(t, err)
	return data
}

func claims(more ...any) jwt.MapClaims {
	c := jwt.MapClaims{"exp": now.Add(time.Hour).Unix(), "iss": "app", "aud": "earshot", "call_id": "demo"}
	for i := 0; i < len(more); i += 2 {
		if name, _ := more[i].(string); more[i+1] == nil {
			delete(c, name)
		} else {
			c[name] = more[i+1]
		}
	}
	return c
}

func sign(t testing.TB, method jwt.SigningMethod, key any, kid string, c jwt.Claims) string {
	t.Helper()
	tok := jwt.NewWithClaims(method, c)
	if kid != "" {
		tok.Header["kid"] = kid
	}
	raw, err := tok.SignedString(key)
	require.NoError(t, err)
	return raw
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, data, 0o600))
}

// fixture is a Verifier of all algorithms.
type fixture struct {
	*Verifier
	secrets, jwks string
	registry      *prometheus.Registry
}

func start(t testing.TB, change func(*Config)) *fixture {
	t.Helper()
	dir := t.TempDir()
	f := &fixture{secrets: filepath.Join(dir, "secrets"), jwks: filepath.Join(dir, "jwks.json"), registry: prometheus.NewRegistry()}
	write(t, f.secrets, []byte("# rotated in November\nnew "+secretA+"\n"+secretB+"\n"))
	write(t, f.jwks, jwks(t,
		jwk(t, "rsa", &testKeys.rsa.PublicKey, "use", "sig", "alg", "RS256"), jwk(t, "ec", &testKeys.ec.PublicKey),
		jwk(t, "ed", testKeys.ed.Public()), jwk(t, "enc", &testKeys.other.PublicKey, "use", "enc"),
		map[string]string{"kid": "oct", "kty": "oct", "k": b64([]byte(secretA))}, map[string]string{"kty": "later"}))
	cfg := DefaultConfig()
	cfg.SecretsFile, cfg.JWKSFile, cfg.Issuer, cfg.Audience = f.secrets, f.jwks, "app", []string{"earshot", "earshot-eu"}
	if change != nil {
		change(&cfg)
	}
	v, err := New(cfg, Dependencies{Registerer: f.registry, Poll: 5 * time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, v.Start(context.Background()))
	t.Cleanup(func() { require.NoError(t, v.Shutdown(context.Background())) })
	f.Verifier = v
	return f
}

func reasonOf(t testing.TB, err error) Reason {
	t.Helper()
	if err == nil {
		return "ok"
	}
	var e *Error
	require.True(t, errors.As(err, &e), "%v", err)
	require.NotEmpty(t, e.Detail)
	return e.Reason
}

func TestTokensThatAreBelieved(t *testing.T) {
	v := start(t, nil)
	for name, raw := range map[string]string{
		"HS256 by key id":            sign(t, jwt.SigningMethodHS256, []byte(secretA), "new", claims()),
		"HS256, the older secret":    sign(t, jwt.SigningMethodHS256, []byte(secretB), "", claims()),
		"HS256 without a key id":     sign(t, jwt.SigningMethodHS256, []byte(secretA), "", claims()),
		"HS256, id of a nameless":    sign(t, jwt.SigningMethodHS256, []byte(secretB), "whatever", claims()),
		"RS256":                      sign(t, jwt.SigningMethodRS256, testKeys.rsa, "rsa", claims()),
		"ES256":                      sign(t, jwt.SigningMethodES256, testKeys.ec, "ec", claims()),
		"EdDSA":                      sign(t, jwt.SigningMethodEdDSA, testKeys.ed, "ed", claims()),
		"EdDSA without a key id":     sign(t, jwt.SigningMethodEdDSA, testKeys.ed, "", claims()),
		"one of several audiences":   sign(t, jwt.SigningMethodES256, testKeys.ec, "ec", claims("aud", []string{"x", "earshot-eu"})),
		"expired, but in the leeway": sign(t, jwt.SigningMethodES256, testKeys.ec, "ec", claims("exp", now.Add(-20*time.Second).Unix())),
		"not yet, but in the leeway": sign(t, jwt.SigningMethodES256, testKeys.ec, "ec", claims("nbf", now.Add(20*time.Second).Unix())),
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // the second time it is remembered
				c, err := v.Verify(t.Context(), raw, now)
				require.NoError(t, err)
				call, err := c.Text("call_id")
				require.NoError(t, err)
				require.Equal(t, "demo", call)
				none, err := c.Text("client_id")
				require.NoError(t, err)
				require.Empty(t, none)
				_, err = c.Text("exp")
				require.Equal(t, Claim, reasonOf(t, err))
			}
		})
	}
	require.Equal(t, 22.0, testutil.ToFloat64(v.metrics.checks.WithLabelValues("ok")))
	require.Equal(t, 11.0, testutil.ToFloat64(v.metrics.cached))
}

// raw makes a token of whatever header and claims, with a signature of one's own.
func raw(header, claims string, sig []byte) string {
	return b64([]byte(header)) + "." + b64([]byte(claims)) + "." + b64(sig)
}

func TestTokensThatAreNotBelieved(t *testing.T) {
	v := start(t, nil)
	good := sign(t, jwt.SigningMethodES256, testKeys.ec, "ec", claims())
	parts := strings.Split(good, ".")
	ec := func(more ...any) string { return sign(t, jwt.SigningMethodES256, testKeys.ec, "ec", claims(more...)) }
	body, err := json.Marshal(claims())
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(&testKeys.rsa.PublicKey)
	require.NoError(t, err)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	critical := jwt.NewWithClaims(jwt.SigningMethodES256, claims())
	critical.Header["kid"], critical.Header["crit"] = "ec", []string{"b64"}
	withCrit, err := critical.SignedString(testKeys.ec)
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		raw  string
		want Reason
	}{
		"empty":                           {"", Malformed},
		"garbage":                         {"garbage", Malformed},
		"two parts":                       {parts[0] + "." + parts[1], Malformed},
		"four parts":                      {good + ".x", Malformed},
		"not base64":                      {"a!." + parts[1] + "." + parts[2], Malformed},
		"padded":                          {parts[0] + "." + parts[1] + "." + parts[2] + "==", Malformed},
		"header is no JSON":               {raw("{", string(body), nil), Malformed},
		"header is null":                  {raw("null", string(body), nil), Algorithm},
		"claims are no JSON":              {raw(`{"alg":"HS256"}`, "{", nil), Malformed},
		"claims are a list":               {raw(`{"alg":"HS256"}`, "[]", nil), Malformed},
		"claims nested deep":              {raw(`{"alg":"HS256"}`, strings.Repeat("[", 2000), nil), Malformed},
		"too long":                        {ec("x", strings.Repeat("x", 5000)), TooLong},
		"alg none":                        {raw(`{"alg":"none"}`, string(body), nil), Algorithm},
		"alg None":                        {raw(`{"alg":"None"}`, string(body), nil), Algorithm},
		"alg none, signed":                {raw(`{"alg":"none","kid":"ec"}`, string(body), []byte("x")), Algorithm},
		"no alg":                          {raw(`{"typ":"JWT"}`, string(body), nil), Algorithm},
		"alg is a number":                 {raw(`{"alg":256}`, string(body), nil), Algorithm},
		"alg of tomorrow":                 {raw(`{"alg":"ML-DSA-44"}`, string(body), nil), Algorithm},
		"HS512":                           {sign(t, jwt.SigningMethodHS512, []byte(secretA), "new", claims()), Algorithm},
		"PS256":                           {sign(t, jwt.SigningMethodPS256, testKeys.rsa, "rsa", claims()), Algorithm},
		"HS256 with the public key, PEM":  {sign(t, jwt.SigningMethodHS256, publicPEM, "rsa", claims()), Forged},
		"HS256 with the public key, DER":  {sign(t, jwt.SigningMethodHS256, der, "", claims()), Forged},
		"HS256 with a secret in the JWKS": {sign(t, jwt.SigningMethodHS256, []byte("cccccccccccccccccccccccccccccccc"), "oct", claims()), Forged},
		"HS256 with an empty secret":      {sign(t, jwt.SigningMethodHS256, []byte(""), "new", claims()), Forged},
		"the key id of another algorithm": {sign(t, jwt.SigningMethodES256, testKeys.ec, "rsa", claims()), UnknownKey},
		"unknown key id":                  {sign(t, jwt.SigningMethodES256, testKeys.ec, "who", claims()), UnknownKey},
		"key id is a path":                {sign(t, jwt.SigningMethodES256, testKeys.ec, "../../etc/passwd", claims()), UnknownKey},
		"a key for encryption":            {sign(t, jwt.SigningMethodES256, testKeys.other, "enc", claims()), UnknownKey},
		"another key":                     {sign(t, jwt.SigningMethodES256, testKeys.other, "ec", claims()), Forged},
		"another secret":                  {sign(t, jwt.SigningMethodHS256, []byte("x"+secretA), "new", claims()), Forged},
		"claims exchanged":                {parts[0] + "." + b64([]byte(`{"exp":9999999999}`)) + "." + parts[2], Forged},
		"no signature":                    {parts[0] + "." + parts[1] + ".", Forged},
		"critical header":                 {withCrit, Malformed},
		"expired":                         {ec("exp", now.Add(-31*time.Second).Unix()), Expired},
		"expired long ago":                {ec("exp", -5), Expired},
		"no expiry":                       {ec("exp", nil), NoExpiry},
		"expiry is null":                  {sign(t, jwt.SigningMethodHS256, []byte(secretA), "new", jwt.MapClaims{"exp": nil}), NoExpiry},
		"expiry is a text":                {ec("exp", "tomorrow"), NoExpiry},
		"not yet":                         {ec("nbf", now.Add(31*time.Second).Unix()), NotYet},
		"another audience":                {ec("aud", "billing"), Audience},
		"no audience":                     {ec("aud", nil), Audience},
		"audience is a number":            {ec("aud", 7), Audience},
		"another issuer":                  {ec("iss", "evil"), Issuer},
		"no issuer":                       {ec("iss", nil), Issuer},
		"a key that the token brings along": {func() string {
			tok := jwt.NewWithClaims(jwt.SigningMethodES256, claims())
			tok.Header["jwk"], tok.Header["kid"] = jwk(t, "mine", &testKeys.other.PublicKey), "ec"
			raw, err := tok.SignedString(testKeys.other)
			require.NoError(t, err)
			return raw
		}(), Forged},
	} {
		t.Run(name, func(t *testing.T) {
			before := testutil.ToFloat64(v.metrics.checks.WithLabelValues(string(tc.want)))
			_, err := v.Verify(t.Context(), tc.raw, now)
			require.Equal(t, tc.want, reasonOf(t, err), "%v", err)
			require.Equal(t, before+1, testutil.ToFloat64(v.metrics.checks.WithLabelValues(string(tc.want))))
			require.Contains(t, Reasons(), tc.want)
			if len(tc.raw) > 20 {
				require.NotContains(t, err.Error(), tc.raw[:20], "nothing of the token is told")
			}
		})
	}
	_, err = v.Verify(t.Context(), good, now)
	require.NoError(t, err)
}

func TestATokenThatIsRememberedStillExpires(t *testing.T) {
	v := start(t, nil)
	raw := sign(t, jwt.SigningMethodES256, testKeys.ec, "ec", claims())
	c, err := v.Verify(t.Context(), raw, now)
	require.NoError(t, err)
	require.Equal(t, now.Add(time.Hour+30*time.Second), c.Expires)
	_, err = v.Verify(t.Context(), raw, now.Add(time.Hour+29*time.Second))
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), raw, now.Add(time.Hour+31*time.Second))
	require.Equal(t, Expired, reasonOf(t, err))
}

func TestOnlyAlgorithmsThatAreNamedAreTaken(t *testing.T) {
	v := start(t, func(c *Config) { c.Algorithms = []string{"EdDSA"} })
	_, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodEdDSA, testKeys.ed, "ed", claims()), now)
	require.NoError(t, err)
	for _, raw := range []string{
		sign(t, jwt.SigningMethodES256, testKeys.ec, "ec", claims()), sign(t, jwt.SigningMethodHS256, []byte(secretA), "", claims()),
	} {
		_, err = v.Verify(t.Context(), raw, now)
		require.Equal(t, Algorithm, reasonOf(t, err))
	}
}

func TestTokensThatLiveTooLong(t *testing.T) {
	v := start(t, func(c *Config) { c.MaxLifetime = 2 * time.Hour })
	for d, want := range map[time.Duration]Reason{time.Hour: "ok", 3 * time.Hour: NoExpiry} {
		_, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodEdDSA, testKeys.ed, "ed", claims("exp", now.Add(d).Unix())), now)
		require.Equal(t, want, reasonOf(t, err))
	}
}

func TestKeysAreRotatedWithoutARestart(t *testing.T) {
	v := start(t, nil)
	check := func(raw string) Reason {
		_, err := v.Verify(t.Context(), raw, now)
		return reasonOf(t, err)
	}
	old := sign(t, jwt.SigningMethodHS256, []byte(secretB), "", claims())
	next := sign(t, jwt.SigningMethodHS256, []byte("cccccccccccccccccccccccccccccccc"), "next", claims())
	require.Equal(t, Reason("ok"), check(old))
	require.Equal(t, Forged, check(next), "checked with the secret that has no id")
	write(t, v.secrets, []byte("next cccccccccccccccccccccccccccccccc\nnew "+secretA))
	require.Eventually(t, func() bool { return check(next) == "ok" }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, Forged, check(old), "what was remembered is forgotten")

	write(t, v.secrets, []byte("too short"))
	require.Eventually(t, func() bool {
		return testutil.ToFloat64(v.metrics.loads.WithLabelValues("secrets", "failed")) == 1
	}, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, Reason("ok"), check(next), "the last good secrets stay")

	other := sign(t, jwt.SigningMethodES256, testKeys.other, "ec2", claims())
	require.Equal(t, UnknownKey, check(other))
	write(t, v.jwks, jwks(t, jwk(t, "ec2", &testKeys.other.PublicKey)))
	require.Eventually(t, func() bool { return check(other) == "ok" }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, UnknownKey, check(sign(t, jwt.SigningMethodES256, testKeys.ec, "ec", claims())))
	require.Equal(t, 3.0, testutil.ToFloat64(v.metrics.keys))
}

func TestTheCacheIsBounded(t *testing.T) {
	v := start(t, func(c *Config) { c.Cache = 3 })
	for i := range 10 {
		_, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodHS256, []byte(secretA), "new", claims("n", i)), now)
		require.NoError(t, err)
	}
	require.Len(t, v.cache.entries, 3)
	require.Equal(t, 3, v.cache.order.Len())
	v = start(t, func(c *Config) { c.Cache = 0 })
	_, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodHS256, []byte(secretA), "new", claims()), now)
	require.NoError(t, err)
	require.Empty(t, v.cache.entries)
}
