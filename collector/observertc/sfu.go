package observertc

import "github.com/go-faster/jx"

// sfuSample is an SfuSample, the same in all schemas.
type sfuSample struct {
	id         string
	at         uint64
	transports []sfuTransport
	in, out    []pad
	channels   []channel
	events     []event
}

type sfuTransport struct {
	id, call                 string
	internal                 bool
	dtls, ice, protocol      string
	localAddress, remoteAddr string
	localPort, remotePort    uint32
	sent, received           uint64
}

// pad is an end of an RTP stream in an SFU. Those of one stream id carry the same media, as layers do.
type pad struct {
	transportID, streamID, call, track string
	kind, mime, rid                    string
	internal                           bool
	ssrc, rate                         uint32
	packets, bytes                     uint64
	lost                               int64
	discarded, retransmitted           uint64
	nack, pli, fir                     uint64
	frames, keys                       uint64
	rtt, reports                       uint64 // µs; RTCP reports that it may come from
}

type channel struct {
	transportID string
	internal    bool
	rtt         uint64
}

func (s *sfuSample) reset() {
	*s = sfuSample{
		transports: empty(s.transports), in: empty(s.in), out: empty(s.out), channels: empty(s.channels), events: empty(s.events),
	}
}

func (s *sfuSample) read(d *jx.Decoder) error {
	return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
		switch string(key) {
		case "transports":
			return items(d, &s.transports)
		case "inboundRtpPads":
			return items(d, &s.in)
		case "outboundRtpPads":
			return items(d, &s.out)
		case "sctpChannels":
			return items(d, &s.channels)
		case "customSfuEvents":
			return items(d, &s.events)
		}
		return field(d, key, s.set)
	})
}

// items reads a list of objects that take fields.
func items[T any, P interface {
	*T
	set([]byte, value)
}](d *jx.Decoder, into *[]T) error {
	return array(d, func(d *jx.Decoder) error {
		var e T
		*into = append(*into, e)
		p := P(&(*into)[len(*into)-1])
		return d.ObjBytes(func(d *jx.Decoder, key []byte) error { return field(d, key, p.set) })
	})
}

func (s *sfuSample) set(name []byte, v value) {
	switch string(name) {
	case "sfuId":
		s.id = v.keep(s.id)
	case "timestamp":
		s.at = v.millis()
	}
}

func (t *sfuTransport) set(name []byte, v value) {
	switch string(name) {
	case "transportId":
		t.id = v.keep(t.id)
	case "callId":
		t.call = v.keep(t.call)
	case "internal":
		t.internal = v.flag()
	case "dtlsState":
		t.dtls = v.keep(t.dtls)
	case "iceState":
		t.ice = v.keep(t.ice)
	case "protocol":
		t.protocol = v.keep(t.protocol)
	case "localAddress":
		t.localAddress = v.keep(t.localAddress)
	case "remoteAddress":
		t.remoteAddr = v.keep(t.remoteAddr)
	case "localPort":
		t.localPort = v.small()
	case "remotePort":
		t.remotePort = v.small()
	case "rtpBytesSent", "rtxBytesSent", "sctpBytesSent":
		t.sent += v.count()
	case "rtpBytesReceived", "rtxBytesReceived", "sctpBytesReceived":
		t.received += v.count()
	}
}

func (p *pad) set(name []byte, v value) {
	switch string(name) {
	case "transportId":
		p.transportID = v.keep(p.transportID)
	case "streamId":
		p.streamID = v.keep(p.streamID)
	case "callId":
		p.call = v.keep(p.call)
	case "trackId":
		p.track = v.keep(p.track)
	case "internal":
		p.internal = v.flag()
	case "ssrc":
		p.ssrc = v.small()
	case "mediaType":
		p.kind = v.keep(p.kind)
	case "mimeType":
		p.mime = v.keep(p.mime)
	case "clockRate":
		p.rate = v.small()
	case "rid":
		p.rid = v.keep(p.rid)
	default:
		p.setCounter(name, v)
	}
}

// setCounter leaves jitter out: the schema gives it no unit, and SFUs differ.
func (p *pad) setCounter(name []byte, v value) {
	switch string(name) {
	case "packetsReceived", "packetsSent":
		p.packets = v.count()
	case "bytesReceived", "bytesSent":
		p.bytes = v.count()
	case "packetsLost":
		p.lost = v.signed()
	case "packetsDiscarded":
		p.discarded = v.count()
	case "packetsRetransmitted", "packetsRepaired":
		p.retransmitted = v.count()
	case "nackCount":
		p.nack = v.count()
	case "pliCount":
		p.pli = v.count()
	case "firCount":
		p.fir = v.count()
	case "framesDecoded", "framesEncoded":
		p.frames = v.count()
	case "keyFramesDecoded", "keyFramesEncoded":
		p.keys = v.count()
	case "roundTripTime":
		p.rtt = v.millis()
	case "rtcpRrReceived":
		p.reports = v.count()
	}
}

func (c *channel) set(name []byte, v value) {
	switch string(name) {
	case "transportId":
		c.transportID = v.keep(c.transportID)
	case "internal":
		c.internal = v.flag()
	case "sctpSmoothedRoundTripTime":
		c.rtt = v.seconds()
	}
}
