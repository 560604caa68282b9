package janus

// Event is one event, as far as it is of use here.
type Event struct {
	Emitter       string
	Type, Subtype int
	At            int64 // µs since 1970, on the gateway's clock
	Session       string
	Handle        string

	// Name is what became of a session or handle.
	Name string
	// Owner says whose SDP it is, local (the gateway's) or remote; Offer, whether it is one.
	Owner string
	SDP   string
	// Connection is webrtcup or hangup; ICE and DTLS are states. Pair is a newly selected candidate pair.
	Connection, ICE, DTLS string
	Pair                  *Pair
	// Media are the counters of one medium, or of all of a handle's.
	Media []Medium
	// Plugin's event.
	Room RoomEvent
}

// Pair is the candidate pair that a handle's media takes.
type Pair struct{ Local, Remote Candidate }

// Candidate is one end of a pair.
type Candidate struct {
	Address, Type, Transport string
	Port                     uint32
}

// Medium is a media stats event. RTT and jitter are in ms, as Janus gives them.
type Medium struct {
	MID, Kind, Codec             string
	RTT                          uint64
	NTP, LSR, DLSR               uint32 // of the receiver report that the RTT is from, RFC 3550 section 6.4.1; newer versions
	Lost, LostByRemote           int64
	Jitter, JitterRemote         uint64
	PacketsReceived, PacketsSent uint64
	BytesReceived, BytesSent     uint64
	NACKsReceived, NACKsSent     uint64
	Retransmissions, Base        uint64
	REMB                         uint64
}

// RoomEvent is an event of a plugin that has rooms.
type RoomEvent struct {
	Plugin, Event string
	Room, ID      string
	Feed          string // of old versions, where a subscriber has one feed
	Streams       []RoomStream
	HasStreams    bool
}

// RoomStream is a medium of a publisher, or one that a subscriber gets.
type RoomStream struct {
	MID, Kind, Codec string
	FeedID, FeedMID  string
	Active           bool
	Off              bool // not sent on now
}
