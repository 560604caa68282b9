package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
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

// ErrTooMuch marks a question that would cost more time, memory or rows than the store gives for one.
var ErrTooMuch = errors.New("it asks for more than one answer may cost; ask for a shorter range")

// tooMuch are the server's codes for limits of time, rows, bytes and memory.
var tooMuch = []int{158, 159, 160, 241, 307, 396}

func explain(doing, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case clickhouse.Misfit(err):
		return fmt.Errorf("%s %s: the tables are not those of this program; run earshot migrate up: %w", doing, name, err)
	case slices.Contains(tooMuch, clickhouse.Code(err)):
		return fmt.Errorf("%s %s: %w: %w", doing, name, ErrTooMuch, err)
	}
	return fmt.Errorf("%s %s: %w", doing, name, err)
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
