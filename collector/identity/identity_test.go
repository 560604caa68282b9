package identity

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/internal/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	now  = time.Unix(1_750_000_000, 0)
	from = netip.MustParseAddr("192.0.2.1")
)

const (
	secret = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	fixed  = "a fixed token of an SFU"
	filed  = "another fixed token, in a file"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func config(t testing.TB) Config {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secrets"), secret)
	write(t, filepath.Join(dir, "token"), filed+"\n")
	cfg := DefaultConfig()
	cfg.Mode, cfg.Tokens.SecretsFile = Required, filepath.Join(dir, "secrets")
	sum := sha256.Sum256([]byte(fixed))
	cfg.SFUTokens = []SFUToken{
		{Name: "fixed", SHA256: strings.ToUpper(hex.EncodeToString(sum[:])), Tenant: "acme", SFUIDs: []string{"fra", "lon"}},
		{Name: "filed", File: filepath.Join(dir, "token")},
	}
	cfg.SFUCertificates = []SFUCertificate{
		{Match: "fra.sfu.example", Tenant: "acme", SFUIDs: []string{"fra"}},
		{Match: "*.edge.example"}, {Match: "spiffe://example/sfu", SFUIDs: []string{"mesh"}}, {Match: "old-sfu"},
	}
	return cfg
}

func start(t testing.TB, cfg Config) *Authenticator {
	t.Helper()
	a, err := New(cfg, Dependencies{Registerer: prometheus.NewRegistry(), Poll: 5 * time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	t.Cleanup(func() {
		require.NoError(t, a.Shutdown(context.Background()))
		require.NoError(t, a.Shutdown(context.Background()))
	})
	return a
}

func sign(t testing.TB, c jwt.MapClaims) Credential {
	t.Helper()
	if c["exp"] == nil {
		c["exp"] = now.Add(time.Hour).Unix()
	}
	raw, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(secret))
	require.NoError(t, err)
	return Credential{raw}
}

func TestWhoIsCalling(t *testing.T) {
	a := start(t, config(t))
	until := now.Add(time.Hour + 30*time.Second)
	long := strings.Repeat("x", 129)
	for name, tc := range map[string]struct {
		shown  Credential
		want   Caller
		status int
		reason string
	}{
		"a participant": {
			sign(t, jwt.MapClaims{"call_id": "demo", "client_id": "ana", "user_id": "u1", "tenant": "acme"}),
			Caller{Kind: Client, CallID: "demo", ClientID: "ana", UserID: "u1", Tenant: "acme", Expires: until}, 0, ""},
		"the application":     {sign(t, jwt.MapClaims{"tenant": "acme"}), Caller{Kind: Client, Tenant: "acme", Expires: until}, 0, ""},
		"an SFU":              {sign(t, jwt.MapClaims{"sfu_id": "fra", "tenant": "acme"}), Caller{Kind: SFU, SFUID: "fra", Tenant: "acme", Expires: until}, 0, ""},
		"a fixed token":       {Credential{fixed}, Caller{Kind: SFU, Name: "fixed", Tenant: "acme", SFUIDs: []string{"fra", "lon"}}, 0, ""},
		"a token from a file": {Credential{filed}, Caller{Kind: SFU, Name: "filed"}, 0, ""},
		"nothing":             {Credential{}, Caller{}, 401, NoCredentials},
		"garbage":             {Credential{"garbage"}, Caller{}, 401, string(token.Malformed)},
		"almost a fixed one":  {Credential{fixed + " "}, Caller{}, 401, string(token.Malformed)},
		"expired":             {sign(t, jwt.MapClaims{"exp": now.Add(-time.Hour).Unix()}), Caller{}, 401, string(token.Expired)},
		"call is a number":    {sign(t, jwt.MapClaims{"call_id": 7}), Caller{}, 401, string(token.Claim)},
		"call is empty":       {sign(t, jwt.MapClaims{"call_id": ""}), Caller{}, 401, string(token.Claim)},
		"call is too long":    {sign(t, jwt.MapClaims{"call_id": long}), Caller{}, 401, string(token.Claim)},
		"an SFU and a client": {sign(t, jwt.MapClaims{"sfu_id": "fra", "client_id": "ana"}), Caller{}, 401, string(token.Claim)},
		"an SFU of one call":  {sign(t, jwt.MapClaims{"sfu_id": "fra", "call_id": "demo"}), Caller{}, 401, string(token.Claim)},
	} {
		t.Run(name, func(t *testing.T) {
			caller, refused := a.Identify(t.Context(), tc.shown, nil, from, now)
			if tc.reason != "" {
				require.NotNil(t, refused)
				require.Equal(t, tc.status, refused.Status)
				require.Equal(t, tc.reason, refused.Reason)
				require.Contains(t, refused.Challenge(), `Bearer realm="earshot"`)
				require.Equal(t, tc.reason != NoCredentials, strings.Contains(refused.Challenge(), "invalid_token"))
				return
			}
			require.Nil(t, refused)
			tc.want.Address = from
			require.Equal(t, tc.want.Expires.Unix(), caller.Expires.Unix())
			caller.Expires = tc.want.Expires
			require.Equal(t, tc.want, caller)
		})
	}
}

func TestClaimsMayHaveOtherNames(t *testing.T) {
	cfg := config(t)
	cfg.Claims = Claims{CallID: "room", ClientID: "sub", UserID: "uid", Tenant: "https://app.example/org", SFUID: "sfu"}
	a := start(t, cfg)
	caller, refused := a.Identify(t.Context(), sign(t, jwt.MapClaims{
		"room": "demo", "sub": "ana", "https://app.example/org": "acme", "call_id": "ignored",
	}), nil, from, now)
	require.Nil(t, refused)
	require.Equal(t, []string{"demo", "ana", "acme"}, []string{caller.CallID, caller.ClientID, caller.Tenant})
}

func TestWithoutAuthenticationAnybodyIsAnybody(t *testing.T) {
	a := start(t, DefaultConfig())
	require.False(t, a.Required())
	caller, refused := a.Identify(t.Context(), Credential{"whatever"}, nil, from, now)
	require.Nil(t, refused)
	require.Equal(t, Caller{Address: from}, caller)
}

func TestCertificatesOfSFUs(t *testing.T) {
	a := start(t, config(t))
	uri, err := url.Parse("spiffe://example/sfu")
	require.NoError(t, err)
	expires := now.Add(time.Hour)
	for name, tc := range map[string]struct {
		cert *x509.Certificate
		want *Caller
	}{
		"by DNS name":           {&x509.Certificate{DNSNames: []string{"x", "FRA.sfu.example"}}, &Caller{Name: "FRA.sfu.example", Tenant: "acme", SFUIDs: []string{"fra"}}},
		"by wildcard":           {&x509.Certificate{DNSNames: []string{"a.edge.example"}}, &Caller{Name: "a.edge.example"}},
		"wildcard, two labels":  {&x509.Certificate{DNSNames: []string{"a.b.edge.example"}}, nil},
		"wildcard, no label":    {&x509.Certificate{DNSNames: []string{"edge.example", ".edge.example"}}, nil},
		"by URI":                {&x509.Certificate{URIs: []*url.URL{uri}}, &Caller{Name: "spiffe://example/sfu", SFUIDs: []string{"mesh"}}},
		"by common name":        {&x509.Certificate{Subject: pkix.Name{CommonName: "old-sfu"}}, &Caller{Name: "old-sfu"}},
		"common name, with SAN": {&x509.Certificate{Subject: pkix.Name{CommonName: "old-sfu"}, DNSNames: []string{"x"}}, nil},
		"nobody's":              {&x509.Certificate{DNSNames: []string{"evil.example"}}, nil},
		"nameless":              {&x509.Certificate{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			tc.cert.NotAfter = expires
			state := &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{tc.cert}}}
			caller, refused := a.Identify(t.Context(), Credential{}, state, from, now)
			if tc.want == nil {
				require.Equal(t, http.StatusForbidden, refused.Status)
				require.Equal(t, UnknownCertificate, refused.Reason)
				require.Empty(t, refused.Challenge())
				return
			}
			require.Nil(t, refused)
			tc.want.Kind, tc.want.Address, tc.want.Expires = SFU, from, expires
			require.Equal(t, *tc.want, caller)
			_, refused = a.Identify(t.Context(), Credential{"bad"}, state, from, now)
			require.NotNil(t, refused, "a token that is shown has to be good")
			_, refused = a.Identify(t.Context(), Credential{}, state, from, expires.Add(time.Second))
			require.NotNil(t, refused, "a connection outlives a certificate")
		})
	}
	_, refused := a.Identify(t.Context(), Credential{}, &tls.ConnectionState{}, from, now)
	require.Equal(t, NoCredentials, refused.Reason)
}

