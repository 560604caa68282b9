package janus

import (
	"bytes"
	"errors"
	"math"

	"github.com/go-faster/jx"
)

// Reader reads events. It keeps its memory from one to the next, and is not safe for concurrent use.
type Reader struct {
	limits Limits
	json   jx.Decoder
}

// NewReader makes a Reader.
func NewReader(limits Limits) *Reader { return &Reader{limits: limits} }

// ErrTooManyEvents says that a post holds more events than allowed.
var ErrTooManyEvents = errors.New("too many events in one post")

// Walk gives every event of a post to each: of an array, or one by itself.
func Walk(body []byte, limits Limits, most int, each func(raw []byte)) error {
	if err := shallow(body, limits.Depth+1); err != nil {
		return err
	}
	d := jx.DecodeBytes(body)
	n := 0
	event := func(d *jx.Decoder) error {
		raw, err := d.Raw()
		if err != nil {
			return err
		}
		if n++; n > most {
			return ErrTooManyEvents
		}
		each(raw)
		return nil
	}
	var err error
	switch d.Next() {
	case jx.Array:
		err = d.Arr(event)
	case jx.Object:
		err = event(d)
	default:
		return fail(Malformed, "neither an object nor an array")
	}
	if errors.Is(err, ErrTooManyEvents) {
		return ErrTooManyEvents
	}
	if err != nil {
		return malformed(err)
	}
	if d.Next() != jx.Invalid {
		return fail(Malformed, "something follows the JSON value")
	}
	return nil
}

// shallow refuses JSON that nests too deep before anything follows it down.
func shallow(raw []byte, most int) error {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			if depth++; depth > most {
				return fail(TooDeep, "JSON nested deeper than %d", most)
			}
		case '}', ']':
			depth--
		}
	}
	return nil
}

