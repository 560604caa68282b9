package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"time"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

// cursor is where a page ended. Clients see it as opaque text. It carries the span of time of the first page, so that "the
// last hour" stays the same hour on all pages, and a digest of the question that it belongs to.
type cursor struct {
	Question string       `json:"q"`
	FromMs   int64        `json:"f"`
	ToMs     int64        `json:"t"`
	After    *query.After `json:"a,omitempty"`
	Call     *query.Place `json:"c,omitempty"`
}

// maxCursor is far more than an encoded cursor with the longest of ids takes.
const maxCursor = 4096

// question is the digest of a route and of the arguments that decide what is on which page.
func question(pattern, path string, args url.Values) string {
	rest := url.Values{}
	for name, v := range args {
		if name != "cursor" && name != "limit" {
			rest[name] = v
		}
	}
	sum := sha256.Sum256([]byte(pattern + "\n" + path + "\n" + rest.Encode()))
	return hex.EncodeToString(sum[:8])
}

func (c cursor) String() string {
	data, err := json.Marshal(c)
	if err != nil {
		return "" // numbers and strings always have a JSON form
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// parseCursor reads what String wrote for the same question; ok is false for anything else.
func parseCursor(text, question string) (c cursor, ok bool) {
	if len(text) > maxCursor {
		return c, false
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(data, &c) != nil {
		return c, false
	}
	return c, c.Question == question && c.FromMs < c.ToMs && (c.After != nil) != (c.Call != nil)
}

func (c cursor) span() query.Range {
	return query.Range{From: time.UnixMilli(c.FromMs).UTC(), To: time.UnixMilli(c.ToMs).UTC()}
}

// after is where the page before this one ended, nil on the first page.
func (v *values) after() *query.After {
	if v.cursor == nil {
		return nil
	}
	if v.cursor.After == nil {
		v.wrong("cursor", "belongs to another question; leave it out to begin with the first page")
	}
	return v.cursor.After
}

// next writes the cursor of the page after this one; "" where there is none.
func (v *values) next(r query.Range, c cursor) string {
	if c.After == nil && c.Call == nil {
		return ""
	}
	c.Question, c.FromMs, c.ToMs = v.digest, r.From.UnixMilli(), r.To.UnixMilli()
	return c.String()
}
