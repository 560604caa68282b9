package identity

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/earshot-rtc/earshot/internal/reload"
)

type digest [sha256.Size]byte

// minStatic keeps fixed tokens from being guessed.
const minStatic = 20

// static is a fixed token, known by its digest.
type static struct {
	caller Caller
	digest atomic.Pointer[digest]
	file   *reload.Files
}

func (a *Authenticator) newStatic(t SFUToken) *static {
	s := &static{caller: Caller{Kind: SFU, Name: t.Name, Tenant: t.Tenant, SFUIDs: t.SFUIDs}}
	if t.SHA256 != "" {
		d := digest{}
		_, _ = hex.Decode(d[:], []byte(t.SHA256)) // validated
		s.digest.Store(&d)
		return s
	}
	s.file = reload.New(reload.Config{Paths: []string{t.File}, Every: a.poll}, reload.Dependencies{
		Load: func(contents [][]byte) error {
			tok := bytes.TrimSpace(contents[0])
			if len(tok) < minStatic {
				return fmt.Errorf("%s: the token has %d bytes, at least %d are needed; make one with: openssl rand -hex 32", t.File, len(tok), minStatic)
			}
			d := digest(sha256.Sum256(tok))
			s.digest.Store(&d)
			return nil
		},
		Loaded: func(err error) {
			if err != nil {
				a.log.Error("token could not be read; the one from before stays in use", "token", t.Name, "error", err)
				return
			}
			a.log.Info("token read", "token", t.Name)
		},
	})
	return s
}

// find gives the fixed token that was shown. The comparison takes equally long whatever was.
func (a *Authenticator) find(c Credential) *static {
	if len(a.static) == 0 {
		return nil
	}
	shown := sha256.Sum256([]byte(c.token))
	var found *static
	for _, s := range a.static {
		if d := s.digest.Load(); d != nil && subtle.ConstantTimeCompare(d[:], shown[:]) == 1 {
			found = s
		}
	}
	return found
}

func (a *Authenticator) startStatic(ctx context.Context) error {
	for _, s := range a.static {
		if s.file != nil {
			if err := s.file.Start(ctx); err != nil {
				return fmt.Errorf("auth.sfu_tokens: %w", err)
			}
		}
	}
	return nil
}

func (a *Authenticator) stopStatic(ctx context.Context) error {
	var errs []error
	for _, s := range a.static {
		if s.file != nil {
			errs = append(errs, s.file.Shutdown(ctx))
		}
	}
	return errors.Join(errs...)
}
