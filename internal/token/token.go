// Package token believes tokens or does not: JSON Web Tokens (RFC 7519) and the keys to check them with come in; verified
// claims, or the reason why not, come out. Keys are followed while it runs: files that change, a URL that is fetched.
package token

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/internal/reload"
)

// Dependencies are what a Verifier is given. All may be nil.
type Dependencies struct {
	Logger *slog.Logger
	// Registerer gets metrics named token_...; whoever owns it puts a prefix before them.
	Registerer prometheus.Registerer
	// Client fetches jwks_url. Default: one of its own.
	Client *http.Client
	// Poll is how often files are looked at. Default: 2 s.
	Poll time.Duration
}

// Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	cfg     Config
	log     *slog.Logger
	metrics *metrics
	parser  *jwt.Parser
	allowed []string
	cache   *cache
	secrets atomic.Pointer[[]key]
	public  atomic.Pointer[[]key]
	files   []*reload.Files
	remote  *remote

	// One load at a time, so that the cache forgets after the keys have changed.
	loading sync.Mutex
}

// New makes a Verifier; nothing is read before Start.
func New(cfg Config, deps Dependencies) (*Verifier, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	v := &Verifier{
		cfg: cfg, log: deps.Logger, metrics: newMetrics(deps.Registerer), cache: newCache(cfg.Cache), allowed: cfg.algorithms(),
		// Times are checked apart from the signature, which is remembered. Strict decoding leaves a token one spelling.
		parser: jwt.NewParser(jwt.WithoutClaimsValidation(), jwt.WithStrictDecoding()),
	}
	if cfg.SecretsFile != "" {
		v.follow("secrets", cfg.SecretsFile, deps.Poll, parseSecrets, &v.secrets)
	}
	if cfg.JWKSFile != "" {
		v.follow("jwks_file", cfg.JWKSFile, deps.Poll, parseJWKS, &v.public)
	}
	if cfg.JWKSURL != "" {
		v.remote = newRemote(v, deps.Client)
	}
	return v, nil
}

func (v *Verifier) follow(source, path string, every time.Duration, parse func([]byte) ([]key, error), into *atomic.Pointer[[]key]) {
	v.files = append(v.files, reload.New(reload.Config{Paths: []string{path}, Every: every}, reload.Dependencies{
		Load: func(contents [][]byte) error {
			keys, err := parse(contents[0])
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			v.install(into, keys)
			return nil
		},
		Loaded: func(err error) { v.loaded(source, err) },
	}))
}

// install puts keys to use.
func (v *Verifier) install(into *atomic.Pointer[[]key], keys []key) {
	v.loading.Lock()
	defer v.loading.Unlock()
	into.Store(&keys)
	v.cache.forget()
	v.metrics.keys.Set(float64(len(load(&v.secrets)) + len(load(&v.public))))
}

func (v *Verifier) loaded(source string, err error) {
	v.metrics.loaded(source, err)
	if err != nil {
		v.log.Error("keys could not be loaded; those from before stay in use", "source", source, "error", err)
		return
	}
	v.log.Info("keys loaded", "source", source, "keys", len(load(&v.secrets))+len(load(&v.public)))
}

func load(p *atomic.Pointer[[]key]) []key {
	if keys := p.Load(); keys != nil {
		return *keys
	}
	return nil
}

// Start reads the keys and follows them. Files must be there; a URL that does not answer is tried again, and until it does
// its tokens are refused with NoKeys.
func (v *Verifier) Start(ctx context.Context) error {
	for _, f := range v.files {
		if err := f.Start(ctx); err != nil {
			return errors.Join(err, v.Shutdown(ctx))
		}
	}
	if v.remote != nil {
		v.remote.start(ctx)
	}
	return nil
}

// Shutdown stops following the keys.
func (v *Verifier) Shutdown(ctx context.Context) error {
	var errs []error
	for _, f := range v.files {
		errs = append(errs, f.Shutdown(ctx))
	}
	if v.remote != nil {
		v.remote.stop()
	}
	return errors.Join(errs...)
}

