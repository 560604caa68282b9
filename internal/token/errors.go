package token

import (
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// Reason is why a token is not believed: a word for metrics and answers.
type Reason string

// Reasons.
const (
	// TooLong: longer than max_bytes.
	TooLong Reason = "token_too_long"
	// Malformed: not a JWT.
	Malformed Reason = "token_malformed"
	// Algorithm: signed by an algorithm that is not allowed, or not at all.
	Algorithm Reason = "token_algorithm"
	// UnknownKey: signed with a key that is not known.
	UnknownKey Reason = "token_unknown_key"
	// Forged: the signature does not fit.
	Forged Reason = "token_forged"
	// NoExpiry: no exp, or one too far ahead.
	NoExpiry Reason = "token_expiry"
	// Expired: exp has passed.
	Expired Reason = "token_expired"
	// NotYet: nbf lies ahead.
	NotYet Reason = "token_not_yet"
	// Audience: meant for somebody else.
	Audience Reason = "token_audience"
	// Issuer: issued by somebody else.
	Issuer Reason = "token_issuer"
	// Claim: a claim is not what it must be.
	Claim Reason = "token_claim"
	// NoKeys: the keys could not be had yet. That is no fault of the token's.
	NoKeys Reason = "token_no_keys"
)

// Reasons lists them.
func Reasons() []Reason {
	return []Reason{
		TooLong, Malformed, Algorithm, UnknownKey, Forged, NoExpiry, Expired, NotYet, Audience, Issuer, Claim, NoKeys,
	}
}

// Error says why a token is not believed, never what was in it.
type Error struct {
	Reason Reason
	Detail string
}

func (e *Error) Error() string { return e.Detail }

func refuse(r Reason, format string, args ...any) *Error {
	return &Error{Reason: r, Detail: fmt.Sprintf(format, args...)}
}

// explain says what the library found. Its own texts may quote the token.
func explain(err error) *Error {
	var own *Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, jwt.ErrTokenMalformed):
		return refuse(Malformed, "the token is not a JWT")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return refuse(Forged, "the token's signature does not fit")
	case errors.Is(err, jwt.ErrTokenUnverifiable):
		return refuse(Algorithm, "the token names no algorithm that is known")
	case errors.Is(err, jwt.ErrTokenExpired):
		return refuse(Expired, "the token has expired")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return refuse(NotYet, "the token is not valid yet")
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return refuse(Audience, "the token is meant for another audience")
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return refuse(Issuer, "the token is from another issuer")
	}
	return refuse(Claim, "a claim of the token is not what it must be")
}
