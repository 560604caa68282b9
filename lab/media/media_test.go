package media

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type sent struct {
	at      time.Time
	header  rtp.Header
	payload []byte
}

type tape struct{ packets []sent }

func (t *tape) WriteRTP(h *rtp.Header, payload []byte) {
	t.packets = append(t.packets, sent{time.Now(), *h, append([]byte(nil), payload...)})
}

// record runs sources for d under a pacer.
func record(t *testing.T, d time.Duration, during func(), sources ...*Source) []*tape {
	t.Helper()
	var tapes []*tape
	synctest.Test(t, func(*testing.T) {
		p := NewPacer()
		for _, s := range sources {
			tp := &tape{}
			tapes = append(tapes, tp)
			for _, e := range s.encodings {
				s.Output(e.RID, tp)
			}
			p.Add(s, s.Begin(time.Now()))
		}
		if during != nil {
			during()
		}
		time.Sleep(d)
		for _, s := range sources {
			p.Remove(s)
		}
		time.Sleep(time.Second)
		p.Close()
	})
	return tapes
}

func TestAudioIsOpusAtTwentyMilliseconds(t *testing.T) {
	tp := record(t, 10*time.Second, nil, NewAudio(1))[0]
	require.InDelta(t, 500, len(tp.packets), 1)
	for i, p := range tp.packets {
		require.GreaterOrEqual(t, len(p.payload), audioMin)
		require.LessOrEqual(t, len(p.payload), audioMax)
		if i > 0 {
			before := tp.packets[i-1]
			require.Equal(t, 20*time.Millisecond, p.at.Sub(before.at))
			require.Equal(t, before.header.SequenceNumber+1, p.header.SequenceNumber)
			require.Equal(t, before.header.Timestamp+960, p.header.Timestamp)
		}
	}
}

func TestVideoIsHalfAMegabitAtThirtyFrames(t *testing.T) {
	s := NewVideo(1, Plain)
	tp := record(t, 10*time.Second, nil, s)[0]
	bytes, frames := 0, 0
	for _, p := range tp.packets {
		bytes += len(p.payload)
		require.LessOrEqual(t, len(p.payload), 1200)
		if p.header.Marker {
			frames++
		}
	}
	require.InDelta(t, 300, frames, 1)
	require.InDelta(t, 500_000, float64(bytes*8)/10, 50_000)
	require.Equal(t, uint64(frames), s.Stats("").Frames)
	require.Equal(t, uint64(1), s.Stats("").KeyFrames)
	w, h, ok := vp8Size(tp.packets[0].payload)
	require.True(t, ok)
	require.Equal(t, [2]uint16{640, 360}, [2]uint16{w, h})
}

func TestAMutedSourceIsSilentAndItsClockRunsOn(t *testing.T) {
	s := NewAudio(2)
	tp := record(t, 2*time.Second, func() {
		time.Sleep(time.Second)
		s.Mute(true)
		time.Sleep(time.Second)
		s.Mute(false)
	}, s)[0]
	require.InDelta(t, 150, len(tp.packets), 2)
	for i, p := range tp.packets[1:] {
		before := tp.packets[i]
		require.Equal(t, before.header.SequenceNumber+1, p.header.SequenceNumber)
		require.Equal(t, uint32(p.at.Sub(before.at)*48000/time.Second), p.header.Timestamp-before.header.Timestamp)
		require.Equal(t, p.at.Sub(before.at) > 20*time.Millisecond, p.header.Marker, "the first packet after silence is marked")
	}
}

func TestAKeyFrameComesWhenAskedFor(t *testing.T) {
	s := NewVideo(3, Simulcast)
	record(t, time.Second, func() { time.Sleep(time.Second); s.KeyFrame("h") }, s)
	require.Equal(t, uint64(1), s.Stats("q").KeyFrames)
	require.Equal(t, uint64(2), s.Stats("h").KeyFrames)
	require.Equal(t, uint64(1), s.Stats("f").KeyFrames)
	require.Equal(t, SourceStats{}, s.Stats("x"))
}

func TestARemovedOutputGetsNothingMore(t *testing.T) {
	s := NewAudio(4)
	var kept, gone tape
	s.Output("", &kept)
	remove := s.Output("", &gone)
	s.Begin(time.Now())
	due := s.Tick(time.Now())
	remove()
	s.Tick(due)
	require.Len(t, kept.packets, 2)
	require.Len(t, gone.packets, 1)
}

// feed gives an audio playout packets of 20 ms with the transit times that way says; a negative one is a loss.
func feed(a *Audio, packets int, way func(i int) time.Duration) time.Time {
	start := time.Unix(1000, 0)
	type arriving struct {
		at time.Time
		i  int
	}
	var all []arriving
	for i := range packets {
		if d := way(i); d >= 0 {
			all = append(all, arriving{start.Add(time.Duration(i)*audioFrame + d), i})
		}
	}
	for done := false; !done; { // in order of arrival
		done = true
		for j := 1; j < len(all); j++ {
			if all[j].at.Before(all[j-1].at) {
				all[j], all[j-1], done = all[j-1], all[j], false
			}
		}
	}
	for _, p := range all {
		a.Packet(p.at, uint16(65500+p.i), uint32(4294960000+p.i*audioTicks))
	}
	return start.Add(time.Duration(packets) * audioFrame)
}

