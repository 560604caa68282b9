// Package livekit reports a LiveKit server that knows nothing of Earshot: what its HTTP interfaces say of rooms, participants and
// tracks flows in, at a steady pace, and samples of an SFU flow out to a collector.
//
// There are two, and the adapter takes what it finds:
//
//   - /debug/rooms, which a node serves where its configuration says `development: true`: every track with the SSRCs that come in,
//     and everyone it is sent to with the SSRC and the simulcast layer that goes out. That is all a path wants.
//   - RoomService, which every server has: every track with the SSRCs of its video layers, but nothing of who receives it and by
//     which SSRC. With this alone paths stay partial.
//
// Neither tells round-trip times, certificates or addresses. Those are the clients' to tell: an end at LiveKit finds the
// client's by their SSRCs, and the client measures the link alone.
package livekit
