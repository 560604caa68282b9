package graph

import (
	"slices"
	"strings"
)

// Direction of a stream, seen from the end that reports it.
type Direction uint8

// Directions.
const (
	Inbound  Direction = 1
	Outbound Direction = 2
)

func (d Direction) opposite() Direction { return Inbound + Outbound - d }

// Media says what a stream carries, where known: numbered as in the protocol.
type Media uint8

// StreamFacts is what a report says of a stream.
type StreamFacts struct {
	Direction Direction
	SSRC      uint32
	Media     Media
	// The inbound stream that an SFU's outbound stream forwards; "" where there is none.
	FromTransport string
	FromSSRC      uint32
}

// Stream is one RTP stream at one end of a transport.
type Stream struct {
	T *Transport
	// Data is the caller's.
	Data      any
	SSRC      uint32
	Direction Direction
	Media     Media

	life
	carries *carriage // nil where it never carried another stream
}

// carriage is what an outbound stream of an SFU carries, and lately carried.
type carriage struct {
	now     forward
	earlier []forward // oldest first
}

// forward is the fact that an outbound stream carries an inbound one.
type forward struct {
	id          string     // of the transport
	t           *Transport // once it is known
	ssrc        uint32
	since, seen int64
	from        moment // since when it comes over this transport, whatever the SSRC: simulcast layers come and go
}

// Since is when the stream was first seen.
func (st *Stream) Since() int64 { return st.since }

// At says whether the stream is known to exist at the time.
func (st *Stream) At(at int64) bool { return st.holds(st.T.Owner, at) }

// Ended says that the owner has reported without it.
func (st *Stream) Ended() bool { return st.ended }

// Stream reports one stream within Begin and End, after its transport. Strings are copied where they are kept.
func (g *Graph) Stream(s *Source, t *Transport, f *StreamFacts) *Stream {
	st := g.find(s, t, f)
	if st == nil {
		st = &Stream{T: t, SSRC: f.SSRC, Direction: f.Direction, Media: f.Media}
		st.begin(s)
		if f.FromTransport != "" {
			st.carries = &carriage{now: forward{
				id: strings.Clone(f.FromTransport), ssrc: f.FromSSRC, since: st.since, seen: s.Last, from: moment{st.after, st.since},
			}}
		}
		g.streams[streamKey{t, f.SSRC, f.Direction}] = st
		s.streams = append(s.streams, st)
		s.nextS = len(s.streams)
		g.changed()
		return st
	}
	if st.seen == s.Last {
		if !st.carried(f) { // twice in one report, and not the same
			g.counts.Conflicts++
			st.since = never
			g.changed()
		}
		return st
	}
	if st.ended || st.since == never {
		st.begin(s)
		g.changed()
	}
	if !st.carried(f) {
		st.reforward(f)
		g.changed()
	}
	if f.Media != 0 {
		st.Media = f.Media
	}
	st.seen = s.Last
	if st.carries != nil {
		st.carries.now.seen = s.Last
	}
	return st
}

// maxEarlier bounds the forwards that are remembered; windows close within a few reports.
const maxEarlier = 8

// carried says that the stream still carries what the report says.
func (st *Stream) carried(f *StreamFacts) bool {
	if st.carries == nil {
		return f.FromTransport == ""
	}
	return st.carries.now.ssrc == f.FromSSRC && st.carries.now.id == f.FromTransport
}

// reforward notes that the stream carries something else since this report. What it carried between the report before and
// this one is not known.
func (st *Stream) reforward(f *StreamFacts) {
	s := st.T.Owner
	if st.carries == nil {
		st.carries = &carriage{now: forward{since: st.since, seen: st.seen}}
	}
	c := st.carries
	old := c.now
	if st.since < s.Last { // it held before this report
		if len(c.earlier) == maxEarlier {
			c.earlier = slices.Delete(c.earlier, 0, 1)
		}
		c.earlier = append(c.earlier, old)
	}
	c.now = forward{id: f.FromTransport, ssrc: f.FromSSRC, since: s.Last, seen: s.Last, from: moment{old.seen, s.Last}}
	if old.id == f.FromTransport {
		c.now.id, c.now.t, c.now.from = old.id, old.t, old.from
	} else {
		c.now.id = strings.Clone(f.FromTransport)
	}
}

// forwards is the forward that is known to hold at the time.
func (st *Stream) forwards(at int64) (*forward, bool) {
	c := st.carries
	if c == nil {
		return nil, false
	}
	if at >= c.now.since {
		return &c.now, c.now.id != ""
	}
	for i := len(c.earlier) - 1; i >= 0; i-- {
		if f := &c.earlier[i]; at >= f.since {
			return f, at <= f.seen && f.id != ""
		}
	}
	return nil, false
}

// transport is the one over which the forwarded stream comes in.
func (f *forward) transport(owner *Source) *Transport {
	if f.t == nil || f.t.dropped {
		f.t = owner.lookup(f.id)
	}
	return f.t
}

func (st *Stream) forget(before int64) {
	if c := st.carries; c != nil {
		c.earlier = slices.DeleteFunc(c.earlier, func(f forward) bool { return f.seen < before })
	}
}

func (g *Graph) dropStream(st *Stream) {
	delete(g.streams, streamKey{st.T, st.SSRC, st.Direction})
}

// find looks where the stream was in the report before, and then everywhere.
func (g *Graph) find(s *Source, t *Transport, f *StreamFacts) *Stream {
	if s.nextS < len(s.streams) {
		if st := s.streams[s.nextS]; st.T == t && st.SSRC == f.SSRC && st.Direction == f.Direction {
			s.nextS++
			return st
		}
	}
	st := g.streams[streamKey{t, f.SSRC, f.Direction}]
	if st == nil {
		return nil
	}
	for i := s.nextS + 1; i < len(s.streams) && i < s.nextS+4; i++ {
		if s.streams[i] == st {
			s.nextS = i + 1
			break
		}
	}
	return st
}
