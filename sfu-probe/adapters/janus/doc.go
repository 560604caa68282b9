// Package janus reports a Janus gateway that knows nothing of Earshot: what its admin API says of sessions, handles and
// VideoRooms flows in, at a steady pace, and samples of an SFU flow out to a collector.
//
// The admin API tells at any moment all that a sample wants: both DTLS fingerprints and ICE ufrags of a handle, the SSRC of
// every medium in either direction, those of simulcast layers too, which publisher's medium a subscriber gets and in which
// layer, the round-trip times of receivers' reports, counters and states. So the adapter keeps next to nothing, may be
// started, stopped and restarted at any time, and needs no event handler. docs/janus.md compares it with the events, which
// the collector reads by itself: one gateway is reported in one of the two ways, never in both.
//
// It is made for Janus 1.0 and later (multistream).
package janus
