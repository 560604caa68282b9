package observertc

import (
	"errors"
	"fmt"
)

// Code is why something could not be read.
type Code string

// Codes.
const (
	// Malformed: no JSON or protobuf, or something else than a sample.
	Malformed Code = "malformed"
	// TooDeep: JSON nested deeper than any sample is.
	TooDeep Code = "too_deep"
	// TooMany: more objects than allowed.
	TooMany Code = "too_many"
	// NoTime: no timestamp, without which a sample says nothing.
	NoTime Code = "no_time"
	// Desync: a delta that needs what was never sent on this connection.
	Desync Code = "desync"
	// Unsupported: a codec or schema that is not known here.
	Unsupported Code = "unsupported"
)

// Error says why something could not be read.
type Error struct {
	Code Code
	// Detail is a sentence for whoever runs the monitor. It quotes nothing of what came.
	Detail string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Detail }

func fail(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// malformed keeps the errors that are ours already, and of the library's the innermost, which says what is wrong.
func malformed(err error) error {
	var ours *Error
	if errors.As(err, &ours) {
		return ours
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	text := err.Error()
	if len(text) > 120 {
		text = text[:120] + "..."
	}
	return fail(Malformed, "not a JSON sample of ObserveRTC: %s", text)
}
