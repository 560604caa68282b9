package blame

import "fmt"

// Config holds the thresholds of the rule. What is zero has its default.
type Config struct {
	// A window is bad when one of these is reached: the round trip and the way from mouth to ear (or glass to glass) in
	// milliseconds; the shares, 0 to 1, of packets lost, of audio concealed and of time frozen; a score at or below the given one.
	RTTMs        float64 `yaml:"rtt_ms"`
	MouthToEarMs float64 `yaml:"mouth_to_ear_ms"`
	Loss         float64 `yaml:"loss"`
	Concealed    float64 `yaml:"concealed"`
	Freeze       float64 `yaml:"freeze"`
	AudioScore   float64 `yaml:"audio_score"`
	VideoScore   float64 `yaml:"video_score"`

	// What a part of the path may take, in milliseconds, before it stands out: the round trip of a client's hop and of a link
	// between SFUs, encoding and sending, jitter buffer with decoding and playout, and the time inside SFUs.
	AccessRTTMs  float64 `yaml:"access_rtt_ms"`
	SFULinkRTTMs float64 `yaml:"sfu_link_rtt_ms"`
	SendMs       float64 `yaml:"send_ms"`
	ReceiveMs    float64 `yaml:"receive_ms"`
	ResidenceMs  float64 `yaml:"residence_ms"`
	// HopLoss is the share of packets lost on one hop, 0 to 1, from which on it stands out.
	HopLoss float64 `yaml:"hop_loss"`
	// JitterMs is from which interarrival jitter on late packets are the network's doing.
	JitterMs float64 `yaml:"jitter_ms"`
	// FrameRate is below which frames per second a video is slow, DecodeShare from which share of its time on a decoder cannot follow.
	FrameRate   float64 `yaml:"frame_rate"`
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
