package observertc

// set takes a field of inbound-rtp or outbound-rtp of schema 3.
func (r *rtp) set(name []byte, v value) {
	if r.setCounter(name, v) {
		return
	}
	switch string(name) {
	case "id":
		r.id = v.keep(r.id)
	case "ssrc":
		r.ssrc = v.small()
	case "kind":
		r.kind = v.keep(r.kind)
	case "trackIdentifier":
		r.trackID = v.id(r.trackID)
	case "codecId":
		r.codecID = v.keep(r.codecID)
	case "transportId":
		r.transportID = v.keep(r.transportID)
	case "mid":
		r.mid = v.keep(r.mid)
	case "rid":
		r.rid = v.keep(r.rid)
	case "mediaSourceId":
		r.mediaSourceID = v.keep(r.mediaSourceID)
	case "playoutId":
		r.playoutID = v.keep(r.playoutID)
	case "qualityLimitationReason":
		r.limitation = v.keep(r.limitation)
	case "active":
		r.inactive = !v.flag()
	case "packetsReceived", "packetsSent":
		r.packets = v.count()
	case "bytesReceived", "bytesSent":
		r.bytes = v.count()
	case "packetsLost":
		r.lost = v.signed()
	case "jitter":
		r.jitter = v.seconds()
	}
}

// setCounter takes the fields that mean the same in all schemas.
func (r *rtp) setCounter(name []byte, v value) bool {
	switch string(name) {
	case "packetsDiscarded":
		r.discarded = v.count()
	case "retransmittedPacketsReceived", "retransmittedPacketsSent":
		r.retransmitted = v.count()
	case "nackCount":
		r.nack = v.count()
	case "pliCount":
		r.pli = v.count()
	case "firCount":
		r.fir = v.count()
	case "framesDecoded", "framesEncoded":
		r.frames = v.count()
	case "keyFramesDecoded", "keyFramesEncoded":
		r.keys = v.count()
	case "framesDropped":
		r.dropped = v.count()
	case "frameWidth":
		r.width = v.small()
	case "frameHeight":
		r.height = v.small()
	case "qpSum":
		r.qp = v.count()
	case "freezeCount":
		r.freezes = v.count()
	case "totalFreezesDuration":
		r.freeze = v.seconds()
	case "totalEncodeTime":
		r.encode = v.seconds()
	case "totalPacketSendDelay":
		r.sendDelay = v.seconds()
	default:
		return r.setPlayback(name, v)
	}
	return true
}

func (r *rtp) setPlayback(name []byte, v value) bool {
	switch string(name) {
	case "totalSamplesReceived":
		r.samples = v.count()
	case "concealedSamples":
		r.concealed = v.count()
	case "silentConcealedSamples":
		r.silent = v.count()
	case "concealmentEvents":
		r.concealments = v.count()
	case "jitterBufferDelay":
		r.buffer = v.seconds()
	case "jitterBufferEmittedCount":
		r.emitted = v.count()
	case "jitterBufferTargetDelay":
		r.target = v.seconds()
	case "totalDecodeTime":
		r.decode = v.seconds()
	case "totalProcessingDelay":
		r.processing = v.seconds()
	default:
		return false
	}
	return true
}

func (r *rtp) is(v value) bool { return r.ssrc == v.small() }
func (*rtp) key() string       { return "ssrc" }
func (*rtp) settle()           {}

// Tracks of schema 2.x: what getStats says of a stream and of its other end in one record.

type inboundTrack rtp

func (t *inboundTrack) set(name []byte, v value) {
	r := (*rtp)(t)
	switch string(name) {
	case "packetsSent", "bytesSent": // the other end's
	case "trackId":
		r.trackID = v.keep(r.trackID)
	case "peerConnectionId":
		r.transportID = v.keep(r.transportID)
	case "totalPlayoutDelay":
		r.playoutDelay = v.seconds()
	case "totalSamplesCount":
		r.playedCount = v.count()
	default:
		if !r.remote.rtt.set(name, v) {
			r.set(name, v)
		}
	}
}

func (t *inboundTrack) is(v value) bool { return (*rtp)(t).is(v) }
func (*inboundTrack) key() string       { return "ssrc" }
func (*inboundTrack) settle()           {}

type outboundTrack rtp

func (t *outboundTrack) set(name []byte, v value) {
	r := (*rtp)(t)
	switch string(name) {
	case "packetsReceived", "framesDropped": // the other end's; of the source
	case "trackId":
		r.trackID = v.keep(r.trackID)
	case "peerConnectionId":
		r.transportID = v.keep(r.transportID)
	default:
		if !r.remote.rtt.set(name, v) {
			r.set(name, v)
		}
	}
}

func (t *outboundTrack) is(v value) bool { return (*rtp)(t).is(v) }
func (*outboundTrack) key() string       { return "ssrc" }
func (*outboundTrack) settle()           {}
