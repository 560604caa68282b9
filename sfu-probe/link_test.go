package sfuprobe_test

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
	"github.com/stretchr/testify/require"

	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func newPacket(size int) *rtp.Packet {
	return &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: make([]byte, size)}
}

// A publisher and an SFU, 30 ms apart in one direction and 20 ms in the other.
func TestBothEndsMeasureTheLink(t *testing.T) {
	const there, back = 30 * time.Millisecond, 20 * time.Millisecond
	started := time.Now()
	pub := newPeer(t, client("ana"), there)
	s := newPeer(t, sfu("fra"), back)
	track := newTrack(t, webrtc.MimeTypeOpus, "microphone")
	_, err := pub.pc.AddTrack(track)
	require.NoError(t, err)
	s.pc.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		b := make([]byte, 1500)
		for {
			if _, _, err := remote.Read(b); err != nil {
				return
			}
		}
	})
	negotiate(t, pub.pc, s.pc)
	talk(t, track)

	var atClient, atSFU *earshotv1.Sample
	eventually(t, "every source has measured at either end", func() bool {
		atClient, atSFU = pub.sink.last(), s.sink.last()
		if len(atClient.Transports) != 1 || len(atSFU.Transports) != 1 || len(atClient.Streams) != 1 || len(atSFU.Streams) != 1 {
			return false
		}
		enough := func(r *earshotv1.RTT) bool { return r.GetCount() >= 3 }
		return enough(rtt(atClient.Streams[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_RR)) &&
			enough(rtt(atClient.Transports[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_STUN)) &&
			enough(rtt(atSFU.Transports[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_XR)) &&
			enough(rtt(atSFU.Transports[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_STUN))
	})
	for name, r := range map[string]*earshotv1.RTT{
		"reports at the client": rtt(atClient.Streams[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_RR),
		"STUN at the client":    rtt(atClient.Transports[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_STUN),
		"XR at the SFU":         rtt(atSFU.Transports[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_XR),
		"STUN at the SFU":       rtt(atSFU.Transports[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_STUN),
	} {
		mean := time.Duration(r.TotalUs/r.Count) * time.Microsecond
		t.Log(name, mean, "of", r.Count)
		// The truncation of DLSR may make it less than the truth by 31 microseconds; a busy host makes it more.
		require.Greater(t, mean, there+back-time.Millisecond, name)
		require.Less(t, mean, there+back+25*time.Millisecond, name)
		require.WithinDuration(t, time.Now(), time.UnixMicro(r.MeasuredAtUs), 10*time.Second, name)
	}

	a, b := atClient.Transports[0], atSFU.Transports[0]
	require.NotZero(t, a.LinkKey)
	require.NotZero(t, a.UfragKey)
	require.NotZero(t, a.AddressKey)
	require.Equal(t, a.LinkKey, b.LinkKey)
	require.Equal(t, a.UfragKey, b.UfragKey)
	require.Equal(t, a.AddressKey, b.AddressKey)
	require.Equal(t, earshotv1.Protocol_PROTOCOL_UDP, a.Protocol)
	require.Equal(t, earshotv1.CandidateType_CANDIDATE_TYPE_HOST, a.LocalCandidateType)
	require.Equal(t, earshotv1.ICEState_ICE_STATE_CONNECTED, a.IceState)
	require.Equal(t, earshotv1.DTLSState_DTLS_STATE_CONNECTED, a.DtlsState)
	require.Equal(t, atClient.Streams[0].Ssrc, atSFU.Streams[0].Ssrc)
	for name, tr := range map[string]*earshotv1.Transport{"client": a, "SFU": b} {
		require.EqualValues(t, 4, tr.IpVersion, name)
		// ICE and DTLS take some round trips of 50 ms; a busy host takes longer, but no longer than the test.
		took := time.Duration(tr.ConnectUs) * time.Microsecond
		t.Log(name, "connected after", took)
		require.Greater(t, took, 2*(there+back), name)
		require.Less(t, took, time.Since(started), name)
	}
}

// Two SFUs between which no media flow.
func TestSFUsPingEachOtherWhereNothingFlows(t *testing.T) {
	const there, back = 30 * time.Millisecond, 20 * time.Millisecond
	fra := newPeer(t, sfu("fra"), there, sfuprobe.ToSFU(), sfuprobe.Ping())
	iad := newPeer(t, sfu("iad"), back, sfuprobe.ToSFU(), sfuprobe.Ping())
	negotiate(t, fra.pc, iad.pc)
	for name, sink := range map[string]*sink{"fra": fra.sink, "iad": iad.sink} {
		var r *earshotv1.RTT
		eventually(t, name+" has measured", func() bool {
			s := sink.last()
			if len(s.Transports) == 1 {
				r = rtt(s.Transports[0].Rtts, earshotv1.RTTSource_RTT_SOURCE_PROBE)
			}
			return r.GetCount() >= 3
		})
		mean := time.Duration(r.TotalUs/r.Count) * time.Microsecond
		t.Log(name, mean, "of", r.Count)
		require.GreaterOrEqual(t, mean, there+back, name)
		require.Less(t, mean, there+back+25*time.Millisecond, name)
	}
}
