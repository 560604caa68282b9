package regression

import (
	"errors"
	"fmt"
	"time"
)

// Config holds the thresholds of the detector. What is zero has its default.
type Config struct {
	// Window is the length of the windows that are compared. One value of each call is counted in each.
	Window time.Duration `yaml:"window"`
	// MinShiftMs is by how many milliseconds a segment has to be slower.
	MinShiftMs float64 `yaml:"min_shift_ms"`
	// MinShiftRatio is by which share of what it was before, 0 to 1, a segment has to be slower. Both must hold.
	MinShiftRatio float64 `yaml:"min_shift_ratio"`
	// FalseDiscovery is which share of the segments found may be there by chance (Benjamini-Hochberg).
	FalseDiscovery float64 `yaml:"false_discovery"`
	// Confidence is of the interval that is given with a shift, 0 to 1.
	Confidence float64 `yaml:"confidence"`
	// Persistence is in how many windows on end a segment has to be slower.
	Persistence int `yaml:"persistence"`
	// Resolve is in how many windows on end a segment has to be as before until its regression is resolved.
	Resolve int `yaml:"resolve"`
	// MinCalls is how many calls an operator, a version, an SFU's clients or a pair of regions need to be tested. A link between SFUs
	// needs one, a change of paths three quarters.
	MinCalls int `yaml:"min_calls"`
	// MinReference is how many windows a segment has to be known for.
	MinReference int `yaml:"min_reference"`
	// Recent is how many windows are held call by call, to date a change in.
	Recent int `yaml:"recent"`
	// Before is how many windows, beyond these, a segment is compared with its own past in, besides the same hour of other days.
	Before int `yaml:"before"`
	// Unused is after how many windows without a call the regression of a segment is resolved.
	Unused int `yaml:"unused"`
	// Lasting is after how long a regression counts as usual and is resolved.
	Lasting time.Duration `yaml:"lasting"`
	// CriticalMs is from which shift on, in milliseconds, a regression of MinCalls calls is critical.
	CriticalMs float64 `yaml:"critical_ms"`
	// CriticalCalls is from how many calls on any regression is critical.
	CriticalCalls int `yaml:"critical_calls"`
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config {
	return Config{
		Window: time.Minute, MinShiftMs: 20, MinShiftRatio: 0.15, FalseDiscovery: 0.05, Confidence: 0.95,
		Persistence: 3, Resolve: 5, MinCalls: 8, MinReference: 8, Recent: 30, Before: 180,
		Unused: 60, Lasting: 24 * time.Hour, CriticalMs: 100, CriticalCalls: 100,
	}
}

func (c Config) withDefaults() Config {
	def := DefaultConfig()
	set(&c.Window, def.Window)
	set(&c.MinShiftMs, def.MinShiftMs)
	set(&c.MinShiftRatio, def.MinShiftRatio)
	set(&c.FalseDiscovery, def.FalseDiscovery)
	set(&c.Confidence, def.Confidence)
	set(&c.Persistence, def.Persistence)
	set(&c.Resolve, def.Resolve)
	set(&c.MinCalls, def.MinCalls)
	set(&c.MinReference, def.MinReference)
	set(&c.Recent, def.Recent)
	set(&c.Before, def.Before)
	set(&c.Unused, def.Unused)
	set(&c.Lasting, def.Lasting)
	set(&c.CriticalMs, def.CriticalMs)
	set(&c.CriticalCalls, def.CriticalCalls)
	return c
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate says which setting cannot be, by its YAML key.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	bad := func(wrong bool, key string, v any, want string) {
		if wrong {
			errs = append(errs, fmt.Errorf("regression.%s is %v; %s", key, v, want))
		}
	}
	share := func(key string, v float64) { bad(!(v > 0 && v < 1), key, v, "give a number between 0 and 1") }
	count := func(key string, v, least, most int) {
		bad(v < least || v > most, key, v, fmt.Sprintf("give a whole number from %d to %d", least, most))
	}
	bad(c.Window < time.Second || c.Window > time.Hour, "window", c.Window, "give 1s to 1h")
	bad(!(c.MinShiftMs > 0 && c.MinShiftMs <= 60_000), "min_shift_ms", c.MinShiftMs, "give a number above 0, up to 60000")
	bad(!(c.MinShiftRatio > 0 && c.MinShiftRatio <= 10), "min_shift_ratio", c.MinShiftRatio, "give a number above 0, up to 10")
	share("false_discovery", c.FalseDiscovery)
	share("confidence", c.Confidence)
	count("persistence", c.Persistence, 1, 60)
	count("resolve", c.Resolve, 1, 60)
	count("min_calls", c.MinCalls, 2, 1000)
	count("min_reference", c.MinReference, 3, 1000)
	bad(c.Recent < c.MinReference+4*c.Persistence || c.Recent > 500, "recent", c.Recent,
		"give at least min_reference + 4 persistence, at most 500")
	count("before", c.Before, chunks, 20_000)
	count("unused", c.Unused, c.Persistence, 1440)
	bad(c.Lasting < time.Duration(c.Recent)*c.Window, "lasting", c.Lasting, "give at least recent windows")
	bad(!(c.CriticalMs > 0), "critical_ms", c.CriticalMs, "give a number above 0")
	count("critical_calls", c.CriticalCalls, 1, 1_000_000)
	return errors.Join(errs...)
}
