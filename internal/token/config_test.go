package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConfigNamesTheKey(t *testing.T) {
	for want, spoil := range map[string]func(*Config){
		"jwks_file and jwks_url are both set":   func(c *Config) { c.JWKSFile, c.JWKSURL = "a", "https://b/c" },
		"jwks_refresh, jwks_min_refresh":        func(c *Config) { c.JWKSTimeout = 0 },
		"leeway must lie":                       func(c *Config) { c.Leeway = -time.Second },
		"max_lifetime":                          func(c *Config) { c.MaxLifetime = -1 },
		"max_bytes":                             func(c *Config) { c.MaxBytes = 0 },
		"cache must not":                        func(c *Config) { c.Cache = -1 },
		"jwks_url: use https":                   func(c *Config) { c.JWKSURL = "http://keys.example/jwks" },
		`jwks_url: "keys" is not`:               func(c *Config) { c.JWKSURL = "keys" },
		`algorithms: "none" is not taken`:       func(c *Config) { c.Algorithms = []string{"none"} },
		"algorithms: HS256 needs secrets_file":  func(c *Config) { c.Algorithms = []string{"HS256"} },
		"algorithms: EdDSA needs jwks_file or ": func(c *Config) { c.Algorithms = []string{"EdDSA"} },
	} {
		t.Run(want, func(t *testing.T) {
			cfg := DefaultConfig()
			require.NoError(t, cfg.Validate())
			require.False(t, cfg.Configured())
			spoil(&cfg)
			_, err := New(cfg, Dependencies{})
			require.ErrorContains(t, err, want)
		})
	}
	cfg := DefaultConfig()
	cfg.JWKSURL = "http://127.0.0.1:8080/jwks"
	require.NoError(t, cfg.Validate(), "this machine is trusted")
}

func TestFilesThatCannotBeReadFailTheStart(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	p384 := jwk(t, "x", &testKeys.ec.PublicKey)
	raw, err := curve.PublicKey.Bytes()
	require.NoError(t, err)
	p384["crv"], p384["x"], p384["y"] = "P-384", b64(raw[1:49]), b64(raw[49:])
	many := strings.Repeat(secretA+"\n", 65)
	for name, tc := range map[string]struct{ secrets, jwks, want string }{
		"no secret":         {"# none\n", "", "no secret in it"},
		"a short secret":    {"id short\n", "", "line 1: a secret has 5 bytes, at least 32 are needed"},
		"three words":       {"a b c\n", "", "line 1: write a secret"},
		"too many":          {many, "", "65 keys, at most 64"},
		"no JSON":           {"", "<html>", "not a JSON Web Key Set"},
		"no key":            {"", `{"keys":[]}`, "no key for RS256"},
		"shared secret":     {"", `{"keys":[{"kty":"oct","k":"` + b64([]byte(secretA)) + `"}]}`, "a key that cannot be read"},
		"weak RSA":          {"", string(jwks(t, jwk(t, "x", &weak.PublicKey))), "an RSA key of 1024 bits"},
		"another curve":     {"", string(jwks(t, p384)), "another curve than P-256"},
		"another algorithm": {"", string(jwks(t, jwk(t, "x", &testKeys.rsa.PublicKey, "alg", "PS256"))), "a key for PS256"},
		"for encryption":    {"", string(jwks(t, jwk(t, "x", &testKeys.rsa.PublicKey, "use", "enc"))), "not for signing"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys")
			cfg := DefaultConfig()
			if tc.secrets != "" {
				cfg.SecretsFile = path
			} else {
				cfg.JWKSFile = path
			}
			v, err := New(cfg, Dependencies{})
			require.NoError(t, err)
			require.ErrorIs(t, v.Start(t.Context()), os.ErrNotExist)
			write(t, path, []byte(tc.secrets+tc.jwks))
			err = v.Start(t.Context())
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, err, path)
			require.NoError(t, v.Shutdown(t.Context()))
		})
	}
}
