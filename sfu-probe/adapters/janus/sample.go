package janus

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// mapper makes samples of what a poll found. All that it keeps is what tells a new measurement from an old one, and a change
// from none.
type mapper struct {
	callPrefix, callID string
	memory             memory
}

// look is one answer on a handle, and when it came.
type look struct {
	handle
	at time.Time
}

// publishers are the publishers of all rooms.
type publishers map[publisher]*look

type publisher struct{ room, id name }

// sample tells of all handles that are in a call; it lacks the sample's own number and origin. The order is that of the ids.
func (m *mapper) sample(looks []*look) *earshotv1.Sample {
	slices.SortFunc(looks, func(a, b *look) int { return cmp.Compare(a.ID, b.ID) })
	all := publishers{}
	for _, l := range looks {
		if p := &l.Plugin; p.Type == "publisher" && p.ID != "" {
			all[publisher{p.Room, p.ID}] = l
		}
	}
	s := &earshotv1.Sample{}
	for _, l := range looks {
		if call := m.call(l); call != "" && l.AgentCreated > 0 {
			m.connection(s, l, call, all)
		}
	}
	m.memory.turn()
	return s
}

// call names the call of a handle; "" where it is in none.
func (m *mapper) call(l *look) string {
	if l.Plugin.Room == "" {
		return m.callID
	}
	return m.callPrefix + string(l.Plugin.Room)
}

func (m *mapper) connection(s *earshotv1.Sample, l *look, call string, all publishers) {
	t := transport(l)
	t.CallId = call
	s.Transports = append(s.Transports, t)
	m.memory.states(t, l, func(e *earshotv1.Event) { s.Events = append(s.Events, e) })
	for _, key := range slices.SortedFunc(maps.Keys(l.WebRTC.Media), func(a, b string) int {
		return cmp.Compare(l.WebRTC.Media[a].order(), l.WebRTC.Media[b].order())
	}) {
		d := l.WebRTC.Media[key]
		if d == nil || mediaKinds[d.Type] == 0 {
			continue
		}
		if d.Direction.Recv {
			s.Streams = inbound(s.Streams, t, l, d)
		}
		if d.Direction.Send && d.SSRC.Own != 0 {
			out := outbound(t, l, d, all)
			out.Rtts = m.memory.rtt(out, d, l.at)
			s.Streams = append(s.Streams, out)
		}
	}
}

func (m *medium) order() int {
	if m == nil {
		return -1
	}
	return m.Index
}

// transportID is the handle's, and of when its peer connection began: a handle that hangs up may have another.
func (h *handle) transportID() string {
	return string(h.ID) + "-" + strconv.FormatInt(h.AgentCreated, 36)
}

// track names what a publisher publishes.
func (h *handle) track(mid string) string {
	if h.Plugin.ID == "" {
		return mid
	}
	return string(h.Plugin.ID) + "/" + mid
}

// stream finds the VideoRoom's view of a medium.
func (h *handle) stream(mid string) *stream {
	for i := range h.Plugin.Streams {
		if h.Plugin.Streams[i].MID == mid {
			return &h.Plugin.Streams[i]
		}
	}
	return nil
}

// medium finds an m-line.
func (h *handle) medium(mid string) *medium {
	for _, m := range h.WebRTC.Media {
		if m != nil && m.MID == mid {
			return m
		}
	}
	return nil
}

func begin(t *earshotv1.Transport, d *medium, direction earshotv1.Direction) *earshotv1.Stream {
	st := &earshotv1.Stream{
		TransportId: t.TransportId, Direction: direction, Mid: d.MID,
		Kind: mediaKinds[d.Type], Codec: d.Codecs.Codec, ClockRate: d.RTCP.Main.Base,
	}
	if d.Type == "video" {
		st.Codec = strings.ToUpper(st.Codec) // as MIME types and SDP write them
	}
	return st
}

// inbound adds what is received of a medium.
func inbound(to []*earshotv1.Stream, t *earshotv1.Transport, l *look, d *medium) []*earshotv1.Stream {
	for _, layer := range d.layers() {
		t.BytesReceived += layer.in.Bytes
		if layer.ssrc == 0 {
			continue
		}
		st := begin(t, d, earshotv1.Direction_DIRECTION_INBOUND)
		st.Ssrc, st.Rid, st.TrackId = layer.ssrc, layer.rid, l.track(d.MID)
		st.Packets, st.Bytes, st.PacketsRetransmitted = layer.in.Packets, layer.in.Bytes, layer.in.Retransmissions
		st.PacketsLost, st.JitterUs = layer.rtcp.Lost, layer.rtcp.JitterLocal*1000
		if layer.rtcp == &d.RTCP.Main {
			st.NackCount = d.Stats.Out.NACKs // those that Janus sent; it does not say for which layer
		}
		to = append(to, st)
	}
	return to
}

// outbound is what is sent of a medium, and where that comes from.
func outbound(t *earshotv1.Transport, l *look, d *medium, all publishers) *earshotv1.Stream {
	t.BytesSent += d.Stats.Out.Bytes
	st := begin(t, d, earshotv1.Direction_DIRECTION_OUTBOUND)
	st.Ssrc, st.TrackId = d.SSRC.Own, d.MID
	st.Packets, st.Bytes, st.NackCount = d.Stats.Out.Packets, d.Stats.Out.Bytes, d.Stats.In.NACKs
	st.PacketsLost, st.JitterUs = d.RTCP.Main.LostByRemote, d.RTCP.Main.JitterRemote*1000
	s := l.stream(d.MID)
	if s == nil || s.FeedID == "" {
		return st
	}
	st.Muted = !s.Active || !s.Send || l.Plugin.Paused
	from := all[publisher{l.Plugin.Room, s.FeedID}]
	if from == nil {
		return st
	}
	st.TrackId = from.track(s.FeedMID)
	source := from.medium(s.FeedMID)
	if source == nil || st.Muted {
		return st
	}
	if layer := s.layer(); layer >= 0 && layer < 3 {
		if ssrc := source.layers()[layer].ssrc; ssrc != 0 {
			st.ForwardedTransportId, st.ForwardedSsrc = from.transportID(), ssrc
		}
	}
	return st
}
