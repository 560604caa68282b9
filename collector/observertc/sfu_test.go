package observertc

import (
	"testing"

	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func TestAnSFUSampleIsMapped(t *testing.T) {
	s, err := NewDecoder(DefaultLimits()).Decode(recording(t, "sfu-2.2.json"), &Options{Region: "eu"})
	require.NoError(t, err)
	golden(t, "sfu-2.2.json", s)

	streams := map[uint32]*earshotv1.Stream{}
	for _, st := range s.Streams {
		streams[st.Ssrc] = st
	}
	transports := map[string]*earshotv1.Transport{}
	for _, tr := range s.Transports {
		transports[tr.TransportId] = tr
	}
	// The subscriber's stream carries the publisher's.
	require.Equal(t, "t-pub", streams[2001].ForwardedTransportId)
	require.EqualValues(t, 1001, streams[2001].ForwardedSsrc)
	require.EqualValues(t, 80_500, streams[2001].Rtts[0].LatestUs, "milliseconds")
	require.EqualValues(t, 12, streams[2001].Rtts[0].Count)
	// Of two layers that with the same rid.
	require.EqualValues(t, 1003, streams[2002].ForwardedSsrc)
	// A stream that comes in twice over different transports is left alone.
	require.Empty(t, streams[2003].ForwardedTransportId)
	// Calls follow from the outbound pads; a link between SFUs serves two.
	require.Equal(t, "call-1", transports["t-pub"].CallId)
	require.Equal(t, "call-1", transports["t-sub"].CallId)
	require.True(t, transports["t-pipe"].SfuLink)
	require.Empty(t, transports["t-pipe"].CallId)
	require.Equal(t, "call-2", streams[3002].CallId)
	require.EqualValues(t, 40_000, transports["t-pipe"].Rtts[0].LatestUs, "SCTP's is in seconds")
}

func TestACallThatNoPadNamesComesFromTheRequest(t *testing.T) {
	raw := []byte(`{"sfuId":"s","timestamp":1000,"transports":[{"transportId":"t"}],"inboundRtpPads":[{"transportId":"t","streamId":"x","padId":"p","ssrc":1}]}`)
	s, err := NewDecoder(DefaultLimits()).Decode(raw, &Options{CallID: "room"})
	require.NoError(t, err)
	require.Equal(t, "room", s.Transports[0].CallId)
}
