package regression

import (
	"math"
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/processor/regression/rank"
)

// How many calls of each hop, and of each pair of regions, a Profile keeps: with 64 a median is within 0.16 standard deviations, and a
// value above all of them has a p-value of 1/65 by itself and of 1/47,000 three times over.
const (
	keepUnits = 64
	keepWays  = 48
)

// Profile is how round-trip times were distributed in some span of time: of each hop a fair sample of calls, one value of each, however
// long the span. A hop takes about 1 KB, a pair of regions 3 KB, and a link 2 KB.
type Profile struct {
	names *names
	hops  []reservoir[float32]          // by number: links, cells, strata, people, cores, direct pairs
	turns map[int32]*reservoir[float32] // of links: not calls but what any call had in any window
	ways  map[int32]*reservoir[way]
	level []float32 // medians of hops, as far as asked for; 0 = not yet
	// What another profile knows from enough windows is not taken.
	beyond *Profile
	enough int32
}

// NewProfile makes an empty Profile for use with this Detector.
func (d *Detector) NewProfile() *Profile { return newProfile(d.names) }

func newProfile(n *names) *Profile {
	return &Profile{names: n, turns: map[int32]*reservoir[float32]{}, ways: map[int32]*reservoir[way]{}}
}

// Add takes a window of the span, all its observations at once. The order of windows does not matter.
func (p *Profile) Add(start time.Time, observations []Observation) {
	p.take(p.names.digest(start, observations))
}

func (p *Profile) take(w *window) {
	p.level = p.level[:0]
	turn := mix(uint64(w.start))
	for _, u := range w.links {
		if !p.wants(u.of) {
			continue
		}
		pick := mix(u.call ^ turn)
		p.add(w, u.of, u.call, pick, u.ms)
		t := p.turns[u.of]
		if t == nil {
			t = &reservoir[float32]{}
			p.turns[u.of] = t
		}
		t.add(keepUnits, w.start, kept[float32]{pick, 0, u.ms})
	}
	for _, u := range w.access {
		c := p.names.cells[u.of]
		pick := mix(u.call ^ turn ^ uint64(math.Float32bits(u.ms)))
		for _, of := range [...]int32{c.self, c.stratum, c.people, c.version} {
			if of != none && p.wants(of) {
				p.add(w, of, u.call, pick, u.ms)
			}
		}
	}
	for i := range w.ways {
		y := &w.ways[i]
		if !p.wantsWays(y.at) {
			continue
		}
		pick := mix(y.call ^ turn ^ uint64(math.Float32bits(y.rtt)))
		if p.names.of[y.at].kind == directKind {
			p.add(w, y.at, y.call, pick, y.rtt)
		} else if y.core >= 0 {
			p.add(w, p.names.cores[y.at], y.call, pick, y.core)
		}
		r := p.ways[y.at]
		if r == nil {
			r = &reservoir[way]{}
			p.ways[y.at] = r
		}
		r.add(keepWays, w.start, kept[way]{y.call, uint32(pick), *y})
	}
}

func (p *Profile) wants(of int32) bool {
	return p.beyond == nil || int(of) >= len(p.beyond.hops) || p.beyond.hops[of].windows < p.enough
}

func (p *Profile) wantsWays(pair int32) bool {
	return p.beyond == nil || p.beyond.waysOf(pair).windows < p.enough
}

func (p *Profile) add(w *window, of int32, call, pick uint64, ms float32) {
	p.grow(of)
	p.hops[of].add(keepUnits, w.start, kept[float32]{call, uint32(pick), ms})
}

func (p *Profile) grow(of int32) {
	if int(of) >= len(p.hops) {
		p.hops = append(p.hops, make([]reservoir[float32], max(int(of)+1-len(p.hops), len(p.hops)/2))...)
	}
}

// merge adds another span's.
func (p *Profile) merge(o *Profile) {
	p.level = p.level[:0]
	if n := len(o.hops); n > 0 {
		p.grow(int32(n - 1))
	}
	for i := range o.hops {
		p.hops[i].merge(keepUnits, &o.hops[i])
	}
	for of, r := range o.turns {
		if p.turns[of] == nil {
			p.turns[of] = &reservoir[float32]{}
		}
		p.turns[of].merge(keepUnits, r)
	}
	for of, r := range o.ways {
		if p.ways[of] == nil {
			p.ways[of] = &reservoir[way]{}
		}
		p.ways[of].merge(keepWays, r)
	}
}

func (p *Profile) hop(of int32) reservoir[float32] {
	if of < 0 || int(of) >= len(p.hops) {
		return reservoir[float32]{}
	}
	return p.hops[of]
}

func (p *Profile) turnsOf(link int32) reservoir[float32] {
	if r := p.turns[link]; r != nil {
		return *r
	}
	return reservoir[float32]{}
}

func (p *Profile) waysOf(pair int32) reservoir[way] {
	if r := p.ways[pair]; r != nil {
		return *r
	}
	return reservoir[way]{}
}

func values(r reservoir[float32], into []float64) []float64 {
	for _, k := range r.kept {
		into = append(into, float64(k.value))
	}
	return into
}

// median is the level of a hop, NaN where it is not known.
func (p *Profile) median(of int32) float64 {
	r := p.hop(of)
	if len(r.kept) == 0 {
		return math.NaN()
	}
	if int(of) >= len(p.level) {
		p.level = append(p.level, make([]float32, len(p.hops)-len(p.level))...)
	}
	if p.level[of] == 0 {
		var buffer [keepUnits]float64
		v := values(r, buffer[:0])
		slices.Sort(v)
		p.level[of] = float32(rank.Median(v))
	}
	return float64(p.level[of])
}
