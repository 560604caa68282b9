// Package identity says who is calling: credentials of a request come in; a Caller, or the reason why nobody gets in, comes
// out.
package identity

import (
	"net/netip"
	"time"
)

// Kind is what a caller has proved to be.
type Kind int

const (
	// Anybody has shown nothing, and need not: the collector runs without authentication.
	Anybody Kind = iota
	// Client has the token of a participant, or of the application that tells about its participants.
	Client
	// SFU has the token or the certificate of an SFU.
	SFU
)

// String is the kind as it stands in metrics and answers.
func (k Kind) String() string {
	switch k {
	case Client:
		return "client"
	case SFU:
		return "sfu"
	}
	return "anybody"
}

// Caller is who a request is from. What the credentials do not say is zero, and then left to the body.
type Caller struct {
	Kind Kind
	// Tenant, CallID, ClientID, UserID and SFUID win over what a sample says.
	Tenant   string
	CallID   string
	ClientID string
	UserID   string
	SFUID    string
	// SFUIDs are the SFUs that the caller may speak for; empty means any. It is shared and must not be changed.
	SFUIDs []string
	// Name is what the configuration calls a static token or a certificate.
	Name string
	// Address is where the request came from: the browser's, where a trusted proxy names it.
	Address netip.Addr
	// Expires is when the credentials cease to hold, leeway included; zero is never.
	Expires time.Time
}

// Source names whom the caller speaks for, "" where the credentials do not say.
func (c *Caller) Source() string {
	switch {
	case c.SFUID != "":
		return c.SFUID
	case c.ClientID != "":
		return c.ClientID
	case c.UserID != "":
		return c.UserID
	}
	return c.Name
}
