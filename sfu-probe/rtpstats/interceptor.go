package rtpstats

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// Interceptor counts for one PeerConnection. Packets go through locks of their own stream only.
type Interceptor struct {
	factory *Factory
	made    time.Time
	version atomic.Uint64
	readers atomic.Int32
	closing sync.Once
	closed  chan struct{}

	mu       sync.Mutex // guards the maps and what follows, and is held for as long as looking up takes
	inbound  map[uint32]*Inbound
	outbound map[uint32]*Outbound
	keep     bool
	ended    Streams
	// wire bytes of streams that are gone, and of RTCP
	bytesIn, bytesOut uint64

	rtcpMu sync.Mutex // taken before mu
	xr     xr
	recent recent
}

// Streams are those of one connection.
type Streams struct {
	Inbound  []*Inbound
	Outbound []*Outbound
}

// Closed is closed when the PeerConnection closes.
func (i *Interceptor) Closed() <-chan struct{} { return i.closed }

// Made is when the PeerConnection was made.
func (i *Interceptor) Made() time.Time { return i.made }

// Version changes whenever a stream begins or ends.
func (i *Interceptor) Version() uint64 { return i.version.Load() }

func (i *Interceptor) changed() {
	i.version.Add(1)
	i.factory.changed()
}

// Keep says whether to keep streams that end until Streams has given them out.
func (i *Interceptor) Keep(keep bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keep = keep
	if !keep {
		i.ended = Streams{}
	}
}

// maxEnded bounds the streams kept for somebody who does not come.
const maxEnded = 1024

// Streams appends the streams there are to live, and those that ended since the last call to ended.
func (i *Interceptor) Streams(live, ended Streams) (Streams, Streams) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, in := range i.inbound {
		live.Inbound = append(live.Inbound, in)
	}
	for _, out := range i.outbound {
		live.Outbound = append(live.Outbound, out)
	}
	ended.Inbound = append(ended.Inbound, i.ended.Inbound...)
	ended.Outbound = append(ended.Outbound, i.ended.Outbound...)
	clear(i.ended.Inbound)
	clear(i.ended.Outbound)
	i.ended = Streams{i.ended.Inbound[:0], i.ended.Outbound[:0]}
	return live, ended
}

// Inbound finds an inbound stream; nil where there is none.
func (i *Interceptor) Inbound(ssrc uint32) *Inbound {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.inbound[ssrc]
}

// Outbound finds an outbound stream; nil where there is none.
func (i *Interceptor) Outbound(ssrc uint32) *Outbound {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.outbound[ssrc]
}

// XR is the round-trip time measured as a receiver of media.
func (i *Interceptor) XR() RTT {
	i.rtcpMu.Lock()
	defer i.rtcpMu.Unlock()
	return i.xr.rtt
}

// Bytes gives the RTP and RTCP bytes that went through so far, without encryption and lower layers.
func (i *Interceptor) Bytes() (sent, received uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	sent, received = i.bytesOut, i.bytesIn
	for _, in := range i.inbound {
		received += in.wire()
	}
	for _, out := range i.outbound {
		sent += out.wire()
	}
	return sent, received
}

// BindRemoteStream implements interceptor.Interceptor.
func (i *Interceptor) BindRemoteStream(info *interceptor.StreamInfo, reader interceptor.RTPReader) interceptor.RTPReader {
	in := newInbound(info, i.factory.shift)
	i.mu.Lock()
	i.endInbound(info.SSRC)
	i.inbound[info.SSRC] = in
	i.mu.Unlock()
	i.changed()
	nanos := i.factory.nanos
	return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, attr, err := reader.Read(b, a)
		if err == nil {
			in.received(b[:n], nanos())
		}
		return n, attr, err
	})
}

// UnbindRemoteStream implements interceptor.Interceptor.
func (i *Interceptor) UnbindRemoteStream(info *interceptor.StreamInfo) {
	i.mu.Lock()
	i.endInbound(info.SSRC)
	i.mu.Unlock()
	i.changed()
}

