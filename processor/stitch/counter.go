package stitch

// Reading is what a sample says of one source of round-trip times: the latest value, and the running total and number of all.
type Reading struct {
	Source     Source
	LatestUs   uint64
	TotalUs    uint64
	Count      uint64
	MeasuredAt int64 // event time; 0 = not known
}

// Measurement is what is new in a reading.
type Measurement struct {
	// At is when the latest of it was taken, 0 where that is not known.
	At int64
	// Us is the mean of what is new, LowUs the lowest that is known of it.
	Us, LowUs uint32
	// Count is how many measurements it stands for.
	Count uint32
}

// Counter remembers the reading before, of one stream or transport and source.
type Counter struct {
	Source     Source
	seen       bool
	latest     uint64
	total      uint64
	count      uint64
	measuredAt int64
}

// Next takes a reading in and returns what is new. A measurement exists only when the count advanced, or, where there is no
// count, when the value or the time of the report changed. Counters that went back have begun anew, at an ICE restart or a
// re-join; of those, and of the first reading, the latest value counts.
func (c *Counter) Next(r Reading) (m Measurement, ok bool) {
	was := *c
	*c = Counter{Source: r.Source, seen: true, latest: r.LatestUs, total: r.TotalUs, count: r.Count, measuredAt: r.MeasuredAt}
	latest := r.LatestUs
	switch {
	case r.Count == 0:
		if was.seen && was.count == 0 && was.latest == latest && was.measuredAt == r.MeasuredAt {
			return m, false
		}
		m = Measurement{Us: sane(latest), Count: 1}
	case was.seen && r.Count == was.count:
		return m, false
	case was.seen && r.Count > was.count && r.TotalUs > was.total:
		n := r.Count - was.count
		m = Measurement{Us: sane((r.TotalUs - was.total) / n), Count: uint32(min(n, 1<<16))}
	default:
		if latest == 0 && r.TotalUs > 0 {
			latest = r.TotalUs / r.Count
		}
		m = Measurement{Us: sane(latest), Count: 1}
	}
	if m.Us == 0 {
		return m, false
	}
	m.At, m.LowUs = r.MeasuredAt, m.Us
	if l := sane(r.LatestUs); l != 0 {
		m.LowUs = min(m.LowUs, l)
	}
	return m, true
}

// sane returns the value, or 0 where it cannot be one.
func sane(us uint64) uint32 {
	if us > maxRTT {
		return 0
	}
	return uint32(us)
}
