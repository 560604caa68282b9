package quality

import (
	"math"
	"strings"
)

// VideoInput is what is known of one received video track in one window. A figure that is not known is NaN; of
// FrameHeight, 0 is not known either.
type VideoInput struct {
	// FreezeRatio is the share, 0 to 1, of the window in which the picture stood still.
	FreezeRatio float64
	// FrameRate is decoded frames per second.
	FrameRate float64
	// FrameHeight is the decoded height in lines. A picture that is upright counts its shorter side: give the smaller of width
	// and height.
	FrameHeight float64
	// QP is the mean quantizer over decoded frames, on the codec's own scale.
	QP float64
	// Codec is the subtype of the MIME type, in any case; it gives QP its scale.
	Codec string
	// OneWayMs is the delay from glass to glass in milliseconds.
	OneWayMs float64
}

// The constants behind VideoVersion. They are Earshot's choice: the shapes are taken from published work, the strengths
// are set so that each of these, alone, halves the index: a picture frozen for 16 % of the time, 6 frames per second of 30,
// 90 lines of 720.
const (
	freezePower   = 4      // Freeze = (1 - ratio)^4
	frameRateRise = 3.4    // how fast quality saturates with the frame rate
	octaveLoss    = 1. / 6 // what halving the height takes off
	quantizerLoss = 0.5    // what the coarsest quantizer takes off
)

// Video scores with the default constants.
func Video(in VideoInput) Score { return defaultModel.Video(in) }

// Video gives the video index, 0 to 100. It is an index for comparing windows, calls and regions with one another; it is
// not a mean opinion score and was fitted to no panel of viewers.
//
//	index = 100 x freeze x frame_rate x resolution x qp x delay
//
//	freeze     = (1 - freeze ratio)^4
//	frame_rate = (1 - exp(-3.4 x)) / (1 - exp(-3.4)), x = frame rate / reference (30), at most 1
//	resolution = 1 - log2(reference / height) / 6, from 0 to 1, reference 720 lines
//	qp         = 1 - q / 2 x q, q = mean quantizer / coarsest quantizer of the codec
//	delay      = 1 - Idd / 100, Idd as for audio (ITU-T G.107 section 7.4)
//
// A product of one saturating function per dimension is the form of the Q-STAR model (Ou, Xue, Wang, IEEE Trans. Image
// Processing 23(6), 2014). The index falls when any figure gets worse.
//
// Freeze ratio, frame rate and height are required. Quantizer and delay are taken as perfect where they are not known,
// and named in Missing: the index is an upper bound then.
func (m *Model) Video(in VideoInput) Score {
	s := Score{Version: m.videoVersion}
	index := 100.0
	factor := func(p Part, ok bool, v float64) {
		if !ok {
			s.Missing.add(p)
			return
		}
		s.Parts.add(p, v)
		index *= v
	}
	factor(Freeze, known(in.FreezeRatio), freezeFactor(in.FreezeRatio))
	factor(FrameRate, known(in.FrameRate), frameRateFactor(in.FrameRate/m.cfg.ReferenceFrameRate))
	factor(Resolution, known(in.FrameHeight) && in.FrameHeight > 0, resolutionFactor(in.FrameHeight/m.cfg.ReferenceHeight))
	enough := s.Missing == 0
	coarsest := coarsestQuantizer(in.Codec)
	factor(Quantizer, known(in.QP) && coarsest > 0, quantizerFactor(in.QP/coarsest))
	factor(DelayFactor, known(in.OneWayMs), 1-min(DelayImpairment(in.OneWayMs), 100)/100)
	if !enough {
		return unknown(s)
	}
	s.Known, s.Value, s.R = true, float32(clamp(index, 0, 100)), float32(math.NaN())
	return s
}

func freezeFactor(ratio float64) float64 {
	if ratio == 0 {
		return 1 // as mostly
	}
	return math.Pow(1-clamp(ratio, 0, 1), freezePower)
}

// frameRateFactor rises with the share of the reference rate and saturates (Ou, Ma, Liu, Wang, IEEE Trans. Circuits and
// Systems for Video Technology 21(3), 2011).
func frameRateFactor(share float64) float64 {
	if share >= 1 {
		return 1
	}
	return (1 - math.Exp(-frameRateRise*share)) / (1 - math.Exp(-frameRateRise))
}

func resolutionFactor(share float64) float64 { return clamp(1+math.Log2(share)*octaveLoss, 0, 1) }

func quantizerFactor(share float64) float64 {
	q := min(share, 1)
	return 1 - quantizerLoss*q*q
}

// coarsestQuantizer is the top of the scale on which getStats reports qpSum (W3C webrtc-stats), 0 for a codec not known.
func coarsestQuantizer(codec string) float64 {
	switch {
	case strings.EqualFold(codec, "h264"), strings.EqualFold(codec, "h265"):
		return 51
	case strings.EqualFold(codec, "vp8"):
		return 127
	case strings.EqualFold(codec, "vp9"), strings.EqualFold(codec, "av1"):
		return 255
	}
	return 0
}
