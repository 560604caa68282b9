package lab

import (
	"fmt"
	"time"

	"github.com/earshot-rtc/earshot/lab/delay"
	"github.com/earshot-rtc/earshot/lab/topology"
	"github.com/earshot-rtc/earshot/lab/truth"
)

// T0 is when the call started; event times count from it. It is zero before Start.
func (l *Lab) T0() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.t0
}

// Truth is what is true of the call. It goes on to be filled in while the call runs.
func (l *Lab) Truth() *truth.Timeline { return l.timeline }

// Events gives what has happened so far, with the instants at which it was put into effect.
func (l *Lab) Events() []Applied {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Applied(nil), l.applied...)
}

// Totals of all probes there were.
type Totals struct {
	// Probes is how many.
	Probes int
	// Sent counts samples taken and handed to the exporter, each once; Acked those that the collector made durable; Refused
	// those that it would not have; Dropped those that gave way in a full queue; Queued those that wait.
	Sent, Acked, Refused, Dropped, Queued uint64
	// Problems counts connections and probes that could not be set up.
	Problems int
	// Line says how precisely the delays were kept.
	Line delay.Stats
}

// Totals may be asked for at any time.
func (l *Lab) Totals() Totals {
	l.mu.Lock()
	probes, line := l.probes, l.line
	t := Totals{Probes: len(probes), Problems: l.failed}
	l.mu.Unlock()
	for _, p := range probes {
		s := p.Stats()
		t.Sent += s.SamplesTaken
		t.Acked += s.SamplesAcked
		t.Refused += s.SamplesRefused
		t.Dropped += s.SamplesDropped
		t.Queued += s.SamplesQueued
	}
	if line != nil {
		t.Line = line.Stats()
	}
	return t
}

// Describe says what an event does, for people.
func Describe(e topology.Event) string {
	switch {
	case e.SetDelay != nil:
		what := "way of " + e.SetDelay.Client
		if e.SetDelay.Link != nil {
			what = fmt.Sprintf("link %s-%s", e.SetDelay.Link[0], e.SetDelay.Link[1])
		}
		if d := e.SetDelay.Delay; d != nil {
			what += fmt.Sprintf(": %v there, %v back", d.There, d.Back)
		}
		if j := e.SetDelay.Jitter; j != nil {
			what += fmt.Sprintf(", jitter %v", time.Duration(*j))
		}
		if p := e.SetDelay.Loss; p != nil {
			what += fmt.Sprintf(", loss %v", *p)
		}
		return what
	case e.Move != nil:
		return fmt.Sprintf("%s moves to %s", e.Move.Client, e.Move.To)
	case e.ICERestart != nil:
		return e.ICERestart.Client + " restarts ICE"
	case e.RestartSFU != nil:
		return e.RestartSFU.SFU + " goes down"
	case e.Started != nil:
		return e.Started.SFU + " is back"
	case e.Mute != nil:
		return fmt.Sprintf("%s mutes %s", e.Mute.Client, e.Mute.Kind)
	case e.Unmute != nil:
		return fmt.Sprintf("%s unmutes %s", e.Unmute.Client, e.Unmute.Kind)
	case e.Leave != nil:
		return e.Leave.Client + " leaves"
	case e.Join != nil:
		return e.Join.Client + " joins"
	default:
		return "nothing"
	}
}
