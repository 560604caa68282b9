package blame

import "fmt"

// Config holds the thresholds of the rule. What is zero has its default.
type Config struct {
	// RTTMs is the round trip, in milliseconds, from which on a window is bad.
	RTTMs float64 `yaml:"rtt_ms"`
	// MouthToEarMs is the way from mouth to ear, or glass to glass, in milliseconds, from which on a window is bad.
	MouthToEarMs float64 `yaml:"mouth_to_ear_ms"`
	// Loss is the share of packets lost, 0 to 1, from which on a window is bad.
	Loss float64 `yaml:"loss"`
	// Concealed is the share of audio that was made up, 0 to 1, from which on a window is bad.
	Concealed float64 `yaml:"concealed"`
	// Freeze is the share of time that video stood still, 0 to 1, from which on a window is bad.
	Freeze float64 `yaml:"freeze"`
	// AudioScore is the mean opinion score at and below which a window is bad.
	AudioScore float64 `yaml:"audio_score"`
	// VideoScore is the video index, 0 to 100, at and below which a window is bad.
	VideoScore float64 `yaml:"video_score"`

	// AccessRTTMs is what the round trip of a client's hop may take, in milliseconds, before it stands out.
	AccessRTTMs float64 `yaml:"access_rtt_ms"`
	// SFULinkRTTMs is what the round trip of a link between SFUs may take, in milliseconds, before it stands out.
	SFULinkRTTMs float64 `yaml:"sfu_link_rtt_ms"`
	// SendMs is what encoding and sending may take, in milliseconds, before the publisher's device stands out.
	SendMs float64 `yaml:"send_ms"`
	// ReceiveMs is what jitter buffer, decoding and playout may take, in milliseconds, before the subscriber's device stands out.
	ReceiveMs float64 `yaml:"receive_ms"`
	// ResidenceMs is how long packets may stay inside the SFUs, in milliseconds, before these stand out.
	ResidenceMs float64 `yaml:"residence_ms"`
	// HopLoss is the share of packets lost on one hop, 0 to 1, from which on it stands out.
	HopLoss float64 `yaml:"hop_loss"`
	// JitterMs is from which interarrival jitter on, in milliseconds, packets that come too late are not the receiver's doing.
	JitterMs float64 `yaml:"jitter_ms"`
	// FrameRate is below which frames per second a video is slow.
	FrameRate float64 `yaml:"frame_rate"`
	// DecodeShare is from which share of its time on, 0 to 1, a decoder cannot follow.
	DecodeShare float64 `yaml:"decode_share"`
}

// DefaultConfig returns the defaults. 400 ms is the one-way delay that ITU-T G.114 wants networks to stay below, 3.6 the mean
// opinion score below which many users are dissatisfied (ITU-T G.107 annex B, R = 70).
func DefaultConfig() Config {
	return Config{
		RTTMs: 400, MouthToEarMs: 400, Loss: 0.05, Concealed: 0.05, Freeze: 0.05, AudioScore: 3.6, VideoScore: 50,
		AccessRTTMs: 150, SFULinkRTTMs: 200, SendMs: 100, ReceiveMs: 200, ResidenceMs: 20,
		HopLoss: 0.02, JitterMs: 30, FrameRate: 10, DecodeShare: 0.9,
	}
}

type threshold struct {
	key  string
	at   *float64
	def  float64
	high float64
}

func (c *Config) thresholds() []threshold {
	def := DefaultConfig()
	return []threshold{
		{"rtt_ms", &c.RTTMs, def.RTTMs, 60_000},
		{"mouth_to_ear_ms", &c.MouthToEarMs, def.MouthToEarMs, 60_000},
		{"loss", &c.Loss, def.Loss, 1},
		{"concealed", &c.Concealed, def.Concealed, 1},
		{"freeze", &c.Freeze, def.Freeze, 1},
		{"audio_score", &c.AudioScore, def.AudioScore, 4.5},
		{"video_score", &c.VideoScore, def.VideoScore, 100},
		{"access_rtt_ms", &c.AccessRTTMs, def.AccessRTTMs, 60_000},
		{"sfu_link_rtt_ms", &c.SFULinkRTTMs, def.SFULinkRTTMs, 60_000},
		{"send_ms", &c.SendMs, def.SendMs, 60_000},
		{"receive_ms", &c.ReceiveMs, def.ReceiveMs, 60_000},
		{"residence_ms", &c.ResidenceMs, def.ResidenceMs, 60_000},
		{"hop_loss", &c.HopLoss, def.HopLoss, 1},
		{"jitter_ms", &c.JitterMs, def.JitterMs, 10_000},
		{"frame_rate", &c.FrameRate, def.FrameRate, 240},
		{"decode_share", &c.DecodeShare, def.DecodeShare, 1},
	}
}

func (c Config) withDefaults() Config {
	for _, t := range c.thresholds() {
		if *t.at == 0 {
			*t.at = t.def
		}
	}
	return c
}

// Validate says which threshold cannot be, by its YAML key.
func (c Config) Validate() error {
	c = c.withDefaults()
	for _, t := range c.thresholds() {
		if v := *t.at; !(v > 0 && v <= t.high) {
			return fmt.Errorf("blame.%s is %v; give a number above 0, up to %v", t.key, v, t.high)
		}
	}
	return nil
}
