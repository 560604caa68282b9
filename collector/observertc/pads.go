package observertc

import (
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// layout is how the parts of an SfuSample hang together.
type layout struct {
	s          *sfuSample
	transports map[string]int    // in the sample being made
	calls      map[string]string // of streams, by stream id
	first      map[string]int    // inbound pad, by stream id
	next       []int             // the next inbound pad of the same stream, or -1
}

// makeSFU makes the sample of an SFU. Whose call a transport is in only outbound pads say; the rest follows from the
// streams that they carry on.
func makeSFU(s *sfuSample, o *Options) (*earshotv1.Sample, error) {
	if s.at == 0 {
		return nil, fail(NoTime, "the sample has no timestamp")
	}
	out := earshotv1.SampleFromVTPool()
	out.Sfu = earshotv1.SFUOriginFromVTPool()
	out.Sfu.SfuId, out.Sfu.Region = or(s.id, o.SFUID), o.Region
	out.SessionId, out.Sequence, out.SampledAtUs = or(o.SessionID, "observertc"), sequence(s.at), int64(s.at)
	if o.Interval > 0 {
		out.IntervalUs = o.Interval.Microseconds()
	}
	l := layout{s: s, transports: map[string]int{}, calls: map[string]string{}, first: map[string]int{}, next: make([]int, len(s.in))}
	l.learn()
	for i := range s.transports {
		l.transport(out, &s.transports[i])
	}
	for i := range s.in {
		l.pad(out, &s.in[i], earshotv1.Direction_DIRECTION_INBOUND)
	}
	for i := range s.out {
		l.pad(out, &s.out[i], earshotv1.Direction_DIRECTION_OUTBOUND)
	}
	l.settleCalls(out, o)
	for i := range s.channels {
		if c := &s.channels[i]; c.rtt > 0 && c.transportID != "" {
			t := out.Transports[l.named(out, c.transportID)]
			t.SfuLink = t.SfuLink || c.internal
			if len(t.Rtts) == 0 { // several channels share one association
				t.Rtts = appendRTT(t.Rtts, earshotv1.RTTSource_RTT_SOURCE_SCTP, &rtt{latest: c.rtt})
			}
		}
	}
	for i := range s.events {
		if e := &s.events[i]; e.typ != "" {
			n := earshotv1.EventFromVTPool()
			n.Type, n.Value, n.AtUs, n.TransportId = earshotv1.EventType_EVENT_TYPE_CUSTOM, e.typ, int64(e.at), e.transport
			if n.AtUs == 0 {
				n.AtUs = out.SampledAtUs
			}
			out.Events = append(out.Events, n)
		}
	}
	return out, nil
}

// learn finds the calls of streams, and their inbound pads.
func (l *layout) learn() {
	for _, pads := range [][]pad{l.s.out, l.s.in} {
		for i := range pads {
			if p := &pads[i]; p.streamID != "" && p.call != "" {
				l.calls[p.streamID] = p.call
			}
		}
	}
	for i := len(l.s.in) - 1; i >= 0; i-- {
		l.next[i] = -1
		if id := l.s.in[i].streamID; id != "" {
			if n, ok := l.first[id]; ok {
				l.next[i] = n
			}
			l.first[id] = i
		}
	}
}

func (l *layout) transport(out *earshotv1.Sample, t *sfuTransport) {
	if t.id == "" {
		return
	}
	n := out.Transports[l.named(out, t.id)]
	n.CallId, n.SfuLink = t.call, t.internal
	n.AddressKey = addressKey(t.localAddress, t.localPort, t.remoteAddr, t.remotePort)
	n.IpVersion = ipVersion(t.localAddress, t.remoteAddr)
	n.Protocol = protocol(t.protocol)
	n.IceState, n.DtlsState = iceState(t.ice), dtlsState(t.dtls)
	n.BytesSent, n.BytesReceived = t.sent, t.received
}

// named is the place of a transport, which is made where the sample has pads on it only.
func (l *layout) named(out *earshotv1.Sample, id string) int {
	if i, ok := l.transports[id]; ok {
		return i
	}
	t := earshotv1.TransportFromVTPool()
	t.TransportId = id
	out.Transports = append(out.Transports, t)
	l.transports[id] = len(out.Transports) - 1
	return len(out.Transports) - 1
}

func (l *layout) pad(out *earshotv1.Sample, p *pad, direction earshotv1.Direction) {
	if p.transportID == "" || p.ssrc == 0 {
		return
	}
	t := out.Transports[l.named(out, p.transportID)]
	t.SfuLink = t.SfuLink || p.internal
	st := earshotv1.StreamFromVTPool()
	out.Streams = append(out.Streams, st)
	st.TransportId, st.Direction, st.Ssrc, st.Kind, st.Rid = t.TransportId, direction, p.ssrc, mediaKind(p.kind), p.rid
	st.CallId = or(p.call, l.calls[p.streamID])
	st.Codec, st.ClockRate = subtype(p.mime), p.rate
	st.TrackId = or(p.track, p.streamID)
	st.Packets, st.Bytes, st.PacketsLost = p.packets, p.bytes, p.lost
	st.PacketsDiscarded, st.PacketsRetransmitted = p.discarded, p.retransmitted
	st.NackCount, st.PliCount, st.FirCount = p.nack, p.pli, p.fir
	st.Frames, st.KeyFrames = p.frames, p.keys
	source := earshotv1.RTTSource_RTT_SOURCE_RTCP_XR
	r := rtt{latest: p.rtt}
	if direction == earshotv1.Direction_DIRECTION_OUTBOUND {
		source, r.count = earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, p.reports
		if from := l.carried(p); from != nil {
			st.ForwardedTransportId, st.ForwardedSsrc = from.transportID, from.ssrc
		}
	}
	st.Rtts = appendRTT(st.Rtts, source, &r)
}

// maxLayers is how many pads may carry layers of one stream.
const maxLayers = 64

// carried is the inbound pad whose media an outbound pad sends on. Of layers, which lie on one transport, the one with the
// same rid is taken, or the first: the way is the same. A stream that comes in by several transports is left alone.
func (l *layout) carried(p *pad) *pad {
	i, ok := l.first[p.streamID]
	if !ok || p.streamID == "" {
		return nil
	}
	best := &l.s.in[i]
	layers := 1
	for i = l.next[i]; i >= 0; i = l.next[i] {
		o := &l.s.in[i]
		if layers++; o.transportID != best.transportID || layers > maxLayers {
			return nil
		}
		if best.rid != p.rid && o.rid == p.rid {
			best = o
		}
	}
	if best.ssrc == 0 {
		return nil
	}
	return best
}

// settleCalls gives every transport the call of its streams, where that is one. Streams keep theirs on transports that
// calls share.
func (l *layout) settleCalls(out *earshotv1.Sample, o *Options) {
	const many = "\x00"
	calls := make([]string, len(out.Transports))
	for i, t := range out.Transports {
		calls[i] = t.CallId
	}
	for _, st := range out.Streams {
		at := l.transports[st.TransportId]
		switch {
		case out.Transports[at].CallId != "", st.CallId == "", calls[at] == st.CallId:
		case calls[at] == "":
			calls[at] = st.CallId
		default:
			calls[at] = many
		}
	}
	for i, t := range out.Transports {
		if calls[i] == "" {
			calls[i] = o.CallID
		}
		if calls[i] != many {
			t.CallId = calls[i]
		}
	}
	for _, st := range out.Streams {
		if out.Transports[l.transports[st.TransportId]].CallId != "" {
			st.CallId = ""
		}
	}
}
