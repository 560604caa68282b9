package identity

import (
	"errors"
	"net/http"

	"github.com/earshot-rtc/earshot/internal/token"
)

// Reasons for letting nobody in, besides those of package token.
const (
	// NoCredentials: neither a token nor a certificate.
	NoCredentials = "credentials_missing"
	// BadScheme: an Authorization header of another kind than Bearer.
	BadScheme = "credentials_scheme"
	// UnknownToken: a token that is none of the fixed ones, where no others are taken.
	UnknownToken = "token_unknown"
	// UnknownCertificate: a certificate that is good, but no SFU's.
	UnknownCertificate = "certificate_unknown"
	// ExpiredCertificate: a certificate that was good when the connection began.
	ExpiredCertificate = "certificate_expired"
)

// Refusal says why nobody gets in. It quotes nothing of the credentials.
type Refusal struct {
	// Status is that of HTTP: 401, 403, or 503 when the keys could not be had.
	Status int
	// Reason is a word for metrics and answers, Detail a sentence for whoever wrote the probe.
	Reason string
	Detail string
}

func (r *Refusal) Error() string { return r.Reason + ": " + r.Detail }

// Challenge is the WWW-Authenticate header that goes with the refusal (RFC 6750 section 3).
func (r *Refusal) Challenge() string {
	switch {
	case r.Status != http.StatusUnauthorized:
		return ""
	case r.Reason == NoCredentials:
		return `Bearer realm="earshot"`
	}
	return `Bearer realm="earshot", error="invalid_token", error_description="` + r.Reason + `"`
}

func unauthorized(reason, detail string) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Reason: reason, Detail: detail}
}

// refused turns what package token says into an answer.
func refused(err error) *Refusal {
	var e *token.Error
	if !errors.As(err, &e) {
		return unauthorized(UnknownToken, "the token could not be checked")
	}
	if e.Reason == token.NoKeys {
		return &Refusal{Status: http.StatusServiceUnavailable, Reason: string(e.Reason), Detail: e.Detail}
	}
	return unauthorized(string(e.Reason), e.Detail)
}
