package partition

import (
	"strings"

	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/window"
)

// source is a client or an SFU as one call knows it.
type source struct {
	kind   graph.Kind
	id     string
	node   *graph.Source // as of its latest report that was used
	report window.Report

	who identity

	sessions []session // the current one is the last
}

// session is one run of a probe.
type session struct {
	id    string
	clock window.Clock
	last  uint64            // highest sequence number
	seen  [seenWords]uint64 // whether last-i was seen, bit by bit
}

// seenWords times 64 sequence numbers are remembered: what a probe may hold back and send again after a reconnect.
const seenWords = 4

// maxSessions is how many sessions of a source are remembered.
const maxSessions = 4

// verdict is what to do with a sample.
type verdict uint8

const (
	fresh verdict = iota
	seenBefore
	outOfOrder
	ofOldSession
)

// admit recognises repeats by session and sequence number, and what has been overtaken.
func (s *source) admit(id string, clock window.Clock, sequence uint64, at int64) verdict {
	current := len(s.sessions) - 1
	for i := range s.sessions {
		n := &s.sessions[i]
		if n.id != id {
			continue
		}
		n.clock = clock
		if sequence != 0 && !n.note(sequence) {
			return seenBefore
		}
		if i != current {
			return ofOldSession
		}
		if at <= s.last() {
			return outOfOrder
		}
		return fresh
	}
	n := session{id: strings.Clone(id), clock: clock}
	n.note(sequence)
	if current >= 0 && at <= s.last() {
		// One that had ended before this one began; remembered for its repeats.
		s.sessions = append([]session{n}, s.sessions...)
		if len(s.sessions) > maxSessions {
			s.sessions = s.sessions[1:]
		}
		return ofOldSession
	}
	if len(s.sessions) == maxSessions {
		s.sessions = append(s.sessions[:0], s.sessions[1:]...)
	}
	s.sessions = append(s.sessions, n)
	return fresh
}

// clockOf returns what is known of the clock of a session.
func (s *source) clockOf(id string) window.Clock {
	for i := range s.sessions {
		if s.sessions[i].id == id {
			return s.sessions[i].clock
		}
	}
	return window.Clock{}
}

func (s *source) last() int64 {
	if s.node == nil {
		return -1 << 62
	}
	return s.node.Last
}

// sessionName returns the kept copy of a session's id.
func (s *source) sessionName(id string) string {
	for i := len(s.sessions) - 1; i >= 0; i-- {
		if s.sessions[i].id == id {
			return s.sessions[i].id
		}
	}
	return strings.Clone(id)
}

// note records a sequence number; false says that it was there before.
func (n *session) note(sequence uint64) bool {
	if sequence > n.last {
		n.shift(sequence - n.last)
		n.last = sequence
		n.seen[0] |= 1
		return true
	}
	back := n.last - sequence
	if back >= seenWords*64 {
		return true // older than what is remembered
	}
	bit := uint64(1) << (back % 64)
	if n.seen[back/64]&bit != 0 {
		return false
	}
	n.seen[back/64] |= bit
	return true
}

func (n *session) shift(by uint64) {
	for ; by >= 64; by -= 64 {
		copy(n.seen[1:], n.seen[:seenWords-1])
		n.seen[0] = 0
		if by > seenWords*64 {
			by = by%64 + seenWords*64
		}
	}
	if by == 0 {
		return
	}
	for i := seenWords - 1; i > 0; i-- {
		n.seen[i] = n.seen[i]<<by | n.seen[i-1]>>(64-by)
	}
	n.seen[0] <<= by
}
