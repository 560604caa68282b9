package quality_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/earshot-rtc/earshot/processor/quality"
)

var nan = math.NaN()

func TestDelayImpairmentMeetsTheReferencePoints(t *testing.T) {
	for _, p := range []struct{ ms, idd float64 }{
		{0, 0}, {50, 0}, {100, 0}, {150, 0.16}, {200, 3.04}, {300, 14.76}, {400, 24.07}, {600, 35.25}, {1000, 43.79},
	} {
		require.InDelta(t, p.idd, quality.DelayImpairment(p.ms), 0.005, "%v ms", p.ms)
	}
}

func TestMOSOfKnownRatings(t *testing.T) {
	for _, p := range []struct {
		name   string
		r, mos float64
	}{
		{"below the scale", -40, 1},
		{"zero", 0, 1},
		{"where the cubic dips below 1", 3, 1},
		{"nearly all dissatisfied", 50, 2.58},
		{"many dissatisfied", 60, 3.10},
		{"some dissatisfied", 70, 3.60},
		{"satisfied", 80, 4.024},
		{"very satisfied", 90, 4.34},
		{"default", 93.2, 4.41},
		{"top", 100, 4.5},
		{"above the scale", 130, 4.5},
	} {
		t.Run(p.name, func(t *testing.T) { require.InDelta(t, p.mos, quality.MOS(p.r), 0.006) })
	}
}

func TestAudioScores(t *testing.T) {
	for _, c := range []struct {
		name string
		in   quality.AudioInput
		r    float64
		mos  float64
	}{
		{"nothing wrong", quality.AudioInput{OneWayMs: 60, Codec: "opus"}, 93.2, 4.41},
		{"two per cent concealed", quality.AudioInput{OneWayMs: 60, LossRatio: 0.02, Codec: "opus"}, 86.19, 4.23},
		{"delay only", quality.AudioInput{OneWayMs: 300, Codec: "PCMU"}, 78.44, 3.97},
		{"400 ms and 10 % loss", quality.AudioInput{OneWayMs: 400, LossRatio: 0.1, Codec: "opus"}, 42.06, 2.17},
		{"all lost", quality.AudioInput{OneWayMs: 60, LossRatio: 1, Codec: "G722"}, 17.26, 1.18},
		{"more than all lost", quality.AudioInput{OneWayMs: 60, LossRatio: 7, Codec: "pcma"}, 17.26, 1.18},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := quality.Audio(c.in)
			require.True(t, s.Known)
			require.InDelta(t, c.r, float64(s.R), 0.01)
			require.InDelta(t, c.mos, float64(s.Value), 0.01)
			require.Zero(t, s.Missing)
			require.Equal(t, quality.AudioVersion, s.Version)
		})
	}
}

// A widely copied implementation writes 0.1*delay - 150 for the delay impairment, which is negative up to 1.5 s, so that
// a call with 400 ms and 10 % loss gets the best score there is.
func TestAudioCallWithDelayAndLossIsNotPerfect(t *testing.T) {
	s := quality.Audio(quality.AudioInput{OneWayMs: 400, LossRatio: 0.1, Codec: "opus"})
	require.True(t, s.Known)
	require.Less(t, s.Value, float32(2.5))
}

func TestAudioPartsAddUpToTheRating(t *testing.T) {
	m, err := quality.New(quality.Config{Advantage: 5})
	require.NoError(t, err)
	s := m.Audio(quality.AudioInput{OneWayMs: 250, LossRatio: 0.03, Codec: "opus"})
	parts := map[string]float32{}
	for name, v := range s.Parts.All() {
		parts[name] = v
	}
	require.Len(t, parts, 4)
	require.Equal(t, s.Parts.Len(), len(parts))
	require.Equal(t, quality.Value{Part: quality.R0, Value: 93.2}, s.Parts.At(0))
	require.InDelta(t, s.R, parts["r0"]-parts["idd"]-parts["ie_eff"]+parts["advantage"], 0.001)
	_, ok := s.Parts.Get(quality.Freeze)
	require.False(t, ok)
}