func malformed(err error) error {
	var ours *Error
	if errors.As(err, &ours) {
		return ours
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	text := err.Error()
	return fail(Malformed, "not an event of Janus: %s", text[:min(len(text), 120)])
}

// Read reads one event. Errors are *Error.
func (r *Reader) Read(raw []byte) (*Event, error) {
	if err := shallow(raw, r.limits.Depth); err != nil {
		return nil, err
	}
	d := &r.json
	d.ResetBytes(raw)
	e := &Event{}
	var body []byte
	err := d.ObjBytes(func(d *jx.Decoder, key []byte) (err error) {
		switch string(key) {
		case "emitter":
			e.Emitter, err = text(d)
		case "type":
			e.Type, err = small(d)
		case "subtype":
			e.Subtype, err = small(d)
		case "timestamp":
			var at uint64
			at, err = count(d)
			e.At = int64(min(at, math.MaxInt64>>1))
		case "session_id":
			e.Session, err = text(d)
		case "handle_id":
			e.Handle, err = text(d)
		case "event":
			// What it is depends on the type, which may come later.
			body, err = d.Raw()
		default:
			err = d.Skip()
		}
		return err
	})
	if err != nil {
		return nil, malformed(err)
	}
	if e.Type == 0 || e.At == 0 {
		return nil, fail(Malformed, "an event has a type and a timestamp")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return e, nil
	}
	d.ResetBytes(body)
	if err := r.body(d, e); err != nil {
		return nil, malformed(err)
	}
	return e, nil
}

func (r *Reader) body(d *jx.Decoder, e *Event) error {
	switch e.Type {
	case TypeMedia:
		return r.media(d, e)
	case TypePlugin:
		return r.plugin(d, e)
	}
	if d.Next() != jx.Object {
		return d.Skip()
	}
	return d.ObjBytes(func(d *jx.Decoder, key []byte) (err error) {
		switch string(key) {
		case "name":
			e.Name, err = text(d)
		case "owner":
			e.Owner, err = text(d)
		case "jsep":
			err = object(d, func(d *jx.Decoder, key []byte) (err error) {
				if string(key) != "sdp" {
					return d.Skip()
				}
				e.SDP, err = long(d, r.limits.SDPBytes)
				return err
			})
		case "connection":
			e.Connection, err = text(d)
		case "ice":
			e.ICE, err = text(d)
		case "dtls":
			e.DTLS, err = text(d)
		case "candidates":
			e.Pair = &Pair{}
			err = object(d, func(d *jx.Decoder, key []byte) error {
				switch string(key) {
				case "local":
					return candidate(d, &e.Pair.Local)
				case "remote":
					return candidate(d, &e.Pair.Remote)
				}
				return d.Skip()
			})
		case "selected-pair":
			// The same for people; older versions have nothing else.
			var s string
			if s, err = text(d); err == nil && e.Pair == nil {
				e.Pair = parsePair(s)
			}
		default:
			err = d.Skip()
		}
		return err
	})
}

func candidate(d *jx.Decoder, c *Candidate) error {
	return object(d, func(d *jx.Decoder, key []byte) (err error) {
		switch string(key) {
		case "address":
			c.Address, err = text(d)
		case "type":
			c.Type, err = text(d)
		case "transport":
			c.Transport, err = text(d)
		case "port":
			var n int
			n, err = small(d)
			c.Port = uint32(n)
		default:
			err = d.Skip()
		}
		return err
	})
}

// media reads counters: of one medium, or with combine_media_stats of all of a handle's in an array.
func (r *Reader) media(d *jx.Decoder, e *Event) error {
	one := func(d *jx.Decoder) error {
		if len(e.Media) >= r.limits.Media {
			return fail(TooMany, "more than %d media in one event", r.limits.Media)
		}
		e.Media = append(e.Media, Medium{})
		return e.Media[len(e.Media)-1].read(d)
	}
	if d.Next() == jx.Array {
		return d.Arr(one)
	}
	return one(d)
}

func (m *Medium) read(d *jx.Decoder) error {
	return object(d, func(d *jx.Decoder, key []byte) (err error) {
		switch string(key) {
		case "mid":
			m.MID, err = text(d)
		case "media":
			m.Kind, err = text(d)
		case "codec":
			m.Codec, err = text(d)
		case "rtt-values":
			return object(d, func(d *jx.Decoder, key []byte) error {
				n, err := count(d)
				switch string(key) {
				case "ntp":
					m.NTP = uint32(n)
				case "lsr":
					m.LSR = uint32(n)
				case "dlsr":
					m.DLSR = uint32(n)
				}
				return err
			})
		default:
			err = m.counter(d, key)
		}
		return err
	})
}

func (m *Medium) counter(d *jx.Decoder, key []byte) error {
	var into *uint64
	switch string(key) {
	case "lost":
		return signed(d, &m.Lost)
	case "lost-by-remote":
		return signed(d, &m.LostByRemote)
	case "rtt":
		into = &m.RTT
	case "base":
		into = &m.Base
	case "jitter-local":
		into = &m.Jitter
	case "jitter-remote":
		into = &m.JitterRemote
	case "packets-received":
		into = &m.PacketsReceived
	case "packets-sent":
		into = &m.PacketsSent
	case "bytes-received":
		into = &m.BytesReceived
	case "bytes-sent":
		into = &m.BytesSent
	case "nacks-received":
		into = &m.NACKsReceived
	case "nacks-sent":
		into = &m.NACKsSent
	case "retransmissions-received":
		into = &m.Retransmissions
	case "remb-bitrate":
		into = &m.REMB
	default:
		return d.Skip()
	}
	var err error
	*into, err = count(d)
	return err
}

// plugin reads the events of plugins that have rooms, and passes over all others.
func (r *Reader) plugin(d *jx.Decoder, e *Event) error {
	ev := &e.Room
	return object(d, func(d *jx.Decoder, key []byte) (err error) {
		switch string(key) {
		case "plugin":
			ev.Plugin, err = text(d)
		case "data":
			err = object(d, func(d *jx.Decoder, key []byte) (err error) {
				switch string(key) {
				case "event":
					ev.Event, err = text(d)
				case "room":
					ev.Room, err = text(d)
				case "id":
					ev.ID, err = text(d)
				case "feed":
					ev.Feed, err = text(d)
				case "streams":
					if d.Next() != jx.Array {
						return d.Skip()
					}
					ev.HasStreams = true
					err = d.Arr(func(d *jx.Decoder) error { return r.stream(d, ev) })
				default:
					err = d.Skip()
				}
				return err
			})
		default:
			err = d.Skip()
		}
		return err
	})
}

func (r *Reader) stream(d *jx.Decoder, ev *RoomEvent) error {
	if len(ev.Streams) >= r.limits.Media {
		return fail(TooMany, "more than %d streams in one event", r.limits.Media)
	}
	s := RoomStream{Active: true}
	err := object(d, func(d *jx.Decoder, key []byte) (err error) {
		switch string(key) {
		case "mid":
			s.MID, err = text(d)
		case "type":
			s.Kind, err = text(d)
		case "codec":
			s.Codec, err = text(d)
		case "feed_id":
			s.FeedID, err = text(d)
		case "feed_mid":
			s.FeedMID, err = text(d)
		case "active":
			s.Active, err = boolean(d, true)
		case "send":
			var on bool
			on, err = boolean(d, true)
			s.Off = !on
		default:
			err = d.Skip()
		}
		return err
	})
	ev.Streams = append(ev.Streams, s)
	return err
}
