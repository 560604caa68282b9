package livekit

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/earshot-rtc/earshot/sfu-probe/adapters/poll"
	"github.com/earshot-rtc/earshot/sfu-probe/export"
)

// Defaults of Config.
const (
	DefaultInterval = poll.DefaultInterval
	DefaultTimeout  = 5 * time.Second
	DefaultRooms    = 2_000

	DefaultConnections = 1
)

// Naming says what clients give for their client_id.
type Naming string

// What a client's id may be.
const (
	// NamedFreely is the default: it may be anything, and says nothing.
	NamedFreely Naming = ""
	// NamedByIdentity is the participant's identity.
	NamedByIdentity Naming = "identity"
	// NamedBySID is LiveKit's id of the participant, PA_...
	NamedBySID Naming = "sid"
)

// Config says which server to report and where to. URL, SFUID and Collector are required.
type Config struct {
	// URL is the address of the node's HTTP port, such as http://127.0.0.1:7880.
	URL string
	// APIKey and APISecret are those of the server's keys. Without them only /debug/rooms is asked.
	APIKey, APISecret string

	// SFUID names the node.
	SFUID string
	// Region is where it stands.
	Region string
	// CallPrefix stands before the room's name in the call's id.
	CallPrefix string
	// ClientID says what clients have for their id. Where it is known, ends at LiveKit are paired with no other client's.
	ClientID Naming

	// Connections is how many peer connections a client has: 2, one for each direction, or 1, as livekit-client has it by default
	// since version 2.17. The server does not tell. 0 is DefaultConnections. A client that has another number, and both publishes
	// and receives, is paired in one direction at most.
	Connections int

	// Interval between samples; 0 is DefaultInterval.
	Interval time.Duration
	// Timeout bounds one request; 0 is DefaultTimeout.
	Timeout time.Duration
	// Rooms bounds the rooms that are looked at; 0 is DefaultRooms.
	Rooms int

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
	// HTTPClient speaks to the server. Nil: one of the adapter's own, without a proxy.
	HTTPClient *http.Client
	// Exporter takes samples away in place of one made for Config.Collector. The adapter starts it and shuts it down.
	Exporter export.Sink
}

func (c *Config) withDefaults() error {
	u, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("the server's address cannot be read: %w", err)
	}
	// LiveKit's address is mostly given as clients want it.
	u.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	switch {
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return fmt.Errorf("the server's address is %q: give one such as http://127.0.0.1:7880", c.URL)
	case c.SFUID == "":
		return errors.New("the SFU's name is missing: LiveKit does not tell it, so give the node one of its own")
	case (c.APIKey == "") != (c.APISecret == ""):
		return errors.New("of API key and secret one is missing: give both, or neither where the node serves /debug/rooms")
	case c.ClientID != NamedFreely && c.ClientID != NamedByIdentity && c.ClientID != NamedBySID:
		return fmt.Errorf("the clients' id is said to be %q: it is identity or sid, or empty where neither is so", c.ClientID)
	case c.Connections < 0 || c.Connections > 2:
		return fmt.Errorf("clients are said to have %d peer connections: it is 1 or 2", c.Connections)
	case c.Timeout < 0 || c.Rooms < 0:
		return errors.New("timeout and rooms must not be negative")
	}
	c.URL = strings.TrimSuffix(u.String(), "/")
	if c.Connections == 0 {
		c.Connections = DefaultConnections
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Rooms == 0 {
		c.Rooms = DefaultRooms
	}
	return nil
}
