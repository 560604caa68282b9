// Package query holds the questions that eyes ask of the store: validated arguments come in, typed rows come out. Arguments
// reach ClickHouse as bound parameters only, and every question is limited in time range, rows and run time.
package query

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/internal/clickhouse"
)

// Limits of every question.
const (
	// MaxRange is the longest span of time that one question covers.
	MaxRange = 31 * 24 * time.Hour
	// MaxHistory is the same for questions that rollups answer.
	MaxHistory = 400 * 24 * time.Hour
	// MaxRows is the most rows that one answer has; Limit fields above it are refused.
	MaxRows = 50_000
	// MaxRunTime bounds a question as its asker sees it: what the server has, and the way there and back.
	MaxRunTime    = serverRunTime + 2*time.Second
	serverRunTime = 10 * time.Second
	// DefaultRange is covered where From and To are left out.
	DefaultRange = 24 * time.Hour
	// LiveWithin is how recent the last sample of a live call is.
	LiveWithin = 30 * time.Second

	// A source's clock may run ahead of ours by its error; "until now" must not cut its samples off.
	ahead = time.Minute
	// Longer ids than this are mistakes, not names.
	maxID = 512
	// More points than a chart has pixels are of no use to anybody.
	maxPoints = 5000
)

// Service answers the questions for one tenant. It is safe for concurrent use.
type Service struct {
	db     DB
	now    func() time.Time
	tenant string
	hide   func(tenant, userID string) string
}

// Option changes how a Service answers.
type Option func(*Service)

// WithClock replaces time.Now, from which default ranges and liveness are reckoned.
func WithClock(now func() time.Time) Option { return func(s *Service) { s.now = now } }

// WithTenant binds the service to one tenant's rows; without it these are the rows that have none.
func WithTenant(tenant string) Option { return func(s *Service) { s.tenant = tenant } }

// WithUserKey makes the service find users by their plain ids too: hide gives the form in which the collector stores one.
func WithUserKey(hide func(tenant, userID string) string) Option {
	return func(s *Service) { s.hide = hide }
}

// New asks nothing yet.
func New(db DB, opts ...Option) *Service {
	s := &Service{db: db, now: time.Now}
	for _, o := range opts {
		o(s)
	}
	return s
}

// For is the same service for the rows of another tenant, and of no other.
func (s *Service) For(tenant string) *Service {
	other := *s
	other.tenant = tenant
	return &other
}

// Now is the service's clock.
func (s *Service) Now() time.Time { return s.now() }

// Range is a span of time, From included, To not. Zero fields mean the last 24 hours.
type Range struct {
	From time.Time
	To   time.Time
}

// Last is the span from d before now until now.
func (s *Service) Last(d time.Duration) Range {
	now := s.now()
	return Range{From: now.Add(-d), To: now.Add(ahead)}
}

// Span fills in what a range leaves out; an *ArgumentError where it is none.
func (s *Service) Span(r Range) (Range, error) { return s.within(r, MaxRange) }

func (s *Service) within(r Range, longest time.Duration) (Range, error) {
	if r.To.IsZero() {
		r.To = s.now().Add(ahead)
	}
	if r.From.IsZero() {
		r.From = r.To.Add(-DefaultRange - ahead)
	}
	if !r.From.Before(r.To) {
		return r, &ArgumentError{"from", fmt.Sprintf("%s does not lie before to, %s", stamp(r.From), stamp(r.To))}
	}
	if r.To.Sub(r.From) > longest+ahead {
		return r, &ArgumentError{"from", fmt.Sprintf("a span of %s is longer than the %s that one question covers", r.To.Sub(r.From).Round(time.Second), longest)}
	}
	return r, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// arguments collects the parameters of a question and the first thing wrong with them.
type arguments struct {
	params clickhouse.Params
	span   Range
	err    error
}

func (s *Service) arguments(r Range) *arguments { return s.about(r, MaxRange) }

// history are the arguments of a question that rollups answer.
func (s *Service) history(r Range) *arguments { return s.about(r, MaxHistory) }

func (s *Service) about(r Range, longest time.Duration) *arguments {
	a := &arguments{params: clickhouse.Params{"tenant": s.tenant}}
	a.span, a.err = s.within(r, longest)
	a.params["from_ms"] = a.span.From.UnixMilli()
	a.params["to_ms"] = a.span.To.UnixMilli()
	return a
}

func (a *arguments) wrong(field, problem string) {
	if a.err == nil {
		a.err = &ArgumentError{field, problem}
	}
}

func (a *arguments) text(field, value string) *arguments {
	if len(value) > maxID {
		a.wrong(field, fmt.Sprintf("%d bytes are more than the %d that a name may have", len(value), maxID))
	}
	a.params[field] = value
	return a
}

func (a *arguments) call(id string) *arguments {
	if id == "" {
		a.wrong("call", "no call is named")
	}
	return a.text("call", id)
}

// oneOf takes a word of a list, or none.
func (a *arguments) oneOf(field, value string, words []string) *arguments {
	if value != "" && !slices.Contains(words, value) {
		a.wrong(field, fmt.Sprintf("%q is not one of %s", value, strings.Join(words, ", ")))
	}
	return a.text(field, value)
}

func (a *arguments) kind(k string) *arguments {
	if k != "" && k != "audio" && k != "video" {
		a.wrong("kind", fmt.Sprintf("%q is neither audio nor video", k))
	}
	a.params["kind"] = k
	return a
}

func (a *arguments) number(field string, n int64) *arguments {
	a.params[field] = n
	return a
}

func (a *arguments) atLeast(field string, n int) *arguments {
	if n < 0 || n > math.MaxInt32 {
		a.wrong(field, fmt.Sprintf("%d is not between 0 and %d", n, math.MaxInt32))
	}
	return a.number(field, int64(n))
}

func (a *arguments) limit(n, otherwise int) *arguments {
	switch {
	case n == 0:
		n = otherwise
	case n < 0 || n > MaxRows:
		a.wrong("limit", fmt.Sprintf("%d is not between 1 and %d", n, MaxRows))
	}
	return a.number("limit", int64(n))
}

// ask runs one question and gives each row to scan.
func (s *Service) ask(ctx context.Context, name string, a *arguments, scan func(clickhouse.Rows) error) (err error) {
	if a.err != nil {
		return a.err
	}
	ctx, cancel := context.WithTimeout(ctx, MaxRunTime)
	defer cancel()
	rows, err := s.db.Query(ctx, statement(name), a.params, limits())
	if err != nil {
		return explain("ask for", name, err)
	}
	defer func() {
		if cerr := rows.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("read %s: %w", name, cerr)
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return explain("read", name, err)
		}
	}
	return explain("read", name, rows.Err())
}
