package observertc

import (
	"errors"
	"testing"
)

// bounded says what must hold of whatever comes: a sample or one of our errors.
func bounded(t *testing.T, got bool, err error) {
	var e *Error
	if err == nil && !got || err != nil && !errors.As(err, &e) {
		t.Fatalf("sample %v, error %v", got, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{
		"client-3.0-publisher.json", "client-3.0-subscriber.json", "client-2.2-publisher.json", "client-2.2-subscriber.json", "sfu-2.2.json",
	} {
		f.Add(recording(f, name))
	}
	for _, w := range wholes(f) {
		f.Add([]byte(w))
	}
	dec := NewDecoder(DefaultLimits())
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := dec.Decode(raw, &Options{CallID: "c"})
		bounded(t, s != nil, err)
		_ = Walk(raw, DefaultLimits(), 10, func(raw []byte) {
			s, err := dec.Decode(raw, &Options{})
			bounded(t, s != nil, err)
		})
	})
}

func FuzzDelta(f *testing.F) {
	all := frames(f, "stream-json-delta.jsonl", false)
	for i := range all {
		f.Add(all[0], all[i])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) { twice(t, JSONDelta, "", first, second) })
}

func FuzzProtobuf(f *testing.F) {
	for i, name := range []string{"stream-protobuf-3.0.b64", "stream-protobuf-3.5.b64"} {
		all := frames(f, name, true)
		for _, frame := range all {
			f.Add(i == 0, all[0], frame)
		}
	}
	f.Fuzz(func(t *testing.T, old bool, first, second []byte) {
		schema := "3.5"
		if old {
			schema = "3.0"
		}
		twice(t, Protobuf, schema, first, second)
	})
}

func twice(t *testing.T, codec Codec, schema string, frames ...[]byte) {
	s := newStream(t, codec, schema)
	for _, frame := range frames {
		out, err := s.Decode(frame)
		bounded(t, out != nil, err)
		if err != nil {
			return
		}
	}
}
