package observertc

import (
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"client-3.0-subscriber.json", "client-2.2-subscriber.json", "sfu-2.2.json"} {
		b.Run(name, func(b *testing.B) {
			raw, dec, o := recording(b, name), NewDecoder(DefaultLimits()), &Options{CallID: "c", ClientID: "x"}
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				s, err := dec.Decode(raw, o)
				if err != nil {
					b.Fatal(err)
				}
				s.ReturnToVTPool()
			}
		})
	}
}

func BenchmarkStream(b *testing.B) {
	for name, c := range map[string]struct {
		codec        Codec
		schema, file string
	}{
		"json-delta":   {JSONDelta, "", "stream-json-delta.jsonl"},
		"protobuf-3.0": {Protobuf, "3.0", "stream-protobuf-3.0.b64"},
		"protobuf-3.5": {Protobuf, "3.5", "stream-protobuf-3.5.b64"},
	} {
		b.Run(name, func(b *testing.B) {
			all := frames(b, c.file, c.codec == Protobuf)
			s := newStream(b, c.codec, c.schema)
			decode(b, s, all[0])
			// The second of them changes counters only, as most do.
			b.ReportAllocs()
			b.SetBytes(int64(len(all[1])))
			for b.Loop() {
				decode(b, s, all[1]).ReturnToVTPool()
			}
		})
	}
}
