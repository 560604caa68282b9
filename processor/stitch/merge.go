package stitch

import "slices"

// Merge gathers what the streams of one transport measured between two samples. They all measure the same link, so a sample
// gives one value per source: the median over its streams. The zero value is ready to use, and again after Flush.
type Merge struct {
	used [sources]pile
}

type pile struct {
	us, low []uint32
	at      int64
	count   uint32
	slow    bool
}

// Add takes in a measurement. slow says that it comes from audio, which is reported less often.
func (m *Merge) Add(s Source, v Measurement, slow bool) {
	p := &m.used[s-1]
	if len(p.us) == 0 {
		p.at, p.count, p.slow = v.At, v.Count, slow
	}
	p.us, p.low = append(p.us, v.Us), append(p.low, v.LowUs)
	p.at, p.count, p.slow = max(p.at, v.At), max(p.count, v.Count), p.slow || slow
}

// Flush gives one point per source to the end. Measurements whose own time is not known, or not after the one before, were
// taken when the sample was.
func (m *Merge) Flush(e *End, sampledAt, interval int64) {
	for i := range m.used {
		p := &m.used[i]
		if len(p.us) == 0 {
			continue
		}
		s := e.series[i]
		if s == nil {
			s = &Series{source: Source(i + 1)}
			e.series[i] = s
		}
		at := p.at
		if at <= s.last() || at > sampledAt+clockSlack || at < sampledAt-maxAge {
			at = sampledAt
		}
		s.add(point{at: at, us: middle(p.us), low: slices.Min(p.low)}, p.slow, p.count, interval)
		p.us, p.low = p.us[:0], p.low[:0]
	}
}

// clockSlack is how far after its sample a measurement may claim to be: getStats reads several clocks.
const clockSlack = 1_000_000

// middle is the median: of an even number the mean of the two in the middle, since the lower one alone would lean to the low
// side of a network's jitter. It sorts its argument.
func middle(v []uint32) uint32 {
	n := len(v)
	if n == 1 {
		return v[0]
	}
	slices.Sort(v)
	low, high := v[(n-1)/2], v[n/2]
	return low + (high-low)/2
}