func TestAFixedTokenIsExchangedWithoutARestart(t *testing.T) {
	cfg := config(t)
	a := start(t, cfg)
	in := func(tok string) bool {
		_, refused := a.Identify(t.Context(), Credential{tok}, nil, from, now)
		return refused == nil
	}
	require.True(t, in(filed))
	write(t, cfg.SFUTokens[1].File, "the next token of this SFU")
	require.Eventually(t, func() bool { return in("the next token of this SFU") }, 5*time.Second, 5*time.Millisecond)
	require.False(t, in(filed))
	write(t, cfg.SFUTokens[1].File, "short")
	time.Sleep(50 * time.Millisecond)
	require.True(t, in("the next token of this SFU"))
	require.False(t, in("short"))
}

func TestKeysThatCannotBeReadFailTheStart(t *testing.T) {
	cfg := config(t)
	write(t, cfg.SFUTokens[1].File, "short")
	a, err := New(cfg, Dependencies{})
	require.NoError(t, err)
	require.ErrorContains(t, a.Start(t.Context()), "the token has 5 bytes, at least 20 are needed")
	require.NoError(t, os.Remove(cfg.SFUTokens[1].File))
	a, err = New(cfg, Dependencies{})
	require.NoError(t, err)
	require.ErrorIs(t, a.Start(t.Context()), os.ErrNotExist)
}

