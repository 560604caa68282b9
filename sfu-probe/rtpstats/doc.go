// Package rtpstats is a Pion interceptor that counts: RTP and RTCP of one PeerConnection pass through it unchanged, but for
// the XR blocks that it adds to reports, and counters, round-trip times and residence times come out as a snapshot.
package rtpstats
