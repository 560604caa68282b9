package rtpstats

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestLossIsExpectedLessReceived(t *testing.T) {
	run := func(from uint16, n int, skip ...int) []uint16 {
		var out []uint16
		skipped := map[int]bool{}
		for _, s := range skip {
			skipped[s] = true
		}
		for i := range n {
			if !skipped[i] {
				out = append(out, from+uint16(i))
			}
		}
		return out
	}
	join := func(runs ...[]uint16) (out []uint16) {
		for _, r := range runs {
			out = append(out, r...)
		}
		return out
	}
	for _, test := range []struct {
		name string
		seqs []uint16
		lost int64
	}{
		{"none", run(10, 50), 0},
		{"two", run(10, 50, 7, 8), 2},
		{"over the wrap of the sequence number", run(65500, 100, 30, 40, 50), 3},
		{"several wraps", run(65500, 200000), 0},
		{"out of order", []uint16{1, 2, 4, 3, 5, 7, 6}, 0},
		{"a late one from before the first", []uint16{10, 9, 11}, -1},
		{"duplicates make it less", []uint16{1, 2, 2, 3}, -1},
		{"a long gap", join(run(0, 10), run(2000, 10)), 1990},
		{"a source that starts anew", join(run(100, 10), run(40000, 10, 3)), 1},
		{"one stray packet", join(run(100, 10), []uint16{40000}, run(110, 10)), -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := newInbound(&interceptor.StreamInfo{ClockRate: 48000}, 4)
			for i, seq := range test.seqs {
				in.received(packet(t, seq, uint32(i), 1), int64(i+1))
			}
			s := in.Stats()
			require.Equal(t, uint64(len(test.seqs)), s.Packets)
			require.Equal(t, test.lost, s.Lost)
		})
	}
}

// The window must know exactly which of the last packets it has seen.
func TestRepeatedPacketsAreKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sequence
		sent := map[int64]bool{}
		at := int64(rapid.Uint16().Draw(t, "from"))
		newestSent := at - 1
		for range rapid.IntRange(1, 300).Draw(t, "packets") {
			n := newestSent + rapid.Int64Range(-500, 1500).Draw(t, "step")
			if n <= newestSent-window || n < at {
				continue
			}
			if !s.started {
				n = at
			}
			got := s.add(uint16(n))
			switch {
			case sent[n]:
				require.Equal(t, repeated, got)
			case n > newestSent:
				require.Equal(t, newest, got)
			default:
				require.Equal(t, late, got)
			}
			sent[n] = true
			newestSent = max(newestSent, n)
			require.Equal(t, newestSent-at+1, s.expected())
		}
	})
}

func TestJitterFollowsRFC3550(t *testing.T) {
	const step = 20 * time.Millisecond
	t.Run("none at a steady pace", func(t *testing.T) {
		in := newInbound(&interceptor.StreamInfo{ClockRate: 48000}, 4)
		for i := range 100 {
			in.received(packet(t, uint16(i), uint32(960*i), 1), int64(time.Second)+int64(i)*int64(step))
		}
		require.Zero(t, in.Stats().Jitter)
	})
	t.Run("converges to the mean difference", func(t *testing.T) {
		in := newInbound(&interceptor.StreamInfo{ClockRate: 48000}, 4)
		for i := range 400 { // every other packet is 8 ms late, so that transit times differ by 8 ms
			at := int64(time.Second) + int64(i)*int64(step) + int64(i%2)*int64(8*time.Millisecond)
			in.received(packet(t, uint16(i), uint32(960*i), 1), at)
		}
		require.InDelta(t, 8*time.Millisecond, in.Stats().Jitter, float64(100*time.Microsecond))
	})
	t.Run("one step of the formula", func(t *testing.T) {
		in := newInbound(&interceptor.StreamInfo{ClockRate: 90000}, 4)
		in.received(packet(t, 1, 0xffffff00, 1), int64(time.Second))
		in.received(packet(t, 2, 3000-0x100, 1), int64(time.Second+step)) // 33.333 ms of media in 20 ms, over the wrap
		require.InDelta(t, 13333333/16, in.Stats().Jitter, 1)
	})
	t.Run("a pause and the packets of one frame do not count", func(t *testing.T) {
		in := newInbound(&interceptor.StreamInfo{ClockRate: 90000}, 4)
		in.received(packet(t, 1, 0, 1), int64(time.Second))
		in.received(packet(t, 2, 0, 1), int64(time.Second+5*time.Millisecond))
		in.received(packet(t, 3, 3000, 1), int64(time.Minute))
		require.Zero(t, in.Stats().Jitter)
	})
}

func TestPayloadIsWithoutHeadersAndPadding(t *testing.T) {
	plain := &rtp.Packet{Header: rtp.Header{Version: 2, CSRC: []uint32{1, 2}}, Payload: make([]byte, 33)}
	require.NoError(t, plain.SetExtension(1, []byte{1, 2, 3}))
	padded := &rtp.Packet{Header: rtp.Header{Version: 2, Padding: true, PaddingSize: 7}, Payload: make([]byte, 20), PaddingSize: 7}
	for name, want := range map[string]struct {
		p       *rtp.Packet
		payload int
	}{"extension and CSRCs": {plain, 33}, "padding": {padded, 20}} {
		b, err := want.p.Marshal()
		require.NoError(t, err)
		h, ok := parseRTP(b)
		require.True(t, ok, name)
		require.Equal(t, want.payload, h.payload, name)
	}
}

func FuzzParseRTP(f *testing.F) {
	f.Add(packet(f, 1, 2, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := parseRTP(b)
		var want rtp.Packet
		if err := want.Unmarshal(b); err != nil || want.Version != 2 {
			return // What Pion refuses never comes this far.
		}
		if !ok {
			return // Pion is more lenient about padding.
		}
		require.Equal(t, want.SequenceNumber, h.seq)
		require.Equal(t, want.Timestamp, h.ts)
		require.Equal(t, len(want.Payload), h.payload)
	})
}