// Verify says what a token claims, if it is to be believed at this time. Any error is an *Error.
func (v *Verifier) Verify(ctx context.Context, raw string, now time.Time) (Claims, error) {
	claims, err := v.verify(ctx, raw, now)
	if err != nil {
		v.metrics.checks.WithLabelValues(string(err.Reason)).Inc()
		return Claims{}, err
	}
	v.metrics.checks.WithLabelValues("ok").Inc()
	return claims, nil
}

func (v *Verifier) verify(ctx context.Context, raw string, now time.Time) (Claims, *Error) {
	if len(raw) > v.cfg.MaxBytes {
		return Claims{}, refuse(TooLong, "the token has %d bytes, at most %d are taken", len(raw), v.cfg.MaxBytes)
	}
	of := digest(sha256.Sum256([]byte(raw)))
	generation := v.cache.current()
	claims, known := v.cache.get(of)
	if known {
		v.metrics.cached.Inc()
	} else {
		var err error
		if claims, err = v.parse(ctx, raw); err != nil {
			return Claims{}, explain(err)
		}
	}
	if err := v.check(claims, now); err != nil {
		return Claims{}, explain(err)
	}
	if !known {
		v.cache.put(of, claims, generation)
	}
	return claims, nil
}

// parse checks the signature.
func (v *Verifier) parse(ctx context.Context, raw string) (Claims, error) {
	values := jwt.MapClaims{}
	if _, err := v.parser.ParseWithClaims(raw, values, func(t *jwt.Token) (any, error) { return v.keys(ctx, t) }); err != nil {
		return Claims{}, err
	}
	exp, err := values.GetExpirationTime()
	if err != nil || exp == nil {
		return Claims{}, refuse(NoExpiry, "the token has no exp that is a time")
	}
	return Claims{values: values, Expires: exp.Add(v.cfg.Leeway)}, nil
}

// keys are what the signature of a token may have been made with.
func (v *Verifier) keys(ctx context.Context, t *jwt.Token) (any, error) {
	algorithm := t.Method.Alg()
	if !slices.Contains(v.allowed, algorithm) {
		return nil, refuse(Algorithm, "the token's algorithm is not taken; it must be one of %v", v.allowed)
	}
	if _, ok := t.Header["crit"]; ok { // RFC 7515 section 4.1.11: what is critical must be understood
		return nil, refuse(Malformed, "the token has a crit header, which is not taken")
	}
	id, _ := t.Header["kid"].(string)
	from := &v.public
	if algorithm == hs256 {
		from = &v.secrets
	}
	known := choose(load(from), algorithm, id)
	if len(known) == 0 && v.remote != nil && algorithm != hs256 && v.remote.again(ctx) {
		known = choose(load(from), algorithm, id)
	}
	if len(known) > 0 {
		return jwt.VerificationKeySet{Keys: known}, nil
	}
	if load(from) == nil {
		return nil, refuse(NoKeys, "the keys to check the token with are not there yet")
	}
	return nil, refuse(UnknownKey, "the token is signed with a key that is not known")
}

// check holds what a token says of itself against the time and against what is asked for.
func (v *Verifier) check(c Claims, now time.Time) error {
	options := []jwt.ParserOption{
		jwt.WithLeeway(v.cfg.Leeway), jwt.WithTimeFunc(func() time.Time { return now }), jwt.WithExpirationRequired(),
	}
	if v.cfg.Issuer != "" {
		options = append(options, jwt.WithIssuer(v.cfg.Issuer))
	}
	if len(v.cfg.Audience) > 0 {
		options = append(options, jwt.WithAudience(v.cfg.Audience...))
	}
	err := jwt.NewValidator(options...).Validate(c.values)
	switch {
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		// There is an exp, see parse.
		if aud, _ := c.values.GetAudience(); len(aud) == 0 && len(v.cfg.Audience) > 0 {
			return refuse(Audience, "the token names no audience")
		}
		return refuse(Issuer, "the token names no issuer")
	case err != nil:
		return err
	}
	if most := v.cfg.MaxLifetime; most > 0 && c.Expires.Sub(now) > most+v.cfg.Leeway {
		return refuse(NoExpiry, "the token's exp lies further ahead than %v", most)
	}
	return nil
}
