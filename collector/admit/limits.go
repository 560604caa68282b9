package admit

import (
	"errors"
	"fmt"
	"time"
)

// Limits bounds what a sample may hold. Counts are per sample.
type Limits struct {
	// SampleBytes bounds an encoded sample.
	SampleBytes int `yaml:"sample_bytes"`
	// Transports, Streams and Events bound what a sample may list.
	Transports int `yaml:"transports"`
	Streams    int `yaml:"streams"`
	Events     int `yaml:"events"`
	// RTTs is per transport and per stream.
	RTTs int `yaml:"rtts"`
	// IDBytes bounds ids, TextBytes every other text.
	IDBytes   int `yaml:"id_bytes"`
	TextBytes int `yaml:"text_bytes"`
	// MaxAge and MaxAhead say how far behind and before the collector's clock a sample's time may lie, clock offset added.
	MaxAge   time.Duration `yaml:"max_age"`
	MaxAhead time.Duration `yaml:"max_ahead"`
}

// DefaultLimits leave room for an SFU with some thousand streams in one sample.
func DefaultLimits() Limits {
	return Limits{
		SampleBytes: 4 << 20, Transports: 10_000, Streams: 20_000, Events: 2_000, RTTs: 8,
		IDBytes: 128, TextBytes: 512, MaxAge: time.Hour, MaxAhead: 5 * time.Minute,
	}
}

// Validate names the key that makes no sense.
func (l *Limits) Validate() error {
	for _, v := range []struct {
		key string
		n   int64
	}{
		{"sample_bytes", int64(l.SampleBytes)}, {"transports", int64(l.Transports)}, {"streams", int64(l.Streams)},
		{"events", int64(l.Events)}, {"rtts", int64(l.RTTs)}, {"id_bytes", int64(l.IDBytes)},
		{"text_bytes", int64(l.TextBytes)}, {"max_age", int64(l.MaxAge)}, {"max_ahead", int64(l.MaxAhead)},
	} {
		if v.n <= 0 {
			return fmt.Errorf("limits.%s must be more than 0", v.key)
		}
	}
	if l.MaxAge > 365*24*time.Hour || l.MaxAhead > 365*24*time.Hour {
		return errors.New("limits.max_age and limits.max_ahead must be less than a year")
	}
	return nil
}
