package processor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/internal/config"
	"github.com/earshot-rtc/earshot/processor/quality"
)

func TestConfigIsReadOverItsDefaults(t *testing.T) {
	cfg := DefaultConfig()
	require.NoError(t, config.Decode("processor.yaml", []byte(`
brokers: [kafka:9092]
window: 2s
flush: {rows: 1000}
retry: {attempts: 2}
quality: {codecs: {opus: {ie: 1, bpl: 20}}}
`), &cfg))
	require.NoError(t, cfg.Validate())
	require.Equal(t, 2*time.Second, cfg.Window)
	require.Equal(t, 10*time.Second, cfg.Lateness)
	require.Equal(t, Flush{Rows: 1000, Bytes: 16 << 20, Every: time.Second}, cfg.Flush)
	require.Equal(t, 2, cfg.Retry.Attempts)
	require.Equal(t, quality.Impairment{Ie: 1, Bpl: 20}, cfg.Quality.Codecs["opus"])
}

func TestConfigIsRefusedByKey(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no brokers", func(c *Config) { c.Brokers = nil }, "processor.brokers is empty"},
		{"window", func(c *Config) { c.Window = time.Millisecond }, "processor.window is 1ms"},
		{"lateness", func(c *Config) { c.Lateness = -1 }, "processor.lateness is -1ns"},
		{"replay", func(c *Config) { c.Replay = time.Second }, "processor.replay is 1s; give a duration from 1m55s"},
		{"rows", func(c *Config) { c.Flush.Rows = -1 }, "processor.flush.rows is -1"},
		{"bytes", func(c *Config) { c.Flush.Bytes = 2 << 30 }, "processor.flush.bytes is 2147483648"},
		{"every", func(c *Config) { c.Flush.Every = time.Hour }, "processor.flush.every is 1h"},
		{"attempts", func(c *Config) { c.Retry.Attempts = 5000 }, "processor.retry.attempts is 5000"},
		{"backoff", func(c *Config) { c.Retry.BackoffMax = time.Millisecond }, "processor.retry.backoff_max is 1ms"},
		{"quality", func(c *Config) { c.Quality.BurstRatio = 0.1 }, "quality.burst_ratio is 0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := Config{Brokers: []string{"x:1"}}.withDefaults()
			c.change(&cfg)
			_, err := New(cfg, Dependencies{Inserter: &tables{}, Producer: &letters{}})
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := New(Config{Brokers: []string{"x:1"}}, Dependencies{})
	require.ErrorContains(t, err, "inserter")
}
