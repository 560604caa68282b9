package sfuprobe

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/schemas/linkkey"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// link is what a connection knows of its transport and of the other end, kept from sample to sample: the keys cost more
// than the look whether they are still right.
type link struct {
	key        uint64
	ufragKey   uint64
	addressKey uint64
	remoteSDP  string // from which ufragKey was made

	localID, remoteID       string // the candidates of the selected pair
	localType, remoteType   earshotv1.CandidateType
	protocol, relayProtocol earshotv1.Protocol
	ipVersion               uint32
	pairChanges             uint32
	ice                     earshotv1.ICEState
	stun                    stun
}

// stun turns the running totals of Pion's candidate pairs, of which each has its own, into those of the transport.
type stun struct {
	total, pairTotal time.Duration
	count, pairCount uint64
	latest           time.Duration
	at               time.Time
}

// readTransport brings the link up to date and fills in what it knows. It asks Pion, so no lock of the probe may be held.
func (c *Connection) readTransport(t *earshotv1.Transport, now time.Time, event func(*earshotv1.Event)) {
	l := &c.link
	ice := c.dtls.ICETransport()
	dtls, state := dtlsState(c.dtls.State()), iceState(ice.State())
	if c.closed() {
		dtls, state = earshotv1.DTLSState_DTLS_STATE_CLOSED, earshotv1.ICEState_ICE_STATE_CLOSED
	}
	if started(state) {
		c.readPair(ice, now, event)
		c.readUfrags(ice, now, event)
	}
	if l.key == 0 {
		l.key = linkKey(c.dtls)
	}
	if state != l.ice {
		event(&earshotv1.Event{
			Type: earshotv1.EventType_EVENT_TYPE_ICE_STATE, AtUs: now.UnixMicro(), TransportId: c.id, Value: stateName(state),
		})
		l.ice = state
	}
	t.TransportId = c.id
	t.CallId = c.callID
	t.LinkKey, t.UfragKey, t.AddressKey = l.key, l.ufragKey, l.addressKey
	t.RemoteOwnerId, t.RemoteTransportId = c.opts.remoteOwner, c.opts.remoteID
	t.LocalCandidateType, t.RemoteCandidateType = l.localType, l.remoteType
	t.Protocol, t.RelayProtocol, t.IpVersion = l.protocol, l.relayProtocol, l.ipVersion
	t.ConnectUs = micros(c.connect.took)
	t.IceState, t.DtlsState = state, dtls
	t.SfuLink = c.opts.toSFU
	t.SelectedPairChanges = l.pairChanges
	t.BytesSent, t.BytesReceived = c.stats.Bytes()
	if xr := c.stats.XR(); xr.Count > 0 {
		t.Rtts = appendRTT(t.Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_XR, xr.Latest, xr.Total, xr.Count, xr.MeasuredAt)
	}
	if c.pinger != nil {
		if r := c.pinger.rtt(); r.Count > 0 {
			t.Rtts = appendRTT(t.Rtts, earshotv1.RTTSource_RTT_SOURCE_PROBE, r.Latest, r.Total, r.Count, r.MeasuredAt)
		}
	}
	if s := l.stun; s.count > 0 {
		t.Rtts = appendRTT(t.Rtts, earshotv1.RTTSource_RTT_SOURCE_STUN, s.latest, s.total, s.count, s.at)
	}
}

// started says whether the transport may be asked. Before that Pion's Start races with the question; a closed agent has
// nothing to say, and logs that.
func started(s earshotv1.ICEState) bool {
	switch s {
	case earshotv1.ICEState_ICE_STATE_UNSPECIFIED, earshotv1.ICEState_ICE_STATE_NEW, earshotv1.ICEState_ICE_STATE_CLOSED:
		return false
	default:
		return true
	}
}

// linkKey is 0 until the other end's certificate is known.
func linkKey(dtls *webrtc.DTLSTransport) uint64 {
	remote := dtls.GetRemoteCertificate()
	if len(remote) == 0 {
		return 0
	}
	params, err := dtls.GetLocalParameters()
	if err != nil || len(params.Fingerprints) == 0 {
		return 0
	}
	// Pion uses the first certificate, and gives fingerprints of SHA-256 alone.
	local, err := linkkey.ParseFingerprint(params.Fingerprints[0].Value)
	if err != nil {
		return 0
	}
	digest := sha256.Sum256(remote)
	return linkkey.FromFingerprints(local, digest[:])
}

