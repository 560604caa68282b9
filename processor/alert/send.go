package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// endpoint is what every Alertmanager has since 0.16.
const endpoint = "/api/v2/alerts"

// most is how many alerts one request has.
const most = 256

// postable is an element of the body, as Alertmanager's OpenAPI document says.
type postable struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// refusedError is an answer that will be the same for the same request.
type refusedError struct {
	status string
	says   string
}

func (e *refusedError) Error() string { return "answered " + e.status + ": " + e.says }

// serve tells one server: at once what is new, everything again every Config.Repeat, and after a failure when its pause is over.
func (s *Sender) serve(ctx context.Context, server string, wake <-chan struct{}) {
	name := host(server)
	pause, failing := s.cfg.Backoff, false
	timer := time.NewTimer(s.cfg.Repeat)
	defer timer.Stop()
	for {
		select {
		case <-wake:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		err := s.tell(ctx, server)
		if ctx.Err() != nil {
			return
		}
		if err != nil != failing {
			failing = err != nil
			if failing {
				s.log.Warn("an Alertmanager cannot be told of alerts; it is tried again", "alertmanager", name, "error", err)
			} else {
				s.log.Info("the Alertmanager takes alerts again", "alertmanager", name)
			}
		}
		next := s.cfg.Repeat
		if err == nil || errors.As(err, new(*refusedError)) {
			pause = s.cfg.Backoff
		} else {
			next = pause/2 + rand.N(pause/2+1)
			pause = min(2*pause, s.cfg.Repeat)
		}
		timer.Reset(next)
	}
}

// tell sends all alerts to one server.
func (s *Sender) tell(ctx context.Context, server string) error {
	name := host(server)
	for some := range slices.Chunk(s.due(), most) {
		err := s.post(ctx, server, some)
		switch {
		case err == nil:
			s.metrics.sent.WithLabelValues(name, "ok").Add(float64(len(some)))
		case ctx.Err() != nil:
			return err
		case errors.As(err, new(*refusedError)):
			s.metrics.sent.WithLabelValues(name, "refused").Add(float64(len(some)))
			return err
		default:
			s.metrics.sent.WithLabelValues(name, "failed").Add(float64(len(some)))
			return err
		}
	}
	return nil
}

func (s *Sender) post(ctx context.Context, server string, alerts []Alert) error {
	body, err := json.Marshal(s.body(alerts, time.Now()))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(server, "/")+endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "earshot")
	for k, v := range s.cfg.Headers {
		req.Header.Set(k, v)
	}
	token, err := s.cfg.token()
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.transport.RoundTrip(req) // which follows no redirect: a token is for the server that was named
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	says, _ := io.ReadAll(io.LimitReader(res.Body, 300))
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode/100 == 5, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout:
		return fmt.Errorf("answered %s: %s", res.Status, bytes.TrimSpace(says))
	}
	return &refusedError{res.Status, string(bytes.TrimSpace(says))}
}

// body is what a server is told at a time. An alert that fires is said to end a while from now, so that it does when nobody repeats it.
func (s *Sender) body(alerts []Alert, now time.Time) []postable {
	out := make([]postable, len(alerts))
	for i, a := range alerts {
		p := postable{
			Labels: map[string]string{}, Annotations: a.Annotations, StartsAt: a.StartsAt.UTC(), EndsAt: a.EndsAt.UTC(), GeneratorURL: a.GeneratorURL,
		}
		maps.Copy(p.Labels, s.cfg.Labels)
		for k, v := range a.Labels {
			if v != "" { // which Alertmanager takes as no label at all
				p.Labels[k] = v
			}
		}
		if a.EndsAt.IsZero() {
			p.EndsAt = now.Add(4 * s.cfg.Repeat).UTC()
		}
		if !p.StartsAt.Before(p.EndsAt) {
			p.StartsAt = p.EndsAt.Add(-time.Millisecond)
		}
		out[i] = p
	}
	return out
}

func host(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return "?"
	}
	return u.Host
}
