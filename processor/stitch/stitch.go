// Package stitch turns round-trip times of single hops into those of paths. Readings of running counters go in, per end of
// a link and source; what comes out is, for a link and an instant, the round-trip time with its error, and for a path the sum over
// its hops.
//
// The rules it keeps:
//
//  1. A measurement exists only when its counter advanced (Counter).
//  2. Sources are biased differently and are never averaged together (Choice); all streams of a transport measure one link (Merge).
//  3. Either end can measure (Link).
//  4. A hop's value is its latest as of the instant, within a time to live (Series).
//  5. Missing is not zero (Status).
//  6. Values from before an epoch are not used (Link.Since).
//  7. Every value has an error band (Estimate, Sum).
//  8. Hops are summed per instant; medians are taken of sums (Sum, Median).
//
// Times are microseconds of event time, durations too where their names do not say otherwise. The package reads no clock.
package stitch

// Source is where a round-trip time comes from, numbered as in the protocol.
type Source uint8

// Sources.
const (
	RTCPRR Source = iota + 1
	RTCPXR
	STUN
	SCTP
	Probe
	sources = int(Probe)
)

// Valid says that the number is one of a source.
func (s Source) Valid() bool { return s >= RTCPRR && s <= Probe }

// What a measurement can be: above 0 and at most 10 s.
const maxRTT = 10_000_000

// Times to live, three expected intervals each: RTCP reports come every 5 s for audio and about every second for video
// (RFC 3550 section 6.2), consent checks every 5 s or less (RFC 7675 section 5.1).
const (
	ttlSlow = 15_000_000
	ttlFast = 5_000_000
	ttlSTUN = 10_000_000
)

// Status says how a value is known.
type Status uint8

// Statuses of a hop.
const (
	Measured Status = 1
	Imputed  Status = 2
	Missing  Status = 3
)
