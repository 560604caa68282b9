package janus

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/earshot-rtc/earshot/schemas/linkkey"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// transport is a handle's peer connection, without its counters.
func transport(l *look) *earshotv1.Transport {
	c := &l.WebRTC
	t := &earshotv1.Transport{
		TransportId: l.transportID(),
		LinkKey:     c.linkKey(),
		UfragKey:    linkkey.FromUfrags(string(l.SDPs.Local), string(l.SDPs.Remote)),
		IceState:    iceStates[c.ICE.State],
		DtlsState:   dtlsStates[c.DTLS.State],
	}
	if took := c.DTLS.Connected - l.AgentCreated; c.DTLS.Connected > 0 && took > 0 {
		t.ConnectUs = uint64(took)
	}
	local, remote, ok := parsePair(c.ICE.SelectedPair)
	if !ok {
		return t
	}
	t.LocalCandidateType, t.RemoteCandidateType = candidateTypes[local.kind], candidateTypes[remote.kind]
	t.Protocol = protocols[local.protocol]
	t.AddressKey = linkkey.FromAddresses(linkkey.Address(local.host, local.port), linkkey.Address(remote.host, remote.port))
	if ip, err := netip.ParseAddr(local.host); err == nil {
		t.IpVersion = 6
		if ip.Unmap().Is4() {
			t.IpVersion = 4
		}
	}
	return t
}

// linkKey is 0 where a fingerprint is missing, or is not of SHA-256, as Janus' own is.
func (c *connection) linkKey() uint64 {
	if !strings.EqualFold(c.DTLS.RemoteHash, "sha-256") {
		return 0
	}
	own, err := linkkey.ParseFingerprint(c.DTLS.Fingerprint)
	if err != nil {
		return 0
	}
	other, err := linkkey.ParseFingerprint(c.DTLS.RemoteFingerprint)
	if err != nil {
		return 0
	}
	return linkkey.FromFingerprints(own, other)
}

// candidate is one end of the pair that media takes.
type candidate struct {
	host, kind, protocol string
	port                 uint16
}

// parsePair reads "1.2.3.4:5 [host,udp] <-> 6.7.8.9:10 [prflx,udp]".
func parsePair(s string) (local, remote candidate, ok bool) {
	a, b, ok := strings.Cut(s, " <-> ")
	return local, remote, ok && local.parse(a) && remote.parse(b)
}

func (c *candidate) parse(s string) bool {
	address, kind, ok := strings.Cut(s, " [")
	// IPv6 stands without brackets: the port is what follows the last colon.
	colon := strings.LastIndexByte(address, ':')
	if !ok || colon < 0 {
		return false
	}
	port, err := strconv.ParseUint(address[colon+1:], 10, 16)
	if err != nil {
		return false
	}
	c.host, c.port = strings.Trim(address[:colon], "[]"), uint16(port)
	c.kind, c.protocol, _ = strings.Cut(strings.TrimSuffix(kind, "]"), ",")
	return true
}
