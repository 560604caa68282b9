package janus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// subscriber is a handle to which one stream goes.
func subscriber(rtt uint32, packets uint64) *look {
	d := &medium{Type: "audio", MID: "0"}
	d.SSRC.Own, d.Direction.Send = 77, true
	d.RTCP.Main.RTT, d.Stats.Out.Packets = rtt, packets
	l := &look{handle: handle{ID: "1", AgentCreated: 5}}
	l.WebRTC.Media = map[string]*medium{"0": d}
	l.WebRTC.ICE.State = "ready"
	return l
}

func TestARoundTripCountsAsMeasuredWhileThereIsMedia(t *testing.T) {
	type poll struct {
		rtt     uint32
		packets uint64
		wantUs  uint64
		wantAt  int // the poll of which it is; -1: none
	}
	for _, test := range []struct {
		name  string
		polls []poll
	}{
		{"not known yet", []poll{{0, 10, 0, -1}, {0, 20, 0, -1}, {41, 30, 41_500, 2}}},
		{"the same value, packets go out", []poll{{41, 10, 41_500, 0}, {41, 20, 41_500, 1}}},
		{"the same value, nothing goes out", []poll{{41, 10, 41_500, 0}, {41, 10, 41_500, 0}, {41, 10, 41_500, 0}}},
		{"another value, nothing goes out any more", []poll{{41, 10, 41_500, 0}, {42, 10, 42_500, 1}}},
		{"under a millisecond", []poll{{1, 10, 1500, 0}, {0, 20, 0, -1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := &mapper{callID: "call"}
			for i, p := range test.polls {
				l := subscriber(p.rtt, p.packets)
				l.at = noon.Add(time.Duration(i) * 5 * time.Second)
				s := m.sample([]*look{l})
				require.Len(t, s.Streams, 1)
				if p.wantAt < 0 {
					require.Empty(t, s.Streams[0].Rtts)
					continue
				}
				require.Equal(t, []*earshotv1.RTT{{
					Source: earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, LatestUs: p.wantUs,
					MeasuredAtUs: noon.Add(time.Duration(p.wantAt) * 5 * time.Second).UnixMicro(),
				}}, s.Streams[0].Rtts)
			}
		})
	}
}

func TestChangesAreEvents(t *testing.T) {
	m := &mapper{callID: "call"}
	see := func(ice, pair string) *earshotv1.Sample {
		l := subscriber(41, 10)
		l.WebRTC.ICE.State, l.WebRTC.ICE.SelectedPair, l.at = ice, pair, noon
		return m.sample([]*look{l})
	}
	const id = "1-5"
	state := func(value string) []*earshotv1.Event {
		return []*earshotv1.Event{{Type: earshotv1.EventType_EVENT_TYPE_ICE_STATE, AtUs: noon.UnixMicro(), TransportId: id, Value: value}}
	}
	require.Equal(t, state("checking"), see("connecting", "").Events)
	require.Equal(t, state("completed"), see("ready", "10.0.0.1:1 [host,udp] <-> 10.0.0.2:2 [host,udp]").Events, "the first pair is no change")
	require.Empty(t, see("ready", "10.0.0.1:1 [host,udp] <-> 10.0.0.2:2 [host,udp]").Events)
	moved := see("ready", "10.0.0.1:1 [host,udp] <-> 10.0.0.3:2 [host,udp]")
	require.Equal(t, []*earshotv1.Event{{Type: earshotv1.EventType_EVENT_TYPE_SELECTED_PAIR, AtUs: noon.UnixMicro(), TransportId: id}}, moved.Events)
	require.EqualValues(t, 1, moved.Transports[0].SelectedPairChanges)

	require.Len(t, m.memory.transports, 1)
	m.sample(nil)
	require.Empty(t, m.memory.transports, "what is gone is forgotten")
	require.Empty(t, m.memory.streams)
}
