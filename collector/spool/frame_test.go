package spool

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/earshot-rtc/earshot/internal/kafka"
)

func anyMessage(t *rapid.T) kafka.Message {
	null := rapid.OneOf(rapid.Just[[]byte](nil), rapid.SliceOfN(rapid.Byte(), 0, 40))
	m := kafka.Message{
		Topic: rapid.String().Draw(t, "topic"), Key: null.Draw(t, "key"), Value: null.Draw(t, "value"),
		Time: time.UnixMicro(rapid.Int64Range(-1e15, 1e17).Draw(t, "time")),
	}
	for range rapid.IntRange(0, 3).Draw(t, "headers") {
		m.Headers = append(m.Headers, kafka.Header{Key: rapid.String().Draw(t, "name"), Value: null.Draw(t, "content")})
	}
	return m
}

func TestAMessageComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMessage(t)
		raw := appendFrame([]byte("before"), &m)[len("before"):]
		frame, err := checkFrame(append(bytes.Clone(raw), "behind"...))
		require.NoError(t, err)
		require.Equal(t, raw, frame)
		got, err := decodeFrame(frame)
		require.NoError(t, err)
		require.Equal(t, m, got)

		at := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
		_, err = checkFrame(raw[:at])
		require.ErrorIs(t, err, errTorn, "cut off")
		raw[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		_, err = checkFrame(raw)
		require.ErrorIs(t, err, errTorn, "changed")
	})
}

func TestZerosAreNoFrame(t *testing.T) {
	for _, n := range []int{0, 7, 8, 9, 4096} {
		_, err := checkFrame(make([]byte, n))
		require.ErrorIs(t, err, errTorn)
	}
}

// What is read of a file, however it is cut up, is what a look at the whole finds; and nothing but whole frames.
func FuzzSegment(f *testing.F) {
	good := []byte(header)
	for _, m := range numbered("a", 1, 5) {
		good = appendFrame(good, &m)
	}
	f.Add(good, int64(len(header)), 50)
	f.Add(good[:len(good)-3], int64(0), 1)
	f.Add(append(bytes.Clone(good), make([]byte, 100)...), int64(len(good)), 1000)
	bad := bytes.Clone(good)
	bad[60] ^= 1
	f.Add(bad, int64(0), 70)
	f.Fuzz(func(t *testing.T, data []byte, from int64, most int) {
		c := inspect(data, from)
		if c.end == 0 {
			require.NotEqual(t, header, string(data[:min(len(data), len(header))]))
			return
		}
		require.LessOrEqual(t, c.end, int64(len(data)))
		require.LessOrEqual(t, c.start, c.end)
		path := filepath.Join(t.TempDir(), "segment")
		require.NoError(t, os.WriteFile(path, data, 0o600))
		var records, corrupt int64
		for at := c.start; at < c.end; {
			p, err := read(path, at, c.end, max(1, most%10_000), 3)
			require.NoError(t, err)
			require.Greater(t, p.next, at, "it goes on")
			require.Zero(t, p.lost, "up to the last good frame nothing is lost")
			for _, frame := range p.frames {
				records++
				_, err := checkFrame(frame)
				require.NoError(t, err)
				if m, err := decodeFrame(frame); err == nil {
					again, err := decodeFrame(appendFrame(nil, &m))
					require.NoError(t, err)
					require.Equal(t, m, again)
				}
			}
			corrupt += p.corrupt
			at = p.next
		}
		require.Equal(t, c.records, records)
		require.LessOrEqual(t, corrupt, c.corrupt)
	})
}
