package token

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// keyServer serves a JSON Web Key Set.
type keyServer struct {
	*httptest.Server
	set  atomic.Pointer[[]byte]
	gets atomic.Int64
}

func serveKeys(t *testing.T, set []byte) *keyServer {
	t.Helper()
	s := &keyServer{}
	s.set.Store(&set)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.gets.Add(1)
		if set := *s.set.Load(); set != nil {
			_, _ = w.Write(set)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) put(set []byte) { s.set.Store(&set) }

func follow(t *testing.T, url string, change func(*Config)) *Verifier {
	t.Helper()
	cfg := DefaultConfig()
	cfg.JWKSURL = url
	if change != nil {
		change(&cfg)
	}
	v, err := New(cfg, Dependencies{})
	require.NoError(t, err)
	require.NoError(t, v.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, v.Shutdown(context.Background())) })
	return v
}

func TestKeysOfAURL(t *testing.T) {
	one, two := jwk(t, "one", &testKeys.ec.PublicKey), jwk(t, "two", &testKeys.other.PublicKey)
	s := serveKeys(t, jwks(t, one))
	v := follow(t, s.URL, func(c *Config) { c.JWKSMinRefresh = 200 * time.Millisecond })
	check := func(raw string) Reason {
		_, err := v.Verify(t.Context(), raw, now)
		return reasonOf(t, err)
	}
	first := sign(t, jwt.SigningMethodES256, testKeys.ec, "one", claims())
	second := sign(t, jwt.SigningMethodES256, testKeys.other, "two", claims())
	require.Equal(t, Reason("ok"), check(first))
	require.EqualValues(t, 1, s.gets.Load())

	s.put(jwks(t, one, two))
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			_, err := v.Verify(t.Context(), second, now)
			require.NoError(t, err, "an unknown key is looked for at once")
		})
	}
	all.Wait()
	require.EqualValues(t, 2, s.gets.Load(), "once for all who ask")

	bad := sign(t, jwt.SigningMethodES256, testKeys.other, "three", claims())
	began := time.Now()
	for range 50 {
		require.Equal(t, UnknownKey, check(bad))
	}
	require.LessOrEqual(t, s.gets.Load(), 3+int64(time.Since(began)/(200*time.Millisecond)), "however often it is asked for")

	s.put(nil)
	time.Sleep(250 * time.Millisecond)
	gets := s.gets.Load()
	require.Equal(t, UnknownKey, check(bad))
	require.Equal(t, gets+1, s.gets.Load())
	require.Equal(t, Reason("ok"), check(first), "the last good keys stay")
	s.put([]byte("<html>"))
	time.Sleep(250 * time.Millisecond)
	require.Equal(t, UnknownKey, check(bad))
	require.Equal(t, Reason("ok"), check(first))
}

func TestKeysAreFetchedRegularly(t *testing.T) {
	s := serveKeys(t, jwks(t, jwk(t, "one", &testKeys.ec.PublicKey)))
	v := follow(t, s.URL, func(c *Config) { c.JWKSRefresh = 10 * time.Millisecond })
	gone := sign(t, jwt.SigningMethodES256, testKeys.ec, "one", claims())
	_, err := v.Verify(t.Context(), gone, now)
	require.NoError(t, err)
	s.put(jwks(t, jwk(t, "two", &testKeys.other.PublicKey)))
	require.Eventually(t, func() bool {
		_, err := v.Verify(t.Context(), gone, now)
		return reasonOf(t, err) == UnknownKey
	}, 5*time.Second, 5*time.Millisecond, "a key that is taken out is believed no longer")
}

func TestAURLThatDoesNotAnswerAtFirst(t *testing.T) {
	s := serveKeys(t, nil)
	v := follow(t, s.URL, func(c *Config) { c.JWKSRefresh = 20 * time.Millisecond })
	raw := sign(t, jwt.SigningMethodES256, testKeys.ec, "one", claims())
	_, err := v.Verify(t.Context(), raw, now)
	require.Equal(t, NoKeys, reasonOf(t, err))
	s.put(jwks(t, jwk(t, "one", &testKeys.ec.PublicKey)))
	require.Eventually(t, func() bool { _, err := v.Verify(t.Context(), raw, now); return err == nil }, 5*time.Second, 5*time.Millisecond)
}

func TestASlowOrEndlessURLIsGivenUp(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		},
		"elsewhere, unencrypted": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(serve)
			defer s.Close()
			began := time.Now()
			v := follow(t, s.URL, func(c *Config) { c.JWKSTimeout = 300 * time.Millisecond })
			require.Less(t, time.Since(began), 5*time.Second)
			_, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodES256, testKeys.ec, "one", claims()), now)
			require.Equal(t, NoKeys, reasonOf(t, err))
			require.NoError(t, v.Shutdown(t.Context()))
		})
	}
}
