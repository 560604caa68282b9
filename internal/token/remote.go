package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	maxJWKS   = 1 << 20
	retryJWKS = time.Second // after the first failure; doubled after each, up to the refresh interval
	redirects = 3
)

// remote fetches a JSON Web Key Set, regularly and when a token asks for a key that is not known.
type remote struct {
	v      *Verifier
	client *http.Client
	ask    chan struct{}

	mu     sync.Mutex
	last   []byte // what was fetched last
	asked  time.Time
	flight chan struct{} // closed when the fetch that was asked for is over
	cancel context.CancelFunc
	done   chan struct{}
}

func newRemote(v *Verifier, client *http.Client) *remote {
	if client == nil {
		client = &http.Client{}
	}
	own := *client
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > redirects {
			return errors.New("too many redirects")
		}
		return checkURL(req.URL.String())
	}
	return &remote{v: v, client: &own, ask: make(chan struct{}, 1)}
}

// start fetches once, so that what comes at once finds the keys, and goes on by itself.
func (r *remote) start(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		return
	}
	err := r.fetch(ctx)
	r.v.loaded("jwks_url", err)
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.done = make(chan struct{})
	go r.run(ctx, err == nil)
}

func (r *remote) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel == nil {
		return
	}
	r.cancel()
	done := r.done
	r.mu.Unlock()
	<-done // which may be waiting for the lock
	r.mu.Lock()
	r.client.CloseIdleConnections()
}

func (r *remote) run(ctx context.Context, fine bool) {
	defer close(r.done)
	wait, retry := r.v.cfg.JWKSRefresh, retryJWKS
	if !fine {
		wait = retry
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.ask:
		}
		err := r.fetch(ctx)
		r.landed()
		if ctx.Err() != nil {
			return
		}
		r.v.loaded("jwks_url", err)
		wait = r.v.cfg.JWKSRefresh
		if err != nil {
			retry = min(2*retry, wait)
			wait = retry
		} else {
			retry = retryJWKS
		}
		timer.Reset(wait)
	}
}

// again fetches because a key is missing, and says whether it did. It does so once in JWKSMinRefresh; whoever asks
// meanwhile waits for the same fetch.
func (r *remote) again(ctx context.Context) bool {
	r.mu.Lock()
	if r.cancel == nil {
		r.mu.Unlock()
		return false
	}
	flight := r.flight
	if flight == nil {
		if !r.asked.IsZero() && time.Since(r.asked) < r.v.cfg.JWKSMinRefresh {
			r.mu.Unlock()
			return false
		}
		flight = make(chan struct{})
		r.flight, r.asked = flight, time.Now()
		select {
		case r.ask <- struct{}{}:
		default: // asked already
		}
	}
	done := r.done
	r.mu.Unlock()
	select {
	case <-flight:
		return true
	case <-done:
	case <-ctx.Done():
	}
	return false
}

// landed tells those who wait that a fetch is over.
func (r *remote) landed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight != nil {
		close(r.flight)
		r.flight = nil
	}
}

// fetch gets the set and puts it to use if it has changed.
func (r *remote) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.v.cfg.JWKSTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.v.cfg.JWKSURL, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	res, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", r.v.cfg.JWKSURL, res.Status)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxJWKS+1))
	switch {
	case err != nil:
		return err
	case len(data) > maxJWKS:
		return fmt.Errorf("%s gives more than %d bytes", r.v.cfg.JWKSURL, maxJWKS)
	case bytes.Equal(data, r.last):
		return nil
	}
	keys, err := parseJWKS(data)
	if err != nil {
		return fmt.Errorf("%s: %w", r.v.cfg.JWKSURL, err)
	}
	r.v.install(&r.v.public, keys)
	r.last = data
	return nil
}
