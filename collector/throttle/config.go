package throttle

import (
	"errors"
	"fmt"
	"time"
)

// Config says how much may come from where. With auth.mode none, only connections counts: nobody is told apart then.
type Config struct {
	// Tenant bounds what all of a tenant's sources send together.
	Tenant Rate `yaml:"tenant"`
	// Source bounds what one client or SFU sends, as its token names it.
	Source Rate `yaml:"source"`
	// Address bounds what comes from one IPv4 address or one IPv6 /64, behind which many may sit.
	Address Rate `yaml:"address"`
	// Requests bounds the requests per second from one address, before anybody looks at their tokens. 0: no bound.
	Requests float64 `yaml:"requests_per_address"`
	// Burst is how long somebody who was silent may go on at any speed: a bucket holds what its rate gives in this time.
	Burst time.Duration `yaml:"burst"`
	// Buckets bounds the memory: so many tenants, sources and addresses each are told apart. Those heard of least recently
	// are forgotten.
	Buckets int `yaml:"buckets"`
	// Connections bounds the open connections. 0: no bound.
	Connections int `yaml:"connections"`
	// ConnectionsPerAddress bounds those from one address, and its WebSockets where a trusted proxy names the address. 0: no
	// bound.
	ConnectionsPerAddress int `yaml:"connections_per_address"`
}

// Rate is how much may come per second.
type Rate struct {
	// Samples per second; time requests of a WebSocket count too. 0: no bound.
	Samples float64 `yaml:"samples"`
	// Bytes per second, of decompressed bodies and WebSocket messages. 0: no bound.
	Bytes int64 `yaml:"bytes"`
}

// DefaultConfig leaves room for a thousand participants behind one address, and for the backlog of a probe after an outage.
func DefaultConfig() Config {
	return Config{
		Source: Rate{Samples: 50, Bytes: 8 << 20}, Address: Rate{Samples: 5000, Bytes: 64 << 20}, Requests: 1000,
		Burst: 10 * time.Second, Buckets: 100_000, Connections: 20_000, ConnectionsPerAddress: 2000,
	}
}

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	for _, v := range []struct {
		key string
		n   float64
	}{
		{"tenant.samples", c.Tenant.Samples}, {"tenant.bytes", float64(c.Tenant.Bytes)}, {"source.samples", c.Source.Samples},
		{"source.bytes", float64(c.Source.Bytes)}, {"address.samples", c.Address.Samples}, {"address.bytes", float64(c.Address.Bytes)},
		{"requests_per_address", c.Requests}, {"connections", float64(c.Connections)},
		{"connections_per_address", float64(c.ConnectionsPerAddress)},
	} {
		if !(v.n >= 0 && v.n < 1e18) {
			return fmt.Errorf("throttle.%s must be 0 (no bound) or more", v.key)
		}
	}
	if c.Burst <= 0 || c.Buckets <= 0 {
		return errors.New("throttle.burst and throttle.buckets must be more than 0")
	}
	return nil
}

// Open is the configuration that bounds nothing but the number of connections.
func (c *Config) Open() Config {
	return Config{Burst: c.Burst, Buckets: c.Buckets, Connections: c.Connections}
}