func TestAudioPlayout(t *testing.T) {
	const packets = 1000
	mean := func(s AudioStats) time.Duration { return s.JitterBufferDelay / time.Duration(s.Emitted) }
	t.Run("a steady stream waits for the least buffer", func(t *testing.T) {
		a := NewAudioPlayout()
		s := a.Stats(feed(a, packets, func(int) time.Duration { return 50 * time.Millisecond }).Add(time.Second))
		require.Equal(t, uint64(packets*audioTicks), s.Emitted)
		require.Zero(t, s.SamplesConcealed)
		require.Equal(t, 40*time.Millisecond, s.Target)
		require.Equal(t, 40*time.Millisecond, mean(s))
	})
	t.Run("jitter grows the buffer by what it needs", func(t *testing.T) {
		a := NewAudioPlayout()
		s := a.Stats(feed(a, packets, func(i int) time.Duration { return time.Duration(50+i*7%31) * time.Millisecond }).Add(time.Second))
		require.Equal(t, 60*time.Millisecond, s.Target)
		require.InDelta(t, float64(45*time.Millisecond), float64(mean(s)), float64(3*time.Millisecond), "the packets' own delay comes off")
		require.LessOrEqual(t, s.SamplesConcealed, uint64(2*audioTicks))
	})
	t.Run("what is lost is concealed", func(t *testing.T) {
		a := NewAudioPlayout()
		s := a.Stats(feed(a, packets, func(i int) time.Duration {
			if i%100 == 50 || i%100 == 51 {
				return -1
			}
			return 50 * time.Millisecond
		}).Add(time.Second))
		require.Equal(t, uint64(20*audioTicks), s.SamplesConcealed)
		require.Equal(t, uint64(10), s.ConcealmentEvents)
		require.Equal(t, uint64(packets*audioTicks), s.SamplesReceived)
	})
	t.Run("what is late is discarded and concealed", func(t *testing.T) {
		a := NewAudioPlayout()
		s := a.Stats(feed(a, packets, func(i int) time.Duration {
			if i == 500 {
				return 300 * time.Millisecond
			}
			return 50 * time.Millisecond
		}).Add(time.Second))
		require.Equal(t, uint64(audioTicks), s.SamplesConcealed)
		require.Equal(t, uint64(1), s.PacketsDiscarded)
	})
	t.Run("silence is not loss", func(t *testing.T) {
		a := NewAudioPlayout()
		at := time.Unix(1000, 0)
		a.Packet(at, 1, 0)
		a.Packet(at.Add(5*time.Second), 2, 5*48000)
		s := a.Stats(at.Add(10 * time.Second))
		require.Zero(t, s.SamplesConcealed)
		require.Equal(t, uint64(2*audioTicks), s.Emitted)
	})
}

// play records a second of video and gives it to a playout with the packets that drop names left out or late.
func play(t *testing.T, seconds int, way func(i int, p sent) time.Duration) (VideoStats, int) {
	t.Helper()
	tp := record(t, time.Duration(seconds)*time.Second, nil, NewVideo(5, Plain))[0]
	var arrived []sent
	for i, p := range tp.packets {
		if d := way(i, p); d >= 0 {
			p.at = p.at.Add(d)
			arrived = append(arrived, p)
		}
	}
	slices.SortStableFunc(arrived, func(a, b sent) int { return a.at.Compare(b.at) })
	v := NewVideoPlayout()
	asked := 0
	for _, p := range arrived {
		if v.Packet(p.at, p.header.SequenceNumber, p.header.Timestamp, p.header.Marker, p.payload) {
			asked++
		}
	}
	return v.Stats(), asked
}

func TestVideoPlayout(t *testing.T) {
	t.Run("a whole stream is decoded whole", func(t *testing.T) {
		s, asked := play(t, 5, func(int, sent) time.Duration { return 30 * time.Millisecond })
		require.InDelta(t, 150, s.Frames, 1)
		require.Equal(t, uint64(1), s.KeyFrames)
		require.Zero(t, s.Dropped)
		require.Zero(t, s.FreezeCount)
		require.Zero(t, asked)
		require.Equal(t, [2]uint16{640, 360}, [2]uint16{s.Width, s.Height})
		require.Greater(t, s.ProcessingDelay, s.JitterBufferDelay)
	})
	t.Run("a repaired loss costs time and no frame", func(t *testing.T) {
		s, asked := play(t, 5, func(i int, _ sent) time.Duration {
			if i == 100 {
				return 230 * time.Millisecond
			}
			return 30 * time.Millisecond
		})
		require.InDelta(t, 150, s.Frames, 1)
		require.Zero(t, s.Dropped)
		require.Zero(t, asked)
		require.Equal(t, uint64(1), s.FreezeCount)
		require.Less(t, s.FreezeDuration, 300*time.Millisecond)
	})
	t.Run("a loss freezes until the next key frame", func(t *testing.T) {
		s, asked := play(t, 25, func(i int, _ sent) time.Duration {
			if i == 100 {
				return -1
			}
			return 30 * time.Millisecond
		})
		require.Greater(t, s.Dropped, uint64(100))
		require.Equal(t, uint64(1), s.FreezeCount)
		require.Greater(t, s.FreezeDuration, time.Second)
		require.Greater(t, asked, 5)
		require.Equal(t, uint64(3), s.KeyFrames)
	})
}

func BenchmarkAudioPlayout(b *testing.B) {
	b.ReportAllocs()
	a := NewAudioPlayout()
	at := time.Unix(1000, 0)
	for i := range b.N {
		at = at.Add(audioFrame)
		a.Packet(at, uint16(i), uint32(i*audioTicks))
	}
}
