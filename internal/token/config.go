package token

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"
)

// Config says which tokens are believed.
type Config struct {
	// SecretsFile names a file with the shared secrets of HS256, one a line: the secret alone, or a key id, a space and the
	// secret; 32 bytes or more each. Lines that begin with # are skipped. The file is read again when it changes: to rotate,
	// add the new secret, sign with it, and take the old one out when its last token has expired.
	SecretsFile string `yaml:"secrets_file"`
	// JWKSFile names a file with the public keys of RS256, ES256 and EdDSA as a JSON Web Key Set. It is read again when it
	// changes.
	JWKSFile string `yaml:"jwks_file"`
	// JWKSURL is where such a set is fetched from: https, or http on this machine.
	JWKSURL string `yaml:"jwks_url"`
	// JWKSRefresh is how often it is fetched. When that fails, the last keys stay in use.
	JWKSRefresh time.Duration `yaml:"jwks_refresh"`
	// JWKSMinRefresh is how often it is fetched at most: a token of an unknown key has it fetched sooner.
	JWKSMinRefresh time.Duration `yaml:"jwks_min_refresh"`
	// JWKSTimeout bounds one fetch.
	JWKSTimeout time.Duration `yaml:"jwks_timeout"`
	// Algorithms that may sign: HS256, RS256, ES256, EdDSA. Empty: those that keys are configured for.
	Algorithms []string `yaml:"algorithms"`
	// Issuer is what a token must give as iss. Empty: anything.
	Issuer string `yaml:"issuer"`
	// Audience lists what a token may be meant for: one of these must be in its aud. Empty: anything.
	Audience []string `yaml:"audience"`
	// Leeway allows for clocks that differ, at exp and at nbf.
	Leeway time.Duration `yaml:"leeway"`
	// MaxLifetime is how far ahead exp may lie. 0: any time.
	MaxLifetime time.Duration `yaml:"max_lifetime"`
	// MaxBytes bounds the length of a token.
	MaxBytes int `yaml:"max_bytes"`
	// Cache is how many verified tokens are remembered, since probes show theirs again and again. 0: none.
	Cache int `yaml:"cache"`
}

// DefaultConfig has no keys yet.
func DefaultConfig() Config {
	return Config{
		JWKSRefresh: 10 * time.Minute, JWKSMinRefresh: 30 * time.Second, JWKSTimeout: 5 * time.Second,
		Leeway: 30 * time.Second, MaxBytes: 4096, Cache: 10_000,
	}
}

// The algorithms there are.
const (
	hs256 = "HS256"
	rs256 = "RS256"
	es256 = "ES256"
	eddsa = "EdDSA"
)

// Configured says whether there are keys at all.
func (c *Config) Configured() bool {
	return c.SecretsFile != "" || c.JWKSFile != "" || c.JWKSURL != ""
}

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	switch {
	case c.JWKSFile != "" && c.JWKSURL != "":
		return errors.New("jwks_file and jwks_url are both set; keep one")
	case c.JWKSRefresh <= 0 || c.JWKSMinRefresh <= 0 || c.JWKSTimeout <= 0:
		return errors.New("jwks_refresh, jwks_min_refresh and jwks_timeout must be more than 0")
	case c.Leeway < 0 || c.Leeway > time.Hour:
		return errors.New("leeway must lie between 0 and 1h")
	case c.MaxLifetime < 0:
		return errors.New("max_lifetime must not be negative")
	case c.MaxBytes <= 0 || c.MaxBytes > 12<<10:
		return errors.New("max_bytes must lie between 1 and 12288")
	case c.Cache < 0:
		return errors.New("cache must not be negative")
	}
	if c.JWKSURL != "" {
		if err := checkURL(c.JWKSURL); err != nil {
			return fmt.Errorf("jwks_url: %w", err)
		}
	}
	for _, a := range c.Algorithms {
		switch {
		case !slices.Contains([]string{hs256, rs256, es256, eddsa}, a):
			return fmt.Errorf("algorithms: %q is not taken; use HS256, RS256, ES256 or EdDSA", a)
		case a == hs256 && c.SecretsFile == "":
			return errors.New("algorithms: HS256 needs secrets_file")
		case a != hs256 && c.JWKSFile == "" && c.JWKSURL == "":
			return fmt.Errorf("algorithms: %s needs jwks_file or jwks_url", a)
		}
	}
	return nil
}

func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%q is not of the form https://host/path", raw)
	}
	if u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()) {
		return nil
	}
	return errors.New("use https: whoever can change the keys on their way lets in whom they like")
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// algorithms are those that may sign.
func (c *Config) algorithms() []string {
	if len(c.Algorithms) > 0 {
		return c.Algorithms
	}
	var out []string
	if c.SecretsFile != "" {
		out = append(out, hs256)
	}
	if c.JWKSFile != "" || c.JWKSURL != "" {
		out = append(out, rs256, es256, eddsa)
	}
	return out
}
