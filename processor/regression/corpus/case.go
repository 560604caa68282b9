package corpus

import (
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// Kind of thing that is done to the traffic.
type Kind string

// Kinds.
const (
	Step       Kind = "step on a link"
	SmallStep  Kind = "step below the limit"
	Ramp       Kind = "ramp on a link"
	Spike      Kind = "spike of up to 2 minutes"
	LinkDown   Kind = "link down, calls detour"
	Drain      Kind = "SFU drained"
	Operator   Kind = "access network slower"
	Site       Kind = "access of an SFU slower"
	Rollout    Kind = "slower version rolls out"
	FarRollout Kind = "version rolls out to far users first"
	FarMix     Kind = "more calls from far regions"
	NewRegion  Kind = "calls from a new region"
	BadCalls   Kind = "long calls with bad access"
	Gap        Kind = "half of the windows missing"
	TwoAtOnce  Kind = "two links at once"
)

// Case is one thing that is done to the traffic for a while.
type Case struct {
	Kind     Kind
	From, To time.Time
	Due      time.Time // from when on it is as large as what has to be found: From, but for a ramp or a roll-out
	ByMs     float64
	Share    float64 // ByMs of what the segment had
	Where    int     // place
	And      int     // the other place of a link
	Via      int     // where calls go instead
	ASN      uint32
	Version  string
}

// Found says whether a regression is what has to be reported of the case.
func (c *Case) Found(r *regression.Regression) bool {
	sfu := places[c.Where].sfu
	l := regression.Link{From: min(sfu, places[c.And].sfu), To: max(sfu, places[c.And].sfu)}
	switch c.Kind {
	case Step, SmallStep, Ramp, Spike, TwoAtOnce:
		return r.Cause == regression.SFULink && r.Link == l
	case LinkDown:
		return r.Cause == regression.OtherPaths && r.Link == l
	case Drain:
		return r.Cause == regression.OtherPaths && r.SFU == sfu
	case Operator:
		return r.Cause == regression.AccessNetwork && r.ASN == c.ASN
	case Site:
		return r.Cause == regression.AccessSFU && r.SFU == sfu
	case Rollout:
		return r.Cause == regression.AppVersion && r.Version == c.Version
	}
	return false
}

// quiet kinds must not be reported.
var quiet = []Kind{Spike, FarRollout, FarMix, NewRegion, BadCalls, Gap}

// Counts says whether the case has to be found: it is large enough. Between the detector's limits and these it may be.
func (c *Case) Counts() bool {
	return !slices.Contains(quiet, c.Kind) && c.ByMs >= 30 && c.Share >= 0.2
}

// mayBe says whether a report of the case is no mistake.
func (c *Case) mayBe() bool {
	return !slices.Contains(quiet, c.Kind) && c.ByMs >= 17 && c.Share >= 0.12
}

// size is what is added at a time, as a share of ByMs.
func (c *Case) size(at time.Time) float64 {
	if at.Before(c.From) || !at.Before(c.To) {
		return 0
	}
	if c.Kind == Ramp {
		return min(1, float64(at.Sub(c.From))/float64(rampFor))
	}
	return 1
}

const (
	rampFor    = 15 * time.Minute
	rolloutFor = 40 * time.Minute
	mostRolled = 0.7
)