func TestWhereARequestComesFrom(t *testing.T) {
	for name, tc := range map[string]struct {
		trusted   []string
		remote    string
		forwarded []string
		want      string
	}{
		"directly":                       {nil, "192.0.2.1:99", nil, "192.0.2.1"},
		"nobody is trusted":              {nil, "192.0.2.1:99", []string{"203.0.113.9"}, "192.0.2.1"},
		"not a proxy":                    {[]string{"10.0.0.0/8"}, "192.0.2.1:99", []string{"203.0.113.9"}, "192.0.2.1"},
		"a proxy":                        {[]string{"10.0.0.0/8"}, "10.1.2.3:99", []string{"203.0.113.9"}, "203.0.113.9"},
		"a proxy by address":             {[]string{"10.1.2.3"}, "10.1.2.3:99", []string{"203.0.113.9"}, "203.0.113.9"},
		"a proxy that says nothing":      {[]string{"10.0.0.0/8"}, "10.1.2.3:99", nil, "10.1.2.3"},
		"two proxies":                    {[]string{"10.0.0.0/8"}, "10.1.2.3:99", []string{"203.0.113.9, 10.9.9.9"}, "203.0.113.9"},
		"two headers":                    {[]string{"10.0.0.0/8"}, "10.1.2.3:99", []string{"1.1.1.1", "203.0.113.9"}, "203.0.113.9"},
		"what the browser made up":       {[]string{"10.0.0.0/8"}, "10.1.2.3:99", []string{"10.0.0.1, 127.0.0.1, 203.0.113.9"}, "203.0.113.9"},
		"garbage before":                 {[]string{"10.0.0.0/8"}, "10.1.2.3:99", []string{"<script>, 203.0.113.9"}, "203.0.113.9"},
		"garbage":                        {[]string{"10.0.0.0/8"}, "10.1.2.3:99", []string{"unknown"}, "10.1.2.3"},
		"with a port":                    {[]string{"10.0.0.0/8"}, "10.1.2.3:99", []string{"203.0.113.9:1234"}, "203.0.113.9"},
		"IPv6":                           {[]string{"fd00::/8"}, "[fd00::1]:99", []string{"2001:db8::7"}, "2001:db8::7"},
		"IPv6 in brackets, with a port":  {[]string{"fd00::/8"}, "[fd00::1]:99", []string{"[2001:db8::7]:80"}, "2001:db8::7"},
		"IPv4 in IPv6":                   {[]string{"10.0.0.0/8"}, "[::ffff:10.1.2.3]:99", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		"all are proxies":                {[]string{"10.0.0.0/8"}, "10.1.2.3:99", []string{"10.0.0.7"}, "10.0.0.7"},
		"a connection without a address": {nil, "@", nil, "invalid IP"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := newProxies(tc.trusted)
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr, r.Header["X-Forwarded-For"] = tc.remote, tc.forwarded
			require.Equal(t, tc.want, p.address(r).String())
		})
	}
}

