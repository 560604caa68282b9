// Package blame says which part of a path spoiled a window: what is known of a track's path and quality in one window goes in,
// the part that stands out comes out. It is pure, and it does not guess: where the part that is to blame was not measured, nobody is.
//
// A window is bad when its delay, its loss or its score passes a threshold of Config. Then, in this order:
//
//  1. Loss, concealment, freezes: the hop that lost most, if that is Config.HopLoss or more.
//  2. Delay: the part that exceeds its allowance by most, one way: half of a hop's round trip, sending, SFUs, receiving.
//  3. A picture that is slow, frozen or small: the sender's processor or its uplink, if the encoder says that one of them limits
//     it, or if few frames leave it; the receiver, if decoding takes all its time.
//  4. Audio that was concealed, or video that froze, though the packets came, and came in time: the receiver.
//
// A bad window of which none of this holds has nobody to blame.
package blame

import "math"

// Part is what may be to blame, numbered as the column is.
type Part int8

// Parts of a path, from the subscriber's side.
const (
	None     Part = iota
	Sender        // the publisher's device
	Receiver      // the subscriber's device
	Uplink        // the publisher's first hop
	Downlink      // the subscriber's last hop
	SFULink       // a hop between, or the SFUs themselves
)

// Limit is what an encoder says keeps it from sending better video, numbered as in the protocol.
type Limit uint8

// Limits that point at a part.
const (
	LimitCPU       Limit = 2
	LimitBandwidth Limit = 3
)

// Hop is one link of a path in the window. NaN is not known.
type Hop struct {
	RTTMs float64
	Loss  float64 // share of packets on the way to the subscriber, 0 to 1
}

// Window is what is known of a track in one window. NaN is not known.
type Window struct {
	Video        bool
	RTTMs        float64
	MouthToEarMs float64
	Loss         float64 // share of packets that did not come, 0 to 1
	Concealed    float64 // share of audio made up, 0 to 1
	Freeze       float64 // share of time frozen, 0 to 1
	Score        float64 // audio: 1 to 4.5; video: 0 to 100
	JitterMs     float64
	FrameRate    float64 // received

	SendMs        float64
	ResidenceMs   float64
	ReceiveMs     float64 // jitter buffer, decoding and playout, as far as known
	DecodeMs      float64 // per frame
	SentFrameRate float64
	Limit         Limit
}

// Rule blames by one set of thresholds. It is safe for concurrent use.
type Rule struct{ cfg Config }

// New makes a Rule.
func New(cfg Config) (*Rule, error) {
	cfg = cfg.withDefaults()
	return &Rule{cfg}, cfg.Validate()
}

var byDefault = &Rule{DefaultConfig()}

// Default is the rule with the default thresholds.
func Default() *Rule { return byDefault }

// Bad says whether the window is one. What is not known makes it neither good nor bad.
func (r *Rule) Bad(w *Window) bool { return r.slow(w) || r.broken(w) || r.poor(w) }

func (r *Rule) slow(w *Window) bool {
	return w.RTTMs >= r.cfg.RTTMs || w.MouthToEarMs >= r.cfg.MouthToEarMs
}

func (r *Rule) broken(w *Window) bool {
	return w.Loss >= r.cfg.Loss || w.Concealed >= r.cfg.Concealed || w.Freeze >= r.cfg.Freeze
}

func (r *Rule) poor(w *Window) bool {
	if w.Video {
		return w.Score <= r.cfg.VideoScore
	}
	return w.Score <= r.cfg.AudioScore
}

// Of says who is to blame for a window over so many hops, publisher first. Without a hop nothing is known of the way. The path
// must be known from end to end.
func (r *Rule) Of(w *Window, hops []Hop) Part {
	if !r.Bad(w) {
		return None
	}
	broken, slow := r.broken(w), r.slow(w)
	if broken || !slow {
		if p := r.lossy(hops); p != None {
			return p
		}
	}
	if slow || !broken {
		if p := r.late(w, hops); p != None {
			return p
		}
	}
	if w.Video {
		if p := r.picture(w); p != None {
			return p
		}
	}
	// The packets were there, and in time: what was missed, the receiver missed.
	came := w.Loss < r.cfg.HopLoss/4 && w.JitterMs < r.cfg.JitterMs
	if came && (w.Concealed >= r.cfg.Concealed || w.Freeze >= r.cfg.Freeze && w.SentFrameRate >= r.cfg.FrameRate) {
		return Receiver
	}
	return None
}

// lossy is the hop that lost most, if it is much. Of equals it is the first.
func (r *Rule) lossy(hops []Hop) Part {
	part, most := None, r.cfg.HopLoss
	for i, h := range hops {
		if h.Loss > most || part == None && h.Loss >= most {
			part, most = place(i, len(hops)), h.Loss
		}
	}
	return part
}

// late is the part that exceeds its allowance by most.
func (r *Rule) late(w *Window, hops []Hop) Part {
	part, most := None, 0.0
	over := func(p Part, ms, allowed float64) {
		if excess := ms - allowed; excess > most {
			part, most = p, excess
		}
	}
	for i, h := range hops {
		p, allowed := place(i, len(hops)), r.cfg.AccessRTTMs
		if p == SFULink {
			allowed = r.cfg.SFULinkRTTMs
		}
		if len(hops) == 1 {
			allowed *= 2 // of both clients
		}
		over(p, h.RTTMs/2, allowed/2)
	}
	over(SFULink, w.ResidenceMs, r.cfg.ResidenceMs)
	over(Sender, w.SendMs, r.cfg.SendMs)
	over(Receiver, w.ReceiveMs, r.cfg.ReceiveMs)
	return part
}

// picture is who keeps video from being better.
func (r *Rule) picture(w *Window) Part {
	switch {
	case w.Limit == LimitCPU:
		return Sender
	case w.Limit == LimitBandwidth:
		return Uplink
	case w.SentFrameRate < r.cfg.FrameRate:
		return Sender
	case w.DecodeMs/1000*max(w.FrameRate, 1) >= r.cfg.DecodeShare, w.DecodeMs*w.SentFrameRate/1000 >= r.cfg.DecodeShare:
		return Receiver
	}
	return None
}

// place names hop i of n, publisher first. The one hop of a direct path is both uplink and downlink; it counts as the subscriber's.
func place(i, n int) Part {
	switch i {
	case n - 1:
		return Downlink
	case 0:
		return Uplink
	default:
		return SFULink
	}
}

// Unknown is a figure that is not known.
var Unknown = math.NaN()