// readPair follows the selected candidate pair and its STUN round-trip times.
func (c *Connection) readPair(ice *webrtc.ICETransport, now time.Time, event func(*earshotv1.Event)) {
	s, ok := ice.GetSelectedCandidatePairStats()
	if !ok {
		return
	}
	l := &c.link
	if s.LocalCandidateID != l.localID || s.RemoteCandidateID != l.remoteID {
		first := l.localID == ""
		l.localID, l.remoteID = s.LocalCandidateID, s.RemoteCandidateID
		if c.readCandidates(ice) && !first {
			l.pairChanges++
			event(&earshotv1.Event{
				Type: earshotv1.EventType_EVENT_TYPE_SELECTED_PAIR, AtUs: now.UnixMicro(), TransportId: c.id,
			})
		}
		if !first { // What the new pair measured before it was selected is not news of this link.
			l.stun.pairCount, l.stun.pairTotal = s.ResponsesReceived, seconds(s.TotalRoundTripTime)
			return
		}
	}
	l.stun.read(s.ResponsesReceived, seconds(s.TotalRoundTripTime), seconds(s.CurrentRoundTripTime), now)
}

// read takes in the totals of the selected pair. Pion does not say when its latest response came: it is taken for
// measured when it is first seen, which is late by less than one interval.
func (s *stun) read(count uint64, total, latest time.Duration, now time.Time) {
	if count <= s.pairCount || total < s.pairTotal {
		s.pairCount, s.pairTotal = count, total
		return
	}
	s.count += count - s.pairCount
	s.total += total - s.pairTotal
	s.pairCount, s.pairTotal = count, total
	s.latest, s.at = latest, now
}

// readCandidates says whether the addresses of the selected pair have changed: that candidates got other ids, as when a
// peer-reflexive one turns out to be signalled, does not make another path.
func (c *Connection) readCandidates(ice *webrtc.ICETransport) bool {
	pair, err := ice.GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Local == nil || pair.Remote == nil {
		return false
	}
	l := &c.link
	before := l.addressKey
	l.addressKey = linkkey.FromAddresses(
		linkkey.Address(pair.Local.Address, pair.Local.Port), linkkey.Address(pair.Remote.Address, pair.Remote.Port))
	l.localType, l.remoteType = candidateType(pair.Local.Typ), candidateType(pair.Remote.Typ)
	l.protocol, l.ipVersion = protocol(pair.Local.Protocol.String()), ipVersion(pair.Local.Address)
	l.relayProtocol = earshotv1.Protocol_PROTOCOL_UNSPECIFIED
	if l.localType == earshotv1.CandidateType_CANDIDATE_TYPE_RELAY {
		for _, s := range c.pc.GetStats() { // dear, but rare
			if s, ok := s.(webrtc.ICECandidateStats); ok && s.ID == l.localID {
				l.relayProtocol = protocol(s.RelayProtocol)
			}
		}
	}
	return l.addressKey != before
}

// readUfrags looks at the ICE credentials when the remote description is another than before: without a new one there is
// no restart.
func (c *Connection) readUfrags(ice *webrtc.ICETransport, now time.Time, event func(*earshotv1.Event)) {
	remote := c.pc.RemoteDescription()
	if remote == nil || remote.SDP == c.link.remoteSDP {
		return
	}
	local, err := ice.GetLocalParameters()
	if err != nil {
		return
	}
	l := &c.link
	l.remoteSDP = remote.SDP
	before := l.ufragKey
	l.ufragKey = linkkey.FromUfrags(local.UsernameFragment, ufragOf(remote.SDP))
	if before != 0 && l.ufragKey != before {
		event(&earshotv1.Event{Type: earshotv1.EventType_EVENT_TYPE_ICE_RESTART, AtUs: now.UnixMicro(), TransportId: c.id})
	}
}

// ufragOf finds the first ice-ufrag of a description; with BUNDLE all are alike.
func ufragOf(sdp string) string {
	_, rest, ok := strings.Cut(sdp, "a=ice-ufrag:")
	if !ok {
		return ""
	}
	ufrag, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(ufrag)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
