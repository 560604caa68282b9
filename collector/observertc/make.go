package observertc

import (
	"net/netip"
	"strings"

	"github.com/earshot-rtc/earshot/schemas/linkkey"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// makeClient makes the sample of a client. mem is what its connection remembers, nil where there is none.
func makeClient(s *clientSample, o *Options, mem *memory) (*earshotv1.Sample, error) {
	if s.at == 0 {
		return nil, fail(NoTime, "the sample has no timestamp")
	}
	out := earshotv1.SampleFromVTPool()
	out.Client = earshotv1.ClientOriginFromVTPool()
	c := out.Client
	c.ClientId, c.UserId, c.AppVersion = or(s.clientID, o.ClientID), or(s.userID, o.UserID), s.app
	for i := range s.events {
		s.describe(&s.events[i])
	}
	c.Browser, c.BrowserVersion, c.Os = s.browser, s.version, s.os
	if c.Browser == "" {
		c.Browser, c.BrowserVersion = o.Browser, o.BrowserVersion
	}
	c.Os = or(c.Os, o.OS)
	out.CallId = or(s.callID, o.CallID, s.roomID)
	out.SessionId, out.Sequence = session(s, o), sequence(s.at)
	out.SampledAtUs = int64(s.at)
	interval := o.Interval
	if interval <= 0 {
		interval = DefaultInterval
	}
	out.IntervalUs = interval.Microseconds()
	if mem != nil {
		mem.follow(s, out, o)
	}
	for i := range s.pcs {
		from := len(out.Transports)
		addConnection(out, &s.pcs[i])
		if len(s.events) > 0 && i < maxDated {
			s.connected(s.pcs[i].id, out.Transports[from:])
		}
	}
	for i := range s.events {
		addEvent(out, s, &s.events[i])
	}
	return out, nil
}

// maxDated bounds the peer connections for whose beginning the events are searched.
const maxDated = 64

// or is the first that is not empty.
func or(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// describe takes from a meta item what it says of the client.
func (s *clientSample) describe(e *event) {
	if !e.isMeta {
		return
	}
	switch e.typ {
	case "BROWSER":
		s.browser, s.version = e.name, e.version
	case "OPERATION_SYSTEM":
		s.os = e.name
	}
}

// addConnection makes one transport per ICE transport; where a browser tells of none (Firefox), the peer connection itself
// is the transport.
func addConnection(out *earshotv1.Sample, pc *peerConnection) {
	from := len(out.Transports)
	for i := range pc.transports {
		t := &pc.transports[i]
		n := pc.transport(out, t, pc.selected(t))
		n.TransportId = join(pc.id, t.id)
	}
	if len(pc.transports) == 0 {
		if p := pc.selected(&iceTransport{}); p != nil || len(pc.in)+len(pc.out) > 0 {
			n := pc.transport(out, &iceTransport{}, p)
			n.TransportId = pc.id
			if p != nil {
				n.BytesSent, n.BytesReceived = p.sent, p.received
			}
		}
	}
	mine := out.Transports[from:]
	for i := range pc.in {
		inbound(out, pc, mine, &pc.in[i])
	}
	for i := range pc.out {
		outbound(out, pc, mine, &pc.out[i])
	}
}

func join(pc, transport string) string {
	if pc == "" {
		return transport
	}
	return pc + "/" + transport
}

// selected is the pair that carries the media.
func (pc *peerConnection) selected(t *iceTransport) *pair {
	var nominated *pair
	for i := range pc.pairs {
		p := &pc.pairs[i]
		if t.pair != "" && p.id == t.pair {
			return p
		}
		if p.nominated && (t.id == "" || p.transportID == "" || p.transportID == t.id) && (nominated == nil || p.rtt.count > nominated.rtt.count) {
			nominated = p
		}
	}
	return nominated
}

func (pc *peerConnection) transport(out *earshotv1.Sample, t *iceTransport, p *pair) *earshotv1.Transport {
	n := earshotv1.TransportFromVTPool()
	out.Transports = append(out.Transports, n)
	n.LinkKey = pc.linkKey(t)
	n.IceState, n.DtlsState = iceState(t.ice), dtlsState(t.dtls)
	n.BytesSent, n.BytesReceived = t.sent, t.received
	n.SelectedPairChanges = uint32(min(t.pairChange, 1<<32-1))
	if p == nil {
		return n
	}
	local, remote := pc.candidate(p.local), pc.candidate(p.remote)
	n.UfragKey = linkkey.FromUfrags(or(local.ufrag, t.ufrag), remote.ufrag)
	n.AddressKey = addressKey(local.address, local.port, remote.address, remote.port)
	n.IpVersion = ipVersion(local.address, remote.address)
	n.LocalCandidateType, n.RemoteCandidateType = candidateType(local.kind), candidateType(remote.kind)
	n.Protocol = protocol(or(local.protocol, remote.protocol))
	if n.LocalCandidateType == earshotv1.CandidateType_CANDIDATE_TYPE_RELAY {
		n.RelayProtocol = protocol(local.relay)
	}
	n.AvailableOutgoingBps, n.AvailableIncomingBps = p.out, p.in
	n.Rtts = appendRTT(n.Rtts, earshotv1.RTTSource_RTT_SOURCE_STUN, &p.rtt)
	return n
}

func (pc *peerConnection) candidate(id string) *candidate {
	for i := range pc.candidates {
		if pc.candidates[i].id == id && id != "" {
			return &pc.candidates[i]
		}
	}
	return &candidate{}
}

// linkKey is 0 where a certificate is not known, or not by its SHA-256.
func (pc *peerConnection) linkKey(t *iceTransport) uint64 {
	local, remote := pc.fingerprint(t.localCert), pc.fingerprint(t.remoteCert)
	if local == nil || remote == nil {
		return 0
	}
	return linkkey.FromFingerprints(local, remote)
}

// fingerprint finds the certificate with the id. Schema 2.x lists certificates without ids; there Chromium's ids help out,
// which are "CF" and the fingerprint.
func (pc *peerConnection) fingerprint(id string) []byte {
	if id == "" {
		return nil
	}
	text := ""
	for i := range pc.certificates {
		c := &pc.certificates[i]
		if c.id == id && (c.algorithm == "" || strings.EqualFold(c.algorithm, "sha-256")) {
			text = c.fingerprint
			break
		}
	}
	if text == "" && pc.legacy {
		text = strings.TrimPrefix(strings.TrimPrefix(id, "RTCCertificate_"), "CF")
	}
	digest, err := linkkey.ParseFingerprint(text)
	if err != nil || len(digest) != 32 {
		return nil
	}
	return digest
}

// addressKey is 0 where an end is not known by its address: monitors and browsers may hide it.
func addressKey(local string, localPort uint32, remote string, remotePort uint32) uint64 {
	if local == "" || remote == "" || localPort-1 >= 1<<16-1 || remotePort-1 >= 1<<16-1 {
		return 0
	}
	return linkkey.FromAddresses(linkkey.Address(local, uint16(localPort)), linkkey.Address(remote, uint16(remotePort)))
}

func ipVersion(addresses ...string) uint32 {
	for _, a := range addresses {
		if ip, err := netip.ParseAddr(a); err == nil {
			if ip.Unmap().Is4() {
				return 4
			}
			return 6
		}
	}
	return 0
}

// appendRTT adds what a source says, if it has measured at all.
func appendRTT(to []*earshotv1.RTT, source earshotv1.RTTSource, r *rtt) []*earshotv1.RTT {
	if r.latest == 0 {
		return to
	}
	m := earshotv1.RTTFromVTPool()
	m.Source, m.LatestUs, m.TotalUs, m.Count, m.MeasuredAtUs = source, r.latest, r.total, r.count, int64(r.at)
	return append(to, m)
}
