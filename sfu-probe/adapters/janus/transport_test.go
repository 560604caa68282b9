package janus

import (
	"testing"

	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func TestSelectedPairs(t *testing.T) {
	for _, test := range []struct {
		name, pair string
		version    uint32
		local      earshotv1.CandidateType
		protocol   earshotv1.Protocol
		keyed      bool
	}{
		{"IPv4", "192.0.2.2:5 [prflx,udp] <-> 192.0.2.3:6 [host,udp]", 4, earshotv1.CandidateType_CANDIDATE_TYPE_PRFLX, earshotv1.Protocol_PROTOCOL_UDP, true},
		{"IPv6", "2001:db8::1:5 [host,tcp] <-> 2001:db8::2:6 [srflx,tcp]", 6, earshotv1.CandidateType_CANDIDATE_TYPE_HOST, earshotv1.Protocol_PROTOCOL_TCP, true},
		{"words of another version", "192.0.2.2:5 [new,quic] <-> 192.0.2.3:6 [new,quic]", 4, 0, 0, true},
		{"none", "", 0, 0, 0, false},
		{"half", "192.0.2.2:5 [prflx,udp]", 0, 0, 0, false},
		{"no port", "192.0.2.2 [host,udp] <-> 192.0.2.3:6 [host,udp]", 0, 0, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := subscriber(0, 0)
			l.WebRTC.ICE.SelectedPair = test.pair
			got := transport(l)
			require.Equal(t, test.version, got.IpVersion)
			require.Equal(t, test.local, got.LocalCandidateType)
			require.Equal(t, test.protocol, got.Protocol)
			require.Equal(t, test.keyed, got.AddressKey != 0)
		})
	}
}

func TestNoLinkKeyWithoutBothFingerprints(t *testing.T) {
	for _, test := range []struct{ name, own, other, hash string }{
		{"of SHA-1", "AA:BB", "CC:DD", "sha-1"},
		{"one missing", "AA:BB", "", "sha-256"},
		{"the other missing", "", "CC:DD", "sha-256"},
		{"not hexadecimal", "AA:BB", "nonsense", "sha-256"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c connection
			c.DTLS.Fingerprint, c.DTLS.RemoteFingerprint, c.DTLS.RemoteHash = test.own, test.other, test.hash
			require.Zero(t, c.linkKey())
		})
	}
}

func TestUfragsOfAnSDP(t *testing.T) {
	for _, test := range []struct{ name, json, want string }{
		{"the first", `"v=0\r\na=ice-ufrag:aB3+/x\r\na=ice-pwd:p\r\na=ice-ufrag:other\r\n"`, "aB3+/x"},
		{"an escaped solidus", `"a=ice-ufrag:a\/b\r\n"`, "a/b"},
		{"at the end", `"a=ice-ufrag:abcd"`, "abcd"},
		{"none", `"v=0\r\n"`, ""},
		{"no text", `null`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var u ufrag
			require.NoError(t, u.UnmarshalJSON([]byte(test.json)))
			require.Equal(t, ufrag(test.want), u)
		})
	}
}
