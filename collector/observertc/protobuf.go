package observertc

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// walk goes over the fields of a message. Lists and sub-messages come as texts.
func walk(raw []byte, names [][]byte, each func(name []byte, v value) error) error {
	for len(raw) > 0 {
		num, typ, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return broken(n)
		}
		raw = raw[n:]
		var v value
		switch typ {
		case protowire.VarintType:
			var x uint64
			x, n = protowire.ConsumeVarint(raw)
			v.num = float64(int64(x))
		case protowire.Fixed64Type:
			var x uint64
			x, n = protowire.ConsumeFixed64(raw)
			v.num = math.Float64frombits(x)
		case protowire.BytesType:
			v.text, n = protowire.ConsumeBytes(raw)
			v.isText = true
		default:
			n = protowire.ConsumeFieldValue(num, typ, raw)
		}
		if n < 0 {
			return broken(n)
		}
		raw = raw[n:]
		if num < 1 || int(num) > len(names) {
			continue // of a later schema
		}
		if err := each(names[num-1], v); err != nil {
			return err
		}
	}
	return nil
}

func broken(n int) error {
	return fail(Malformed, "not a protobuf ClientSample of ObserveRTC: %v", protowire.ParseError(n))
}

// reading is one message on its way in.
type reading struct {
	*fields
	now, before *clientSample
	objects     int
}

func (r *reading) object() error {
	if r.objects--; r.objects < 0 {
		return fail(TooMany, "too many objects in one sample")
	}
	return nil
}

// read reads a ClientSample that says what has changed since the one before.
func (f *fields) read(frame []byte, now, before *clientSample, objects int) error {
	r := reading{fields: f, now: now, before: before, objects: objects}
	return walk(frame, f.client, func(name []byte, v value) error {
		switch string(name) {
		case "peerConnections":
			return r.peerConnection(v)
		case "clientEvents":
			return r.occurrence(f.event, v, event{})
		case "clientIssues":
			return r.occurrence(f.issue, v, event{issue: true})
		case "clientMetaItems":
			return r.occurrence(f.meta, v, event{isMeta: true})
		case "attachments":
			loadText(v.text, now.attach)
		default:
			now.set(name, v)
		}
		return nil
	})
}

func (r *reading) peerConnection(v value) error {
	if err := r.object(); err != nil {
		return err
	}
	id, err := pick(v.text, r.connection, "peerConnectionId")
	if err != nil {
		return err
	}
	at := len(r.now.pcs)
	pc := r.now.add()
	pc.id = id.id("")
	was := r.before.find(pc.id, at)
	if was == nil {
		was = &peerConnection{}
	}
	return walk(v.text, r.connection, func(name []byte, v value) error {
		switch string(name) {
		case "codecs":
			return entry(r, r.codec, v, &pc.codecs, was.codecs)
		case "inboundRtps":
			return entry(r, r.inbound, v, &pc.in, was.in)
		case "outboundRtps":
			return entry(r, r.outbound, v, &pc.out, was.out)
		case "remoteInboundRtps":
			return entry(r, r.remoteIn, v, &pc.remoteIn, was.remoteIn)
		case "remoteOutboundRtps":
			return entry(r, r.remoteOut, v, &pc.remoteOut, was.remoteOut)
		case "mediaSources":
			return entry(r, r.source, v, &pc.sources, was.sources)
		case "mediaPlayouts":
			return entry(r, r.playout, v, &pc.playouts, was.playouts)
		case "iceTransports":
			return entry(r, r.transport, v, &pc.transports, was.transports)
		case "iceCandidates":
			return entry(r, r.candidate, v, &pc.candidates, was.candidates)
		case "iceCandidatePairs":
			return entry(r, r.pair, v, &pc.pairs, was.pairs)
		case "certificates":
			return entry(r, r.certificate, v, &pc.certificates, was.certificates)
		}
		return nil
	})
}

// entry reads one entry of a list, which begins as what it was.
func entry[T any, P record[T]](r *reading, names [][]byte, v value, into *[]T, was []T) error {
	if err := r.object(); err != nil {
		return err
	}
	var e T
	key, err := pick(v.text, names, P(&e).key())
	if err != nil {
		return err
	}
	if old := search[T, P](was, key, len(*into)); old != nil {
		e = *old
	}
	*into = append(*into, e)
	p := P(&(*into)[len(*into)-1])
	err = walk(v.text, names, func(name []byte, v value) error {
		p.set(name, v)
		return nil
	})
	p.settle()
	return err
}

// pick gives one field of a message.
func pick(raw []byte, names [][]byte, name string) (found value, err error) {
	ok := false
	err = walk(raw, names, func(n []byte, v value) error {
		if string(n) == name {
			found, ok = v, true
		}
		return nil
	})
	if err == nil && !ok {
		err = fail(Desync, "an entry without its %s; the field numbers may be of another schema", name)
	}
	return found, err
}

// occurrence reads an event, issue or meta item. The encoders up to schema 3.3 leave out of an event what it has in common
// with the one before it.
func (r *reading) occurrence(names [][]byte, v value, e event) error {
	if err := r.object(); err != nil {
		return err
	}
	err := walk(v.text, names, func(name []byte, v value) error {
		if string(name) == "payload" {
			loadText(v.text, e.load)
		} else {
			e.set(name, v)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !e.isMeta {
		last := &r.now.last
		if e.issue {
			last = &r.now.lastIssue
		}
		if !e.typed {
			e.typ = last.typ
		}
		if !e.timed {
			e.at = last.at
		}
		*last = event{typ: e.typ, at: e.at}
	}
	r.now.events = append(r.now.events, e)
	return nil
}
