package row

// The values of enumerations are those of the columns, and of the protocol where it has the same.

// Kind is what a source of samples is.
type Kind int8

// Kinds of sources. KindUnknown stands for an end that does not report.
const (
	KindUnknown Kind = iota
	KindClient
	KindSFU
)

// Direction of a stream, seen from the end that reports it.
type Direction int8

// Directions.
const (
	Inbound  Direction = 1
	Outbound Direction = 2
)

// Media is the kind of a track.
type Media int8

// Kinds of media.
const (
	MediaUnknown Media = iota
	Audio
	Video
)

// RTTSource is where a round-trip time comes from.
type RTTSource int8

// Sources of round-trip times.
const (
	SourceNone RTTSource = iota
	RTCPRR
	RTCPXR
	STUN
	SCTP
	Probe
)

// PairedBy is what brought the two ends of a link together.
type PairedBy int8

// Evidence, strongest first.
const (
	Unpaired PairedBy = iota
	ByLinkKey
	Explicit
	ByUfrag
	ByAddress
	BySSRC
)

// End says which end of a link is meant.
type End int8

// Ends.
const (
	NoEnd End = iota
	FromEnd
	ToEnd
)

// Candidate is an ICE candidate type.
type Candidate int8

// Candidate types.
const (
	CandidateUnknown Candidate = iota
	Host
	Srflx
	Prflx
	Relay
)

// Protocol is a transport protocol.
type Protocol int8

// Protocols.
const (
	ProtocolUnknown Protocol = iota
	UDP
	TCP
	TLS
)

// Status says how far a path's round-trip time is known.
type Status int8

// Statuses of a path.
const (
	// Complete: every hop was measured within its time to live.
	Complete Status = 1
	// Imputed: at least one hop has an older value of the same link.
	Imputed Status = 2
	// Partial: at least one hop is not known; there is a lower bound only.
	Partial Status = 3
)

// HopStatus says how a hop's round-trip time is known.
type HopStatus int8

// Statuses of a hop.
const (
	HopMeasured HopStatus = 1
	HopImputed  HopStatus = 2
	HopMissing  HopStatus = 3
)

// Blame says which part of a path spoiled a bad window.
type Blame int8

// Whom to blame, from the subscriber's side. BlameNone stands for good windows, and for bad ones of which it cannot be told.
const (
	BlameNone     Blame = iota
	BlameSender         // the publisher's device
	BlameReceiver       // the subscriber's device
	BlameUplink         // the publisher's first hop
	BlameDownlink       // the subscriber's last hop
	BlameSFULink        // a hop between, or an SFU
)

// Limitation is what kept an encoder from sending all it was asked for.
type Limitation int8

// Limitations.
const (
	LimitationUnknown Limitation = iota
	LimitationNone
	LimitationCPU
	LimitationBandwidth
	LimitationOther
)

// ICEState is the state of an ICE transport.
type ICEState int8

// ICEStateClosed is the last of the states, which are numbered as in the protocol.
const ICEStateClosed ICEState = 7

// EventType is what an event is about.
type EventType int8

// EventCustom is the last of the types, which are numbered as in the protocol.
const EventCustom EventType = 12
