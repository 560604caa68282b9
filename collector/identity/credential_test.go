package identity

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhereATokenIsFound(t *testing.T) {
	const tok, canonical = "aaa.bbb.ccc", "Sec-Websocket-Protocol"
	for name, tc := range map[string]struct {
		target string
		header http.Header
		want   string
		reason string
	}{
		"nowhere":                     {"/v1/samples", nil, "", ""},
		"Authorization":               {"/", http.Header{"Authorization": {"Bearer " + tok}}, tok, ""},
		"Authorization, other case":   {"/", http.Header{"Authorization": {"  bEARER   " + tok + " "}}, tok, ""},
		"Authorization, other scheme": {"/", http.Header{"Authorization": {"Basic " + tok}}, "", BadScheme},
		"Authorization, bare":         {"/", http.Header{"Authorization": {tok}}, "", BadScheme},
		"Authorization, empty":        {"/", http.Header{"Authorization": {""}}, "", BadScheme},
		"Authorization, no token":     {"/", http.Header{"Authorization": {"Bearer "}}, "", BadScheme},
		"Authorization twice":         {"/", http.Header{"Authorization": {"Bearer " + tok, "Bearer x"}}, "", BadScheme},
		"protocol":                    {"/", http.Header{canonical: {"earshot.v1, bearer." + tok}}, tok, ""},
		"protocol in its own header":  {"/", http.Header{canonical: {"earshot.v1", "Bearer." + tok}}, tok, ""},
		"protocol alone":              {"/", http.Header{canonical: {"bearer." + tok}}, tok, ""},
		"other protocols":             {"/", http.Header{canonical: {"earshot.v1, bearer"}}, "", ""},
		"query":                       {"/?access_token=" + tok, nil, tok, ""},
		"query, among others":         {"/?a=1&access_token=" + tok + "&b=2", nil, tok, ""},
		"query, name encoded":         {"/?access%5ftoken=" + tok, nil, tok, ""},
		"query that is broken":        {"/?a=%zz&access_token=" + tok, nil, tok, ""},
		"all: the header is taken": {
			"/?access_token=x", http.Header{"Authorization": {"Bearer " + tok}, canonical: {"bearer.y"}}, tok, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, tc.target, nil)
			if tc.header != nil {
				r.Header = tc.header
			}
			c, refused := Take(r)
			require.Equal(t, tc.want, c.token)
			require.Equal(t, tc.want == "", c.Empty())
			if tc.reason != "" {
				require.Equal(t, tc.reason, refused.Reason)
				require.Equal(t, http.StatusUnauthorized, refused.Status)
			} else {
				require.Nil(t, refused)
			}
			left := fmt.Sprint(r.Header, r.URL, r.RequestURI)
			require.NotContains(t, left, "aaa.bbb", "nothing is left for others to see")
			require.NotContains(t, left, "access")
			if strings.Contains(name, "protocol") && strings.Contains(fmt.Sprint(tc.header), "earshot.v1") {
				require.Contains(t, r.Header.Get(protocolHeader), "earshot.v1")
			}
		})
	}
	r := httptest.NewRequest(http.MethodGet, "/?a=1&access_token=x&b=%20", nil)
	_, _ = Take(r)
	require.Equal(t, "a=1&b=+", r.URL.RawQuery, "the rest of the query stays")
}

func TestTheTokenOfABeacon(t *testing.T) {
	for name, tc := range map[string]struct{ body, want, left string }{
		"first":                {`{"access_token":"s3cret","samples":[]}`, "s3cret", `{"access_token":"******","samples":[]}`},
		"last, with blanks":    {`{"samples":[{"access_token":"x"}], "access_token" : "s3cret" }`, "s3cret", ``},
		"twice":                {`{"access_token":"s3cret","access_token":"s3cret"}`, "s3cret", ``},
		"key escaped":          {`{"access\u005ftoken":"s3cret"}`, "s3cret", ``},
		"value escaped":        {`{"access_token":"s3\u0063ret"}`, "s3cret", ``},
		"what follows is none": {`{"access_token":"s3cret","samples":[{]}`, "s3cret", `{"access_token":"******","samples":[{]}`},
		"cut off":              {`{"access_token":"s3cret`, "", ``},
		"not a text":           {`{"access_token":["s3cret"]}`, "", ``},
		"inside a sample":      {`{"samples":[{"access_token":"x"}]}`, "", `{"samples":[{"access_token":"x"}]}`},
		"an array":             {`[{"access_token":"x"}]`, "", `[{"access_token":"x"}]`},
		"nothing":              {``, "", ``},
		"no JSON":              {`access_token=x`, "", `access_token=x`},
	} {
		t.Run(name, func(t *testing.T) {
			body := []byte(tc.body)
			valid := json.Valid(body)
			require.Equal(t, tc.want, TakeBody(body).token)
			require.NotContains(t, string(body), "s3cret")
			require.Len(t, body, len(tc.body))
			require.Equal(t, valid, json.Valid(body))
			if tc.left != "" {
				require.Equal(t, tc.left, string(body))
			}
		})
	}
}

func TestACredentialDoesNotPrint(t *testing.T) {
	c := Credential{"s3cret"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "credential", c)
	for _, s := range []string{fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q", c, c, c, c, c), log.String()} {
		require.NotContains(t, s, "s3cret")
	}
}

func FuzzTakeBody(f *testing.F) {
	f.Add([]byte(`{"access_token":"s3cret","samples":[]}`))
	f.Add([]byte(`{"access_token":"s3`))
	f.Add([]byte(`{"a":{"access_token":1},"access_token":"\ud800"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		valid := json.Valid(body)
		var before map[string]json.RawMessage
		_ = json.Unmarshal(body, &before)
		c := TakeBody(body)
		if valid != json.Valid(body) {
			t.Fatalf("%q", body)
		}
		if !valid {
			return
		}
		var after map[string]json.RawMessage
		_ = json.Unmarshal(body, &after)
		if len(before) != len(after) {
			t.Fatal("a member is gone")
		}
		for key, value := range after {
			if key != Parameter && string(before[key]) != string(value) {
				t.Fatalf("%q changed", key)
			}
		}
		if !c.Empty() && len(c.token) > 8 && strings.Contains(string(after[Parameter]), c.token) && strings.Trim(c.token, "*") != "" {
			t.Fatal("the token stands there still")
		}
	})
}

func FuzzTake(f *testing.F) {
	f.Add("Bearer a.b.c", "earshot.v1, bearer.a.b.c", "access_token=a.b.c")
	f.Add("basic", "bearer.", "a=%zz&access_token")
	f.Fuzz(func(t *testing.T, authorization, protocol, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", authorization)
		r.Header.Set(protocolHeader, protocol)
		r.URL.RawQuery = query
		c, refused := Take(r)
		if refused != nil && !c.Empty() {
			t.Fatal("both")
		}
		if len(r.Header.Values("Authorization")) > 0 {
			t.Fatal("left behind")
		}
		if again, refused := Take(r); !again.Empty() || refused != nil {
			t.Fatalf("found again: %q", again.token)
		}
	})
}
