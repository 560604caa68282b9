package observertc

import (
	"fmt"

	"github.com/go-faster/jx"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Codec is how the samples of a connection are written.
type Codec string

// Codecs.
const (
	// JSON: each message is a sample by itself.
	JSON Codec = "json"
	// JSONDelta: @observertc/samples-json-codec. A message is a sample without what has not changed.
	JSONDelta Codec = "json-delta"
	// Protobuf: @observertc/samples-protobuf-codec, and samples-encoder before it. A message has what has changed.
	Protobuf Codec = "protobuf"
)

// Stream reads the samples of one connection. Of the delta codecs it keeps the latest sample, in memory that its limits
// bound. It is not safe for concurrent use.
type Stream struct {
	codec   Codec
	options Options
	limits  Limits
	plain   *Decoder
	fields  *fields

	json        jx.Decoder
	now, before *clientSample
	begun       bool
	mem         memory
}

// FrameBytes bounds a message of a delta codec, and so what is remembered of it.
const FrameBytes = 1 << 20

// NewStream makes the reader of a connection. schema names the version of the schema that a protobuf codec was generated
// from, since each has its own field numbers; "" is the latest.
func NewStream(codec Codec, schema string, o Options, limits Limits) (*Stream, error) {
	s := &Stream{codec: codec, options: o, limits: limits}
	switch codec {
	case JSON:
		s.plain = NewDecoder(limits)
		return s, nil
	case JSONDelta:
	case Protobuf:
		if s.fields = fieldsOf(schema); s.fields == nil {
			return nil, fail(Unsupported, "schema %q is not known; use one of %v", cut(schema), Schemas())
		}
	default:
		return nil, fail(Unsupported, "codec %q is not known; use %s, %s or %s", cut(string(codec)), JSON, JSONDelta, Protobuf)
	}
	s.now, s.before = &clientSample{}, &clientSample{}
	return s, nil
}

func cut(s string) string {
	if len(s) > 32 {
		return s[:32] + "..."
	}
	return s
}

// Decode reads one message. After an error of a delta codec the connection is of no more use: what follows builds on what
// could not be read.
func (s *Stream) Decode(frame []byte) (*earshotv1.Sample, error) {
	if s.codec == JSON {
		return s.decodePlain(frame)
	}
	if len(frame) > FrameBytes {
		return nil, fail(TooMany, "the message has %d bytes, at most %d are allowed", len(frame), FrameBytes)
	}
	s.now.reset()
	before := s.before
	if !s.begun {
		before = &clientSample{}
	}
	s.now.inherit(before)
	var err error
	if s.codec == JSONDelta {
		err = s.decodeJSON(frame, before)
	} else {
		err = s.fields.read(frame, s.now, before, s.limits.Objects)
	}
	if err != nil {
		return nil, err
	}
	if s.now.at == 0 {
		return nil, fail(Desync, "no timestamp was ever sent on this connection%s", s.hint())
	}
	out, err := makeClient(s.now, &s.options, &s.mem)
	s.now, s.before, s.begun = s.before, s.now, true
	return out, err
}

// hint says what is likely wrong when nothing makes sense.
func (s *Stream) hint() string {
	if s.codec == Protobuf {
		return fmt.Sprintf("; the field numbers are those of schema %s, is it the monitor's?", s.fields.schema)
	}
	return ""
}

func (s *Stream) decodePlain(frame []byte) (*earshotv1.Sample, error) {
	out, err := s.plain.Decode(frame, &s.options)
	if err == nil && out.Client != nil {
		s.mem.follow(&s.plain.client, out, &s.options)
	}
	return out, err
}

func (s *Stream) decodeJSON(frame []byte, before *clientSample) error {
	limits := s.limits
	limits.Pads = limits.Objects
	if _, err := check(frame, limits); err != nil {
		return err
	}
	s.json.ResetBytes(frame)
	if err := readClient(&s.json, s.now, before); err != nil {
		return malformed(err)
	}
	return end(&s.json)
}

// inherit begins a sample as what was known before, without its lists.
func (s *clientSample) inherit(from *clientSample) {
	s.at, s.callID, s.clientID, s.roomID, s.userID = from.at, from.callID, from.clientID, from.roomID, from.userID
	s.session, s.app, s.last, s.lastIssue = from.session, from.app, from.last, from.lastIssue
}
