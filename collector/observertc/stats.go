package observertc

// What a ClientSample holds, as far as it is of use here, named as in schema 3: getStats' own dictionaries (W3C
// webrtc-stats), flattened. Units are converted at once: µs for seconds and for times, which getStats gives in ms.

// rtp is inbound-rtp or outbound-rtp, together with what the other end says of the stream.
type rtp struct {
	id, trackID, codecID, transportID, mid, rid string
	mediaSourceID, playoutID, limitation        string
	ssrc                                        uint32
	kind                                        string

	packets, bytes            uint64
	lost                      int64
	jitter                    uint64
	discarded, retransmitted  uint64
	nack, pli, fir            uint64
	inactive                  bool
	frames, keys, dropped     uint64
	width, height             uint32
	qp, freezes, freeze       uint64
	samples, concealed        uint64
	silent, concealments      uint64
	buffer, emitted, target   uint64
	decode, processing        uint64
	encode, sendDelay         uint64
	playoutDelay, playedCount uint64

	remote remote // schema 2.x tells it with the track
}

// remote is remote-inbound-rtp or remote-outbound-rtp.
type remote struct {
	id, localID string
	ssrc        uint32
	at          uint64 // µs since 1970, of the report
	lost        int64
	jitter      uint64
	hasLost     bool
	rtt         rtt
}

// rtt is what one source says of round trips.
type rtt struct {
	latest, total, count uint64
	// at is the time of the report that told something of the round trip: a delta without any is no measurement, however
	// often its time advances.
	at    uint64
	heard bool
}

func (r *rtt) set(name []byte, v value) bool {
	switch string(name) {
	case "roundTripTime", "currentRoundTripTime":
		r.latest = v.seconds()
	case "totalRoundTripTime":
		r.total = v.seconds()
	case "roundTripTimeMeasurements":
		r.count = v.count()
	default:
		return false
	}
	r.heard = true
	return true
}

// settle dates what was heard in this record.
func (r *rtt) settle(at uint64) {
	if r.heard {
		r.at, r.heard = at, false
	}
}

func (r *remote) set(name []byte, v value) {
	switch string(name) {
	case "id":
		r.id = v.keep(r.id)
	case "ssrc":
		r.ssrc = v.small()
	case "localId":
		r.localID = v.keep(r.localID)
	case "timestamp":
		r.at = v.millis()
	case "packetsLost":
		r.lost, r.hasLost = v.signed(), true
	case "jitter":
		r.jitter = v.seconds()
	default:
		r.rtt.set(name, v)
	}
}

func (r *remote) is(v value) bool { return r.ssrc == v.small() }
func (*remote) key() string       { return "ssrc" }
func (r *remote) settle()         { r.rtt.settle(r.at) }

type codec struct {
	id, mime string
	rate     uint32
}

func (c *codec) set(name []byte, v value) {
	switch string(name) {
	case "id":
		c.id = v.keep(c.id)
	case "mimeType":
		c.mime = v.keep(c.mime)
	case "clockRate":
		c.rate = v.small()
	}
}

func (c *codec) is(v value) bool { return c.id == string(v.text) }
func (*codec) key() string       { return "id" }
func (*codec) settle()           {}

type source struct{ id, trackID string }

func (s *source) set(name []byte, v value) {
	switch string(name) {
	case "id":
		s.id = v.keep(s.id)
	case "trackIdentifier":
		s.trackID = v.id(s.trackID)
	}
}

func (s *source) is(v value) bool { return s.id == string(v.text) }
func (*source) key() string       { return "id" }
func (*source) settle()           {}

type playout struct {
	id           string
	delay, count uint64
}

func (p *playout) set(name []byte, v value) {
	switch string(name) {
	case "id":
		p.id = v.keep(p.id)
	case "totalPlayoutDelay":
		p.delay = v.seconds()
	case "totalSamplesCount":
		p.count = v.count()
	}
}

func (p *playout) is(v value) bool { return p.id == string(v.text) }
func (*playout) key() string       { return "id" }
func (*playout) settle()           {}

type certificate struct{ id, algorithm, fingerprint string }

func (c *certificate) set(name []byte, v value) {
	switch string(name) {
	case "id":
		c.id = v.keep(c.id)
	case "fingerprint":
		c.fingerprint = v.keep(c.fingerprint)
	case "fingerprintAlgorithm":
		c.algorithm = v.keep(c.algorithm)
	}
}

func (c *certificate) is(v value) bool { return c.id == string(v.text) }
func (*certificate) key() string       { return "id" }
func (*certificate) settle()           {}
