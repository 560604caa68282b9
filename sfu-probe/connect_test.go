package sfuprobe

import (
	"testing"
	"time"

	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"
)

func TestTimeToConnectIsTakenOnce(t *testing.T) {
	made := time.Unix(1_700_000_000, 0)
	after := made.Add
	for name, tc := range map[string]struct {
		states []webrtc.DTLSTransportState // a second apart
		took   time.Duration
		over   bool
	}{
		"not begun":        {[]webrtc.DTLSTransportState{webrtc.DTLSTransportStateNew}, 0, false},
		"connecting":       {[]webrtc.DTLSTransportState{webrtc.DTLSTransportStateNew, webrtc.DTLSTransportStateConnecting}, 0, false},
		"connected":        {[]webrtc.DTLSTransportState{webrtc.DTLSTransportStateConnecting, webrtc.DTLSTransportStateConnected}, 2 * time.Second, true},
		"connected before": {[]webrtc.DTLSTransportState{webrtc.DTLSTransportStateConnected, webrtc.DTLSTransportStateClosed}, time.Second, true},
		"failed":           {[]webrtc.DTLSTransportState{webrtc.DTLSTransportStateFailed, webrtc.DTLSTransportStateConnected}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect{made: made}
			for i, s := range tc.states {
				c.look(s, after(time.Duration(i+1)*time.Second))
			}
			require.Equal(t, tc.took, c.took)
			require.Equal(t, tc.over, c.over)
		})
	}
	never := connect{made: made}
	never.look(webrtc.DTLSTransportStateConnecting, after(lookFor))
	require.False(t, never.over)
	never.look(webrtc.DTLSTransportStateConnecting, after(lookFor+time.Second))
	require.True(t, never.over, "a connection that never connects is looked at forever")
}

func TestIPVersion(t *testing.T) {
	for address, version := range map[string]uint32{
		"192.0.2.1": 4, "::ffff:192.0.2.1": 4, "2001:db8::1": 6, "fe80::1%eth0": 6, "host.local": 0, "": 0,
	} {
		require.Equal(t, version, ipVersion(address), address)
	}
}
