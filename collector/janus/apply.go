package janus

import (
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// jsep takes from an SDP what tells a link and its streams.
func (s *State) jsep(h *handle, e *Event) {
	if e.SDP == "" {
		return
	}
	d := describe(e.SDP, s.limits.Media)
	switch e.Owner {
	case "local":
		h.local = d
	case "remote":
		h.remote = d
	default:
		return
	}
	if h.begun == 0 {
		h.begun = e.At
	}
	for i := range d.media {
		if m := h.medium(d.media[i].mid, s.limits.Media); m != nil && m.kind == "" {
			m.kind = d.media[i].kind
		}
	}
	s.change(h.room, true)
}

func (s *State) webRTC(h *handle, e *Event) {
	switch e.Connection {
	case "webrtcup":
		h.up = true
		if h.upAt == 0 {
			h.upAt = e.At
		}
		s.change(h.room, true)
	case "hangup":
		// The handle stays and may have another peer connection, which shares nothing with this one.
		*h = handle{id: h.id, session: h.session, room: h.room, user: h.user, seen: h.seen, weight: h.weight}
		s.change(h.room, true)
	}
	if e.ICE != "" && e.ICE != h.ice {
		h.ice = e.ICE
		s.happened(h, e, earshotv1.EventType_EVENT_TYPE_ICE_STATE, iceWord(e.ICE))
	}
	if e.DTLS != "" && e.DTLS != h.dtls {
		h.dtls = e.DTLS
		s.change(h.room, true)
	}
	if e.Pair != nil {
		h.pair = e.Pair
		h.pairChanges++
		s.happened(h, e, earshotv1.EventType_EVENT_TYPE_SELECTED_PAIR, "")
	}
}

// maxEvents bounds the events of a room that wait for a sample.
const maxEvents = 256

func (s *State) happened(h *handle, e *Event, typ earshotv1.EventType, value string) {
	s.change(h.room, true)
	if h.room != nil && len(h.room.events) < maxEvents {
		h.room.events = append(h.room.events, &earshotv1.Event{Type: typ, AtUs: e.At, TransportId: h.id, Value: value})
	}
}

// media takes the counters of a handle's media. Those of the further layers of a simulcast are left out: nothing says what
// their streams are.
func (s *State) media(h *handle, e *Event) {
	for i := range e.Media {
		n := &e.Media[i]
		if n.Kind != "audio" && n.Kind != "video" {
			continue
		}
		m := h.medium(n.MID, s.limits.Media)
		if m == nil || e.At <= m.at {
			continue
		}
		if d := e.At - m.at; m.at > 0 && d >= 100_000 && d <= 60_000_000 {
			s.period = d
		}
		m.measure(n, e.At)
		m.kind, m.codec = n.Kind, n.Codec
		m.stats, m.at = *n, e.At
		s.change(h.room, false)
	}
}

// half of a ms is what Janus cuts off of a round trip on average when it gives whole ones.
const half = 500

// measure takes in what a stats event says of the round trip. Newer versions tell the report that it comes from, to
// 1/65536 s. Older ones repeat a value in whole ms from event to event, whether it was measured again or not: while packets
// go out, reports on them come in, so the value counts as measured; where none go out, it is an old one.
func (m *medium) measure(n *Medium, at int64) {
	if n.RTT == 0 {
		return
	}
	if n.NTP != 0 {
		if n.NTP == m.stats.NTP && n.LSR == m.stats.LSR {
			return
		}
		fine := uint64(n.NTP-n.LSR-n.DLSR) * 1_000_000 >> 16
		if fine > 0 && fine < (n.RTT+2)*1000 && fine+2000 > n.RTT*1000 {
			m.rtt, m.measured = fine, when(n.NTP, at)
			return
		}
	}
	if n.RTT == m.stats.RTT && n.PacketsSent <= m.stats.PacketsSent && m.at > 0 {
		return
	}
	m.rtt, m.measured = n.RTT*1000+half, at
}

// when is the time at which a report came, whose compact NTP timestamp (RFC 3550 section 4) is of the gateway's clock, as
// is the event's time; which it is where that is implausible.
func when(ntp uint32, at int64) int64 {
	const since1900 = 2_208_988_800
	now := uint32((uint64(at/1_000_000)+since1900)<<16 | uint64(at%1_000_000)<<16/1_000_000)
	age := int64(now-ntp) * 1_000_000 >> 16
	if age > 60_000_000 {
		return at
	}
	return at - age
}

// plugin takes what a plugin says of rooms and of who gets what from whom.
func (s *State) plugin(e *Event) {
	ev := &e.Room
	switch ev.Event {
	case "destroyed":
		if r := s.rooms[ev.Room]; r != nil {
			for len(r.handles) > 0 {
				s.leave(r.handles[0])
			}
		}
		return
	case "unpublished", "leaving", "kicked", "left":
		if h := s.publisher(ev.Room, ev.ID); h != nil {
			if ev.Event != "unpublished" {
				s.leave(h)
			}
			s.change(h.room, true)
		}
		return
	}
	if e.Handle == "" || ev.Room == "" {
		return
	}
	h := s.handle(e)
	if h == nil {
		return
	}
	s.enter(h, ev.Room)
	switch ev.Event {
	case "joined", "published", "configured":
		if ev.ID != "" {
			h.user = ev.ID
		}
		s.publishes(h, ev)
	case "updated":
		if ev.ID != "" {
			h.user = ev.ID
			s.publishes(h, ev)
		} else {
			s.subscribes(h, ev)
		}
	case "subscribing", "subscribed":
		s.subscribes(h, ev)
	case "switched":
		// Janus does not say to what; better nothing than what was.
		if !ev.HasStreams {
			h.feed = ev.Feed
			for _, m := range h.media {
				m.feed, m.feedMID = "", ""
			}
		}
		s.subscribes(h, ev)
	}
	s.weigh(h)
	s.change(h.room, true)
}

func (s *State) publishes(h *handle, ev *RoomEvent) {
	for i := range ev.Streams {
		n := &ev.Streams[i]
		if m := h.medium(n.MID, s.limits.Media); m != nil {
			m.kind, m.codec = n.Kind, n.Codec
		}
	}
}

func (s *State) subscribes(h *handle, ev *RoomEvent) {
	if ev.Feed != "" {
		h.feed = ev.Feed
	}
	if !ev.HasStreams {
		return
	}
	for _, m := range h.media {
		m.feed, m.feedMID = "", "" // the list is of all that there is
	}
	for i := range ev.Streams {
		n := &ev.Streams[i]
		m := h.medium(n.MID, s.limits.Media)
		if m == nil {
			continue
		}
		m.kind, m.codec = n.Kind, n.Codec
		if n.Active && !n.Off {
			m.feed, m.feedMID = n.FeedID, n.FeedMID
		}
	}
}

// publisher finds the handle by which a participant publishes in a room.
func (s *State) publisher(in, user string) *handle {
	r := s.rooms[in]
	if r == nil || user == "" {
		return nil
	}
	for _, h := range r.handles {
		if h.user == user {
			return h
		}
	}
	return nil
}
