package rtpstats

import "time"

// maxRTT is where a round-trip time stops being one: such values come of clocks and counters gone wrong.
const maxRTT = 10 * time.Second

// RTT is what one source has measured so far.
type RTT struct {
	Latest, Total time.Duration
	Count         uint64
	// MeasuredAt is the local wall clock at the latest measurement.
	MeasuredAt time.Time
}

// Add takes in a measurement, unless it cannot be one.
func (r *RTT) Add(d time.Duration, at time.Time) {
	if d <= 0 || d > maxRTT {
		return
	}
	r.Latest = d
	r.Total += d
	r.Count++
	r.MeasuredAt = at
}

// departures remembers when the last reports left, by the middle 32 bits of their NTP time: the other end names the one
// it answers by those (LSR, RFC 3550 section 6.4.1; LRR, RFC 3611 section 4.5).
type departures struct {
	ring [16]departure // at a report a second, somewhat more than maxRTT
	next int
}

type departure struct {
	ntp uint32
	at  int64
}

func (d *departures) left(ntp uint32, at int64) {
	d.ring[d.next%len(d.ring)] = departure{ntp, at}
	d.next++
}

// of finds the latest departure of a report; a peer that repeats an NTP time means the latest.
func (d *departures) of(ntp uint32) (at int64, ok bool) {
	for i := d.next - 1; i >= 0 && i >= d.next-len(d.ring); i-- {
		if e := d.ring[i%len(d.ring)]; e.ntp == ntp {
			return e.at, true
		}
	}
	return 0, false
}

// shortTime gives a duration in units of 1/65536 s, the unit of DLSR and DLRR.
func shortTime(d time.Duration) uint32 {
	return uint32(uint64(d) * 65536 / uint64(time.Second)) // it wraps as the field does
}

func fromShortTime(v uint32) time.Duration {
	return time.Duration(uint64(v) * uint64(time.Second) / 65536)
}

// ntpTime gives the 64-bit NTP time of t (RFC 5905 section 6).
func ntpTime(t time.Time) uint64 {
	const fromUnix = 2208988800 // seconds from 1900 to 1970
	sec := uint64(t.Unix() + fromUnix)
	frac := uint64(t.Nanosecond()) << 32 / uint64(time.Second)
	return sec<<32 | frac
}

// middle is the compact form of an NTP time.
func middle(ntp uint64) uint32 { return uint32(ntp >> 16) } // the middle 32 bits are meant
