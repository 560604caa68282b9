package earshotv1_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// clientSample is what a client with one connection, 4 sent and 10 received streams says.
func clientSample() *earshotv1.Sample {
	s := &earshotv1.Sample{
		Client: &earshotv1.ClientOrigin{ClientId: "ana", AppVersion: "4.2.0", Browser: "Chrome", Os: "Linux", NetworkType: "wifi"},
		CallId: "demo", SessionId: "0b6f1c2e", Sequence: 17, SampledAtUs: 1_795_416_853_916_500, IntervalUs: 5_000_000,
		Clock: &earshotv1.ClockOffset{OffsetUs: -1200, ErrorUs: 900},
		Transports: []*earshotv1.Transport{{
			TransportId: "T01", LinkKey: 0x1122334455667788, UfragKey: 0x99aabbccddeeff00, LocalCandidateType: 1, RemoteCandidateType: 1,
			Protocol: 1, IceState: 3, DtlsState: 3, BytesSent: 12_345_678, BytesReceived: 87_654_321,
			Rtts: []*earshotv1.RTT{{Source: 3, LatestUs: 72_000, TotalUs: 794_000, Count: 11}},
		}},
	}
	for i := range 14 {
		st := &earshotv1.Stream{
			TransportId: "T01", Direction: 2, Ssrc: 0xdeadbe00 + uint32(i), Kind: 1 + earshotv1.MediaKind(i%2), Mid: fmt.Sprint(i),
			Codec: "opus", ClockRate: 48_000, TrackId: fmt.Sprintf("track-%02d", i), Packets: 997, Bytes: 59_571, JitterUs: 2000,
			Frames: 393, JitterBufferDelayUs: 36_316_800, JitterBufferEmitted: 956_160, DecodeTimeUs: 120_000,
		}
		if i < 10 {
			st.Direction = 1
		} else {
			st.Rtts = []*earshotv1.RTT{{Source: 1, LatestUs: 71_000, TotalUs: 1_420_000, Count: 20, MeasuredAtUs: 1_795_416_853_000_000}}
		}
		s.Streams = append(s.Streams, st)
	}
	return s
}

func TestTheFastCodecAndTheStandardOneAgree(t *testing.T) {
	want := clientSample()
	fast, err := want.MarshalVT()
	require.NoError(t, err)
	standard, err := proto.Marshal(want)
	require.NoError(t, err)

	for name, decode := range map[string]func(*earshotv1.Sample) error{
		"fast from standard":   func(s *earshotv1.Sample) error { return s.UnmarshalVT(standard) },
		"unsafe from standard": func(s *earshotv1.Sample) error { return s.UnmarshalVTUnsafe(standard) },
		"standard from fast":   func(s *earshotv1.Sample) error { return proto.Unmarshal(fast, s) },
	} {
		t.Run(name, func(t *testing.T) {
			got := &earshotv1.Sample{}
			require.NoError(t, decode(got))
			require.True(t, proto.Equal(want, got))
		})
	}
}

// Dashboards, adapters and people read the JSON form, so its names are part of the contract.
func TestJSONNames(t *testing.T) {
	data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(&earshotv1.Sample{
		CallId: "demo", Streams: []*earshotv1.Stream{{TransportId: "T01", Direction: 1, Kind: 2, Ssrc: 7}},
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"call_id":"demo","streams":[{"transport_id":"T01","direction":"DIRECTION_INBOUND","kind":"MEDIA_KIND_VIDEO","ssrc":7}]}`, string(data))
}

func BenchmarkSample(b *testing.B) {
	s := clientSample()
	data, err := s.MarshalVT()
	require.NoError(b, err)
	pooled := &earshotv1.Sample{}
	buf := make([]byte, s.SizeVT())
	for _, bench := range []struct {
		name string
		run  func() error
	}{
		{"decode/google", func() error { return proto.Unmarshal(data, &earshotv1.Sample{}) }},
		{"decode/vt", func() error { return (&earshotv1.Sample{}).UnmarshalVT(data) }},
		{"decode/vt-pooled-unsafe", func() error { pooled.ResetVT(); return pooled.UnmarshalVTUnsafe(data) }},
		{"encode/google", func() error { _, err := proto.Marshal(s); return err }},
		{"encode/vt", func() error { _, err := s.MarshalVT(); return err }},
		{"encode/vt-buffer", func() error { _, err := s.MarshalToSizedBufferVT(buf); return err }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for range b.N {
				if err := bench.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
