package kafka

import (
	"errors"
	"fmt"
	"time"
)

// ConsumerConfig tells what is read and as whom. Zero values take the defaults named.
type ConsumerConfig struct {
	// Brokers are host:port addresses of some brokers of the cluster.
	Brokers []string
	// Group is the consumer group; its members share the partitions of Topic.
	Group string
	Topic string
	// ClientID names this process in the brokers' logs. Default: earshot.
	ClientID string
	// MaxWait is how long a broker holds a fetch that has nothing to give. Default: 250 ms. It adds to the time that a
	// rebalance takes.
	MaxWait time.Duration
	// FetchBytes bounds one fetch of one partition as it travels, compressed. Two are in memory at a time, for each
	// partition: one in the hands of the handler, one ahead of it. A single larger batch still comes through. Default: 1 MiB.
	FetchBytes int
	// Heartbeat is how often the group is told of this member, and how soon a rebalance is noticed. Default: 1 s.
	Heartbeat time.Duration
	// SessionTimeout is how long a member may be silent before its partitions go to others. Default: 15 s.
	SessionTimeout time.Duration
	// RebalanceTimeout is how long the group waits for all its members at a rebalance. Default: 30 s.
	RebalanceTimeout time.Duration
	// DrainTimeout bounds what a handler may still do after its claim has ended. It must be below RebalanceTimeout, or
	// the member is thrown out while it drains. Default: 10 s.
	DrainTimeout time.Duration
	// DialTimeout bounds a connection's set-up, RequestTimeout one request. Defaults: 3 s, 10 s.
	DialTimeout    time.Duration
	RequestTimeout time.Duration
	// RetryBackoff is the pause before the group is joined again after an error. Default: 1 s.
	RetryBackoff time.Duration
}

func (c *ConsumerConfig) setDefaults() {
	if c.ClientID == "" {
		c.ClientID = "earshot"
	}
	if c.FetchBytes == 0 {
		c.FetchBytes = 1 << 20
	}
	for _, d := range []struct {
		at  *time.Duration
		def time.Duration
	}{
		{&c.MaxWait, 250 * time.Millisecond},
		{&c.Heartbeat, time.Second},
		{&c.SessionTimeout, 15 * time.Second},
		{&c.RebalanceTimeout, 30 * time.Second},
		{&c.DrainTimeout, 10 * time.Second},
		{&c.DialTimeout, 3 * time.Second},
		{&c.RequestTimeout, 10 * time.Second},
		{&c.RetryBackoff, time.Second},
	} {
		if *d.at == 0 {
			*d.at = d.def
		}
	}
}

func (c *ConsumerConfig) validate() error {
	switch {
	case len(c.Brokers) == 0:
		return errors.New("no Kafka broker is named; give at least one host:port")
	case c.Group == "":
		return errors.New("no consumer group is named")
	case c.Topic == "":
		return errors.New("no topic to consume is named")
	case c.FetchBytes < 1024:
		return fmt.Errorf("a fetch of %d bytes is too small; give at least 1024", c.FetchBytes)
	case c.Heartbeat*3 > c.SessionTimeout:
		return fmt.Errorf("a heartbeat every %v is too rare for a session timeout of %v; give at most a third of it",
			c.Heartbeat, c.SessionTimeout)
	case c.DrainTimeout >= c.RebalanceTimeout:
		return fmt.Errorf("a drain timeout of %v does not fit into a rebalance timeout of %v; make it shorter",
			c.DrainTimeout, c.RebalanceTimeout)
	}
	return nil
}
