package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Units, as Grafana names them.
const (
	Milliseconds = "ms"
	Ratio        = "percentunit" // 0 to 1
	BitRate      = "bps"
	Count        = "short"
	PerSecond    = "ops"
	Score        = "none"
	Duration     = "dtdurationms"
	Seconds      = "s"
	Bytes        = "bytes"
	Time         = "dateTimeAsIso"
)

// Colours mean the same on every dashboard.
const (
	Good   = "green"
	Fair   = "#EAB839"
	Poor   = "orange"
	Bad    = "red"
	Quiet  = "text" // neither good nor bad
	Accent = "blue"
)

// Step is where a colour begins.
type Step struct {
	From  float64
	Color string
}

// Scale is which values are good and which are bad: the first colour holds below the first step.
type Scale struct {
	Base  string
	Steps []Step
}

// Scales of what people hear and see.
var (
	// Latency has the limits that ITU-T G.114 gives to one way: 150 ms nobody minds, 400 ms hardly anybody bears.
	Latency = Scale{Good, []Step{{150, Fair}, {300, Poor}, {400, Bad}}}
	// Over is for shares of windows over a limit.
	Over = Scale{Good, []Step{{0.01, Fair}, {0.05, Poor}, {0.15, Bad}}}
	// Coverage is for how much of what was received is known.
	Coverage = Scale{Bad, []Step{{0.8, Poor}, {0.9, Fair}, {0.97, Good}}}
	// Loss is where people begin to hear it.
	Loss = Scale{Good, []Step{{0.01, Fair}, {0.03, Poor}, {0.08, Bad}}}
	// MOS is for audio, 1 to 4.5.
	MOS = Scale{Bad, []Step{{3.1, Poor}, {3.6, Fair}, {4.03, Good}}}
	// Video is for the index of 0 to 100.
	Video = Scale{Bad, []Step{{40, Poor}, {60, Fair}, {80, Good}}}
	// Downlink has what a video call of a few people wants: 3 Mbit/s at least, 4 to be at ease.
	Downlink = Scale{Bad, []Step{{3e6, Fair}, {4e6, Good}}}
	// Connect is the time until ICE and DTLS are connected.
	Connect = Scale{Good, []Step{{1000, Fair}, {2500, Poor}, {5000, Bad}}}
	// Failures is for shares that should be near zero.
	Failures = Scale{Good, []Step{{0.005, Fair}, {0.02, Poor}, {0.05, Bad}}}
	// Fresh is the age of the newest result, in seconds.
	Fresh = Scale{Good, []Step{{60, Fair}, {180, Poor}, {600, Bad}}}
	// Delay is the way of a sample from probe to collector: probes send what they gathered every few seconds.
	Delay = Scale{Good, []Step{{5000, Fair}, {10_000, Poor}, {30_000, Bad}}}
	// Any turns red at the first.
	Any = Scale{Good, []Step{{1, Bad}}}
	// Plain says nothing about good and bad.
	Plain = Scale{Base: Quiet}
	// Info is a colour for figures that just are.
	Info = Scale{Base: Accent}
)

// thresholds is the scale as Grafana has it.
func (s Scale) thresholds() cog.Builder[dashboard.ThresholdsConfig] {
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(s.steps())
}

func (s Scale) steps() []dashboard.Threshold {
	out := []dashboard.Threshold{{Color: s.Base}}
	for _, step := range s.Steps {
		out = append(out, dashboard.Threshold{Value: ptr(step.From), Color: step.Color})
	}
	return out
}

// Steps is the scale of a whole panel.
func Steps(s Scale) cog.Builder[dashboard.ThresholdsConfig] { return s.thresholds() }
