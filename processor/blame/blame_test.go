package blame_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/blame"
)

// good is a window of audio in which nothing is wrong, and hops of a path over two SFUs.
func good() (blame.Window, []blame.Hop) {
	u := blame.Unknown
	return blame.Window{
		RTTMs: 120, MouthToEarMs: 180, Loss: 0.001, Concealed: 0.005, Freeze: u, Score: 4.3, JitterMs: 4, FrameRate: u,
		SendMs: 5, ResidenceMs: 0.5, ReceiveMs: 60, DecodeMs: 2, SentFrameRate: u,
	}, []blame.Hop{{RTTMs: 30}, {RTTMs: 60}, {RTTMs: 30}}
}

func TestWhoIsToBlame(t *testing.T) {
	u := blame.Unknown
	video := func(w *blame.Window) {
		w.Video, w.Concealed, w.Freeze, w.Score, w.FrameRate, w.SentFrameRate, w.DecodeMs = true, u, 0, 90, 30, 30, 4
	}
	for _, c := range []struct {
		name   string
		change func(w *blame.Window, h []blame.Hop)
		want   blame.Part
	}{
		{"nothing is wrong", func(*blame.Window, []blame.Hop) {}, blame.None},
		{"a slow hop in a window that is good all the same", func(_ *blame.Window, h []blame.Hop) { h[0].RTTMs = 300 }, blame.None},
		{"a slow first hop", func(w *blame.Window, h []blame.Hop) { w.RTTMs, h[0].RTTMs = 490, 400 }, blame.Uplink},
		{"a slow link between SFUs", func(w *blame.Window, h []blame.Hop) { w.RTTMs, h[1].RTTMs = 560, 500 }, blame.SFULink},
		{"a slow last hop", func(w *blame.Window, h []blame.Hop) { w.RTTMs, h[2].RTTMs = 490, 400 }, blame.Downlink},
		{"the slower of two slow hops", func(w *blame.Window, h []blame.Hop) { w.RTTMs, h[0].RTTMs, h[2].RTTMs = 800, 300, 450 }, blame.Downlink},
		{"slow in sum, but none stands out", func(w *blame.Window, h []blame.Hop) { w.RTTMs, h[0].RTTMs, h[1].RTTMs, h[2].RTTMs = 420, 130, 180, 110 }, blame.None},
		{"a slow hop that was not measured", func(w *blame.Window, h []blame.Hop) { w.MouthToEarMs, h[2].RTTMs = 700, u }, blame.None},
		{"a slow sender", func(w *blame.Window, _ []blame.Hop) { w.MouthToEarMs, w.SendMs = 500, 330 }, blame.Sender},
		{"a receiver that buffers long", func(w *blame.Window, _ []blame.Hop) { w.MouthToEarMs, w.ReceiveMs = 700, 580 }, blame.Receiver},
		{"an SFU that keeps packets", func(w *blame.Window, _ []blame.Hop) { w.MouthToEarMs, w.ResidenceMs = 450, 260 }, blame.SFULink},
		{"loss on the first hop", func(w *blame.Window, h []blame.Hop) { w.Loss, h[0].Loss = 0.1, 0.1 }, blame.Uplink},
		{"loss between SFUs", func(w *blame.Window, h []blame.Hop) { w.Concealed, h[1].Loss = 0.1, 0.08 }, blame.SFULink},
		{"loss on the last hop, a little on the first", func(w *blame.Window, h []blame.Hop) { w.Loss, h[0].Loss, h[2].Loss = 0.13, 0.03, 0.1 }, blame.Downlink},
		{"loss, but on which hop is not known", func(w *blame.Window, h []blame.Hop) {
			w.Loss, h[0].Loss, h[1].Loss, h[2].Loss = 0.1, u, u, u
		}, blame.None},
		{"loss goes before delay that is good", func(w *blame.Window, h []blame.Hop) { w.Loss, h[0].RTTMs, h[2].Loss = 0.1, 200, 0.1 }, blame.Downlink},
		{"a low score through a slow hop below the limit of the sum", func(w *blame.Window, h []blame.Hop) { w.Score, h[0].RTTMs = 3.2, 290 }, blame.Uplink},
		{"concealed though the packets came in time", func(w *blame.Window, _ []blame.Hop) { w.Concealed, w.Loss = 0.2, 0 }, blame.Receiver},
		{"concealed since packets came late", func(w *blame.Window, _ []blame.Hop) { w.Concealed, w.Loss, w.JitterMs = 0.2, 0, 80 }, blame.None},
		{"concealed, and of the packets nothing is known", func(w *blame.Window, _ []blame.Hop) { w.Concealed, w.Loss = 0.2, u }, blame.None},
		{"the publisher's processor is too slow", func(w *blame.Window, _ []blame.Hop) { video(w); w.Score, w.Limit = 30, blame.LimitCPU }, blame.Sender},
		{"the publisher's bandwidth is too small", func(w *blame.Window, _ []blame.Hop) { video(w); w.Score, w.Limit = 30, blame.LimitBandwidth }, blame.Uplink},
		{"few frames are sent", func(w *blame.Window, _ []blame.Hop) { video(w); w.Score, w.FrameRate, w.SentFrameRate = 30, 3, 3 }, blame.Sender},
		{"few frames come, and nothing is known of the sender", func(w *blame.Window, _ []blame.Hop) {
			video(w)
			w.Score, w.FrameRate, w.SentFrameRate = 30, 3, u
		}, blame.None},
		{"a decoder that cannot follow", func(w *blame.Window, _ []blame.Hop) { video(w); w.Freeze, w.DecodeMs, w.FrameRate = 0.4, 70, 13 }, blame.Receiver},
		{"frozen though all came in time", func(w *blame.Window, _ []blame.Hop) { video(w); w.Freeze, w.Loss = 0.4, 0 }, blame.Receiver},
		{"frozen by loss on the last hop", func(w *blame.Window, h []blame.Hop) { video(w); w.Freeze, w.Loss, h[2].Loss = 0.4, 0.1, 0.1 }, blame.Downlink},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, h := good()
			c.change(&w, h)
			require.Equal(t, c.want, blame.Default().Of(&w, h))
		})
	}
}

