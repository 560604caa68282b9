package janus

import (
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// memory is what the poll before found, of handles that are still there.
type memory struct {
	streams, streamsNow       map[streamKey]measured
	transports, transportsNow map[string]known
}

type streamKey struct {
	transport string
	ssrc      uint32
}

// measured is the round trip of a stream: its value in ms, when it counts as measured, and what had been sent then.
type measured struct {
	rtt     uint32
	packets uint64
	at      int64
}

type known struct {
	ice     earshotv1.ICEState
	pair    string
	changes uint32
}

// turn forgets what the poll did not find.
func (m *memory) turn() {
	m.streams, m.streamsNow = m.streamsNow, map[streamKey]measured{}
	m.transports, m.transportsNow = m.transportsNow, map[string]known{}
}

// half of a ms is what the gateway cuts off of a round trip on average: it gives whole ones.
const half = 500

// rtt is the round trip of an outbound stream. The gateway repeats the latest value and does not say when it was measured. While
// packets go out, reports on them come in, so then it counts as measured since the last poll; where none do, it is an old one.
func (m *memory) rtt(out *earshotv1.Stream, d *medium, at time.Time) []*earshotv1.RTT {
	rtt, packets := d.RTCP.Main.RTT, d.Stats.Out.Packets
	if m.streamsNow == nil {
		m.streamsNow = map[streamKey]measured{}
	}
	key := streamKey{out.TransportId, out.Ssrc}
	was, seen := m.streams[key]
	now := measured{rtt, packets, at.UnixMicro()}
	if seen && was.rtt == rtt && packets <= was.packets {
		now.at = was.at
	}
	m.streamsNow[key] = now
	if rtt == 0 {
		return nil
	}
	return []*earshotv1.RTT{{
		Source: earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, LatestUs: uint64(rtt)*1000 + half, MeasuredAtUs: now.at,
	}}
}

// states tells of changes of ICE and of the selected pair since the last poll.
func (m *memory) states(t *earshotv1.Transport, l *look, event func(*earshotv1.Event)) {
	if m.transportsNow == nil {
		m.transportsNow = map[string]known{}
	}
	was, seen := m.transports[t.TransportId]
	now := known{ice: t.IceState, pair: l.WebRTC.ICE.SelectedPair, changes: was.changes}
	at := l.at.UnixMicro()
	if now.ice != was.ice && now.ice != 0 {
		event(&earshotv1.Event{Type: earshotv1.EventType_EVENT_TYPE_ICE_STATE, AtUs: at, TransportId: t.TransportId, Value: stateName(now.ice)})
	}
	if seen && was.pair != "" && now.pair != was.pair {
		now.changes++
		event(&earshotv1.Event{Type: earshotv1.EventType_EVENT_TYPE_SELECTED_PAIR, AtUs: at, TransportId: t.TransportId})
	}
	t.SelectedPairChanges = now.changes
	m.transportsNow[t.TransportId] = now
}
