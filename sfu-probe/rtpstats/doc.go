// Package rtpstats is a Pion interceptor that counts: the RTP and RTCP of one PeerConnection pass through it, and
// counters, round-trip times and residence times come out when asked for.
//
// Packets pass unchanged, but for RTCP XR blocks (RFC 3611) that it adds to reports: a receiver reference time beside a
// receiver report, so that this end can measure as a receiver of media, and a DLRR beside a sender report, so that the
// other end can.
//
// Round-trip times come from report blocks in receiver AND sender reports and from DLRR blocks, against this package's own
// note of when the report they answer left: that is exact to the nanosecond clock, where the compact NTP time of the
// report itself has a grain of 15 microseconds and follows the wall clock. The answering end states its delay in units of
// 1/65536 s, so a measurement is still truncated by up to 15 microseconds.
//
// Pion hands RTCP to an interceptor only while the application reads it; a report that nobody reads measures nothing, and
// one read late is too long by that much.
package rtpstats
