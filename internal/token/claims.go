package token

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims are what a verified token says.
type Claims struct {
	// Expires is when the token ceases to hold, leeway included.
	Expires time.Time
	values  jwt.MapClaims // shared between all who show the token
}

// Text is a claim that must be a text. It is empty where the token has none.
func (c Claims) Text(name string) (string, error) {
	v, ok := c.values[name]
	if !ok || v == nil {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", refuse(Claim, "claim %q of the token is not a text", name)
	}
	return s, nil
}
