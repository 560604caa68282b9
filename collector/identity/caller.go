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
	// SFUIDs are the SFUs that one static token may speak for; nil means any. It is shared and must not be changed.
	SFUIDs []string
	// Address is where the request came from: the browser's, where a trusted proxy names it.
	Address netip.Addr
	// Expires is when the credentials cease to hold, leeway included; zero is never.
	Expires time.Time
}
