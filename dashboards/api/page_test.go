package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/dashboards/query"
)

func TestPagesFollowEachOtherByCursor(t *testing.T) {
	h := serve(t, AuthConfig{Tenant: "blue"}, query.New(openStore(t)))
	for target, want := range map[string]int{
		"/api/v1/calls?limit=1&sort=rtt":                        2,
		"/api/v1/calls/shared/events?limit=2":                   5,
		"/api/v1/calls/shared/windows?limit=10&participant=chi": 24,
		"/api/v1/worst?limit=1":                                 2,
	} {
		seen, cursors := map[string]bool{}, 0
		next := target
		for next != "" {
			w := get(h, next)
			require.Equal(t, http.StatusOK, w.Code, w.Body.String())
			var page map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
			var more string
			if raw, ok := page["next"]; ok {
				require.NoError(t, json.Unmarshal(raw, &more))
				delete(page, "next")
			}
			for _, list := range page {
				var rows []json.RawMessage
				require.NoError(t, json.Unmarshal(list, &rows))
				for _, row := range rows {
					require.False(t, seen[string(row)], "twice: %s", row)
					seen[string(row)] = true
				}
			}
			if next = ""; more != "" {
				next = target + "&cursor=" + url.QueryEscape(more)
				cursors++
			}
		}
		require.Len(t, seen, want, target)
		require.GreaterOrEqual(t, cursors, 2, target)
	}
}

func TestACursorIsOfUseForItsQuestionOnly(t *testing.T) {
	h := serve(t, twoTenants(), query.New(openStore(t)))
	w := get(h, "/api/v1/calls?limit=1&sort=rtt", "Authorization", "Bearer secret of blue")
	var page struct{ Next string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page))
	require.NotEmpty(t, page.Next)
	for name, c := range map[string]struct {
		target string
		want   int
	}{
		"the same":        {"/api/v1/calls?sort=rtt&limit=5&cursor=" + page.Next, 200},
		"another order":   {"/api/v1/calls?sort=score&cursor=" + page.Next, 400},
		"another filter":  {"/api/v1/calls?sort=rtt&search=x&cursor=" + page.Next, 400},
		"another span":    {"/api/v1/calls?sort=rtt&since=1h&cursor=" + page.Next, 400},
		"another route":   {"/api/v1/worst?cursor=" + page.Next, 400},
		"another kind":    {"/api/v1/calls/shared/events?cursor=" + page.Next, 400},
		"cut off":         {"/api/v1/calls?sort=rtt&cursor=" + page.Next[:len(page.Next)-3], 400},
		"changed":         {"/api/v1/calls?sort=rtt&cursor=" + strings.Replace(page.Next, "e", "f", 1), 400},
		"far too long":    {"/api/v1/calls?sort=rtt&cursor=" + strings.Repeat("A", 5000), 400},
		"empty JSON":      {"/api/v1/calls?sort=rtt&cursor=e30", 400},
		"nothing at all":  {"/api/v1/calls?sort=rtt&cursor=", 200},
		"another's token": {"/api/v1/calls?sort=rtt&cursor=" + page.Next, 200},
	} {
		t.Run(name, func(t *testing.T) {
			token := "secret of blue"
			if name == "another's token" {
				token = "secret of acme"
			}
			w := get(h, c.target, "Authorization", "Bearer "+token)
			require.Equal(t, c.want, w.Code, w.Body.String())
			if c.want == 400 {
				require.Equal(t, "cursor", problemOf(t, w).Field)
			}
			if name == "another's token" {
				require.JSONEq(t, `{"calls":[]}`, w.Body.String(), "a cursor opens nothing")
			}
		})
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("e30")
	f.Add(cursor{Question: "q", FromMs: 1, ToMs: 2, After: &query.After{AtUs: 3, Skip: 4}}.String())
	f.Add(cursor{Question: "q", FromMs: 1, ToMs: 2, Call: &query.Place{Key: 0.5, CallID: "c"}}.String())
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseCursor(text, "q")
		if !ok {
			return
		}
		again, ok := parseCursor(c.String(), "q")
		require.True(t, ok)
		require.Equal(t, c, again)
		require.True(t, c.span().From.Before(c.span().To))
	})
}
