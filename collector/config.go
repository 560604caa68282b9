package collector

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/enrich"
	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/mask"
	"github.com/earshot-rtc/earshot/collector/receive"
	"github.com/earshot-rtc/earshot/collector/spool"
	"github.com/earshot-rtc/earshot/collector/throttle"
	"github.com/earshot-rtc/earshot/internal/certificate"
	"github.com/earshot-rtc/earshot/internal/kafka"
)

// Config is what the user writes.
type Config struct {
	// Listen is where probes send to, host:port. Port 0 takes a free one; see Collector.Addr.
	Listen string `yaml:"listen"`
	// ID names this collector in receipts. Default: the host's name.
	ID string `yaml:"id"`
	// Kafka is how samples are written. The collector itself reads max_message_bytes only; whoever makes its Producer
	// reads the rest.
	Kafka   kafka.ProducerConfig `yaml:"kafka"`
	Receive receive.Config       `yaml:"receive"`
	// Auth is who may send.
	Auth identity.Config `yaml:"auth"`
	// TLS is the certificate of the listener.
	TLS certificate.Config `yaml:"tls"`
	// Throttle is how much may come from whom.
	Throttle throttle.Config `yaml:"throttle"`
	Limits   admit.Limits    `yaml:"limits"`
	Queue    QueueConfig     `yaml:"queue"`
	// Enrich is where country, region, ASN and ISP of an address come from, Privacy what is personal and becomes of it.
	Enrich  enrich.Config `yaml:"enrich"`
	Privacy mask.Config   `yaml:"privacy"`
	// Spool is where samples wait on disk while Kafka is away.
	Spool spool.Config `yaml:"spool"`
	// ReadTimeout bounds how long a request may take to arrive, HeaderTimeout its header, IdleTimeout how long a connection
	// may stay between two requests. None of them concerns WebSockets.
	ReadTimeout   time.Duration `yaml:"read_timeout"`
	HeaderTimeout time.Duration `yaml:"header_timeout"`
	IdleTimeout   time.Duration `yaml:"idle_timeout"`
}

// QueueConfig bounds what waits for Kafka.
type QueueConfig struct {
	// Bytes that may wait or be under way; past it the answer is 503.
	Bytes int64 `yaml:"bytes"`
	// Workers is how many slices are written at a time. The messages of a call go through one worker, in order.
	Workers int `yaml:"workers"`
	// SliceMessages and SliceBytes bound what a worker writes at once.
	SliceMessages int `yaml:"slice_messages"`
	SliceBytes    int `yaml:"slice_bytes"`
}

// DefaultConfig listens on loopback.
func DefaultConfig() Config {
	c := Config{
		Listen: "127.0.0.1:4480", Receive: receive.DefaultConfig(), Limits: admit.DefaultLimits(),
		Queue:       QueueConfig{Bytes: 128 << 20, Workers: 8, SliceMessages: 1000, SliceBytes: 4 << 20},
		ReadTimeout: 30 * time.Second, HeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute,
	}
	c.Auth, c.TLS, c.Throttle = identity.DefaultConfig(), certificate.DefaultConfig(), throttle.DefaultConfig()
	c.Spool = spool.DefaultConfig()
	c.Enrich, c.Privacy = enrich.DefaultConfig(), mask.DefaultConfig()
	c.Kafka.SetDefaults()
	return c
}

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("listen: %q is not of the form host:port", c.Listen)
	}
	if err := c.Receive.Validate(); err != nil {
		return err
	}
	if err := c.secure(); err != nil {
		return err
	}
	if err := c.Limits.Validate(); err != nil {
		return err
	}
	if err := c.Spool.Validate(); err != nil {
		return err
	}
	if err := c.Enrich.Validate(); err != nil {
		return err
	}
	if err := c.Privacy.Validate(); err != nil {
		return err
	}
	switch {
	case c.Spool.Dir != "" && c.Spool.Bytes < 2*int64(c.Queue.SliceBytes):
		return fmt.Errorf("spool.bytes must be at least twice queue.slice_bytes (%d), or a full slice never gets in", c.Queue.SliceBytes)
	case c.Spool.Dir != "" && c.Spool.After >= c.Receive.AckTimeout:
		return errors.New("spool.after must be less than receive.ack_timeout, or the answer is 503 before the spool is tried")
	case c.Queue.Bytes < 2*c.Receive.DecodedBytes:
		return fmt.Errorf("queue.bytes must be at least twice receive.decoded_bytes (%d), or a full body never gets in", c.Receive.DecodedBytes)
	case c.Kafka.MaxMessageBytes <= 0:
		return errors.New("kafka.max_message_bytes must be more than 0")
	case c.ReadTimeout <= 0 || c.HeaderTimeout <= 0 || c.IdleTimeout <= 0:
		return errors.New("read_timeout, header_timeout and idle_timeout must be more than 0")
	}
	return nil
}

// secure checks what keeps strangers out.
func (c *Config) secure() error {
	if err := c.Auth.Validate(); err != nil {
		return err
	}
	if err := c.TLS.Validate(); err != nil {
		return err
	}
	if err := c.Throttle.Validate(); err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	switch {
	case c.Auth.Mode == identity.None && !receive.IsLoopback(host):
		return fmt.Errorf("auth.mode is none, but listen (%s) can be reached from other machines, so anybody could send; "+
			"set auth.mode to required, or listen on 127.0.0.1", c.Listen)
	case len(c.Auth.SFUCertificates) > 0 && c.TLS.ClientCAFile == "":
		return errors.New("auth.sfu_certificates needs tls.client_ca_file: who signs the certificates")
	}
	return nil
}
