package receive

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Config bounds what is received. All values must be set; DefaultConfig does.
type Config struct {
	// BodyBytes bounds a body as it travels, DecodedBytes after decompression.
	BodyBytes    int64 `yaml:"body_bytes"`
	DecodedBytes int64 `yaml:"decoded_bytes"`
	// BeaconBytes bounds a body of type text/plain that brings its own token, since it is read before anybody knows whose it
	// is. Browsers let a beacon have 64 KiB.
	BeaconBytes int64 `yaml:"beacon_bytes"`
	// Samples bounds the samples of one body.
	Samples int `yaml:"samples"`
	// AckTimeout is how long a request waits for its samples to become durable before the answer is 503.
	AckTimeout time.Duration `yaml:"ack_timeout"`
	// RetryAfter is how long a refused probe is told to wait, at least; up to twice as long, so that not all come at once.
	RetryAfter time.Duration `yaml:"retry_after"`
	// Unacked bounds the samples of one WebSocket that have no answer yet. Past it the collector stops reading.
	Unacked int `yaml:"unacked"`
	// PingEvery is how often a silent WebSocket is asked whether it lives; WriteTimeout is how long a peer may take to
	// read an answer.
	PingEvery    time.Duration `yaml:"ping_every"`
	WriteTimeout time.Duration `yaml:"write_timeout"`
	// FirstMessage is how long a new WebSocket may be silent, Silence how long any. MessageTimeout is how long a message may
	// take to arrive from its first byte on.
	FirstMessage   time.Duration `yaml:"first_message"`
	Silence        time.Duration `yaml:"silence"`
	MessageTimeout time.Duration `yaml:"message_timeout"`
	// Origins lists the web origins whose pages may send: "https://app.example.com", "https://*.example.com" or "*".
	// Requests without an Origin header do not come from a page and need no entry. When it is empty, no page may send;
	// but a collector that listens on loopback only lets in pages from loopback.
	Origins []string `yaml:"origins"`
}

// DefaultConfig suits a small installation.
func DefaultConfig() Config {
	return Config{
		BodyBytes: 4 << 20, DecodedBytes: 16 << 20, Samples: 10_000, AckTimeout: 15 * time.Second, RetryAfter: 2 * time.Second,
		Unacked: 256, PingEvery: 30 * time.Second, WriteTimeout: 10 * time.Second,
		BeaconBytes: 64 << 10, FirstMessage: time.Minute, Silence: 15 * time.Minute, MessageTimeout: 30 * time.Second,
	}
}

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	for _, v := range []struct {
		key string
		n   int64
	}{
		{"body_bytes", c.BodyBytes}, {"decoded_bytes", c.DecodedBytes}, {"samples", int64(c.Samples)},
		{"ack_timeout", int64(c.AckTimeout)}, {"retry_after", int64(c.RetryAfter)}, {"unacked", int64(c.Unacked)},
		{"beacon_bytes", c.BeaconBytes}, {"first_message", int64(c.FirstMessage)}, {"silence", int64(c.Silence)},
		{"message_timeout", int64(c.MessageTimeout)},
		{"ping_every", int64(c.PingEvery)}, {"write_timeout", int64(c.WriteTimeout)},
	} {
		if v.n <= 0 {
			return fmt.Errorf("receive.%s must be more than 0", v.key)
		}
	}
	_, err := newOrigins(c.Origins, false)
	return err
}

// origins decides which pages may send.
type origins struct {
	any      bool
	loopback bool
	exact    map[string]bool
	under    []wildcard
}

type wildcard struct{ scheme, suffix string }

func newOrigins(list []string, loopback bool) (*origins, error) {
	o := &origins{exact: map[string]bool{}, loopback: loopback && len(list) == 0}
	for _, s := range list {
		if s == "*" {
			o.any = true
			continue
		}
		u, err := url.Parse(strings.Replace(s, "//*.", "//", 1))
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.Path != "" || u.RawQuery != "" || u.User != nil || strings.Contains(u.Host, "*") {
			return nil, fmt.Errorf("receive.origins: %q is not of the form https://host, https://*.host or *", s)
		}
		if strings.Contains(s, "//*.") {
			o.under = append(o.under, wildcard{u.Scheme, "." + strings.ToLower(u.Host)})
		} else {
			o.exact[strings.ToLower(s)] = true
		}
	}
	return o, nil
}

var errOrigin = errors.New("pages of this origin may not send; add it to receive.origins")

func (o *origins) check(origin string) error {
	origin = strings.ToLower(origin)
	if o.any || o.exact[origin] {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return errOrigin
	}
	for _, w := range o.under {
		if u.Scheme == w.scheme && strings.HasSuffix(u.Host, w.suffix) {
			return nil
		}
	}
	if o.loopback && IsLoopback(u.Hostname()) {
		return nil
	}
	return errOrigin
}

// IsLoopback says whether a host name or address is this machine's own.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
