package rtpstats

import (
	"time"

	"github.com/pion/rtcp"
)

// receivedRTCP takes in a compound packet that has just come to one of Pion's readers.
func (i *Interceptor) receivedRTCP(b []byte, reader int32) {
	at, wall := i.factory.nanos(), i.factory.now()
	i.rtcpMu.Lock()
	defer i.rtcpMu.Unlock()
	if i.recent.again(b, reader) {
		return
	}
	i.mu.Lock()
	i.bytesIn += uint64(len(b))
	i.mu.Unlock()
	walkRTCP(b, &received{i, at, wall})
}

// received is a compound on its way through walkRTCP; rtcpMu is held.
type received struct {
	*Interceptor
	at   int64
	wall time.Time
}

func (r *received) onReport(b reportBlock) {
	if out := r.Outbound(b.ssrc); out != nil {
		out.reported(b, r.at, r.wall)
	}
}

func (r *received) onNACK(media uint32) {
	if out := r.Outbound(media); out != nil {
		out.mu.Lock()
		out.nacks++
		out.mu.Unlock()
	}
}

func (r *received) onPLI(media uint32) {
	if out := r.Outbound(media); out != nil {
		out.mu.Lock()
		out.plis++
		out.mu.Unlock()
	}
}

func (r *received) onFIR(media uint32) {
	if out := r.Outbound(media); out != nil {
		out.mu.Lock()
		out.firs++
		out.mu.Unlock()
	}
}

func (r *received) onRRTR(sender uint32, ntp uint64)  { r.xr.came(sender, ntp, r.at) }
func (r *received) onDLRR(_ uint32, lrr, dlrr uint32) { r.xr.delayed(lrr, dlrr, r.at, r.wall) }

// sendingRTCP notes what is about to leave and returns it with XR blocks added. They travel in the compound of the report,
// since Pion gives a compound to the streams that it speaks of, and an XR block by itself speaks of none.
func (i *Interceptor) sendingRTCP(pkts []rtcp.Packet) []rtcp.Packet {
	at, wall := i.factory.nanos(), i.factory.now()
	i.rtcpMu.Lock()
	defer i.rtcpMu.Unlock()
	size := 0
	extra := rtcp.ExtendedReport{}
	for _, p := range pkts {
		size += p.MarshalSize()
		i.sending(p, at, wall, &extra)
	}
	if len(extra.Reports) > 0 {
		size += extra.MarshalSize()
		pkts = append(pkts[:len(pkts):len(pkts)], &extra)
	}
	i.mu.Lock()
	i.bytesOut += uint64(size) // a size is not negative
	i.mu.Unlock()
	return pkts
}

// sending notes one packet and adds to extra what is to go with it.
func (i *Interceptor) sending(p rtcp.Packet, at int64, wall time.Time, extra *rtcp.ExtendedReport) {
	switch p := p.(type) {
	case *rtcp.SenderReport:
		if out := i.Outbound(p.SSRC); out != nil {
			out.reportLeft(p.NTPTime, at)
			i.xr.answer(p.SSRC, at, extra)
		}
	case *rtcp.ReceiverReport:
		if i.mayAsk(p) {
			i.xr.ask(p.SSRC, wall, at, extra)
		}
	case *rtcp.TransportLayerNack:
		if in := i.Inbound(p.MediaSSRC); in != nil {
			in.mu.Lock()
			in.nacks++
			in.mu.Unlock()
		}
	case *rtcp.PictureLossIndication:
		if in := i.Inbound(p.MediaSSRC); in != nil {
			in.mu.Lock()
			in.plis++
			in.mu.Unlock()
		}
	case *rtcp.FullIntraRequest:
		for _, e := range p.FIR {
			if in := i.Inbound(e.SSRC); in != nil {
				in.mu.Lock()
				in.firs++
				in.mu.Unlock()
			}
		}
	case *rtcp.CompoundPacket:
		for _, q := range *p {
			i.sending(q, at, wall, extra)
		}
	}
}

// mayAsk says whether a reference time may go with a receiver report.
func (i *Interceptor) mayAsk(rr *rtcp.ReceiverReport) bool {
	if i.factory.xr == XRNever {
		return false
	}
	for _, b := range rr.Reports {
		if in := i.Inbound(b.SSRC); in != nil && (i.factory.xr == XRAlways || in.rrtr) {
			return true
		}
	}
	return false
}
