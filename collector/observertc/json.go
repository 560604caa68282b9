package observertc

import (
	"bytes"

	"github.com/go-faster/jx"
)

// record is an entry of a list that getStats keeps from sample to sample.
type record[T any] interface {
	*T
	// set takes one field.
	set(name []byte, v value)
	// key names the field by which the entry is found again; is says whether it has this value.
	key() string
	is(v value) bool
	// settle ends the entry.
	settle()
}

// readClient reads a ClientSample. Where before is given it is a delta: what it does not mention is as it was, but for
// lists, which name all that there is.
func readClient(d *jx.Decoder, s, before *clientSample) error {
	if d.Next() != jx.Object {
		return fail(Malformed, "a sample is a JSON object")
	}
	var old legacy
	err := d.ObjBytes(func(d *jx.Decoder, key []byte) error {
		switch string(key) {
		case "peerConnections":
			return array(d, func(d *jx.Decoder) error { return readPC(d, s, before) })
		case "clientEvents", "customCallEvents":
			return array(d, func(d *jx.Decoder) error { return readEvent(d, s, event{}) })
		case "clientIssues":
			return array(d, func(d *jx.Decoder) error { return readEvent(d, s, event{issue: true}) })
		case "clientMetaItems":
			return array(d, func(d *jx.Decoder) error { return readEvent(d, s, event{isMeta: true}) })
		case "attachments":
			return readPayload(d, s.attach)
		case "browser", "os":
			return old.readAgent(d, s, key[0] == 'b')
		}
		if found, err := old.read(d, key); found || err != nil {
			return err
		}
		return field(d, key, s.set)
	})
	if err != nil {
		return err
	}
	old.into(s)
	return nil
}

// field reads one field and gives it to set.
func field(d *jx.Decoder, key []byte, set func([]byte, value)) error {
	v, ok, err := readValue(d)
	if ok && err == nil {
		set(key, v)
	}
	return err
}

// array reads a list; null is an empty one.
func array(d *jx.Decoder, entry func(*jx.Decoder) error) error {
	switch d.Next() {
	case jx.Array:
		return d.Arr(entry)
	case jx.Null:
		return d.Skip()
	}
	return fail(Malformed, "something else stands where a list should be")
}

func readPC(d *jx.Decoder, s, before *clientSample) error {
	at := len(s.pcs)
	pc := s.add()
	var was *peerConnection
	if before != nil {
		id, err := peek(d, "peerConnectionId")
		if err != nil {
			return err
		}
		if was = before.find(id.id(""), at); was != nil {
			pc.id = was.id
		}
	}
	if was == nil {
		was = &peerConnection{}
	}
	delta := before != nil
	return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
		switch string(key) {
		case "codecs":
			return list(d, &pc.codecs, was.codecs, delta)
		case "inboundRtps":
			return list(d, &pc.in, was.in, delta)
		case "outboundRtps":
			return list(d, &pc.out, was.out, delta)
		case "remoteInboundRtps":
			return list(d, &pc.remoteIn, was.remoteIn, delta)
		case "remoteOutboundRtps":
			return list(d, &pc.remoteOut, was.remoteOut, delta)
		case "mediaSources":
			return list(d, &pc.sources, was.sources, delta)
		case "mediaPlayouts":
			return list(d, &pc.playouts, was.playouts, delta)
		case "iceTransports":
			return list(d, &pc.transports, was.transports, delta)
		case "iceCandidates":
			return list(d, &pc.candidates, was.candidates, delta)
		case "iceCandidatePairs":
			return list(d, &pc.pairs, was.pairs, delta)
		case "certificates":
			return list(d, &pc.certificates, was.certificates, delta)
		}
		return field(d, key, pc.set)
	})
}

// list reads entries. Those of a delta begin as what they were.
func list[T any, P record[T]](d *jx.Decoder, into *[]T, was []T, delta bool) error {
	return array(d, func(d *jx.Decoder) error {
		at := len(*into)
		var e T
		if delta {
			v, err := peek(d, P(&e).key())
			if err != nil {
				return err
			}
			if old := search[T, P](was, v, at); old != nil {
				e = *old
			}
		}
		*into = append(*into, e)
		p := P(&(*into)[at])
		if err := d.ObjBytes(func(d *jx.Decoder, key []byte) error { return field(d, key, p.set) }); err != nil {
			return err
		}
		p.settle()
		return nil
	})
}

// search finds the entry with the key, at its old place first.
func search[T any, P record[T]](was []T, key value, at int) *T {
	if at < len(was) && P(&was[at]).is(key) {
		return &was[at]
	}
	for i := range was {
		if P(&was[i]).is(key) {
			return &was[i]
		}
	}
	return nil
}

// peek gives a field of the object that begins here. The decoder stays where it is.
func peek(d *jx.Decoder, name string) (v value, err error) {
	found := false
	err = d.Capture(func(d *jx.Decoder) error {
		return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
			if found || string(key) != name {
				return d.Skip()
			}
			v, found, err = readValue(d)
			return err
		})
	})
	if err == nil && !found {
		err = fail(Desync, "an entry without its %s", name)
	}
	return v, err
}

// readEvent reads an event, issue or meta item and keeps it.
func readEvent(d *jx.Decoder, s *clientSample, e event) error {
	err := d.ObjBytes(func(d *jx.Decoder, key []byte) error {
		if string(key) == "payload" || string(key) == "attachments" {
			return readPayload(d, e.load)
		}
		return field(d, key, e.set)
	})
	if err == nil {
		s.events = append(s.events, e)
	}
	return err
}

// maxPayload bounds the JSON texts within JSON that are looked into: those of interest have some hundred bytes.
const maxPayload = 16 << 10

// readPayload reads an object, or a text with an object in it: up to schema 3.4 payloads were texts. What is no object is
// of no interest.
func readPayload(d *jx.Decoder, set func([]byte, value)) error {
	switch d.Next() {
	case jx.Object:
		return d.ObjBytes(func(d *jx.Decoder, key []byte) error { return field(d, key, set) })
	case jx.String:
		text, err := d.StrBytes()
		if err != nil {
			return err
		}
		loadText(text, set)
		return nil
	default:
		return d.Skip()
	}
}

func loadText(text []byte, set func([]byte, value)) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || len(text) > maxPayload || text[0] != '{' {
		return
	}
	if _, err := check(text, Limits{Depth: 8, Pads: 64}); err != nil {
		return
	}
	// An error leaves what was understood so far; the payload is the application's.
	_ = jx.DecodeBytes(text).ObjBytes(func(d *jx.Decoder, key []byte) error { return field(d, key, set) })
}
