package regression

import "math"

// layer is one reference. A segment is slower only if it is so by each that knows it: slower than usual at this hour, and slower than
// it was shortly before. The one is not misled by the time of day, the other not by a change that happened days ago.
type layer struct {
	cfg *Config
	// Of these the first that knows enough of a segment answers. tainted is for segments that had a regression, of which that time does
	// not count.
	clean, tainted []*lazy
	taint          map[int32]bool
	levels         []float64 // as far as asked for; 0 = not yet
}

// lazy is a Profile that is made when it is first asked for.
type lazy struct {
	make func() *Profile
	made *Profile
}

func (z *lazy) get() *Profile {
	if z.made == nil {
		z.made = z.make()
	}
	return z.made
}

// of is what answers for a hop: nil where too little is known.
func (l *layer) of(number int32) *Profile {
	profiles := l.clean
	if l.taint[number] {
		profiles = l.tainted
	}
	for _, z := range profiles {
		p := z.get()
		if r := p.hop(number); int(r.windows) >= l.cfg.MinReference && l.calls(number, len(r.kept), p) {
			return p
		}
	}
	return nil
}

// calls says whether so many calls tell a level. Between SFUs any will do: no caller's own trouble shows there. What people have whatever
// their SFU is only for a comparison of paths, which differ by more than people do.
func (l *layer) calls(number int32, n int, p *Profile) bool {
	switch p.names.of[number].kind {
	case linkKind, coreKind:
		return n > 0
	case peopleKind:
		return n >= l.cfg.MinCalls/2
	}
	return n >= l.cfg.MinCalls
}

// ofWays is what answers for a pair of regions.
func (l *layer) ofWays(pair int32) *Profile {
	profiles := l.clean
	if l.taint[pair] {
		profiles = l.tainted
	}
	for _, z := range profiles {
		p := z.get()
		if r := p.waysOf(pair); int(r.windows) >= l.cfg.MinReference && len(r.kept) >= l.cfg.MinCalls {
			return p
		}
	}
	return nil
}

// level is the RTT of a hop in the reference, NaN where it is not known.
func (l *layer) level(number int32) float64 {
	if int(number) >= len(l.levels) {
		l.levels = append(l.levels, make([]float64, int(number)+1)...)
	}
	if l.levels[number] == 0 {
		l.levels[number] = math.NaN()
		if p := l.of(number); p != nil {
			l.levels[number] = p.median(number)
		}
	}
	return l.levels[number]
}
