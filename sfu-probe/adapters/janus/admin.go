package janus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// admin speaks to the gateway's admin API.
type admin struct {
	base, secret string
	client       *http.Client
	timeout      time.Duration
}

// maxAnswer bounds an answer: those on a handle with a dozen media are about 50 KB.
const maxAnswer = 4 << 20

// codeUnauthorized is that of the API's errors (apierror.h) which says that the secret is wrong.
const codeUnauthorized = 403

// refusal is an error that the gateway answered.
type refusal struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
}

func (r *refusal) Error() string {
	if r.Code == codeUnauthorized {
		return "the admin API refuses the secret: give admin_secret of janus.jcfg"
	}
	return fmt.Sprintf("the admin API answered error %d: %s", r.Code, r.Reason)
}

// gone says whether an error concerns one session or handle alone, as when that is no more.
func gone(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.Code != codeUnauthorized
}

// ask makes one request, of the gateway, a session or a handle, and reads its answer.
func (a *admin) ask(ctx context.Context, request string, answer answerer, of ...name) error {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	body, err := json.Marshal(map[string]string{"janus": request, "transaction": "earshot", "admin_secret": a.secret})
	if err != nil {
		return err
	}
	at := strings.TrimSuffix(a.base, "/")
	for _, n := range of {
		at += "/" + url.PathEscape(string(n))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the admin API answered %s: is %s its address?", resp.Status, a.base)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(raw) > maxAnswer {
		return fmt.Errorf("an answer of the admin API to %s is longer than %d bytes", request, maxAnswer)
	}
	return read(raw, answer)
}

// read reads an answer, or the error that it is.
func read(raw []byte, answer answerer) error {
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("an answer of the admin API cannot be read: %w", err)
	}
	if r := answer.refused(); r != nil {
		return r
	}
	return nil
}
