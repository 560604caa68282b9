package stitch

// depth is how many points a series remembers.
const depth = 12

// maxAge is how old a point may be to say anything about now.
const maxAge = 60_000_000

// point is what one sample said of one source: one measurement, or the mean of several.
type point struct {
	at  int64
	us  uint32
	low uint32 // the lowest single measurement known
}

// Series is what one source at one end has measured lately.
type Series struct {
	ring     [depth]point
	n, head  uint8  // head is where the next point goes
	slow     uint16 // which of the ring are audio's
	source   Source
	interval int64   // between samples
	total    uint32  // measurements so far
	bias     float32 // µs, learned; 0 = not yet
}

// End holds what is measured at one end of a link.
type End struct {
	series [sources]*Series
	// Choice is the source that the link goes by; it is kept at the end that sorts first.
	Choice Choice
}

// Reset forgets everything: the end is another's now.
func (e *End) Reset() { *e = End{} }

func (s *Series) last() int64 {
	if s.n == 0 {
		return 0
	}
	return s.ring[(s.head+depth-1)%depth].at
}

func (s *Series) add(p point, slow bool, count uint32, interval int64) {
	s.ring[s.head] = p
	s.slow &^= 1 << s.head
	if slow {
		s.slow |= 1 << s.head
	}
	s.head = (s.head + 1) % depth
	s.n = min(s.n+1, depth)
	s.total += count
	s.interval = interval
}

// ttl is how long the point in place i of the ring may stand for the present. Where samples are rarer than reports, a point
// must last until the next sample.
func (s *Series) ttl(i uint8) int64 {
	ttl := int64(ttlSTUN)
	if s.source == RTCPRR || s.source == RTCPXR {
		ttl = ttlFast
		if s.slow&(1<<i) != 0 {
			ttl = ttlSlow
		}
	}
	return max(ttl, min(s.interval*3/2, ttlSlow))
}

// history is the points of a series up to an instant, newest first.
type history struct {
	us, low [depth]float32
	at      [depth]int64
	n       int
	until   int64 // when the last of them is too old to stand for the present
}

// asOf collects the points up to an instant that are young enough to say anything about it.
func (s *Series) asOf(at int64, h *history) bool {
	h.n, h.until = 0, 0
	for k := range s.n {
		i := (s.head + depth - 1 - k) % depth
		p := &s.ring[i]
		if p.at > at {
			continue
		}
		if p.at < at-maxAge {
			break
		}
		h.until = max(h.until, p.at+s.ttl(i))
		h.us[h.n], h.low[h.n], h.at[h.n] = float32(p.us), float32(p.low), p.at
		h.n++
	}
	return h.n > 0
}
