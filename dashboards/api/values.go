package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// values reads a request's arguments and keeps the first fault.
type values struct {
	args   url.Values
	path   func(name string) string
	now    time.Time
	digest string // of the question, for cursors
	cursor *cursor
	err    error
}

// newValues refuses arguments that the route does not know, since one that is misspelt would otherwise silently ask for
// something else.
func newValues(r *http.Request, now time.Time, rt *route) *values {
	args, err := url.ParseQuery(r.URL.RawQuery)
	v := &values{args: args, path: r.PathValue, now: now, digest: question(rt.pattern, r.URL.EscapedPath(), args)}
	if err != nil {
		v.wrong("query", "the part after ? cannot be read; escape it as a URL")
		return v
	}
	names := make([]string, 0, len(args))
	for name := range args {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case !slices.Contains(rt.params, name):
			v.wrong(name, "is no argument of this question; it takes %s", strings.Join(rt.params, ", "))
		case len(args[name]) > 1:
			v.wrong(name, "is given %d times; give it once", len(args[name]))
		}
	}
	return v
}

func (v *values) wrong(field, format string, args ...any) {
	if v.err == nil {
		v.err = &query.ArgumentError{Field: field, Problem: fmt.Sprintf(format, args...)}
	}
}

func (v *values) text(field string) string { return v.args.Get(field) }

func (v *values) number(field string) int {
	text := v.text(field)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		v.wrong(field, "%q is not a whole number", text)
	}
	return n
}

// figure is nil where the argument is left out.
func (v *values) figure(field string) *float64 {
	text := v.text(field)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != n {
		v.wrong(field, "%q is not a number", text)
	}
	return &n
}

// yes is nil where the argument is left out.
func (v *values) yes(field string) *bool {
	text := v.text(field)
	if text == "" {
		return nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		v.wrong(field, "%q is neither true nor false", text)
	}
	return &b
}

func (v *values) length(field string) time.Duration {
	text := v.text(field)
	if text == "" {
		return 0
	}
	d, err := query.ParseLength(text)
	if err != nil {
		v.wrong(field, "%s", err)
	}
	return d
}

// span reads from and to (RFC 3339, or a length of time before now), or since, a length of time before now. Where a cursor
// goes on, the span is that of the first page.
func (v *values) span() query.Range {
	if text := v.text("cursor"); text != "" && v.cursor == nil {
		c, ok := parseCursor(text, v.digest)
		if !ok {
			v.wrong("cursor", "belongs to another question; leave it out to begin with the first page")
		}
		v.cursor = &c
		return c.span()
	}
	if since := v.text("since"); since != "" {
		if v.args.Has("from") || v.args.Has("to") {
			v.wrong("since", "stands beside from or to; give one of them")
		}
		d, err := query.ParseLength(since)
		if err != nil {
			v.wrong("since", "%s", err)
		}
		return query.Range{From: v.now.Add(-d)}
	}
	return query.Range{From: v.time("from"), To: v.time("to")}
}

func (v *values) time(field string) time.Time {
	text := v.text(field)
	if text == "" {
		return time.Time{}
	}
	t, err := query.ParseTime(text, v.now)
	if err != nil {
		v.wrong(field, "%s", err)
	}
	return t
}
