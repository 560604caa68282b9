package rtpstats

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
)

// One packet through the SFU: in at one connection, out at another.
func BenchmarkInbound(b *testing.B) {
	raw := packet(b, 0, 0, 200)
	made, _ := NewFactory(Config{}).NewInterceptor("")
	r := made.BindRemoteStream(&interceptor.StreamInfo{SSRC: 1, ClockRate: 48000},
		interceptor.RTPReaderFunc(func(p []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
			return len(raw), a, nil
		}))
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for i := 0; b.Loop(); i++ {
		raw[2], raw[3] = byte(i>>8), byte(i)
		_, _, _ = r.Read(raw, nil)
	}
}

func BenchmarkOutbound(b *testing.B) {
	f := NewFactory(Config{})
	made, _ := f.NewInterceptor("")
	from, _ := f.NewInterceptor("")
	_ = from.BindRemoteStream(&interceptor.StreamInfo{SSRC: 1, ClockRate: 48000}, nil)
	w := made.BindLocalStream(&interceptor.StreamInfo{SSRC: 2, ClockRate: 48000},
		interceptor.RTPWriterFunc(func(h *rtp.Header, p []byte, _ interceptor.Attributes) (int, error) { return len(p), nil }))
	i, _ := made.(*Interceptor)
	j, _ := from.(*Interceptor)
	i.Outbound(2).SetSource(&Source{Stream: j.Inbound(1)})
	h, payload := &rtp.Header{Version: 2}, make([]byte, 200)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		h.SequenceNumber++
		_, _ = w.Write(h, payload, nil)
	}
}

func BenchmarkRTCP(b *testing.B) {
	raw := everything(b)
	e := &Interceptor{factory: NewFactory(Config{Now: time.Now}), outbound: map[uint32]*Outbound{}}
	b.ReportAllocs()
	for b.Loop() {
		raw[12]++
		e.receivedRTCP(raw, 1)
	}
}
