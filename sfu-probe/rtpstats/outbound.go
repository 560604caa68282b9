package rtpstats

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
)

// Outbound is one RTP stream that goes out.
type Outbound struct {
	info   Info
	source atomic.Pointer[Source]

	mu            sync.Mutex
	packets       uint64
	bytes         uint64
	wireBytes     uint64
	retransmitted uint64
	sent          sequence
	reports       departures
	answered      uint32 // the other end's time, in our NTP, at the last report block that counted
	hasAnswer     bool
	rtt           RTT
	lost          int64
	jitter        uint32 // in units of the RTP clock
	nacks         uint64
	plis          uint64
	firs          uint64
	residence     Residence
	residenceSum  time.Duration
}

// clockStep is how far back, in units of 1/65536 s, a report is taken for an old one: further back, the clock was set.
const clockStep = 30 << 16

// Source is where the packets of an outbound stream come from.
type Source struct {
	Stream *Inbound
	// Sequence and Timestamp are what was added to those of the inbound packets.
	Sequence  uint16
	Timestamp uint32
}

// Residence is the time from receive to send of the packets sampled since it was last read.
type Residence struct {
	Mean, Max time.Duration
	Packets   uint32
}

func newOutbound(s *interceptor.StreamInfo) *Outbound { return &Outbound{info: infoOf(s)} }

// Info is what was agreed on the stream.
func (o *Outbound) Info() Info { return o.info }

// SetSource says which inbound stream this one carries; nil for none.
func (o *Outbound) SetSource(s *Source) { o.source.Store(s) }

// wentOut counts one packet that has been handed to the transport. nanos reads the clock, for the few packets that need it.
func (o *Outbound) wentOut(seq uint16, ts uint32, header, payload int, nanos func() int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.packets++
	o.bytes += uint64(payload)
	o.wireBytes += uint64(header + payload)
	if o.sent.add(seq) == repeated {
		o.retransmitted++
		return // Its residence would be the wait for the NACK.
	}
	src := o.source.Load()
	if src == nil {
		return
	}
	seq -= src.Sequence
	if seq&(1<<src.Stream.shift-1) != 0 {
		return
	}
	if at, ok := src.Stream.cameAt(seq, ts-src.Timestamp); ok {
		d := max(time.Duration(nanos()-at), 0)
		o.residence.Packets++
		o.residence.Max = max(o.residence.Max, d)
		o.residenceSum += d
	}
}

// reportLeft notes the departure of a sender report.
func (o *Outbound) reportLeft(ntp uint64, at int64) {
	o.mu.Lock()
	o.reports.left(middle(ntp), at)
	o.mu.Unlock()
}

// reported takes in a report block about the stream, which came at the time at.
func (o *Outbound) reported(b reportBlock, at int64, wall time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lost, o.jitter = int64(b.lost), b.jitter
	if b.lsr == 0 {
		return // It has had no sender report yet.
	}
	// The other end's own time, in terms of our sender reports, tells a new block from one that came before: the same
	// compound is handed to the reader of every stream that it speaks of.
	then := b.lsr + b.dlsr
	if d := int32(then - o.answered); o.hasAnswer && d <= 0 && d > -clockStep { // a signed distance
		return
	}
	var rtt time.Duration
	if left, ok := o.reports.of(b.lsr); ok {
		rtt = time.Duration(at-left) - fromShortTime(b.dlsr)
	} else if o.reports.next == 0 {
		// Sender reports pass us by (another interceptor was registered first): their own time has to do.
		rtt = fromShortTime(middle(ntpTime(wall)) - then)
	} else {
		return
	}
	o.answered, o.hasAnswer = then, true
	o.rtt.Add(rtt, wall)
}

// OutboundStats are running totals of an outbound stream.
type OutboundStats struct {
	// Packets and payload bytes sent; Retransmitted packets are among them.
	Packets, Bytes, Retransmitted uint64
	// RemoteLost and RemoteJitter are what the other end last reported.
	RemoteLost   int64
	RemoteJitter time.Duration
	// NACKs, PLIs and FIRs are counts of packets received about the stream.
	NACKs, PLIs, FIRs uint64
	// RTT is from report blocks.
	RTT RTT
	// Residence since Stats was last called.
	Residence Residence
}

// Stats reads the totals and begins a new interval of residence time.
func (o *Outbound) Stats() OutboundStats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := OutboundStats{
		Packets:       o.packets,
		Bytes:         o.bytes,
		Retransmitted: o.retransmitted,
		RemoteLost:    o.lost,
		NACKs:         o.nacks,
		PLIs:          o.plis,
		FIRs:          o.firs,
		RTT:           o.rtt,
		Residence:     o.residence,
	}
	if o.info.ClockRate != 0 {
		s.RemoteJitter = time.Duration(uint64(o.jitter) * uint64(time.Second) / uint64(o.info.ClockRate))
	}
	if s.Residence.Packets > 0 {
		s.Residence.Mean = o.residenceSum / time.Duration(s.Residence.Packets)
	}
	o.residence, o.residenceSum = Residence{}, 0
	return s
}

func (o *Outbound) wire() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.wireBytes
}
