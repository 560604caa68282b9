package delay

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func loopback() *net.UDPAddr { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// pair opens a conn that sends over a line of the given path, and a plain socket that receives.
func pair(t testing.TB, path func() Path) (*Line, *Conn, *net.UDPConn) {
	t.Helper()
	l := NewLine(1)
	c, err := l.Listen(loopback(), path)
	require.NoError(t, err)
	sink, err := net.ListenUDP("udp4", loopback())
	require.NoError(t, err)
	require.NoError(t, sink.SetReadBuffer(4<<20))
	t.Cleanup(func() {
		require.NoError(t, c.Close())
		require.NoError(t, sink.Close())
		require.NoError(t, l.Close())
		require.NoError(t, l.Close(), "a second close is harmless")
	})
	return l, c, sink
}

func constant(p Path) func() Path { return func() Path { return p } }

func TestPacketsArriveAfterTheirDelayAndWhole(t *testing.T) {
	_, c, sink := pair(t, constant(Path{Delay: 30 * time.Millisecond}))
	sent := time.Now()
	n, err := c.WriteTo([]byte("hello"), sink.LocalAddr())
	require.NoError(t, err)
	require.Equal(t, 5, n)
	buf := make([]byte, 100)
	require.NoError(t, sink.SetReadDeadline(time.Now().Add(5*time.Second)))
	n, from, err := sink.ReadFromUDP(buf)
	require.NoError(t, err)
	require.Equal(t, "hello", string(buf[:n]))
	require.Equal(t, c.LocalAddr().String(), from.String())
	require.GreaterOrEqual(t, time.Since(sent), 29*time.Millisecond)
}

func TestEqualDelaysKeepTheOrder(t *testing.T) {
	_, c, sink := pair(t, constant(Path{Delay: 5 * time.Millisecond}))
	const packets = 500
	for i := range packets {
		_, err := c.WriteTo(binary.BigEndian.AppendUint32(nil, uint32(i)), sink.LocalAddr())
		require.NoError(t, err)
	}
	buf := make([]byte, 100)
	require.NoError(t, sink.SetReadDeadline(time.Now().Add(5*time.Second)))
	for i := range packets {
		_, _, err := sink.ReadFromUDP(buf)
		require.NoError(t, err)
		require.Equal(t, uint32(i), binary.BigEndian.Uint32(buf))
	}
}

func TestALaterPacketWithAShorterDelayOvertakes(t *testing.T) {
	d := 200 * time.Millisecond
	_, c, sink := pair(t, func() Path { return Path{Delay: d} })
	_, err := c.WriteTo([]byte("slow"), sink.LocalAddr())
	require.NoError(t, err)
	d = time.Millisecond
	_, err = c.WriteTo([]byte("fast"), sink.LocalAddr())
	require.NoError(t, err)
	require.NoError(t, sink.SetReadDeadline(time.Now().Add(5*time.Second)))
	buf := make([]byte, 100)
	var got []string
	for range 2 {
		n, _, err := sink.ReadFromUDP(buf)
		require.NoError(t, err)
		got = append(got, string(buf[:n]))
	}
	require.Equal(t, []string{"fast", "slow"}, got)
}

func TestPathDrawsEvenlyAroundItsDelay(t *testing.T) {
	for name, tc := range map[string]struct {
		path     Path
		min, max time.Duration
	}{
		"no jitter":              {Path{Delay: 20 * time.Millisecond}, 20 * time.Millisecond, 20 * time.Millisecond},
		"jitter below the delay": {Path{Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond}, 15 * time.Millisecond, 25 * time.Millisecond},
		"jitter above the delay": {Path{Delay: 8 * time.Millisecond, Jitter: 10 * time.Millisecond}, 0, 16 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var sum time.Duration
			var all []time.Duration
			const draws = 20000
			for range draws {
				d, ok := tc.path.draw(r)
				require.True(t, ok)
				sum += d
				all = append(all, d)
			}
			require.InDelta(t, float64(tc.path.Delay), float64(sum)/draws, 2e5)
			require.GreaterOrEqual(t, slices.Min(all), tc.min)
			require.LessOrEqual(t, slices.Max(all), tc.max)
			require.InDelta(t, float64(tc.min), float64(slices.Min(all)), 1e5)
			require.InDelta(t, float64(tc.max), float64(slices.Max(all)), 1e5)
		})
	}
}

func TestLossTakesItsShareAndIsCounted(t *testing.T) {
	l, c, sink := pair(t, constant(Path{Loss: 0.25}))
	const packets = 4000
	for range packets {
		_, err := c.WriteTo([]byte{1}, sink.LocalAddr())
		require.NoError(t, err)
	}
	require.InDelta(t, packets/4, float64(l.Stats().Lost), packets/40)
}

func TestWriteRefusesWhatALineCannotCarry(t *testing.T) {
	_, c, sink := pair(t, constant(Path{}))
	_, err := c.WriteTo(make([]byte, maxPacket+1), sink.LocalAddr())
	require.Error(t, err)
	_, err = c.WriteTo([]byte{1}, &net.UDPAddr{IP: net.IPv6loopback, Port: 1})
	require.Error(t, err)
}

func TestACloseWithPacketsUnderWayDropsThem(t *testing.T) {
	_, c, sink := pair(t, constant(Path{Delay: 20 * time.Millisecond}))
	gone, err := c.line.Listen(loopback(), constant(Path{Delay: 10 * time.Millisecond}))
	require.NoError(t, err)
	_, err = gone.WriteTo([]byte("ghost"), sink.LocalAddr())
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	_, err = c.WriteTo([]byte("alive"), sink.LocalAddr())
	require.NoError(t, err)
	require.NoError(t, sink.SetReadDeadline(time.Now().Add(5*time.Second)))
	buf := make([]byte, 100)
	n, _, err := sink.ReadFromUDP(buf)
	require.NoError(t, err)
	require.Equal(t, "alive", string(buf[:n]))
}

func TestQueueGivesPacketsInOrderOfTime(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var q queue
	var want []int64
	for range 1000 {
		p := &packet{at: r.Int64N(300)}
		want = append(want, p.at)
		q.push(p)
	}
	slices.Sort(want)
	var got []int64
	for q.head() != nil {
		got = append(got, q.pop().at)
	}
	require.Equal(t, want, got)
}

// BenchmarkRelease says how late a line releases at a steady rate of packets that each have a deadline of their own.
func BenchmarkRelease(b *testing.B) {
	for _, rate := range []int{2000, 5000} {
		b.Run(fmt.Sprintf("%d per second", rate), func(b *testing.B) {
			l, c, sink := pair(b, constant(Path{Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond}))
			data := make([]byte, 200)
			b.ReportAllocs()
			start := time.Now()
			for i := range b.N {
				time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))))
				_, _ = c.WriteTo(data, sink.LocalAddr())
			}
			time.Sleep(30 * time.Millisecond)
			s := l.Stats()
			b.ReportMetric(float64(s.Median.Microseconds()), "us-median")
			b.ReportMetric(float64(s.P99.Microseconds()), "us-p99")
		})
	}
}
