package token

import (
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func BenchmarkVerify(b *testing.B) {
	for _, bc := range []struct {
		name   string
		method jwt.SigningMethod
		key    any
		kid    string
	}{
		{"HS256", jwt.SigningMethodHS256, []byte(secretA), "new"},
		{"RS256", jwt.SigningMethodRS256, testKeys.rsa, "rsa"},
		{"ES256", jwt.SigningMethodES256, testKeys.ec, "ec"},
		{"EdDSA", jwt.SigningMethodEdDSA, testKeys.ed, "ed"},
	} {
		raw := sign(b, bc.method, bc.key, bc.kid, claims())
		for name, size := range map[string]int{"checked": 0, "remembered": 10} {
			b.Run(bc.name+"/"+name, func(b *testing.B) {
				v := start(b, func(c *Config) { c.Cache = size })
				b.ReportAllocs()
				for b.Loop() {
					if _, err := v.Verify(b.Context(), raw, now); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func FuzzVerify(f *testing.F) {
	v := start(f, nil)
	good := sign(f, jwt.SigningMethodES256, testKeys.ec, "ec", claims())
	f.Add(good)
	f.Add(raw(`{"alg":"none"}`, `{"exp":9999999999}`, nil))
	f.Add(raw(`{"alg":"HS256","kid":7}`, `{"exp":1e300}`, []byte("x")))
	f.Fuzz(func(t *testing.T, raw string) {
		_, err := v.Verify(t.Context(), raw, now)
		if err == nil && raw != good {
			t.Fatalf("believed: %q", raw)
		}
	})
}
