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

// Text is a claim that must be a text. It is empty where the token does not have it; a token that has it must not leave it
// empty, since that is more likely an issuer's mistake than meant.
func (c Claims) Text(name string) (string, error) {
	v, ok := c.values[name]
	if !ok || v == nil {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", refuse(Claim, "claim %q of the token is not a text", name)
	}
	if s == "" {
		return "", refuse(Claim, "claim %q of the token is empty; leave it out instead", name)
	}
	return s, nil
}