func TestConfigNamesTheKey(t *testing.T) {
	for want, spoil := range map[string]func(*Config){
		`auth.mode: "" is neither`:                              func(c *Config) { c.Mode = "" },
		"auth.mode is required, but nobody could get in":        func(c *Config) { *c = DefaultConfig(); c.Mode = Required },
		"auth.mode is none, but auth.trusted_proxies":           func(c *Config) { c.Mode, c.TrustedProxies = None, []string{"10.0.0.0/8"} },
		"auth.tokens.leeway":                                    func(c *Config) { c.Tokens.Leeway = -1 },
		"auth.claims.tenant is empty":                           func(c *Config) { c.Claims.Tenant = "" },
		"auth.sfu_tokens[0]: set either":                        func(c *Config) { c.SFUTokens[0].File = "x" },
		"auth.sfu_tokens[1]: set either":                        func(c *Config) { c.SFUTokens[1].File = "" },
		"auth.sfu_tokens[0]: name is empty":                     func(c *Config) { c.SFUTokens[0].Name = "" },
		"auth.sfu_tokens[0]: sha256 is not 64":                  func(c *Config) { c.SFUTokens[0].SHA256 = "abc" },
		"auth.sfu_certificates[0].match":                        func(c *Config) { c.SFUCertificates[0].Match = "*" },
		`auth.trusted_proxies[0]: "proxy" is not`:               func(c *Config) { c.TrustedProxies = []string{"proxy"} },
		`auth.trusted_proxies[0]: "0.0.0.0/0" trusts everybody`: func(c *Config) { c.TrustedProxies = []string{"0.0.0.0/0"} },
	} {
		t.Run(want, func(t *testing.T) {
			cfg := config(t)
			require.NoError(t, cfg.Validate())
			spoil(&cfg)
			_, err := New(cfg, Dependencies{})
			require.ErrorContains(t, err, want)
		})
	}
}

func TestWhoseSourceACallerIs(t *testing.T) {
	require.Equal(t, "anybody client sfu", Anybody.String()+" "+Client.String()+" "+SFU.String())
	for want, c := range map[string]Caller{
		"fra": {SFUID: "fra", Name: "n"}, "ana": {ClientID: "ana", UserID: "u"}, "u": {UserID: "u"}, "n": {Name: "n"}, "": {CallID: "demo"},
	} {
		require.Equal(t, want, c.Source())
	}
}

func BenchmarkIdentify(b *testing.B) {
	a := start(b, config(b))
	for name, c := range map[string]Credential{"JWT": sign(b, jwt.MapClaims{"call_id": "demo", "client_id": "ana", "tenant": "acme"}), "fixed": {fixed}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, refused := a.Identify(b.Context(), c, nil, from, now); refused != nil {
					b.Fatal(refused)
				}
			}
		})
	}
}
