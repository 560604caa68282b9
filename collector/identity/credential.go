package identity

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// Credential is a token as it was shown. It prints as a placeholder, so that no log line has it by mistake.
type Credential struct{ token string }

const hidden = "[token]"

func (c Credential) String() string { return hidden }

// GoString hides the token from %#v.
func (c Credential) GoString() string { return hidden }

// LogValue hides the token from slog.
func (c Credential) LogValue() slog.Value { return slog.StringValue(hidden) }

// Empty says that no token was shown.
func (c Credential) Empty() bool { return c.token == "" }

const (
	// Parameter is the name of a token in a query and in a body.
	Parameter = "access_token"
	// bearerProtocol is how pages, which cannot set a header of a WebSocket, show a token: as a protocol they offer.
	bearerProtocol = "bearer."
	protocolHeader = "Sec-WebSocket-Protocol"
)

// Take finds the token of a request and takes it out, so that nothing that looks at the request later can tell it on. It
// looks at, in this order: Authorization, the offered WebSocket protocols, the query.
func Take(r *http.Request) (Credential, *Refusal) {
	header, bad := takeHeader(r.Header)
	protocol := takeProtocol(r.Header)
	query := takeQuery(r)
	if bad != nil {
		return Credential{}, bad
	}
	for _, tok := range []string{header, protocol, query} {
		if tok != "" {
			return Credential{tok}, nil
		}
	}
	return Credential{}, nil
}

func takeHeader(h http.Header) (string, *Refusal) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", nil
	}
	h.Del("Authorization")
	scheme, tok, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	tok = strings.TrimSpace(tok)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || tok == "" {
		return "", unauthorized(BadScheme, "Authorization is not of the form: Bearer token")
	}
	return tok, nil
}

func takeProtocol(h http.Header) (tok string) {
	values := h.Values(protocolHeader)
	if len(values) == 0 {
		return ""
	}
	var rest []string
	for _, value := range values {
		for p := range strings.SplitSeq(value, ",") {
			p = strings.TrimSpace(p)
			if len(p) < len(bearerProtocol) || !strings.EqualFold(p[:len(bearerProtocol)], bearerProtocol) {
				rest = append(rest, p)
			} else if tok == "" {
				tok = p[len(bearerProtocol):]
			}
		}
	}
	if len(rest) == 0 {
		h.Del(protocolHeader)
	} else {
		h.Set(protocolHeader, strings.Join(rest, ", "))
	}
	return tok
}

func takeQuery(r *http.Request) string {
	if !strings.Contains(r.URL.RawQuery, Parameter) && !strings.Contains(r.URL.RawQuery, "%") {
		return ""
	}
	values, _ := url.ParseQuery(r.URL.RawQuery) // what cannot be read is left out
	tok := values.Get(Parameter)
	values.Del(Parameter)
	r.URL.RawQuery = values.Encode()
	r.RequestURI = r.URL.RequestURI()
	return tok
}

// TakeBody finds the token in a JSON object, as a beacon has it, which can have no header, and writes asterisks over it.
func TakeBody(body []byte) Credential {
	dec := json.NewDecoder(bytes.NewReader(body))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return Credential{}
	}
	var found Credential
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return found
		}
		from := dec.InputOffset()
		var value json.RawMessage
		err = dec.Decode(&value)
		if key == Parameter && err == nil {
			if found.Empty() {
				_ = json.Unmarshal(value, &found.token) // what is no text is no token
			}
			to := dec.InputOffset()
			blank(body[to-int64(len(value)) : to])
		} else if key == Parameter {
			blank(body[from:]) // cut off
		}
		if err != nil {
			return found
		}
	}
	return found
}

// blank writes a text of asterisks over a value.
func blank(value []byte) {
	if len(value) < 2 {
		return
	}
	for i := range value {
		value[i] = '*'
	}
	value[0], value[len(value)-1] = '"', '"'
}

// Mentions says whether a body may have a token in it.
func Mentions(body []byte) bool { return bytes.Contains(body, []byte(`"`+Parameter+`"`)) }