func TestUnknownFiguresGiveNoScoreAndAreNamed(t *testing.T) {
	for _, c := range []struct {
		name    string
		score   quality.Score
		known   bool
		missing []string
	}{
		{"audio without delay", quality.Audio(quality.AudioInput{OneWayMs: nan, LossRatio: 0.01, Codec: "opus"}), false, []string{"idd"}},
		{"audio with endless delay", quality.Audio(quality.AudioInput{OneWayMs: math.Inf(1), Codec: "opus"}), false, []string{"idd"}},
		{"audio with negative delay", quality.Audio(quality.AudioInput{OneWayMs: -3, Codec: "opus"}), false, []string{"idd"}},
		{"audio without loss", quality.Audio(quality.AudioInput{OneWayMs: 80, LossRatio: nan, Codec: "opus"}), false, []string{"loss"}},
		{"audio of a strange codec", quality.Audio(quality.AudioInput{OneWayMs: 80, Codec: "lyra"}), false, []string{"codec"}},
		{"audio of no codec", quality.Audio(quality.AudioInput{OneWayMs: 80}), false, []string{"codec"}},
		{"audio with a star for a codec", quality.Audio(quality.AudioInput{OneWayMs: 80, Codec: "*"}), false, []string{"codec"}},
		{"audio with an overlong codec", quality.Audio(quality.AudioInput{OneWayMs: 80, Codec: strings.Repeat("opus", 20)}), false, []string{"codec"}},
		{"audio of nothing", quality.Audio(quality.AudioInput{OneWayMs: nan, LossRatio: nan}), false, []string{"idd", "codec", "loss"}},
		{"video without freezes", quality.Video(quality.VideoInput{FreezeRatio: nan, FrameRate: 30, FrameHeight: 720, QP: 20, Codec: "VP8", OneWayMs: 80}), false, []string{"freeze"}},
		{"video without height", quality.Video(quality.VideoInput{FrameRate: 30, QP: 20, Codec: "VP8", OneWayMs: 80}), false, []string{"resolution"}},
		{"video without quantizer", quality.Video(quality.VideoInput{FrameRate: 30, FrameHeight: 720, QP: nan, Codec: "VP8", OneWayMs: 80}), true, []string{"qp"}},
		{"video with a quantizer on no scale", quality.Video(quality.VideoInput{FrameRate: 30, FrameHeight: 720, QP: 12, OneWayMs: 80}), true, []string{"qp"}},
		{"video without delay", quality.Video(quality.VideoInput{FrameRate: 30, FrameHeight: 720, QP: 20, Codec: "H264", OneWayMs: nan}), true, []string{"delay"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.known, c.score.Known)
			require.Equal(t, c.missing, c.score.Missing.Names())
			require.NotEmpty(t, c.score.Version)
			if c.known {
				require.False(t, math.IsNaN(float64(c.score.Value)))
			} else {
				require.True(t, math.IsNaN(float64(c.score.Value)))
				require.True(t, math.IsNaN(float64(c.score.R)))
			}
			for name, v := range c.score.Parts.All() {
				require.False(t, math.IsNaN(float64(v)), name)
			}
		})
	}
}

func TestVideoIndex(t *testing.T) {
	perfect := quality.VideoInput{FrameRate: 30, FrameHeight: 720, QP: 0, Codec: "VP8", OneWayMs: 80}
	for _, c := range []struct {
		name   string
		change func(*quality.VideoInput)
		index  float64
	}{
		{"nothing wrong", func(*quality.VideoInput) {}, 100},
		{"better than the reference", func(in *quality.VideoInput) { in.FrameRate, in.FrameHeight = 60, 2160 }, 100},
		{"frozen for 16 %", func(in *quality.VideoInput) { in.FreezeRatio = 0.16 }, 49.8},
		{"frozen all the time", func(in *quality.VideoInput) { in.FreezeRatio = 1 }, 0},
		{"half the frames", func(in *quality.VideoInput) { in.FrameRate = 15 }, 84.6},
		{"no frames", func(in *quality.VideoInput) { in.FrameRate = 0 }, 0},
		{"360 lines", func(in *quality.VideoInput) { in.FrameHeight = 360 }, 83.3},
		{"90 lines", func(in *quality.VideoInput) { in.FrameHeight = 90 }, 50},
		{"one line", func(in *quality.VideoInput) { in.FrameHeight = 1 }, 0},
		{"coarsest quantizer", func(in *quality.VideoInput) { in.QP = 127 }, 50},
		{"400 ms", func(in *quality.VideoInput) { in.OneWayMs = 400 }, 75.9},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := perfect
			c.change(&in)
			s := quality.Video(in)
			require.True(t, s.Known)
			require.InDelta(t, c.index, float64(s.Value), 0.06)
			require.Equal(t, 5, s.Parts.Len())
			require.True(t, math.IsNaN(float64(s.R)), "a video index has no R")
		})
	}
}

func TestAudioFallsWhenAnythingGetsWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := quality.AudioInput{
			OneWayMs:  rapid.Float64Range(0, 3000).Draw(t, "delay"),
			LossRatio: rapid.Float64Range(0, 1).Draw(t, "loss"),
			Codec:     rapid.SampledFrom([]string{"opus", "PCMU", "G722"}).Draw(t, "codec"),
		}
		before := quality.Audio(in)
		in.OneWayMs += rapid.Float64Range(0, 2000).Draw(t, "more delay")
		in.LossRatio += rapid.Float64Range(0, 1).Draw(t, "more loss")
		after := quality.Audio(in)
		if after.R > before.R || after.Value > before.Value {
			t.Fatalf("worse input, better score: R %v -> %v, MOS %v -> %v", before.R, after.R, before.Value, after.Value)
		}
		if after.Value < 1 || before.Value > 4.5 {
			t.Fatalf("MOS outside [1, 4.5]: %v, %v", before.Value, after.Value)
		}
	})
}

