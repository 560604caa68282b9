package janus

import (
	"maps"
	"slices"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// State is what one gateway's events have told so far. It is not safe for concurrent use.
type State struct {
	limits  Limits
	handles map[string]*handle
	rooms   map[string]*room
	changed []*room // rooms of which there is something to tell, in the order in which that came up
	started int64   // when the gateway said that it started; 0 where it did not
	period  int64   // µs between two stats of a medium
	refused uint64
	weight  int // of all handles
	lobby   bool
}

// room is a call.
type room struct {
	id      string
	handles []*handle // in order of appearance
	told    int64     // when a sample was made last
	due     bool      // something has changed that should be known soon
	listed  bool      // among the changed
	events  []*earshotv1.Event
}

// handle is one participant's attachment to a plugin: at most one peer connection.
type handle struct {
	id, session string
	room        *room
	user        string // of a publisher
	up          bool   // the peer connection stands
	seen        int64
	weight      int // media and m-lines

	local, remote description
	begun, upAt   int64 // of the peer connection: its first SDP, its establishment
	ice, dtls     string
	pair          *Pair
	pairChanges   uint32

	media []*medium
	feed  string // of a subscriber, in old versions
}

// medium is an m-line.
type medium struct {
	mid, kind, codec string
	feed, feedMID    string // what is sent on here; "" where that is not known
	stats            Medium
	at               int64  // of the stats; 0 where there were none
	rtt              uint64 // µs
	measured         int64  // when the RTT was
}

// NewState makes the state of a gateway that has told nothing.
func NewState(limits Limits) *State {
	return &State{limits: limits, handles: map[string]*handle{}, rooms: map[string]*room{}}
}

// Refused counts handles that were not followed for want of room.
func (s *State) Refused() uint64 { return s.refused }

// Handles is how many handles are followed.
func (s *State) Handles() int { return len(s.handles) }

// Apply takes an event in.
func (s *State) Apply(e *Event) {
	switch e.Type {
	case TypeCore:
		// The gateway starts or stops: nothing of before is left.
		s.dropAll(func(*handle) bool { return true })
		s.started = e.At
		return
	case TypeSession:
		if e.Name == "destroyed" || e.Name == "timeout" {
			s.dropAll(func(h *handle) bool { return h.session == e.Session })
		}
		return
	case TypePlugin:
		s.plugin(e)
		return
	}
	if e.Handle == "" {
		return
	}
	if e.Type == TypeHandle {
		if h := s.handles[e.Handle]; e.Name == "detached" && h != nil {
			s.drop(h)
		}
		return
	}
	h := s.handle(e)
	if h == nil {
		return
	}
	switch e.Type {
	case TypeJSEP:
		s.jsep(h, e)
	case TypeWebRTC:
		s.webRTC(h, e)
	case TypeMedia:
		s.media(h, e)
	}
	s.weigh(h)
}

// weigh keeps count of what the handles hold.
func (s *State) weigh(h *handle) {
	s.weight -= h.weight
	h.weight = len(h.media) + len(h.local.media) + len(h.remote.media)
	s.weight += h.weight
}

// handleWeight is how many media and m-lines the handles of a gateway have, taken over all: most have a few.
const handleWeight = 10

// handle finds or makes the handle of an event; nil where there is no room for another.
func (s *State) handle(e *Event) *handle {
	if s.weight > handleWeight*s.limits.Handles {
		s.refused++
		return nil
	}
	h := s.handles[e.Handle]
	if h == nil {
		if len(s.handles) >= s.limits.Handles {
			s.refused++
			return nil
		}
		h = &handle{id: e.Handle}
		s.handles[h.id] = h
	}
	if e.Session != "" {
		h.session = e.Session
	}
	h.seen = max(h.seen, e.At)
	if h.room == nil && s.lobby {
		s.enter(h, lobby)
	}
	return h
}

// lobby is the room of handles of which no other is known, where the gateway has a call for them.
const lobby = "\x00"

// Lobby says whether handles whose room is not known are in a call: that of Options.CallID.
func (s *State) Lobby(open bool) { s.lobby = open }

func (s *State) drop(h *handle) {
	delete(s.handles, h.id)
	s.weight -= h.weight
	s.leave(h)
}

func (s *State) leave(h *handle) {
	r := h.room
	if r == nil {
		return
	}
	h.room = nil
	r.handles = slices.DeleteFunc(r.handles, func(o *handle) bool { return o == h })
	s.change(r, true)
}

// enter puts a handle into a room.
func (s *State) enter(h *handle, id string) {
	if id == "" || h.room != nil && h.room.id == id {
		return
	}
	s.leave(h)
	r := s.rooms[id]
	if r == nil {
		r = &room{id: id}
		s.rooms[id] = r
	}
	h.room = r
	r.handles = append(r.handles, h)
	s.change(r, true)
}

// change notes that there is something to tell of a room, soon or by and by.
func (s *State) change(r *room, soon bool) {
	if r == nil {
		return
	}
	r.due = r.due || soon
	if !r.listed {
		r.listed = true
		s.changed = append(s.changed, r)
	}
}

// forget drops what has been silent since before the time: Janus says when handles go, but a post may be lost.
func (s *State) forget(before, idleBefore int64) {
	s.dropAll(func(h *handle) bool {
		// A peer connection tells its counters all the time.
		return h.seen < before && h.up || h.seen < idleBefore
	})
}

// dropAll drops the handles of which it is so, in an order that is always the same.
func (s *State) dropAll(gone func(*handle) bool) {
	for _, id := range slices.Sorted(maps.Keys(s.handles)) {
		if h := s.handles[id]; gone(h) {
			s.drop(h)
		}
	}
}

func (h *handle) medium(mid string, most int) *medium {
	for _, m := range h.media {
		if m.mid == mid {
			return m
		}
	}
	if len(h.media) >= most {
		return nil
	}
	m := &medium{mid: mid}
	h.media = append(h.media, m)
	return m
}
