package watch

import (
	"fmt"
	"net/url"
	"time"

	"github.com/earshot-rtc/earshot/processor/alert"
	"github.com/earshot-rtc/earshot/processor/regression"
)

// Config says how regressions are searched for, and who is told.
type Config struct {
	// Enabled switches the search on.
	Enabled bool `yaml:"enabled"`
	// Detector holds the thresholds.
	Detector regression.Config `yaml:",inline"`
	// Delay is how far the results must have come, in event time, beyond the end of a window before it is read. It should cover
	// processor.lateness and how far partitions are apart.
	Delay time.Duration `yaml:"delay"`
	// CatchUp is how much is made up for after a standstill. What is older is left out. Where no results come at all, windows close so
	// much later, by the clock.
	CatchUp time.Duration `yaml:"catch_up"`
	// QueryTimeout bounds each of the queries.
	QueryTimeout time.Duration `yaml:"query_timeout"`
	// Webhook tells Alertmanagers. With Grafana's alert rules it is not needed.
	Webhook alert.Config `yaml:"webhook"`
	// RunbookURL is where alerts lead whoever gets them.
	RunbookURL string `yaml:"runbook_url"`
	// DashboardURL is given as the source of alerts, such as https://grafana.example.com/d/earshot-regressions. Empty: none.
	DashboardURL string `yaml:"dashboard_url"`

	// Poll is how often it is looked whether a window has closed. 0: a sixth of a window, between 1 and 10 s.
	Poll time.Duration `yaml:"-"`
	// Since leaves out results from before.
	Since time.Time `yaml:"-"`
}

// DefaultConfig searches, and tells nobody.
func DefaultConfig() Config {
	return Config{
		Enabled: true, Detector: regression.DefaultConfig(), Delay: 20 * time.Second, CatchUp: 2 * time.Hour, QueryTimeout: 30 * time.Second,
		Webhook:    alert.DefaultConfig(),
		RunbookURL: "https://github.com/earshot-rtc/earshot/blob/main/docs/alerting.md#earshotlatencyregression",
	}
}

// LiveConfig is for a short call that somebody watches: windows of 5 s, the same as those of the results.
func LiveConfig() Config {
	c := DefaultConfig()
	c.Detector.Window, c.Delay, c.CatchUp, c.Poll = 5*time.Second, 5*time.Second, 2*time.Minute, time.Second
	return c
}

func (c Config) withDefaults() Config {
	def := DefaultConfig()
	if c.Detector.Window == 0 {
		c.Detector.Window = def.Detector.Window
	}
	if c.CatchUp == 0 {
		c.CatchUp = def.CatchUp
	}
	if c.QueryTimeout == 0 {
		c.QueryTimeout = def.QueryTimeout
	}
	if c.RunbookURL == "" {
		c.RunbookURL = def.RunbookURL
	}
	if c.Poll == 0 {
		c.Poll = min(max(c.Detector.Window/6, time.Second), 10*time.Second)
	}
	return c
}

// Validate says which key holds what cannot be.
func (c Config) Validate() error {
	if !c.Enabled {
		return nil
	}
	c = c.withDefaults()
	if err := c.Detector.Validate(); err != nil {
		return err
	}
	for _, d := range []struct {
		key              string
		value, low, high time.Duration
	}{
		{"delay", c.Delay, 0, time.Hour},
		{"catch_up", c.CatchUp, c.Detector.Window, 24 * time.Hour},
		{"query_timeout", c.QueryTimeout, time.Second, 10 * time.Minute},
	} {
		if d.value < d.low || d.value > d.high {
			return fmt.Errorf("processor.regression.%s is %v; give a duration from %v to %v", d.key, d.value, d.low, d.high)
		}
	}
	if c.Detector.Window%time.Second != 0 {
		return fmt.Errorf("processor.regression.window is %v; give whole seconds", c.Detector.Window)
	}
	for key, u := range map[string]string{"runbook_url": c.RunbookURL, "dashboard_url": c.DashboardURL} {
		if parsed, err := url.Parse(u); u != "" && (err != nil || parsed.Scheme != "http" && parsed.Scheme != "https") {
			return fmt.Errorf("processor.regression.%s %q is no URL; give one that begins with https://", key, u)
		}
	}
	return c.Webhook.Validate()
}

// Check is Validate, and a look at the files besides.
func (c Config) Check() error {
	if err := c.Validate(); err != nil || !c.Enabled {
		return err
	}
	return c.Webhook.Check()
}
