// Package plan plays a topology as rules alone: the topology and its events come in one by one; who is in the call, which
// SFUs a track must travel over and how long every path takes come out. The lab acts by it and the truth is taken from it,
// so the two cannot differ. It measures nothing, reads no clock and sends nothing.
package plan

import (
	"fmt"
	"time"

	"github.com/earshot-rtc/earshot/lab/topology"
)

// Member is a client while it is in the call.
type Member struct {
	Client *topology.Client
	// ID is the client_id: that of the topology the first time, with "#2", "#3" ... after every further join.
	ID string
	// SFU is where the client is now; "" peer to peer.
	SFU string
	// Way is what lies between the client and its SFU, as it is now; There is from the client.
	Way   *Way
	Muted map[topology.Kind]bool
	// Incarnation counts the SFUs that the client has been at: its transports change with it.
	Incarnation int
}

// Way is what both directions of a link do to packets.
type Way struct {
	Delay  topology.Delay
	Jitter time.Duration
	Loss   float64
}

// Link is a link between two SFUs as it is now; There, in its Delay, is from A to B.
type Link struct {
	A, B string
	Way
}

// State is a call at one instant. It is not safe for concurrent use.
type State struct {
	Topology *topology.Topology
	// Members are those in the call, in the order of the topology.
	Members []*Member
	Links   []Link

	members map[string]*Member // by topology id; nil while out of the call
	joins   map[string]int
	down    map[string]bool
	starts  map[string]int
	ways    map[string]*Way // by topology id, also of those out of the call
}

// New gives the state at the start.
func New(t *topology.Topology) *State {
	s := &State{Topology: t, members: map[string]*Member{}, joins: map[string]int{}, down: map[string]bool{}, starts: map[string]int{}, ways: map[string]*Way{}}
	for _, l := range t.Links {
		s.Links = append(s.Links, Link{A: l.Between[0], B: l.Between[1], Way: Way{l.Delay, time.Duration(l.Jitter), l.Loss}})
	}
	for _, c := range t.Clients {
		s.ways[c.ID] = &Way{c.Delay, time.Duration(c.Jitter), c.Loss}
		if c.JoinAt == 0 {
			s.join(c.ID)
		}
	}
	s.order()
	return s
}

// Member gives the member with an id of the topology, or nil while it is not in the call.
func (s *State) Member(id string) *Member { return s.members[id] }

// Up says whether an SFU works.
func (s *State) Up(sfu string) bool { return !s.down[sfu] }

// Starts counts how often an SFU has been restarted.
func (s *State) Starts(sfu string) int { return s.starts[sfu] }

func (s *State) join(id string) {
	c := s.Topology.Client(id)
	s.joins[id]++
	name := id
	if n := s.joins[id]; n > 1 {
		name = fmt.Sprintf("%s#%d", id, n)
	}
	s.members[id] = &Member{Client: c, ID: name, SFU: c.SFU, Way: s.ways[id], Muted: map[topology.Kind]bool{}}
}

// order rebuilds Members.
func (s *State) order() {
	s.Members = s.Members[:0]
	for _, c := range s.Topology.Clients {
		if m := s.members[c.ID]; m != nil {
			s.Members = append(s.Members, m)
		}
	}
}

// Apply makes an event happen. The event has been checked with its topology.
func (s *State) Apply(e topology.Event) {
	switch {
	case e.SetDelay != nil:
		s.setDelay(e.SetDelay)
	case e.Move != nil:
		if m := s.members[e.Move.Client]; m != nil {
			m.SFU = e.Move.To
			m.Incarnation++
		}
	case e.RestartSFU != nil:
		s.down[e.RestartSFU.SFU] = true
	case e.Started != nil:
		delete(s.down, e.Started.SFU)
		s.starts[e.Started.SFU]++
	case e.Mute != nil:
		if m := s.members[e.Mute.Client]; m != nil {
			m.Muted[e.Mute.Kind] = true
		}
	case e.Unmute != nil:
		if m := s.members[e.Unmute.Client]; m != nil {
			delete(m.Muted, e.Unmute.Kind)
		}
	case e.Leave != nil:
		delete(s.members, e.Leave.Client)
		s.order()
	case e.Join != nil:
		s.join(e.Join.Client)
		s.order()
	}
}

func (s *State) setDelay(e *topology.SetDelay) {
	var way *Way
	reverse := false
	if e.Client != "" {
		way = s.ways[e.Client]
	} else {
		i := s.Topology.Link(e.Link[0], e.Link[1])
		way = &s.Links[i].Way
		reverse = s.Links[i].A != e.Link[0]
	}
	if e.Delay != nil {
		way.Delay = *e.Delay
		if reverse {
			way.Delay = way.Delay.Reversed()
		}
	}
	if e.Jitter != nil {
		way.Jitter = time.Duration(*e.Jitter)
	}
	if e.Loss != nil {
		way.Loss = *e.Loss
	}
}
