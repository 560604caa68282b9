package rtpstats

import "encoding/binary"

// RTCP packet types, feedback formats and XR block types.
const (
	typeSR    = 200 // RFC 3550 section 6.4.1
	typeRR    = 201
	typeRTPFB = 205 // RFC 4585 section 6.2
	typePSFB  = 206 // RFC 4585 section 6.3
	typeXR    = 207 // RFC 3611

	fmtNACK = 1
	fmtPLI  = 1
	fmtFIR  = 4 // RFC 5104 section 4.3.1

	blockRRTR = 4
	blockDLRR = 5
)

// reportBlock is what is needed of a report block (RFC 3550 section 6.4.1).
type reportBlock struct {
	ssrc, jitter, lsr, dlsr uint32
	lost                    int32
}

// rtcpEvents receives what walkRTCP finds.
type rtcpEvents interface {
	onReport(b reportBlock)
	onNACK(media uint32)
	onPLI(media uint32)
	onFIR(media uint32)
	onRRTR(sender uint32, ntp uint64)
	onDLRR(receiver, lrr, dlrr uint32)
}

// walkRTCP goes through a compound packet without allocating. What it cannot read it leaves out: a packet of a strange
// length ends the walk, a short block ends its packet.
func walkRTCP(b []byte, on rtcpEvents) {
	for len(b) >= 4 && b[0]>>6 == 2 {
		size := 4 * (1 + int(binary.BigEndian.Uint16(b[2:])))
		if size > len(b) {
			return
		}
		walkPacket(b[:size], on)
		b = b[size:]
	}
}

func walkPacket(p []byte, on rtcpEvents) {
	format := p[0] & 0x1f
	switch p[1] {
	case typeSR:
		walkReports(p, 28, int(format), on)
	case typeRR:
		walkReports(p, 8, int(format), on)
	case typeRTPFB:
		if format == fmtNACK && len(p) >= 12 {
			on.onNACK(binary.BigEndian.Uint32(p[8:]))
		}
	case typePSFB:
		switch {
		case format == fmtPLI && len(p) >= 12:
			on.onPLI(binary.BigEndian.Uint32(p[8:]))
		case format == fmtFIR:
			for i := 12; i+8 <= len(p); i += 8 {
				on.onFIR(binary.BigEndian.Uint32(p[i:]))
			}
		}
	case typeXR:
		if len(p) >= 8 {
			walkXR(binary.BigEndian.Uint32(p[4:]), p[8:], on)
		}
	}
}

func walkReports(p []byte, at, n int, on rtcpEvents) {
	for ; n > 0 && at+24 <= len(p); n, at = n-1, at+24 {
		b := p[at:]
		on.onReport(reportBlock{
			ssrc:   binary.BigEndian.Uint32(b),
			lost:   int32(binary.BigEndian.Uint32(b[4:])<<8) >> 8, // 24 bits, signed
			jitter: binary.BigEndian.Uint32(b[12:]),
			lsr:    binary.BigEndian.Uint32(b[16:]),
			dlsr:   binary.BigEndian.Uint32(b[20:]),
		})
	}
}

func walkXR(sender uint32, b []byte, on rtcpEvents) {
	for len(b) >= 4 {
		size := 4 * (1 + int(binary.BigEndian.Uint16(b[2:])))
		if size > len(b) {
			return
		}
		switch b[0] {
		case blockRRTR:
			if size >= 12 {
				on.onRRTR(sender, binary.BigEndian.Uint64(b[4:]))
			}
		case blockDLRR:
			for i := 4; i+12 <= size; i += 12 {
				on.onDLRR(binary.BigEndian.Uint32(b[i:]), binary.BigEndian.Uint32(b[i+4:]), binary.BigEndian.Uint32(b[i+8:]))
			}
		}
		b = b[size:]
	}
}
