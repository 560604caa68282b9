package graph

import (
	"slices"
	"strings"
)

// Source is a client or an SFU that reports.
type Source struct {
	Kind    Kind
	ID      string
	Session string
	// Data is the caller's.
	Data any
	// Last is the time of the latest report, Before that of the one before it (or an interval earlier).
	Last, Before int64
	// Interval is the time between reports, as the source says.
	Interval int64

	gone       bool
	early      bool         // this report is the first, and what it has was there before
	transports []*Transport // in order of appearance, those that ended lately included
	streams    []*Stream
	byID       map[string]*Transport // only where there are many
	nextT      int                   // where the next transport or stream of a report is looked for first
	nextS      int
}

// holdIntervals is for how many intervals a silent source is believed to be as it was: one report may be lost.
const holdIntervals = 2.5

// Until is the time up to which the source's latest report is believed.
func (s *Source) Until() int64 {
	if s.gone {
		return s.Last
	}
	return s.Last + int64(holdIntervals*float64(s.Interval))
}

// Gone says that the source has left or fallen silent.
func (s *Source) Gone() bool { return s.gone }

// Transports lists the source's transports, in order of appearance, including those that ended lately.
func (s *Source) Transports() []*Transport { return s.transports }

// Streams lists the source's streams, in order of appearance, including those that ended lately.
func (s *Source) Streams() []*Stream { return s.streams }

// Begin opens a report of a source. Transports and Streams follow, then End. Reports of one source come in order of time:
// at must be later than the source's Last. A new session ends whatever the one before had.
func (g *Graph) Begin(kind Kind, id, session string, at, interval int64) *Source {
	g.latest = max(g.latest, at)
	k := sourceKey{kind, id}
	s, ok := g.byID[k]
	if !ok {
		k.id = strings.Clone(id)
		id, session = k.id, strings.Clone(session)
		s = &Source{Kind: kind, ID: id, Session: session, Last: at - interval, gone: true, early: g.Early}
		g.byID[k] = s
		g.sources = append(g.sources, s)
	}
	if s.Session != session {
		g.dropAll(s)
		s.Session = strings.Clone(session)
	}
	s.Interval = interval
	s.Before = s.Last
	if s.gone || at-s.Last > 2*interval {
		s.Before = at - interval
	}
	s.Last, s.gone = at, false
	s.nextT, s.nextS = 0, 0
	return s
}

// End closes a report: what it did not mention has ended.
func (g *Graph) End(s *Source) {
	s.early = false
	for _, t := range s.transports {
		if !t.ended && t.seen != s.Last {
			g.endTransport(t)
		}
	}
	for _, st := range s.streams {
		if !st.ended && st.seen != s.Last {
			st.ended = true
			g.changed()
		}
	}
}

// Leave ends all that the source has: it said so, or has been silent for too long.
func (g *Graph) Leave(s *Source) {
	if s.gone {
		return
	}
	s.gone = true
	g.changed()
	for _, t := range s.transports {
		if !t.ended {
			g.endTransport(t)
		}
	}
	for _, st := range s.streams {
		st.ended = true
	}
}

// Silence lets the sources leave whose latest report is not believed at the time any more. It says whether the belief in
// some other source ends before horizon.
func (g *Graph) Silence(at, horizon int64) (fading bool) {
	for _, s := range g.sources {
		switch until := s.Until(); {
		case s.gone:
		case until < at:
			g.Leave(s)
		case until < horizon:
			fading = true
		}
	}
	return fading
}

// Prune forgets what ended before the time.
func (g *Graph) Prune(before int64) {
	for _, s := range g.sources {
		s.streams = slices.DeleteFunc(s.streams, func(st *Stream) bool {
			if !st.ended || st.seen >= before && !st.T.dropped {
				st.forget(before)
				return false
			}
			g.dropStream(st)
			return true
		})
		s.transports = slices.DeleteFunc(s.transports, func(t *Transport) bool {
			if !t.ended || t.seen >= before {
				return false
			}
			g.dropTransport(s, t)
			return true
		})
	}
	g.sources = slices.DeleteFunc(g.sources, func(s *Source) bool {
		if !s.gone || s.Last >= before || len(s.transports)+len(s.streams) > 0 {
			return false
		}
		delete(g.byID, sourceKey{s.Kind, s.ID})
		return true
	})
}

// dropAll forgets a session at once: its ids may come again and mean something else.
func (g *Graph) dropAll(s *Source) {
	g.Leave(s)
	for _, st := range s.streams {
		g.dropStream(st)
	}
	for _, t := range s.transports {
		g.dropTransport(s, t)
	}
	s.streams, s.transports, s.byID = nil, nil, nil
	g.changed()
}
