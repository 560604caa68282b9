// Package janus reads what a Janus gateway's event handlers post: events go in, one by one or in arrays; samples of Earshot's
// own shape, as of any SFU, come out.
//
// An event tells one thing of one handle: its room, its SDP, one medium's counters. A sample tells all that an SFU has in a
// call. So what events have told is kept, per instance and within bounds, and a sample is made of it: State is that, a
// function of the events alone, without clock or I/O. Keeper keeps the states of many instances.
//
// What Janus cannot tell, and what is lost when the collector starts anew, is left out: a path over it is then partial, never
// wrong. docs/formats.md says which facts come from which events.
package janus

import "fmt"

// Types of events, which are bits of a mask in Janus' configuration.
const (
	TypeSession   = 1
	TypeHandle    = 2
	TypeExternal  = 4
	TypeJSEP      = 8
	TypeWebRTC    = 16
	TypeMedia     = 32
	TypePlugin    = 64
	TypeTransport = 128
	TypeCore      = 256
)

// Code is why a post could not be read.
type Code string

// Codes.
const (
	// Malformed: no JSON, or no event.
	Malformed Code = "malformed"
	// TooDeep: JSON nested deeper than any event is.
	TooDeep Code = "too_deep"
	// TooMany: more events, or more parts of one, than allowed.
	TooMany Code = "too_many"
)

// Error says why a post could not be read.
type Error struct {
	Code Code
	// Detail is a sentence for whoever runs the gateway. It quotes nothing of what came.
	Detail string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Detail }

func fail(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Limits bound what is kept and how much of it.
type Limits struct {
	// Instances bounds the gateways of one collector; the one that was silent for longest makes room.
	Instances int
	// Handles bounds the handles of one gateway. Further ones are not followed.
	Handles int
	// Media bounds the media of one handle, and the parts of one event.
	Media int
	// SDPBytes bounds an SDP that is looked into.
	SDPBytes int
	// Depth is how deep JSON may nest.
	Depth int
}

// DefaultLimits leave room for a gateway with some thousand participants.
func DefaultLimits() Limits {
	return Limits{Instances: 64, Handles: 20_000, Media: 128, SDPBytes: 256 << 10, Depth: 16}
}
