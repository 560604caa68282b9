package spool

import (
	"errors"
	"time"
)

// Config says where messages wait while Kafka is away, and for how many of them there is room.
type Config struct {
	// Dir is the directory of the spool, for this collector alone. It is made where it is missing, readable by its owner
	// only; it should survive a restart of the collector. Empty: no spool, and samples are refused with 503 while Kafka is
	// away.
	Dir string `yaml:"dir"`
	// Bytes bounds what the spool takes on disk. When it is full, samples are refused with 503 until there is room.
	Bytes int64 `yaml:"bytes"`
	// SegmentBytes is the size at which a file of the spool ends and the next begins. Files are deleted whole, once Kafka
	// has all their messages.
	SegmentBytes int64 `yaml:"segment_bytes"`
	// After is how long Kafka may take for a slice of messages before it counts as away and they go to the spool. It must be
	// below receive.ack_timeout.
	After time.Duration `yaml:"after"`
}

// DefaultConfig has no directory, and so no spool.
func DefaultConfig() Config {
	return Config{Bytes: 1 << 30, SegmentBytes: 16 << 20, After: 5 * time.Second}
}

// Validate names the key that makes no sense.
func (c *Config) Validate() error {
	switch {
	case c.Dir == "":
		return nil
	case c.SegmentBytes < 64<<10:
		return errors.New("spool.segment_bytes must be at least 65536")
	case c.Bytes < 2*c.SegmentBytes:
		return errors.New("spool.bytes must be at least twice spool.segment_bytes, or drained files make no room")
	case c.After <= 0:
		return errors.New("spool.after must be more than 0")
	}
	return nil
}
