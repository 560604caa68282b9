package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/token"
)

// Dependencies are what an Authenticator is given. All may be nil.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// Poll is how often files with tokens and keys are looked at. Default: 2 s.
	Poll time.Duration
}

// Authenticator tells who is calling. It is safe for concurrent use.
type Authenticator struct {
	cfg     Config
	log     *slog.Logger
	poll    time.Duration
	tokens  *token.Verifier
	static  []*static
	proxies proxies
}

// New makes an Authenticator; no key is read before Start.
func New(cfg Config, deps Dependencies) (*Authenticator, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	a := &Authenticator{cfg: cfg, log: deps.Logger, poll: deps.Poll}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if a.proxies, err = newProxies(cfg.TrustedProxies); err != nil {
		return nil, err
	}
	if cfg.Mode == None {
		return a, nil
	}
	if cfg.Tokens.Configured() {
		registerer := deps.Registerer
		if registerer != nil {
			registerer = prometheus.WrapRegistererWithPrefix("earshot_collector_", registerer)
		}
		a.tokens, err = token.New(cfg.Tokens, token.Dependencies{Logger: deps.Logger, Registerer: registerer, Poll: deps.Poll})
		if err != nil {
			return nil, err
		}
	}
	for _, t := range cfg.SFUTokens {
		a.static = append(a.static, a.newStatic(t))
	}
	return a, nil
}

// Start reads keys and tokens and follows them.
func (a *Authenticator) Start(ctx context.Context) error {
	err := a.startStatic(ctx)
	if err == nil && a.tokens != nil {
		err = a.tokens.Start(ctx)
	}
	if err != nil {
		return errors.Join(err, a.Shutdown(ctx))
	}
	return nil
}

// Shutdown stops following them.
func (a *Authenticator) Shutdown(ctx context.Context) error {
	err := a.stopStatic(ctx)
	if a.tokens != nil {
		err = errors.Join(err, a.tokens.Shutdown(ctx))
	}
	return err
}

// Required says whether callers have to show who they are.
func (a *Authenticator) Required() bool { return a.cfg.Mode == Required }

// Address is where a request comes from.
func (a *Authenticator) Address(r *http.Request) netip.Addr { return a.proxies.address(r) }

// Identify says who shows a credential, or a client certificate where there is none.
func (a *Authenticator) Identify(ctx context.Context, c Credential, state *tls.ConnectionState, from netip.Addr, now time.Time) (Caller, *Refusal) {
	caller, r := a.identify(ctx, c, state, now)
	caller.Address = from
	return caller, r
}

func (a *Authenticator) identify(ctx context.Context, c Credential, state *tls.ConnectionState, now time.Time) (Caller, *Refusal) {
	switch {
	case !a.Required():
		return Caller{}, nil
	case c.Empty() && state != nil && len(state.VerifiedChains) > 0:
		return a.certified(state, now)
	case c.Empty():
		return Caller{}, unauthorized(NoCredentials, "samples are taken with a token only; show it as Authorization: Bearer token")
	}
	if s := a.find(c); s != nil {
		return s.caller, nil
	}
	if a.tokens == nil {
		return Caller{}, unauthorized(UnknownToken, "the token is not known")
	}
	claims, err := a.tokens.Verify(ctx, c.token, now)
	if err != nil {
		return Caller{}, refused(err)
	}
	caller, err := a.claimed(claims)
	if err != nil {
		return Caller{}, refused(err)
	}
	return caller, nil
}

// maxID bounds what a claim may say, as limits.id_bytes does what a sample may.
const maxID = 128

// claimed is who a token says its bearer is.
func (a *Authenticator) claimed(claims token.Claims) (Caller, error) {
	c := Caller{Kind: Client, Expires: claims.Expires}
	for _, claim := range []struct {
		name string
		into *string
	}{
		{a.cfg.Claims.CallID, &c.CallID}, {a.cfg.Claims.ClientID, &c.ClientID}, {a.cfg.Claims.UserID, &c.UserID},
		{a.cfg.Claims.Tenant, &c.Tenant}, {a.cfg.Claims.SFUID, &c.SFUID},
	} {
		text, err := claims.Text(claim.name)
		if err != nil {
			return Caller{}, err
		}
		if len(text) > maxID || !utf8.ValidString(text) {
			return Caller{}, &token.Error{Reason: token.Claim, Detail: "claim " + claim.name + " of the token is too long or no UTF-8"}
		}
		*claim.into = text
	}
	if c.SFUID != "" {
		c.Kind = SFU
		if c.CallID != "" || c.ClientID != "" || c.UserID != "" {
			return Caller{}, &token.Error{Reason: token.Claim, Detail: "the token is an SFU's and a client's at once"}
		}
	}
	return c, nil
}
