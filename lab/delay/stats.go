package delay

import (
	"sync/atomic"
	"time"
)

// Stats says what a line did.
type Stats struct {
	Released uint64 // sent on at their time
	Lost     uint64 // taken by the path's loss
	Dropped  uint64 // refused because the line was full
	// Median and P99 are how much later than nominal packets were released, early ones being negative; resolution 10 us.
	Median, P99 time.Duration
}

const (
	bucketNanos = 10_000
	bucketZero  = 100 // buckets for early releases
	buckets     = 1100
)

type counters struct {
	lost, dropped atomic.Uint64
	late          [buckets]atomic.Uint64
}

func (c *counters) release(late int64) {
	i := late/bucketNanos + bucketZero
	if late < 0 {
		i--
	}
	c.late[min(max(i, 0), buckets-1)].Add(1)
}

// Stats may be asked for at any time.
func (l *Line) Stats() Stats {
	s := Stats{Lost: l.stats.lost.Load(), Dropped: l.stats.dropped.Load()}
	var counts [buckets]uint64
	for i := range counts {
		counts[i] = l.stats.late[i].Load()
		s.Released += counts[i]
	}
	s.Median, s.P99 = quantile(counts[:], s.Released, 0.5), quantile(counts[:], s.Released, 0.99)
	return s
}

func quantile(counts []uint64, total uint64, q float64) time.Duration {
	var seen uint64
	for i, n := range counts {
		if seen += n; n > 0 && float64(seen) >= q*float64(total) {
			return time.Duration((i-bucketZero)*bucketNanos + bucketNanos/2)
		}
	}
	return 0
}
