package identity

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/earshot-rtc/earshot/internal/token"
)

// Modes of authentication.
const (
	// None takes samples from anybody; for development, on loopback only.
	None = "none"
	// Required takes samples only with a token or a certificate.
	Required = "required"
)

// Config says who may send.
type Config struct {
	// Mode is "required" (samples come with a token or a client certificate) or "none" (from anybody, which is for
	// development: the collector must then listen on loopback).
	Mode string `yaml:"mode"`
	// Tokens says which JSON Web Tokens are believed.
	Tokens token.Config `yaml:"tokens"`
	// Claims says what the claims are called that tell who is calling.
	Claims Claims `yaml:"claims"`
	// SFUTokens are fixed tokens, for SFUs that have no way to get a JWT.
	SFUTokens []SFUToken `yaml:"sfu_tokens"`
	// SFUCertificates says which client certificates (of tls.client_ca_file) are which SFUs.
	SFUCertificates []SFUCertificate `yaml:"sfu_certificates"`
	// TrustedProxies lists the addresses of reverse proxies, as CIDR prefixes, whose X-Forwarded-For is believed.
	TrustedProxies []string `yaml:"trusted_proxies"`
}

// Claims are the names of claims. What a token claims wins over what a sample says; what it does not claim is left to the
// sample.
type Claims struct {
	// CallID tells which call a token is for.
	CallID string `yaml:"call_id"`
	// ClientID tells which of its participants.
	ClientID string `yaml:"client_id"`
	// UserID tells who that is.
	UserID string `yaml:"user_id"`
	// Tenant tells whose call it is.
	Tenant string `yaml:"tenant"`
	// SFUID makes a token that of an SFU.
	SFUID string `yaml:"sfu_id"`
}

// SFUToken is a fixed token.
type SFUToken struct {
	// Name tells it apart in metrics and logs.
	Name string `yaml:"name"`
	// SHA256 is the digest of the token in hexadecimal: printf %s "$TOKEN" | sha256sum. Leave it out where there is a file.
	SHA256 string `yaml:"sha256"`
	// File holds the token itself, and is read again when it changes.
	File string `yaml:"file"`
	// Tenant is whose calls the SFU carries.
	Tenant string `yaml:"tenant"`
	// SFUIDs are the SFUs that may send with it. Empty: any.
	SFUIDs []string `yaml:"sfu_ids"`
}

// SFUCertificate is a rule for client certificates.
type SFUCertificate struct {
	// Match is a DNS name or URI among the certificate's subject alternative names, or, where it has none, its common name.
	// "*." at the beginning stands for one label.
	Match string `yaml:"match"`
	// Tenant is whose calls the SFU carries.
	Tenant string `yaml:"tenant"`
	// SFUIDs are the SFUs that may send with it. Empty: any.
	SFUIDs []string `yaml:"sfu_ids"`
}

// DefaultConfig asks for nothing.
func DefaultConfig() Config {
	return Config{
		Mode: None, Tokens: token.DefaultConfig(),
		Claims: Claims{CallID: "call_id", ClientID: "client_id", UserID: "user_id", Tenant: "tenant", SFUID: "sfu_id"},
	}
}

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	if err := c.Tokens.Validate(); err != nil {
		return fmt.Errorf("auth.tokens.%w", err)
	}
	if c.Mode != None && c.Mode != Required {
		return fmt.Errorf("auth.mode: %q is neither none nor required", c.Mode)
	}
	if c.Mode == Required && !c.Tokens.Configured() && len(c.SFUTokens) == 0 && len(c.SFUCertificates) == 0 {
		return errors.New("auth.mode is required, but nobody could get in; " +
			"set auth.tokens.secrets_file, auth.tokens.jwks_file, auth.tokens.jwks_url, auth.sfu_tokens or auth.sfu_certificates")
	}
	if c.Mode == None && len(c.TrustedProxies) > 0 {
		return errors.New("auth.mode is none, but auth.trusted_proxies lets others than this machine in through a proxy; " +
			"set auth.mode to required")
	}
	for key, name := range map[string]string{
		"call_id": c.Claims.CallID, "client_id": c.Claims.ClientID, "user_id": c.Claims.UserID, "tenant": c.Claims.Tenant, "sfu_id": c.Claims.SFUID,
	} {
		if name == "" {
			return fmt.Errorf("auth.claims.%s is empty; name a claim", key)
		}
	}
	for i, t := range c.SFUTokens {
		if err := t.validate(); err != nil {
			return fmt.Errorf("auth.sfu_tokens[%d]: %w", i, err)
		}
	}
	for i, r := range c.SFUCertificates {
		if r.Match == "" || r.Match == "*" {
			return fmt.Errorf("auth.sfu_certificates[%d].match: name a DNS name, a URI or a common name", i)
		}
	}
	_, err := newProxies(c.TrustedProxies)
	return err
}

func (t *SFUToken) validate() error {
	sum, err := hex.DecodeString(t.SHA256)
	switch {
	case (t.SHA256 == "") == (t.File == ""):
		return errors.New("set either sha256 or file")
	case t.Name == "":
		return errors.New("name is empty; give it one")
	case t.SHA256 != "" && (err != nil || len(sum) != len(digest{})):
		return errors.New(`sha256 is not 64 hexadecimal digits; make them with: printf %s "$TOKEN" | sha256sum`)
	}
	return nil
}
