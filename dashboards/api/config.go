package api

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/earshot-rtc/earshot/internal/token"
)

// AuthConfig says who may ask, and for whose calls. Without tokens and without jwt anybody who reaches the port may, which is
// allowed on a loopback address only.
type AuthConfig struct {
	// Tokens are secrets that programs send as "Authorization: Bearer SECRET".
	Tokens []TokenConfig `yaml:"tokens"`
	// JWT are JSON Web Tokens, sent the same way. A token has to carry a claim "tenant", whose calls it shows; audience must be
	// set, or the tokens of probes would open the API too.
	JWT token.Config `yaml:"jwt"`
	// Tenant whose calls everybody sees where there are neither tokens nor jwt. Default: the calls that have no tenant.
	Tenant string `yaml:"tenant"`
}

// TokenConfig is one secret. The configuration holds its digest only.
type TokenConfig struct {
	// Name says whose token it is, for the log and for you.
	Name string `yaml:"name"`
	// Tenant whose calls the token shows; empty: the calls that have no tenant.
	Tenant string `yaml:"tenant"`
	// SHA256 is the digest of the secret in 64 hex digits, as `printf %s SECRET | sha256sum` prints it.
	SHA256 string `yaml:"sha256"`
}

// DefaultAuthConfig lets anybody ask.
func DefaultAuthConfig() AuthConfig { return AuthConfig{JWT: token.DefaultConfig()} }

// open tells whether anybody may ask.
func (c *AuthConfig) open() bool { return len(c.Tokens) == 0 && !c.JWT.Configured() }

// Validate checks the configuration for a service that listens at an address; errors name the key below prefix, such as
// "console.auth".
func (c *AuthConfig) Validate(prefix, listen string) error {
	if c.open() && !loopback(listen) {
		return fmt.Errorf("%s: %s can be reached from elsewhere, and nobody is asked for a token; "+
			"name tokens or jwt, or listen on 127.0.0.1", prefix, listen)
	}
	if !c.open() && c.Tenant != "" {
		return fmt.Errorf("%s.tenant: %q is only for use without tokens and jwt, which say the tenant themselves; remove it", prefix, c.Tenant)
	}
	if c.JWT.Configured() {
		if err := c.JWT.Validate(); err != nil {
			return fmt.Errorf("%s.jwt: %w", prefix, err)
		}
		if len(c.JWT.Audience) == 0 {
			return fmt.Errorf("%s.jwt.audience is empty, so that the tokens of probes would open the API too; name one", prefix)
		}
	}
	names, digests := map[string]bool{}, map[string]string{}
	for i, t := range c.Tokens {
		key := fmt.Sprintf("%s.tokens[%d]", prefix, i)
		if t.Name == "" {
			return fmt.Errorf("%s.name is empty; say whose token it is", key)
		}
		if names[t.Name] {
			return fmt.Errorf("%s.name: %q names two tokens; give each its own name", key, t.Name)
		}
		names[t.Name] = true
		if _, err := t.digest(); err != nil {
			return fmt.Errorf("%s.sha256 of %q: %w", key, t.Name, err)
		}
		if other, twice := digests[strings.ToLower(t.SHA256)]; twice {
			return fmt.Errorf("%s.sha256: %q and %q have the same secret; give each its own", key, other, t.Name)
		}
		digests[strings.ToLower(t.SHA256)] = t.Name
	}
	return nil
}

var errDigest = errors.New("it is not the 64 hex digits that `printf %s SECRET | sha256sum` prints")

func (t TokenConfig) digest() (out [32]byte, err error) {
	raw, err := hex.DecodeString(t.SHA256)
	if err != nil || len(raw) != len(out) {
		return out, errDigest
	}
	copy(out[:], raw)
	return out, nil
}

// loopback tells whether an address host:port can be reached from this machine only.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}
