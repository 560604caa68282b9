// Package quality scores what a subscriber got. Delay, loss and picture figures of one track in one window go in; a score
// with its components, the names of what was not known, and the version of the formula come out. It is pure: no clock, no
// I/O, and no allocation per score.
//
// Audio gets a mean opinion score by the E-model of ITU-T G.107. Video gets a labelled index from 0 to 100 (see
// [Model.Video]), which is no mean opinion score and is never called one.
package quality

import (
	"iter"
	"math"
)

// Versions of the formulas, written beside every score. A change of any constant or curve needs a new one; a Model whose
// constants are not the defaults appends "+custom".
const (
	AudioVersion = "g107/1"
	VideoVersion = "video-index/1"
)

// Part names one component of a score. The names are what the score_parts column and Missing.Names use.
type Part uint8

// The parts of an audio score (first five; on the R scale) and of a video index (the rest; factors from 0 to 1).
const (
	R0          Part = iota // R without any impairment
	Idd                     // impairment by delay, subtracted from R
	IeEff                   // impairment by codec and loss together, subtracted from R
	Advantage               // advantage factor A, added to R
	CodecPart               // only ever missing: no Ie and Bpl for this codec
	LossPart                // only ever missing: loss not known
	Freeze                  // factor for the share of time frozen
	FrameRate               // factor for frames per second
	Resolution              // factor for frame height
	Quantizer               // factor for the mean quantizer
	DelayFactor             // factor for one-way delay
	partCount
)

var partNames = [partCount]string{
	"r0", "idd", "ie_eff", "advantage", "codec", "loss", "freeze", "frame_rate", "resolution", "qp", "delay",
}

func (p Part) String() string {
	if p < partCount {
		return partNames[p]
	}
	return "unknown"
}

// Value is one component with its figure.
type Value struct {
	Part  Part
	Value float32
}

// maxParts is the largest number of components a score has.
const maxParts = 5

// Parts are the components of a score, in the order of the formula. It holds them in place, so that a score costs no
// allocation.
type Parts struct {
	at [maxParts]Value
	n  uint8
}

func (p *Parts) add(part Part, v float64) {
	p.at[p.n] = Value{part, float32(v)}
	p.n++
}

// Len says how many components there are.
func (p *Parts) Len() int { return int(p.n) }

// At returns the component at i, 0 <= i < Len.
func (p *Parts) At(i int) Value { return p.at[:p.n][i] }

// All yields the components by name.
func (p *Parts) All() iter.Seq2[string, float32] {
	return func(yield func(string, float32) bool) {
		for _, v := range p.at[:p.n] {
			if !yield(v.Part.String(), v.Value) {
				return
			}
		}
	}
}

// Get returns the figure of one component.
func (p *Parts) Get(part Part) (float32, bool) {
	for _, v := range p.at[:p.n] {
		if v.Part == part {
			return v.Value, true
		}
	}
	return 0, false
}

// Missing is the set of parts that were not known.
type Missing uint16

// Has says whether the part was not known.
func (m Missing) Has(p Part) bool { return m&(1<<p) != 0 }

func (m *Missing) add(p Part) { *m |= 1 << p }

// Names lists what was not known.
func (m Missing) Names() []string {
	var names []string
	for p := range partCount {
		if m.Has(p) {
			names = append(names, p.String())
		}
	}
	return names
}

// Score is the outcome for one track in one window.
type Score struct {
	// Known is false where too little was known to score; Value is NaN then and Missing says what to report.
	Known bool
	// Value is the mean opinion score, 1 to 4.5, of audio, and the index, 0 to 100, of video.
	Value float32
	// R is the transmission rating factor of audio (at most 93.2 plus the advantage factor, and below 0 in the worst case);
	// NaN for video.
	R float32
	// Parts are the components that were known.
	Parts Parts
	// Missing are the parts that were not. A known video score with missing parts is an upper bound.
	Missing Missing
	// Version names the formula.
	Version string
}

func unknown(s Score) Score {
	nan := float32(math.NaN())
	s.Known, s.Value, s.R = false, nan, nan
	return s
}

// known says whether v is a figure that can be: NaN, infinite and negative ones stand for "not known".
func known(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }

func clamp(v, low, high float64) float64 { return min(max(v, low), high) }
