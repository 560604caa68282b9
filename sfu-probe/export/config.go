package export

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Defaults of Config.
const (
	DefaultQueueBytes   = 8 << 20
	DefaultFlushTimeout = 5 * time.Second
	DefaultMinBackoff   = 500 * time.Millisecond
	DefaultMaxBackoff   = 30 * time.Second
	DefaultAckTimeout   = 30 * time.Second
	DefaultClockEvery   = 30 * time.Second
)

// Config of an Exporter. Only URL is required.
type Config struct {
	// URL of the collector's stream: ws://host:port/v1/stream or wss://...
	URL string
	// Token, where set, goes into the Authorization header as a bearer token.
	Token string
	// Header is sent besides when connecting.
	Header http.Header
	// HTTPClient makes the connection; give one for client certificates or a proxy. Nil is http.DefaultClient.
	HTTPClient *http.Client

	// QueueBytes bounds the samples that wait to be acknowledged. When it is full the oldest give way.
	QueueBytes int
	// MinBackoff and MaxBackoff bound the waits between attempts to connect, which double and are jittered.
	MinBackoff, MaxBackoff time.Duration
	// AckTimeout is how long the collector may leave something unanswered before it is taken for dead.
	AckTimeout time.Duration
	// ClockEvery is the time between two exchanges of time.
	ClockEvery time.Duration
}

// Dependencies of an Exporter; the zero value is good.
type Dependencies struct {
	Logger *slog.Logger
}

func (c *Config) withDefaults() error {
	u, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("the collector's address cannot be read: %w", err)
	}
	if (u.Scheme != "ws" && u.Scheme != "wss") || u.Host == "" {
		return fmt.Errorf("the collector's address is %q: give a WebSocket address such as ws://127.0.0.1:4480/v1/stream", c.URL)
	}
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{
		{&c.MinBackoff, DefaultMinBackoff},
		{&c.MaxBackoff, DefaultMaxBackoff},
		{&c.AckTimeout, DefaultAckTimeout},
		{&c.ClockEvery, DefaultClockEvery},
	} {
		if *d.v <= 0 {
			*d.v = d.def
		}
	}
	c.MaxBackoff = max(c.MaxBackoff, c.MinBackoff)
	if c.QueueBytes <= 0 {
		c.QueueBytes = DefaultQueueBytes
	}
	return nil
}
