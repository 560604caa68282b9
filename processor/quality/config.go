package quality

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Impairment is what a codec does to the E-model's rating (ITU-T G.107 section 7.5).
type Impairment struct {
	// Ie is the equipment impairment factor without loss, 0 to 95.
	Ie float64 `yaml:"ie"`
	// Bpl is the packet-loss robustness factor in percent: the loss at which half of what is left (95 - Ie) is gone. Above 0.
	Bpl float64 `yaml:"bpl"`
}

// AnyCodec is the key in Config.Codecs that serves codecs which have no entry of their own. There is none by default: a
// codec that nobody has rated gets no score.
const AnyCodec = "*"

// Config holds the constants of the formulas. What is zero has its default.
type Config struct {
	// Codecs by the subtype of their MIME type, in any case. What is given here is laid over the defaults.
	Codecs map[string]Impairment `yaml:"codecs"`
	// BurstRatio says how clustered loss is: 1 for independent losses, above 1 for bursts (ITU-T G.107 section 7.5).
	BurstRatio float64 `yaml:"burst_ratio"`
	// Advantage is the advantage factor A of ITU-T G.107 table 1: 0 for wire-like expectations, up to 20.
	Advantage float64 `yaml:"advantage"`
	// ReferenceHeight is the picture height in lines at and above which resolution takes nothing off the video index.
	ReferenceHeight float64 `yaml:"reference_height"`
	// ReferenceFrameRate is the frames per second at and above which the frame rate takes nothing off the video index.
	ReferenceFrameRate float64 `yaml:"reference_frame_rate"`
}

// DefaultConfig returns the constants behind AudioVersion and VideoVersion.
//
// G.711 (PCMU, PCMA): Ie 0, Bpl 25.1, ITU-T G.113 appendix I (2007) for G.711 with packet-loss concealment, random loss;
// every WebRTC receiver conceals. (Without concealment Bpl would be 4.3.)
//
// Opus and G.722: ITU-T has published no factors on this (narrow-band) scale; wide-band and full-band figures belong to
// the scales of G.107.1 and G.107.2 and do not carry over. They are taken as G.711 with concealment, which errs on the
// cautious side: neither is worse than G.711. "red" is RFC 2198 redundancy, which in WebRTC carries Opus.
func DefaultConfig() Config {
	concealed := Impairment{Ie: 0, Bpl: 25.1}
	return Config{
		Codecs: map[string]Impairment{
			"opus": concealed, "red": concealed, "pcmu": concealed, "pcma": concealed, "g722": concealed,
		},
		BurstRatio:         1,
		ReferenceHeight:    720,
		ReferenceFrameRate: 30,
	}
}

func (c Config) withDefaults() Config {
	def := DefaultConfig()
	if c.BurstRatio == 0 {
		c.BurstRatio = def.BurstRatio
	}
	if c.ReferenceHeight == 0 {
		c.ReferenceHeight = def.ReferenceHeight
	}
	if c.ReferenceFrameRate == 0 {
		c.ReferenceFrameRate = def.ReferenceFrameRate
	}
	return c
}

// Validate says which constant cannot be, by its YAML key.
func (c Config) Validate() error {
	c = c.withDefaults()
	for _, name := range slices.Sorted(maps.Keys(c.Codecs)) {
		if i := c.Codecs[name]; !(i.Ie >= 0 && i.Ie <= 95) {
			return fmt.Errorf("quality.codecs.%s.ie is %v; give a number from 0 to 95", name, i.Ie)
		} else if !(i.Bpl > 0 && i.Bpl <= 1000) {
			return fmt.Errorf("quality.codecs.%s.bpl is %v; give a percentage above 0", name, i.Bpl)
		}
		if len(name) == 0 || len(name) > maxCodecName {
			return fmt.Errorf("quality.codecs: %q is no codec name; give the subtype of its MIME type, such as opus", name)
		}
	}
	for _, v := range []struct {
		key       string
		value     float64
		low, high float64
	}{
		{"burst_ratio", c.BurstRatio, 1, 100},
		{"advantage", c.Advantage, 0, 20},
		{"reference_height", c.ReferenceHeight, 90, 8640},
		{"reference_frame_rate", c.ReferenceFrameRate, 1, 240},
	} {
		if !(v.value >= v.low && v.value <= v.high) {
			return fmt.Errorf("quality.%s is %v; give a number from %v to %v", v.key, v.value, v.low, v.high)
		}
	}
	return nil
}

// Model scores with one set of constants. It is safe for concurrent use.
type Model struct {
	codecs       map[string]Impairment
	cfg          Config
	audioVersion string
	videoVersion string
}

// New makes a Model. Codecs that cfg does not name have their defaults too.
func New(cfg Config) (*Model, error) {
	def := DefaultConfig()
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	codecs := maps.Clone(def.Codecs)
	for name, i := range cfg.Codecs {
		codecs[strings.ToLower(name)] = i
	}
	m := &Model{codecs: codecs, cfg: cfg, audioVersion: AudioVersion, videoVersion: VideoVersion}
	if !maps.Equal(codecs, def.Codecs) || cfg.BurstRatio != def.BurstRatio || cfg.Advantage != def.Advantage {
		m.audioVersion += "+custom"
	}
	if cfg.ReferenceHeight != def.ReferenceHeight || cfg.ReferenceFrameRate != def.ReferenceFrameRate {
		m.videoVersion += "+custom"
	}
	return m, nil
}

// maxCodecName bounds the names that are looked up, so that folding their case needs no allocation.
const maxCodecName = 32

// impairment finds the factors of a codec, whatever the case of its name.
func (m *Model) impairment(codec string) (Impairment, bool) {
	if i, ok := m.codecs[codec]; ok && codec != AnyCodec {
		return i, true
	}
	if len(codec) <= maxCodecName && codec != "" {
		var buf [maxCodecName]byte
		for n := range len(codec) {
			c := codec[n]
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			buf[n] = c
		}
		if i, ok := m.codecs[string(buf[:len(codec)])]; ok && codec != AnyCodec {
			return i, true
		}
	}
	i, ok := m.codecs[AnyCodec]
	return i, ok
}
