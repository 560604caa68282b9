package observertc

// clientSample is a ClientSample of any schema.
type clientSample struct {
	at               uint64 // µs since 1970
	callID, clientID string
	roomID, userID   string // of schema 2.x, or from attachments
	session, app     string // from attachments
	browser, version string
	os               string
	pcs              []peerConnection
	events           []event

	last, lastIssue event // of this sample or an earlier one; see reading.occurrence
}

// peerConnection is a PeerConnectionSample.
type peerConnection struct {
	id           string
	codecs       []codec
	in, out      []rtp
	remoteIn     []remote
	remoteOut    []remote
	sources      []source
	playouts     []playout
	transports   []iceTransport
	candidates   []candidate
	pairs        []pair
	certificates []certificate
	legacy       bool // of schema 2.x: no ids of transports with the streams
}

func (s *clientSample) reset() {
	for i := range s.pcs {
		s.pcs[i].reset()
	}
	clear(s.events)
	*s = clientSample{pcs: s.pcs[:0], events: s.events[:0]}
}

func (pc *peerConnection) reset() {
	if pc.legacy {
		pc.certificates, pc.codecs = nil, nil // shared
	}
	*pc = peerConnection{
		codecs: empty(pc.codecs), in: empty(pc.in), out: empty(pc.out), remoteIn: empty(pc.remoteIn), remoteOut: empty(pc.remoteOut),
		sources: empty(pc.sources), playouts: empty(pc.playouts), transports: empty(pc.transports),
		candidates: empty(pc.candidates), pairs: empty(pc.pairs), certificates: empty(pc.certificates),
	}
}

func empty[T any](s []T) []T {
	clear(s)
	return s[:0]
}

// add makes room for one more and keeps the memory of peer connections that were there before.
func (s *clientSample) add() *peerConnection {
	if n := len(s.pcs); n < cap(s.pcs) {
		s.pcs = s.pcs[:n+1]
	} else {
		s.pcs = append(s.pcs, peerConnection{})
	}
	return &s.pcs[len(s.pcs)-1]
}

// find looks for the peer connection, in the order of last time first.
func (s *clientSample) find(id string, at int) *peerConnection {
	if s == nil {
		return nil
	}
	if at < len(s.pcs) && s.pcs[at].id == id {
		return &s.pcs[at]
	}
	for i := range s.pcs {
		if s.pcs[i].id == id {
			return &s.pcs[i]
		}
	}
	return nil
}

func (pc *peerConnection) set(name []byte, v value) {
	if string(name) == "peerConnectionId" {
		pc.id = v.id(pc.id)
	}
}

// set takes a field of the sample itself.
func (s *clientSample) set(name []byte, v value) {
	if string(v.text) == "NULL" {
		return // what monitors of schema 2.x say where they were told no id
	}
	switch string(name) {
	case "timestamp":
		s.at = v.millis()
	case "callId":
		s.callID = v.id(s.callID)
	case "clientId":
		s.clientID = v.id(s.clientID)
	case "roomId":
		s.roomID = v.keep(s.roomID)
	case "userId":
		s.userID = v.keep(s.userID)
	}
}

// attach takes what an application hung on to its samples, as far as it has a name that is understood.
func (s *clientSample) attach(name []byte, v value) {
	switch string(name) {
	case "userId", "user_id":
		s.userID = v.keep(s.userID)
	case "roomId", "room_id":
		s.roomID = v.keep(s.roomID)
	case "sessionId", "session_id":
		s.session = v.keep(s.session)
	case "appVersion", "app_version":
		s.app = v.keep(s.app)
	}
}

// event is a ClientEvent, a ClientIssue, a ClientMetaData or a custom event of schema 2.x.
type event struct {
	transport     string // of an SFU
	typ           string
	at            uint64
	pc, track     string
	state         string // of ICE
	name, version string // of a browser or operating system
	kind          string // of a device
	issue, isMeta bool
	typed, timed  bool
}

func (e *event) set(name []byte, v value) {
	switch string(name) {
	case "type", "name":
		e.typ, e.typed = v.keep(e.typ), true
	case "timestamp":
		e.at, e.timed = v.millis(), true
	case "peerConnectionId":
		e.pc = v.id(e.pc)
	case "trackId", "mediaTrackId":
		e.track = v.id(e.track)
	case "value": // of schema 2.x
		e.state = v.keep(e.state)
	case "transportId":
		e.transport = v.keep(e.transport)
	}
}

// load takes a field of the payload.
func (e *event) load(name []byte, v value) {
	switch string(name) {
	case "peerConnectionId":
		e.pc = v.keep(e.pc)
	case "trackId":
		e.track = v.keep(e.track)
	case "iceConnectionState", "connectionState":
		e.state = v.keep(e.state)
	case "name":
		e.name = v.keep(e.name)
	case "version":
		e.version = v.keep(e.version)
	case "kind":
		e.kind = v.keep(e.kind)
	}
}