func TestADirectPathIsTheSubscribersDownlink(t *testing.T) {
	w, _ := good()
	w.RTTMs = 450
	require.Equal(t, blame.Downlink, blame.Default().Of(&w, []blame.Hop{{RTTMs: 450}}))
	w.RTTMs = 290
	require.Equal(t, blame.None, blame.Default().Of(&w, []blame.Hop{{RTTMs: 290}}))
}

func TestWhatIsNotKnownBlamesNobody(t *testing.T) {
	u := blame.Unknown
	w := blame.Window{
		RTTMs: u, MouthToEarMs: u, Loss: u, Concealed: u, Freeze: u, Score: u, JitterMs: u, FrameRate: u,
		SendMs: u, ResidenceMs: u, ReceiveMs: u, DecodeMs: u, SentFrameRate: u,
	}
	for _, video := range []bool{false, true} {
		w.Video = video
		require.False(t, blame.Default().Bad(&w))
		require.Equal(t, blame.None, blame.Default().Of(&w, []blame.Hop{{RTTMs: 900, Loss: 0.5}}))
		bad := w
		bad.MouthToEarMs = 2000
		require.Equal(t, blame.None, blame.Default().Of(&bad, nil))
		require.Equal(t, blame.None, blame.Default().Of(&bad, []blame.Hop{{RTTMs: u, Loss: u}, {RTTMs: u, Loss: u}}))
	}
}

func TestThresholdsAreConfigured(t *testing.T) {
	r, err := blame.New(blame.Config{RTTMs: 100, AccessRTTMs: 20})
	require.NoError(t, err)
	w, h := good()
	require.Equal(t, blame.Uplink, r.Of(&w, h), "the first of two that are equally slow")
	_, err = blame.New(blame.Config{Loss: 1.5})
	require.EqualError(t, err, "blame.loss is 1.5; give a number above 0, up to 1")
	_, err = blame.New(blame.Config{JitterMs: -1})
	require.ErrorContains(t, err, "blame.jitter_ms is -1")
}

func BenchmarkOf(b *testing.B) {
	w, h := good()
	w.RTTMs, h[0].RTTMs = 490, 400
	b.ReportAllocs()
	for b.Loop() {
		blame.Default().Of(&w, h)
	}
}
