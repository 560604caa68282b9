package identity

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"time"
)

// certified says which SFU a client certificate is. The TLS layer has verified it already.
func (a *Authenticator) certified(state *tls.ConnectionState, now time.Time) (Caller, *Refusal) {
	leaf := state.VerifiedChains[0][0]
	if now.After(leaf.NotAfter) { // since the connection began
		return Caller{}, unauthorized(ExpiredCertificate, "the client certificate has expired")
	}
	for _, rule := range a.cfg.SFUCertificates {
		for _, name := range names(leaf) {
			if matches(rule.Match, name) {
				return Caller{Kind: SFU, Name: name, Tenant: rule.Tenant, SFUIDs: rule.SFUIDs, Expires: leaf.NotAfter}, nil
			}
		}
	}
	return Caller{}, &Refusal{
		Status: http.StatusForbidden, Reason: UnknownCertificate,
		Detail: "the client certificate is none of auth.sfu_certificates",
	}
}

// names are what a certificate is for.
func names(c *x509.Certificate) []string {
	out := append([]string(nil), c.DNSNames...)
	for _, u := range c.URIs {
		out = append(out, u.String())
	}
	if len(out) == 0 && c.Subject.CommonName != "" {
		out = append(out, c.Subject.CommonName)
	}
	return out
}

func matches(pattern, name string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok && strings.HasPrefix(suffix, ".") {
		label, rest, ok := strings.Cut(name, ".")
		return ok && label != "" && strings.EqualFold("."+rest, suffix)
	}
	if strings.Contains(pattern, ":") { // a URI, whose path is not without case
		return pattern == name
	}
	return strings.EqualFold(pattern, name)
}
