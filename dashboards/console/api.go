package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// answer is the body of one route; its error becomes a problem.
type answer func(r *http.Request, v *values) (any, error)

// respond writes an answer with an ETag: the page asks every two seconds, and mostly nothing has changed.
func (c *Console) respond(a answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &values{Values: r.URL.Query()}
		body, err := a(r, v)
		if err != nil {
			c.fail(w, r, err)
			return
		}
		data, err := json.Marshal(body)
		if err != nil {
			c.fail(w, r, fmt.Errorf("encode answer: %w", err))
			return
		}
		tag := etag(data)
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache")
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(data) // the browser has gone; nobody is left to tell
	}
}

func (c *Console) calls(r *http.Request, v *values) (any, error) {
	q := query.CallsQuery{Range: v.span(), Search: v.Get("search"), Limit: v.number("limit"), Offset: v.number("offset")}
	if v.err != nil {
		return nil, v.err
	}
	calls, err := c.query.Calls(r.Context(), q)
	return map[string]any{"calls": calls}, err
}

func (c *Console) call(r *http.Request, v *values) (any, error) {
	q := query.CallQuery{Range: v.span(), CallID: r.PathValue("call")}
	if v.err != nil {
		return nil, v.err
	}
	return c.query.CallOverview(r.Context(), q)
}

func (c *Console) paths(r *http.Request, v *values) (any, error) {
	q := query.E2EQuery{
		Range: v.span(), CallID: r.PathValue("call"), Participant: v.Get("participant"), Kind: v.Get("kind"), Limit: v.number("limit"),
	}
	if v.err != nil {
		return nil, v.err
	}
	rows, err := c.query.PathsNow(r.Context(), q)
	return map[string]any{"paths": rows}, err
}

func (c *Console) series(r *http.Request, v *values) (any, error) {
	q := query.SeriesQuery{
		Range: v.span(), CallID: r.PathValue("call"), PublisherID: v.Get("publisher"), SubscriberID: v.Get("subscriber"),
		Kind: v.Get("kind"), TrackID: v.Get("track"), MaxPoints: v.number("points"),
	}
	if v.err != nil {
		return nil, v.err
	}
	return c.query.PathSeries(r.Context(), q)
}

func (c *Console) hops(r *http.Request, v *values) (any, error) {
	q := query.HopsQuery{Range: v.span(), CallID: r.PathValue("call"), Limit: v.number("limit")}
	if v.err != nil {
		return nil, v.err
	}
	links, err := c.query.HopsNow(r.Context(), q)
	return map[string]any{"hops": links}, err
}

// values reads the URL's arguments and keeps the first fault.
type values struct {
	url.Values
	err error
}

func (v *values) wrong(field, format string, args ...any) {
	if v.err == nil {
		v.err = &query.ArgumentError{Field: field, Problem: fmt.Sprintf(format, args...)}
	}
}

func (v *values) number(field string) int {
	text := v.Get(field)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		v.wrong(field, "%q is not a whole number", text)
	}
	return n
}

// span reads from and to (RFC 3339), or since, a length of time before now such as 15m.
func (v *values) span() query.Range {
	r := query.Range{From: v.time("from"), To: v.time("to")}
	text := v.Get("since")
	if text == "" {
		return r
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil || d <= 0:
		v.wrong("since", "%q is no length of time such as 15m or 24h", text)
	case v.Has("from") || v.Has("to"):
		v.wrong("since", "stands beside from or to; give one of them")
	default:
		r.From = time.Now().Add(-d)
	}
	return r
}

func (v *values) time(field string) time.Time {
	text := v.Get(field)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		v.wrong(field, "%q is no time such as 2026-03-01T12:00:00Z", text)
	}
	return t
}