func TestVideoFallsWhenAnythingGetsWorse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := quality.VideoInput{
			FreezeRatio: rapid.Float64Range(0, 1).Draw(t, "freeze"),
			FrameRate:   rapid.Float64Range(0, 90).Draw(t, "rate"),
			FrameHeight: rapid.Float64Range(1, 4320).Draw(t, "height"),
			QP:          rapid.Float64Range(0, 300).Draw(t, "qp"),
			Codec:       rapid.SampledFrom([]string{"VP8", "H264", "AV1", "?"}).Draw(t, "codec"),
			OneWayMs:    rapid.Float64Range(0, 3000).Draw(t, "delay"),
		}
		before := quality.Video(in)
		in.FreezeRatio += rapid.Float64Range(0, 1).Draw(t, "more freeze")
		in.FrameRate *= rapid.Float64Range(0, 1).Draw(t, "fewer frames")
		in.FrameHeight *= rapid.Float64Range(0.01, 1).Draw(t, "fewer lines")
		in.QP += rapid.Float64Range(0, 200).Draw(t, "coarser")
		in.OneWayMs += rapid.Float64Range(0, 2000).Draw(t, "more delay")
		after := quality.Video(in)
		if after.Value > before.Value {
			t.Fatalf("worse input, better index: %v -> %v", before.Value, after.Value)
		}
		if after.Value < 0 || before.Value > 100 {
			t.Fatalf("index outside [0, 100]: %v, %v", before.Value, after.Value)
		}
	})
}

func TestConfiguredConstantsCountAndShowInTheVersion(t *testing.T) {
	m, err := quality.New(quality.Config{Codecs: map[string]quality.Impairment{
		"Lyra":           {Ie: 20, Bpl: 10},
		quality.AnyCodec: {Ie: 11, Bpl: 4.3},
	}})
	require.NoError(t, err)
	require.InDelta(t, 73.2, float64(m.Audio(quality.AudioInput{OneWayMs: 10, Codec: "lyra"}).R), 0.001)
	require.InDelta(t, 82.2, float64(m.Audio(quality.AudioInput{OneWayMs: 10, Codec: "speex"}).R), 0.001)
	require.InDelta(t, 93.2, float64(m.Audio(quality.AudioInput{OneWayMs: 10, Codec: "opus"}).R), 0.001)
	require.Equal(t, "g107/1+custom", m.Audio(quality.AudioInput{}).Version)
	require.Equal(t, "video-index/1", m.Video(quality.VideoInput{}).Version)

	bursty, err := quality.New(quality.Config{BurstRatio: 2})
	require.NoError(t, err)
	in := quality.AudioInput{OneWayMs: 10, LossRatio: 0.1, Codec: "opus"}
	require.Less(t, bursty.Audio(in).R, quality.Audio(in).R, "losses in bursts are harder to conceal")
}

func TestConstantsThatCannotBeAreRefusedByKey(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  quality.Config
		want string
	}{
		{"ie", quality.Config{Codecs: map[string]quality.Impairment{"opus": {Ie: 96, Bpl: 10}}}, "quality.codecs.opus.ie is 96"},
		{"bpl left out", quality.Config{Codecs: map[string]quality.Impairment{"opus": {Ie: 9}}}, "quality.codecs.opus.bpl is 0"},
		{"ie not a number", quality.Config{Codecs: map[string]quality.Impairment{"opus": {Ie: nan, Bpl: 1}}}, "quality.codecs.opus.ie is NaN"},
		{"name", quality.Config{Codecs: map[string]quality.Impairment{"": {Bpl: 1}}}, `"" is no codec name`},
		{"burst", quality.Config{BurstRatio: 0.5}, "quality.burst_ratio is 0.5"},
		{"advantage", quality.Config{Advantage: -1}, "quality.advantage is -1"},
		{"height", quality.Config{ReferenceHeight: 1}, "quality.reference_height is 1"},
		{"rate", quality.Config{ReferenceFrameRate: nan}, "quality.reference_frame_rate is NaN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := quality.New(c.cfg)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestScoringAllocatesNothing(t *testing.T) {
	var sink float32
	require.Zero(t, testing.AllocsPerRun(100, func() {
		a := quality.Audio(quality.AudioInput{OneWayMs: 210, LossRatio: 0.01, Codec: "PCMU"})
		v := quality.Video(quality.VideoInput{FrameRate: 24, FrameHeight: 360, QP: 40, Codec: "VP8", OneWayMs: 210})
		for _, x := range v.Parts.All() {
			sink += x
		}
		sink += a.Value
	}))
}

func BenchmarkAudio(b *testing.B) {
	b.ReportAllocs()
	in := quality.AudioInput{OneWayMs: 210, LossRatio: 0.01, Codec: "opus"}
	for b.Loop() {
		quality.Audio(in)
	}
}

func BenchmarkVideo(b *testing.B) {
	b.ReportAllocs()
	in := quality.VideoInput{FreezeRatio: 0.02, FrameRate: 24, FrameHeight: 360, QP: 40, Codec: "VP8", OneWayMs: 210}
	for b.Loop() {
		quality.Video(in)
	}
}
