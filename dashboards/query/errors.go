package query

import (
	"fmt"
	"strings"
	"time"
)

// ArgumentError says which argument of a question is wrong, and how.
type ArgumentError struct {
	Field   string
	Problem string
}

func (e *ArgumentError) Error() string { return e.Field + ": " + e.Problem }

// NotFoundError says that no sample of a call lies in the range asked about, and which calls have some.
type NotFoundError struct {
	CallID string
	Within time.Duration // length of the range
	Known  []string      // the newest calls, up to knownCalls
}

func (e *NotFoundError) Error() string {
	known := "no call at all is known"
	if len(e.Known) > 0 {
		known = "known calls: " + strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("no call %q in the last %s; %s", e.CallID, span(e.Within), known)
}

// span writes a length of time as people say it: 24h, 90m, 30s.
func span(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.Round(time.Second).String()
}