func (i *Interceptor) endInbound(ssrc uint32) {
	in, ok := i.inbound[ssrc]
	if !ok {
		return
	}
	delete(i.inbound, ssrc)
	i.bytesIn += in.wire()
	if i.keep && len(i.ended.Inbound) < maxEnded {
		i.ended.Inbound = append(i.ended.Inbound, in)
	}
}

// BindLocalStream implements interceptor.Interceptor.
func (i *Interceptor) BindLocalStream(info *interceptor.StreamInfo, writer interceptor.RTPWriter) interceptor.RTPWriter {
	out := newOutbound(info)
	i.mu.Lock()
	i.endOutbound(info.SSRC)
	i.outbound[info.SSRC] = out
	i.mu.Unlock()
	i.changed()
	nanos := i.factory.nanos
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		seq, ts, size := h.SequenceNumber, h.Timestamp, h.MarshalSize()
		n, err := writer.Write(h, payload, a)
		if err == nil && n > 0 { // Pion writes nothing, and says so, until DTLS is through.
			out.wentOut(seq, ts, size, len(payload), nanos)
		}
		return n, err
	})
}

// UnbindLocalStream implements interceptor.Interceptor.
func (i *Interceptor) UnbindLocalStream(info *interceptor.StreamInfo) {
	i.mu.Lock()
	i.endOutbound(info.SSRC)
	i.mu.Unlock()
	i.changed()
}

func (i *Interceptor) endOutbound(ssrc uint32) {
	out, ok := i.outbound[ssrc]
	if !ok {
		return
	}
	delete(i.outbound, ssrc)
	i.bytesOut += out.wire()
	if i.keep && len(i.ended.Outbound) < maxEnded {
		i.ended.Outbound = append(i.ended.Outbound, out)
	}
}

// Close implements interceptor.Interceptor; Pion calls it first of all when a PeerConnection closes.
func (i *Interceptor) Close() error {
	i.closing.Do(func() { close(i.closed) })
	return nil
}

// BindRTCPReader implements interceptor.Interceptor.
func (i *Interceptor) BindRTCPReader(reader interceptor.RTCPReader) interceptor.RTCPReader {
	me := i.readers.Add(1)
	return interceptor.RTCPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, attr, err := reader.Read(b, a)
		if err == nil {
			i.receivedRTCP(b[:n], me)
		}
		return n, attr, err
	})
}

// BindRTCPWriter implements interceptor.Interceptor.
func (i *Interceptor) BindRTCPWriter(writer interceptor.RTCPWriter) interceptor.RTCPWriter {
	return interceptor.RTCPWriterFunc(func(pkts []rtcp.Packet, a interceptor.Attributes) (int, error) {
		if len(pkts) == 1 {
			if q, ok := pkts[0].(*question); ok && q.factory == i.factory {
				q.answer = i
				return 0, nil
			}
		}
		return writer.Write(i.sendingRTCP(pkts), a)
	})
}

// recent remembers compounds, so as to know those that Pion hands to the readers of several streams.
type recent struct {
	seed maphash.Seed
	ring [64]seen
	next int
}

type seen struct {
	sum    uint64
	reader int32
}

// again says whether the same compound came to another reader. Only compounds that begin with a report are told apart:
// no two of them are alike, and others speak of one stream only.
func (r *recent) again(b []byte, reader int32) bool {
	if len(b) < 8 || (b[1] != typeSR && b[1] != typeRR) {
		return false
	}
	if r.seed == (maphash.Seed{}) {
		r.seed = maphash.MakeSeed()
	}
	sum := maphash.Bytes(r.seed, b)
	for _, s := range r.ring {
		if s.sum == sum && s.reader != reader {
			return true
		}
	}
	r.ring[r.next%len(r.ring)] = seen{sum, reader}
	r.next++
	return false
}
