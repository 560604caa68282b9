package admit

// Reason is why a sample, or a part of one, was not taken: a word for metrics, answers and dead letters.
type Reason string

// Reasons for refusing a sample.
const (
	// Malformed: the bytes are no Sample, or end too early.
	Malformed Reason = "malformed"
	// TooLarge: the sample has more bytes than allowed.
	TooLarge Reason = "too_large"
	// TooMany: more transports, streams, events or RTTs than allowed.
	TooMany Reason = "too_many"
	// BadUTF8: a text is not valid UTF-8.
	BadUTF8 Reason = "bad_utf8"
	// TextTooLong: an id or a text is longer than allowed.
	TextTooLong Reason = "text_too_long"
	// NoOrigin: neither client nor SFU.
	NoOrigin Reason = "no_origin"
	// TwoOrigins: client and SFU.
	TwoOrigins Reason = "two_origins"
	// NoSource: client_id or sfu_id is missing.
	NoSource Reason = "no_source_id"
	// NoCallID: a client names no call.
	NoCallID Reason = "no_call_id"
	// CallConflict: a transport or stream names another call than what it belongs to.
	CallConflict Reason = "call_conflict"
	// NoSession: session_id is missing.
	NoSession Reason = "no_session_id"
	// NoSequence: sequence is 0.
	NoSequence Reason = "no_sequence"
	// BadTime: sampled_at_us is missing, or is too far from the time of receipt even with the clock offset.
	BadTime Reason = "bad_time"
	// BadInterval: interval_us is negative or beyond all reason.
	BadInterval Reason = "bad_interval"
	// NoTransportID: a transport without an id.
	NoTransportID Reason = "no_transport_id"
	// TransportTwice: two transports with one id.
	TransportTwice Reason = "transport_twice"
	// UnknownTransport: a stream on a transport that the sample does not have.
	UnknownTransport Reason = "unknown_transport"
	// BadDirection: a stream that is neither inbound nor outbound.
	BadDirection Reason = "bad_direction"
	// BadKind: a stream that is neither audio nor video nor unspecified.
	BadKind Reason = "bad_kind"
	// WrongOrigin: a client's token with an SFU's sample, or the other way round.
	WrongOrigin Reason = "wrong_origin"
	// SFUNotAllowed: a token or certificate of another SFU.
	SFUNotAllowed Reason = "sfu_not_allowed"
)

// Forbidden says whether the reason lies in who sends the sample, not in the sample.
func (r Reason) Forbidden() bool { return r == WrongOrigin || r == SFUNotAllowed }

// Reasons for dropping a part of a sample, the rest of which is kept.
const (
	// RTTMissing: an RTT without a value, or without a known source.
	RTTMissing Reason = "rtt_missing"
	// RTTTooLong: an RTT of 10 s or more is a fault of the source, not a distance.
	RTTTooLong Reason = "rtt_too_long"
	// ReceiptForged: only the collector says what it received.
	ReceiptForged Reason = "receipt_forged"
	// UnknownEnum: a descriptive value of a later schema, which becomes "unspecified".
	UnknownEnum Reason = "unknown_enum"
	// CallOverwritten, ClientOverwritten, UserOverwritten, SFUOverwritten: the sample names another than the token, which wins.
	CallOverwritten   Reason = "call_overwritten"
	ClientOverwritten Reason = "client_overwritten"
	UserOverwritten   Reason = "user_overwritten"
	SFUOverwritten    Reason = "sfu_overwritten"
)

// All lists the reasons for refusing a sample.
func All() []Reason {
	return []Reason{
		Malformed, TooLarge, TooMany, BadUTF8, TextTooLong, NoOrigin, TwoOrigins, NoSource, NoCallID, CallConflict, NoSession,
		NoSequence, BadTime, BadInterval, NoTransportID, TransportTwice, UnknownTransport, BadDirection, BadKind,
		WrongOrigin, SFUNotAllowed,
	}
}

// Refusal is the error that says why a sample was refused.
type Refusal struct {
	Reason Reason
	// Detail is a sentence for whoever wrote the probe.
	Detail string
}

func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }
