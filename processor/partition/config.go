package partition

import (
	"time"

	"github.com/earshot-rtc/earshot/processor/blame"
	"github.com/earshot-rtc/earshot/processor/quality"
)

// Config sets the partition's windows. Zero values have the defaults given.
type Config struct {
	// Window is the length of a window (5 s). Windows are aligned to the epoch.
	Window time.Duration
	// Lateness is how long after its end, in record time, a window waits for sources that have not reported (10 s).
	Lateness time.Duration
	// Step is the distance of the instants inside a window at which a path's hops are summed (1 s).
	Step time.Duration
	// Idle is how long a call without records is kept (2 min).
	Idle time.Duration
	// IdleIntervals is after how many of its own sampling intervals a silent source holds no window back any longer (3).
	IdleIntervals int
	// Impute is how old a hop's measurement may be to stand in for a missing one (60 s).
	Impute time.Duration
	// Renew is after how long the state of a call is replaced by one that knows nothing from before Warmup earlier, so that no
	// state stands on records older than both together with Idle, Window and Lateness; whole windows. 0: never.
	Renew, Warmup time.Duration
	// Quality scores what subscribers got (package quality's default model).
	Quality *quality.Model
	// Blame says who spoiled a window (package blame's default rule).
	Blame *blame.Rule
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&c.Window, 5*time.Second)
	def(&c.Lateness, 10*time.Second)
	def(&c.Step, time.Second)
	def(&c.Idle, 2*time.Minute)
	def(&c.Impute, time.Minute)
	if c.Blame == nil {
		c.Blame = blame.Default()
	}
	if c.IdleIntervals <= 0 {
		c.IdleIntervals = 3
	}
	return c
}
