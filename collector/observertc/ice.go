package observertc

type iceTransport struct {
	id, pair, ufrag            string
	dtls, ice                  string
	localCert, remoteCert      string
	sent, received, pairChange uint64

	pc string // schema 2.x
}

func (t *iceTransport) set(name []byte, v value) {
	switch string(name) {
	case "id", "transportId":
		t.id = v.keep(t.id)
	case "peerConnectionId":
		t.pc = v.keep(t.pc)
	case "selectedCandidatePairId":
		t.pair = v.keep(t.pair)
	case "iceLocalUsernameFragment":
		t.ufrag = v.keep(t.ufrag)
	case "dtlsState":
		t.dtls = v.keep(t.dtls)
	case "iceState":
		t.ice = v.keep(t.ice)
	case "localCertificateId":
		t.localCert = v.keep(t.localCert)
	case "remoteCertificateId":
		t.remoteCert = v.keep(t.remoteCert)
	case "bytesSent":
		t.sent = v.count()
	case "bytesReceived":
		t.received = v.count()
	case "selectedCandidatePairChanges":
		t.pairChange = v.count()
	}
}

func (t *iceTransport) is(v value) bool { return t.id == string(v.text) }
func (*iceTransport) key() string       { return "id" }
func (*iceTransport) settle()           {}

type candidate struct {
	id, kind, protocol, relay, address, ufrag string
	port                                      uint32

	pc string // schema 2.x
}

func (c *candidate) set(name []byte, v value) {
	switch string(name) {
	case "id":
		c.id = v.keep(c.id)
	case "peerConnectionId":
		c.pc = v.keep(c.pc)
	case "candidateType":
		c.kind = v.keep(c.kind)
	case "protocol":
		c.protocol = v.keep(c.protocol)
	case "relayProtocol":
		c.relay = v.keep(c.relay)
	case "address":
		c.address = v.keep(c.address)
	case "port":
		c.port = v.small()
	case "usernameFragment":
		c.ufrag = v.keep(c.ufrag)
	}
}

func (c *candidate) is(v value) bool { return c.id == string(v.text) }
func (*candidate) key() string       { return "id" }
func (*candidate) settle()           {}

type pair struct {
	id, transportID, local, remote string
	nominated                      bool
	sent, received                 uint64
	out, in                        uint64
	rtt                            rtt

	pc string // schema 2.x
}

func (p *pair) set(name []byte, v value) {
	switch string(name) {
	case "id", "candidatePairId":
		p.id = v.keep(p.id)
	case "peerConnectionId":
		p.pc = v.keep(p.pc)
	case "transportId":
		p.transportID = v.keep(p.transportID)
	case "localCandidateId":
		p.local = v.keep(p.local)
	case "remoteCandidateId":
		p.remote = v.keep(p.remote)
	case "nominated":
		p.nominated = v.flag()
	case "bytesSent":
		p.sent = v.count()
	case "bytesReceived":
		p.received = v.count()
	case "availableOutgoingBitrate":
		p.out = v.count()
	case "availableIncomingBitrate":
		p.in = v.count()
	case "responsesReceived":
		p.rtt.count = v.count()
	default:
		p.rtt.set(name, v)
	}
}

func (p *pair) is(v value) bool { return p.id == string(v.text) }
func (*pair) key() string       { return "id" }
func (*pair) settle()           {}
