package api

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/internal/token"
)

// Caller is who asks.
type Caller struct {
	Name   string // of the token; "" where anybody may ask
	Tenant string // whose rows the caller sees, and no others
}

// gate tells callers by their tokens.
type gate struct {
	open   bool
	tenant string
	tokens map[[32]byte]Caller
	jwt    *token.Verifier // nil: none are taken
}

func newGate(cfg *AuthConfig, deps token.Dependencies) (*gate, error) {
	g := &gate{open: cfg.open(), tenant: cfg.Tenant, tokens: make(map[[32]byte]Caller, len(cfg.Tokens))}
	for _, t := range cfg.Tokens {
		d, err := t.digest()
		if err != nil {
			return nil, err
		}
		g.tokens[d] = Caller{Name: t.Name, Tenant: t.Tenant}
	}
	if cfg.JWT.Configured() {
		var err error
		if g.jwt, err = token.New(cfg.JWT, deps); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// refusal is why somebody is not let in.
type refusal struct {
	reason string // for the counter
	status int
	detail string
	scheme string // WWW-Authenticate, RFC 6750 section 3
}

func (f *refusal) write(w http.ResponseWriter, r *http.Request) {
	if f.scheme != "" {
		w.Header().Set("WWW-Authenticate", f.scheme)
	}
	Problem{Status: f.status, Detail: f.detail}.Write(w, r)
}

const realm = `Bearer realm="earshot"`

func noToken() *refusal {
	return &refusal{"no_token", http.StatusUnauthorized, "no token is given; send one as Authorization: Bearer TOKEN", realm}
}

func badToken(reason, detail string) *refusal {
	return &refusal{reason, http.StatusUnauthorized, detail, realm + `, error="invalid_token"`}
}

// identify tells who asks. Secrets are looked up by their digest, so the time that this takes says nothing of them.
func (g *gate) identify(r *http.Request, now time.Time) (Caller, *refusal) {
	if g.open {
		return Caller{Tenant: g.tenant}, nil
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return Caller{}, noToken()
	}
	scheme, secret, _ := strings.Cut(header, " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return Caller{}, badToken("malformed", "the header is not of the form Authorization: Bearer TOKEN")
	}
	if c, ok := g.tokens[sha256.Sum256([]byte(secret))]; ok {
		return c, nil
	}
	if g.jwt == nil {
		return Caller{}, badToken("unknown", "the token is not known here; ask whoever runs Earshot for one")
	}
	return g.verify(r, secret, now)
}

func (g *gate) verify(r *http.Request, raw string, now time.Time) (Caller, *refusal) {
	claims, err := g.jwt.Verify(r.Context(), raw, now)
	tenant := ""
	if err == nil {
		tenant, err = claims.Text("tenant")
	}
	var why *token.Error
	switch {
	case errors.As(err, &why) && why.Reason == token.NoKeys:
		return Caller{}, &refusal{string(why.Reason), http.StatusServiceUnavailable, "tokens cannot be checked now; see the log of earshot", ""}
	case errors.As(err, &why):
		return Caller{}, badToken(string(why.Reason), why.Detail)
	case err != nil:
		return Caller{}, badToken("unknown", "the token cannot be read")
	case tenant == "":
		return Caller{}, &refusal{"no_tenant", http.StatusForbidden, `the token has no claim "tenant"; have it issued with the tenant whose calls it shows`, ""}
	}
	return Caller{Name: "jwt", Tenant: tenant}, nil
}
