package processor

import (
	"errors"
	"fmt"
	"time"

	"github.com/earshot-rtc/earshot/processor/blame"
	"github.com/earshot-rtc/earshot/processor/quality"
	"github.com/earshot-rtc/earshot/processor/watch"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// Config is what the user writes. New fills what is zero with the defaults of DefaultConfig.
type Config struct {
	// Brokers are host:port addresses of Kafka brokers.
	Brokers []string `yaml:"brokers"`
	// Group is the consumer group; processors of one group share the partitions.
	Group string `yaml:"group"`
	// Topic holds the samples. Ticks are written to it too.
	Topic string `yaml:"topic"`
	// DeadTopic gets what cannot be read.
	DeadTopic string `yaml:"dead_topic"`

	// Window is the length of a window.
	Window time.Duration `yaml:"window"`
	// Lateness is how long after its end a window waits for sources that have not reported.
	Lateness time.Duration `yaml:"lateness"`
	// Replay is how far back, in record time, a call's state reaches at most: so much is read again when a partition changes
	// hands, less where its calls are younger. The state of a call that lasts longer is renewed now and then, which costs
	// some percent of processor time, fewer with a longer replay. Kafka must keep the samples for longer than this.
	Replay time.Duration `yaml:"replay"`
	// Settle is how far the collectors' clocks, and what is under way from them to Kafka, may be behind this process's clock. Windows of
	// a partition where nothing comes are closed so much later.
	Settle time.Duration `yaml:"settle"`

	// Session is after how much silence a processor is taken for dead, and its partitions go to the others. Brokers have a lower
	// bound for it (group.min.session.timeout.ms, 6 s by default).
	Session time.Duration `yaml:"session"`

	// Flush says when rows are inserted.
	Flush Flush `yaml:"flush"`
	// Retry says how an insert that failed is repeated.
	Retry Retry `yaml:"retry"`
	// Quality holds the constants of the quality scores.
	Quality quality.Config `yaml:"quality"`
	// Blame holds the thresholds by which a window is bad, and by which a part of the path stands out in it.
	Blame blame.Config `yaml:"blame"`
	// Regression says how lasting rises of latency are searched for, beside the stitching.
	Regression watch.Config `yaml:"regression"`

	// Consumer tunes the client; for tests. Zero values take package kafka's defaults.
	MaxWait, Heartbeat, Backoff time.Duration `yaml:"-"`
}

// Flush says when a partition's rows are inserted: at the first bound that is met.
type Flush struct {
	// Rows of all tables together.
	Rows int `yaml:"rows"`
	// Bytes of the records that the rows come from.
	Bytes int `yaml:"bytes"`
	// Every is how long rows may wait.
	Every time.Duration `yaml:"every"`
}

// Retry says how an insert that failed is repeated. It is repeated until it works: Attempts is after how many failures
// the processor says that it is not ready.
type Retry struct {
	// Attempts is after how many failures in a row the processor is not ready.
	Attempts int `yaml:"attempts"`
	// Timeout bounds one attempt.
	Timeout time.Duration `yaml:"timeout"`
	// Backoff is the first pause; it doubles, with jitter, up to BackoffMax.
	Backoff time.Duration `yaml:"backoff"`
	// BackoffMax is the longest pause.
	BackoffMax time.Duration `yaml:"backoff_max"`
}

// DefaultConfig returns the defaults; Brokers has none.
func DefaultConfig() Config {
	return Config{
		Group:     "earshot-processor",
		Topic:     topic.Samples,
		DeadTopic: topic.Dead,
		Window:    5 * time.Second,
		Lateness:  10 * time.Second,
		Replay:    30 * time.Minute,
		Settle:    2 * time.Second,
		Session:   15 * time.Second,
		Flush:     Flush{Rows: 50_000, Bytes: 16 << 20, Every: time.Second},
		Retry:     Retry{Attempts: 5, Timeout: 30 * time.Second, Backoff: 200 * time.Millisecond, BackoffMax: 10 * time.Second},

		Regression: watch.DefaultConfig(),
	}
}

func (c Config) withDefaults() Config {
	def := DefaultConfig()
	or(&c.Group, def.Group)
	or(&c.Topic, def.Topic)
	or(&c.DeadTopic, def.DeadTopic)
	or(&c.Window, def.Window)
	or(&c.Lateness, def.Lateness)
	or(&c.Replay, def.Replay)
	or(&c.Settle, def.Settle)
	or(&c.Session, def.Session)
	or(&c.Heartbeat, min(time.Second, c.Session/4))
	or(&c.Flush.Rows, def.Flush.Rows)
	or(&c.Flush.Bytes, def.Flush.Bytes)
	or(&c.Flush.Every, def.Flush.Every)
	or(&c.Retry.Attempts, def.Retry.Attempts)
	or(&c.Retry.Timeout, def.Retry.Timeout)
	or(&c.Retry.Backoff, def.Retry.Backoff)
	or(&c.Retry.BackoffMax, def.Retry.BackoffMax)
	return c
}

func or[T comparable](at *T, def T) {
	var zero T
	if *at == zero {
		*at = def
	}
}

// memory divides Replay: after renew a call's state is replaced by one that was fed beside it for warmup, and a call that
// says nothing for idle is over. All of it, a window and its lateness fit into Replay.
func (c Config) memory() (renew, warmup, idle time.Duration) {
	warmup = min(c.Replay/5, 2*time.Minute)
	idle = warmup
	renew = (c.Replay - warmup - idle - c.Lateness - 2*c.Window).Truncate(c.Window)
	return renew, warmup, idle
}

// Validate says which key holds what cannot be.
func (c Config) Validate() error {
	if len(c.Brokers) == 0 {
		return errors.New("processor.brokers is empty; name at least one Kafka broker as host:port")
	}
	for _, d := range []struct {
		key       string
		value     time.Duration
		low, high time.Duration
	}{
		{"window", c.Window, 100 * time.Millisecond, time.Hour},
		{"lateness", c.Lateness, 0, time.Hour},
		{"replay", c.Replay, 5*c.Lateness + 13*c.Window, 24 * time.Hour},
		{"settle", c.Settle, 0, time.Minute},
		{"session", c.Session, time.Second, 5 * time.Minute},
		{"flush.every", c.Flush.Every, 10 * time.Millisecond, time.Minute},
		{"retry.timeout", c.Retry.Timeout, 10 * time.Millisecond, time.Hour},
		{"retry.backoff", c.Retry.Backoff, time.Millisecond, time.Minute},
		{"retry.backoff_max", c.Retry.BackoffMax, c.Retry.Backoff, time.Hour},
	} {
		if d.value < d.low || d.value > d.high {
			return fmt.Errorf("processor.%s is %v; give a duration from %v to %v", d.key, d.value, d.low, d.high)
		}
	}
	for _, n := range []struct {
		key   string
		value int
		high  int
	}{
		{"flush.rows", c.Flush.Rows, 1_000_000},
		{"flush.bytes", c.Flush.Bytes, 1 << 30},
		{"retry.attempts", c.Retry.Attempts, 1000},
	} {
		if n.value < 1 || n.value > n.high {
			return fmt.Errorf("processor.%s is %d; give a number from 1 to %d", n.key, n.value, n.high)
		}
	}
	if err := c.Blame.Validate(); err != nil {
		return err
	}
	if err := c.Regression.Validate(); err != nil {
		return err
	}
	return c.Quality.Validate()
}

// Check is Validate, and a look at the files that are named besides.
func (c Config) Check() error {
	if err := c.Validate(); err != nil {
		return err
	}
	return c.Regression.Check()
}
