package intake

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/queue"
	"github.com/earshot-rtc/earshot/internal/kafka"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// twoKilobytes is what a client in a call of six reports: two transports, four sent and ten received streams.
func twoKilobytes() *pb.Sample {
	s := clientSample(77)
	s.Client.AppVersion, s.Client.Browser, s.Client.Os = "web 4.20.1", "chrome", "macOS"
	s.Clock = &pb.ClockOffset{OffsetUs: 1234, ErrorUs: 900}
	s.Transports[0].BytesSent, s.Transports[0].BytesReceived = 1<<31, 1<<33
	s.Streams = nil
	for i := range 14 {
		st := &pb.Stream{
			TransportId: "t1", Direction: 1, Ssrc: 0xdeadbeef + uint32(i), Kind: 1 + pb.MediaKind(i%2), Mid: fmt.Sprint(i), Codec: "opus",
			ClockRate: 48000, TrackId: "f2b1c8e0-6f3c-4f43-9a55-1d9f4f1e4a10", Packets: 123_456, Bytes: 99_999_999, PacketsLost: 17,
			JitterUs: 3_500, NackCount: 3, Frames: 9_000, FrameWidth: 1280, FrameHeight: 720, JitterBufferDelayUs: 5_000_000_000,
			JitterBufferEmitted: 480_000, DecodeTimeUs: 44_000_000, SamplesReceived: 1 << 23, SamplesConcealed: 1 << 12,
		}
		if i < 4 {
			st.Direction = 2
			st.Rtts = []*pb.RTT{{Source: 1, LatestUs: 43_000, TotalUs: 4_300_000, Count: 100, MeasuredAtUs: received.UnixMicro()}}
		}
		s.Streams = append(s.Streams, st)
	}
	return s
}

// sink settles jobs and keeps nothing.
type sink struct{ n int }

func (q *sink) Submit(msgs []kafka.Message, done queue.Done) error {
	q.n += len(msgs)
	done(nil)
	return nil
}

func benchmark(b *testing.B, who identity.Caller, samples, size int, walk func(*Batch)) {
	q := &sink{}
	in := New(config(), Dependencies{Queue: q})
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		batch := in.Begin(Origin{Route: "http", Received: received, Size: size, Caller: who})
		walk(batch)
		if err := batch.Submit(func(r Result) {
			if r.Accepted != samples {
				b.Fatalf("%+v", r)
			}
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*samples), "ns/sample")
	b.ReportMetric(float64(b.N*samples)/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkSamples(b *testing.B) {
	raw := marshal(b, twoKilobytes())
	b.Logf("%d bytes a sample", len(raw))
	text, err := protojson.Marshal(twoKilobytes())
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 100} {
		raws := make([][]byte, n)
		list := []byte("[")
		for i := range raws {
			raws[i] = raw
			if i > 0 {
				list = append(list, ',')
			}
			list = append(list, text...)
		}
		body := batchOf(raws...)
		list = append(list, ']')
		b.Run(fmt.Sprintf("proto/batch=%d", n), func(b *testing.B) {
			benchmark(b, identity.Caller{}, n, len(body), func(batch *Batch) { _ = batch.WalkProto(body, n) })
		})
		b.Run(fmt.Sprintf("proto/batch=%d/claims", n), func(b *testing.B) {
			ana := identity.Caller{Kind: identity.Client, Tenant: "acme", CallID: "demo", ClientID: "ana"}
			benchmark(b, ana, n, len(body), func(batch *Batch) { _ = batch.WalkProto(body, n) })
		})
		b.Run(fmt.Sprintf("json/batch=%d", n), func(b *testing.B) {
			benchmark(b, identity.Caller{}, n, len(list), func(batch *Batch) { _ = batch.WalkJSON(list, n) })
		})
	}
	sfu := sfuSample()
	for c := range 10 {
		for range 4 {
			id := fmt.Sprintf("%d", len(sfu.Transports))
			sfu.Transports = append(sfu.Transports, &pb.Transport{TransportId: id, CallId: fmt.Sprintf("call-%d", c)})
			sfu.Streams = append(sfu.Streams, &pb.Stream{TransportId: id, Direction: 1, Ssrc: 5, Codec: "opus", Packets: 1000, Bytes: 1 << 20})
		}
	}
	body := batchOf(marshal(b, sfu))
	b.Run("sfu/calls=10", func(b *testing.B) {
		benchmark(b, identity.Caller{}, 1, len(body), func(batch *Batch) { _ = batch.WalkProto(body, 1) })
	})
}
