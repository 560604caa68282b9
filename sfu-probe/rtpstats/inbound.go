package rtpstats

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/interceptor"
)

// Inbound is one RTP stream that comes in.
type Inbound struct {
	info  Info
	rrtr  bool
	shift uint

	mu        sync.Mutex
	packets   uint64
	bytes     uint64
	wireBytes uint64
	seen      sequence
	clockRate int64
	jitterNS  int64
	lastTS    uint32
	lastAt    int64
	stamps    [16]stamp
	nacks     uint64
	plis      uint64
	firs      uint64
}

// stamp says when a packet came in.
type stamp struct {
	seq uint16
	ts  uint32
	at  int64
	set bool
}

// Info is what was agreed on a stream when it was bound.
type Info struct {
	SSRC uint32
	// SenderID is Pion's id of the RTPSender; empty for an inbound stream.
	SenderID string
	// MimeType and ClockRate of the stream's codec. Pion does not yet know the codec of an inbound stream when it binds it
	// and names the first that was negotiated.
	MimeType  string
	ClockRate uint32
}

func infoOf(s *interceptor.StreamInfo) Info {
	return Info{SSRC: s.SSRC, SenderID: s.ID, MimeType: s.MimeType, ClockRate: s.ClockRate}
}

func newInbound(s *interceptor.StreamInfo, shift uint) *Inbound {
	in := &Inbound{info: infoOf(s), clockRate: int64(s.ClockRate), shift: shift}
	for _, fb := range s.RTCPFeedback {
		in.rrtr = in.rrtr || fb.Type == "rrtr"
	}
	return in
}

// Info is what was agreed on the stream.
func (in *Inbound) Info() Info { return in.info }

// SetClockRate corrects the clock rate once the codec is known.
func (in *Inbound) SetClockRate(rate uint32) {
	in.mu.Lock()
	in.clockRate = int64(rate)
	in.mu.Unlock()
}

// received counts one packet as it came off the wire at the time at.
func (in *Inbound) received(raw []byte, at int64) {
	h, ok := parseRTP(raw)
	if !ok {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.packets++
	in.bytes += uint64(h.payload)
	in.wireBytes += uint64(len(raw))
	if in.seen.add(h.seq) == newest {
		in.measureJitter(h.ts, at)
	}
	if h.seq&(1<<in.shift-1) == 0 {
		in.stamps[h.seq>>in.shift%uint16(len(in.stamps))] = stamp{h.seq, h.ts, at, true}
	}
}

// measureJitter is RFC 3550 section 6.4.1 and appendix A.8 in nanoseconds. As in browsers, packets out of order and further
// packets of one frame do not count, nor does a gap of seconds (a paused sender).
func (in *Inbound) measureJitter(ts uint32, at int64) {
	step := int64(int32(ts - in.lastTS)) // the signed distance of two RTP times
	defer func() { in.lastTS, in.lastAt = ts, at }()
	if in.packets == 1 || in.clockRate == 0 || step == 0 {
		return
	}
	d := at - in.lastAt - step*int64(time.Second)/in.clockRate
	if d < 0 {
		d = -d
	}
	if d < int64(5*time.Second) {
		in.jitterNS += (d - in.jitterNS) / 16
	}
}

// cameAt says when the packet with this sequence number and timestamp came in, where it was sampled and not long ago.
func (in *Inbound) cameAt(seq uint16, ts uint32) (int64, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	s := in.stamps[seq>>in.shift%uint16(len(in.stamps))]
	return s.at, s.set && s.seq == seq && s.ts == ts
}

// InboundStats are running totals of an inbound stream.
type InboundStats struct {
	// Packets and payload bytes received.
	Packets, Bytes uint64
	// Lost is the cumulative loss of RFC 3550 section 6.4.1; duplicates may make it negative.
	Lost   int64
	Jitter time.Duration
	// NACKs, PLIs and FIRs are counts of packets sent about the stream.
	NACKs, PLIs, FIRs uint64
}

// Stats reads the totals.
func (in *Inbound) Stats() InboundStats {
	in.mu.Lock()
	defer in.mu.Unlock()
	return InboundStats{
		Packets: in.packets,
		Bytes:   in.bytes,
		Lost:    in.seen.expected() - int64(in.packets), // a count of packets
		Jitter:  time.Duration(in.jitterNS),
		NACKs:   in.nacks,
		PLIs:    in.plis,
		FIRs:    in.firs,
	}
}

func (in *Inbound) wire() uint64 {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.wireBytes
}

type rtpHeader struct {
	seq     uint16
	ts      uint32
	payload int // bytes, without padding
}

// parseRTP reads the little that is needed of a packet (RFC 3550 section 5.1), without allocating.
func parseRTP(b []byte) (h rtpHeader, ok bool) {
	if len(b) < 12 || b[0]>>6 != 2 {
		return h, false
	}
	size := 12 + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 { // header extension
		if len(b) < size+4 {
			return h, false
		}
		size += 4 + 4*int(binary.BigEndian.Uint16(b[size+2:]))
	}
	if b[0]&0x20 != 0 { // padding
		size += int(b[len(b)-1])
	}
	if size > len(b) {
		return h, false
	}
	return rtpHeader{binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[4:]), len(b) - size}, true
}
