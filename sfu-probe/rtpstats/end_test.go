package rtpstats

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that tests set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time       { return c.at }
func (c *clock) pass(d time.Duration) { c.at = c.at.Add(d) }

// end is one end of a link: an interceptor between an application and a wire that tests play.
type end struct {
	*Interceptor
	t     *testing.T
	clock *clock
	wire  [][]byte // RTCP that left
}

func newEnd(t *testing.T, c *clock, cfg Config) *end {
	t.Helper()
	cfg.Now = c.now
	made, err := NewFactory(cfg).NewInterceptor("")
	require.NoError(t, err)
	i, ok := made.(*Interceptor)
	require.True(t, ok)
	return &end{Interceptor: i, t: t, clock: c}
}

// send sends RTCP through the interceptor.
func (e *end) send(pkts ...rtcp.Packet) {
	e.t.Helper()
	w := e.BindRTCPWriter(interceptor.RTCPWriterFunc(func(pkts []rtcp.Packet, _ interceptor.Attributes) (int, error) {
		b, err := rtcp.Marshal(pkts)
		e.wire = append(e.wire, b)
		return len(b), err
	}))
	_, err := w.Write(pkts, nil)
	require.NoError(e.t, err)
}

// take gives what left since the last call.
func (e *end) take() [][]byte {
	wire := e.wire
	e.wire = nil
	return wire
}

// reader is one of Pion's readers of RTCP.
func (e *end) reader() func(b []byte) {
	var next []byte
	r := e.BindRTCPReader(interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		return copy(b, next), a, nil
	}))
	return func(b []byte) {
		next = b
		_, _, err := r.Read(make([]byte, 1500), nil)
		require.NoError(e.t, err)
	}
}

func (e *end) sender(ssrc uint32) func(seq uint16, ts uint32, size int) {
	w := e.BindLocalStream(&interceptor.StreamInfo{SSRC: ssrc, ClockRate: 48000, MimeType: "audio/opus", ID: "sender"},
		interceptor.RTPWriterFunc(func(h *rtp.Header, p []byte, _ interceptor.Attributes) (int, error) {
			return h.MarshalSize() + len(p), nil
		}))
	return func(seq uint16, ts uint32, size int) {
		_, err := w.Write(&rtp.Header{Version: 2, SSRC: ssrc, SequenceNumber: seq, Timestamp: ts}, make([]byte, size), nil)
		require.NoError(e.t, err)
	}
}

func (e *end) receiver(ssrc uint32, feedback ...interceptor.RTCPFeedback) func(packet []byte) {
	var next []byte
	r := e.BindRemoteStream(&interceptor.StreamInfo{SSRC: ssrc, ClockRate: 48000, RTCPFeedback: feedback},
		interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
			return copy(b, next), a, nil
		}))
	return func(packet []byte) {
		next = packet
		_, _, err := r.Read(make([]byte, 1500), nil)
		require.NoError(e.t, err)
	}
}

func packet(t testing.TB, seq uint16, ts uint32, size int) []byte {
	b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: ts}, Payload: make([]byte, size)}).Marshal()
	require.NoError(t, err)
	return b
}
