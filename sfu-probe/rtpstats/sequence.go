package rtpstats

// sequence follows the sequence numbers of a stream (RFC 3550 appendix A.1) and knows which of the last ones it has seen.
type sequence struct {
	started bool
	max     uint16
	cycles  uint32
	base    int64
	bad     uint32 // what would come next if the source had started anew
	earlier int64  // expected before the source started anew
	window  [window / 64]uint64
}

const (
	window      = 1024
	maxDropout  = 3000
	maxMisorder = window
	noBad       = 1 << 16
)

type arrival int

const (
	newest   arrival = iota // ahead of all before
	late                    // behind, not seen before
	repeated                // seen before
	strange                 // a jump; it counts as newest if the next one follows it
)

func (s *sequence) add(seq uint16) arrival {
	if !s.started {
		s.start(seq)
		return newest
	}
	switch ahead := seq - s.max; {
	case ahead == 0:
		return repeated
	case ahead < maxDropout:
		s.advance(seq, ahead)
		return newest
	case s.max-seq < maxMisorder:
		if s.has(seq) {
			return repeated
		}
		s.mark(seq)
		return late
	case uint32(seq) == s.bad: // two in a row: the source has started anew
		s.earlier = s.expected()
		s.start(seq)
		s.base-- // the strange one counts
		return newest
	default:
		s.bad = uint32(seq + 1)
		return strange
	}
}

func (s *sequence) start(seq uint16) {
	*s = sequence{started: true, max: seq, base: int64(seq), bad: noBad, earlier: s.earlier}
	s.mark(seq)
}

func (s *sequence) advance(seq, ahead uint16) {
	if seq < s.max {
		s.cycles += 1 << 16
	}
	if ahead >= window {
		s.window = [window / 64]uint64{}
	} else {
		for n := s.max + 1; n != seq; n++ {
			s.window[n%window/64] &^= 1 << (n % 64)
		}
	}
	s.max = seq
	s.mark(seq)
}

func (s *sequence) mark(seq uint16)     { s.window[seq%window/64] |= 1 << (seq % 64) }
func (s *sequence) has(seq uint16) bool { return s.window[seq%window/64]&(1<<(seq%64)) != 0 }

// expected is how many packets the sequence numbers say there were.
func (s *sequence) expected() int64 {
	if !s.started {
		return 0
	}
	return s.earlier + int64(s.cycles+uint32(s.max)) - s.base + 1
}
