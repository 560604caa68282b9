package janus

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/sfu-probe/adapters/poll"
	"github.com/earshot-rtc/earshot/sfu-probe/export"
)

// Defaults of Config.
const (
	DefaultInterval = poll.DefaultInterval
	DefaultTimeout  = 5 * time.Second
	DefaultParallel = 8
	DefaultHandles  = 20_000
)

// Config says which gateway to report and where to. Admin and Collector are required.
type Config struct {
	// Admin is the address of the gateway's admin API, such as http://127.0.0.1:7088/admin.
	Admin string
	// Secret is admin_secret of janus.jcfg.
	Secret string

	// SFUID names the gateway. Empty: its server_name.
	SFUID string
	// Region is where it stands.
	Region string
	// CallPrefix stands before the room in the call's id, where rooms of several gateways have the same numbers.
	CallPrefix string
	// CallID is the call of handles that are in no room; empty: they are left out.
	CallID string

	// Interval between samples; 0 is DefaultInterval.
	Interval time.Duration
	// Timeout bounds one request; 0 is DefaultTimeout.
	Timeout time.Duration
	// Parallel is how many requests are under way at once; 0 is DefaultParallel.
	Parallel int
	// Handles bounds the handles that are looked at; 0 is DefaultHandles.
	Handles int

	// Collector is the WebSocket address of the collector's stream, ws://host:port/v1/stream or wss://...
	Collector string
	// Token, where set, is sent as a bearer token when connecting.
	Token string
	// QueueBytes bounds the samples that wait for the collector; 0 is export.DefaultQueueBytes.
	QueueBytes int
}

// Dependencies of an Adapter; the zero value is good.
type Dependencies struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	// HTTPClient speaks to the gateway. Nil: one of the adapter's own, without a proxy.
	HTTPClient *http.Client
	// Exporter takes samples away in place of one made for Config.Collector. The adapter starts it and shuts it down.
	Exporter export.Sink
}

func (c *Config) withDefaults() error {
	u, err := url.Parse(c.Admin)
	switch {
	case err != nil:
		return fmt.Errorf("the admin API's address cannot be read: %w", err)
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return fmt.Errorf("the admin API's address is %q: give one such as http://127.0.0.1:7088/admin", c.Admin)
	case c.Timeout < 0 || c.Parallel < 0 || c.Handles < 0:
		return errors.New("timeout, parallel and handles must not be negative")
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Parallel == 0 {
		c.Parallel = DefaultParallel
	}
	if c.Handles == 0 {
		c.Handles = DefaultHandles
	}
	return nil
}
