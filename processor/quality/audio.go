package quality

import "math"

// AudioInput is what is known of one received audio track in one window. A figure that is not known is NaN.
type AudioInput struct {
	// OneWayMs is the delay from mouth to ear in milliseconds.
	OneWayMs float64
	// LossRatio is the share, 0 to 1, of the audio that the listener missed: after jitter buffer, retransmission and forward
	// error correction, so concealed samples over all samples where the receiver reports them, and never the loss on the
	// network.
	LossRatio float64
	// Codec is the subtype of the MIME type, in any case: opus, PCMU ...
	Codec string
}

// defaultR is the rating with all parameters of ITU-T G.107 at their defaults (table 2) and no delay: Ro - Is with the
// echo of a perfect canceller, 93.2.
const defaultR = 93.2

// Audio scores with the default constants.
func Audio(in AudioInput) Score { return defaultModel.Audio(in) }

// Audio rates a track by the E-model of ITU-T G.107 (06/2015):
//
//	R   = 93.2 - Idd - Ie,eff + A
//	MOS = 1 + 0.035 R + R (R - 60) (100 - R) 7e-6, in [1, 4.5]  (annex B)
//
// It needs delay, loss and a codec with known factors; without one of them there is no score.
func (m *Model) Audio(in AudioInput) Score {
	s := Score{Version: m.audioVersion}
	s.Parts.add(R0, defaultR)
	var idd, ieEff float64
	if known(in.OneWayMs) {
		idd = DelayImpairment(in.OneWayMs)
		s.Parts.add(Idd, idd)
	} else {
		s.Missing.add(Idd)
	}
	codec, rated := m.impairment(in.Codec)
	if !rated {
		s.Missing.add(CodecPart)
	}
	lossKnown := known(in.LossRatio)
	if !lossKnown {
		s.Missing.add(LossPart)
	}
	if rated && lossKnown {
		ieEff = EffectiveImpairment(codec, in.LossRatio, m.cfg.BurstRatio)
		s.Parts.add(IeEff, ieEff)
	}
	if m.cfg.Advantage != 0 {
		s.Parts.add(Advantage, m.cfg.Advantage)
	}
	if s.Missing != 0 {
		return unknown(s)
	}
	r := defaultR - idd - ieEff + m.cfg.Advantage
	s.Known, s.R, s.Value = true, float32(r), float32(MOS(r))
	return s
}

// DelayImpairment is Idd of ITU-T G.107 section 7.4, in its full form (at the default delay
// sensitivity sT = 1 and mT = 100 ms): 0 up to 100 ms one way, then logarithmic. oneWayMs is in milliseconds.
func DelayImpairment(oneWayMs float64) float64 {
	if !(oneWayMs > 100) {
		return 0
	}
	x := math.Log2(oneWayMs / 100)
	idd := 25 * (sixthRootOfOnePlus6(x) - 3*sixthRootOfOnePlus6(x/3) + 2)
	return max(idd, 0) // rounding, just above 100 ms
}

// sixthRootOfOnePlus6 is (1 + x^6)^(1/6).
func sixthRootOfOnePlus6(x float64) float64 {
	x3 := x * x * x
	return math.Sqrt(math.Cbrt(1 + x3*x3))
}

// EffectiveImpairment is Ie,eff of ITU-T G.107 section 7.5: Ie + (95 - Ie) Ppl / (Ppl / BurstR + Bpl), with Ppl the loss in
// percent. lossRatio is clamped to [0, 1].
func EffectiveImpairment(codec Impairment, lossRatio, burstRatio float64) float64 {
	ppl := 100 * clamp(lossRatio, 0, 1)
	// The quotient passes 1 where bursts are long and loss is high, which the formula does not mean.
	return codec.Ie + (95-codec.Ie)*min(ppl/(ppl/burstRatio+codec.Bpl), 1)
}

// MOS turns a rating into a mean opinion score for conversation (ITU-T G.107 annex B), clamped to [1, 4.5]: the cubic dips
// below 1 for ratings under 6.5, and rises past 4.5 for none.
func MOS(r float64) float64 {
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return clamp(1+0.035*r+r*(r-60)*(100-r)*7e-6, 1, 4.5)
}
