package topology

import (
	"fmt"
	"math"
	"time"

	"go.yaml.in/yaml/v3"
)

// Duration is a time.Duration written as `20s` or `1m30s`.
type Duration time.Duration

// UnmarshalYAML reads it.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		return fmt.Errorf("line %d: %s is not a duration; write it like 20s or 1m30s", n.Line, show(n))
	}
	if v < 0 || v > maxDuration {
		return fmt.Errorf("line %d: duration %s is out of range; use 0s to %s", n.Line, n.Value, maxDuration)
	}
	*d = Duration(v)
	return nil
}

func (d Duration) String() string { return time.Duration(d).String() }

// Millis is a time written as a number of milliseconds.
type Millis time.Duration

const (
	maxMillis   = 10_000
	maxDuration = 24 * time.Hour
)

// UnmarshalYAML reads it.
func (m *Millis) UnmarshalYAML(n *yaml.Node) error {
	var f float64
	if n.Kind != yaml.ScalarNode || n.Decode(&f) != nil || math.IsNaN(f) {
		return fmt.Errorf("line %d: %s is not a number of milliseconds; write it like 45 or 12.5", n.Line, show(n))
	}
	if f < 0 || f > maxMillis {
		return fmt.Errorf("line %d: %s ms is out of range; use 0 to %d", n.Line, n.Value, maxMillis)
	}
	*m = Millis(math.Round(f * float64(time.Millisecond)))
	return nil
}

// Delay is the one-way delay of the two directions of a link, written as one number of milliseconds or a pair [there, back].
type Delay struct {
	There, Back time.Duration
}

// RTT is the round trip.
func (d Delay) RTT() time.Duration { return d.There + d.Back }

// Reversed is the delay as seen from the other end.
func (d Delay) Reversed() Delay { return Delay{There: d.Back, Back: d.There} }

// UnmarshalYAML reads it.
func (d *Delay) UnmarshalYAML(n *yaml.Node) error {
	var there, back Millis
	if n.Kind == yaml.SequenceNode {
		if len(n.Content) != 2 {
			return fmt.Errorf("line %d: delay_ms has %d values; write one number of milliseconds, or a pair [there, back]", n.Line, len(n.Content))
		}
		if err := there.UnmarshalYAML(n.Content[0]); err != nil {
			return err
		}
		if err := back.UnmarshalYAML(n.Content[1]); err != nil {
			return err
		}
	} else {
		if err := there.UnmarshalYAML(n); err != nil {
			return err
		}
		back = there
	}
	*d = Delay{There: time.Duration(there), Back: time.Duration(back)}
	return nil
}

// show names a node in an error.
func show(n *yaml.Node) string {
	switch n.Kind {
	case yaml.ScalarNode:
		return fmt.Sprintf("%q", n.Value)
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a mapping"
	}
}
