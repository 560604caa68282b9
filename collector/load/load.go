// Package load plays many probes at once against a collector: an address and a way of sending come in; how many samples were
// acknowledged, and how long each took, comes out. It is for measurements; real probes come back when they are refused.
package load

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Config says what is sent.
type Config struct {
	// Addr is the collector, host:port.
	Addr string
	// Connections are open at a time.
	Connections int
	// Batch is the samples of an HTTP body.
	Batch int
	// Unacked bounds the samples of one WebSocket that wait for their ack.
	Unacked int
	// Rate, if not 0, is the samples a second of all WebSockets together; 0 is as fast as acks come.
	Rate float64
	// Deflate asks for permessage-deflate.
	Deflate bool
	// For is how long it goes on.
	For time.Duration
}

// Result is what came of it.
type Result struct {
	Samples int     `json:"samples"` // acknowledged
	Refused int     `json:"refused"`
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"ack_p50_ms"`
	P99     float64 `json:"ack_p99_ms"`
	Max     float64 `json:"ack_max_ms"`
}

// tally collects what the connections tell.
type tally struct {
	mu      sync.Mutex
	samples int
	refused int
	took    []time.Duration
	err     error
}

func (t *tally) add(samples, refused int, took []time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.samples += samples
	t.refused += refused
	t.took = append(t.took, took...)
	if t.err == nil {
		t.err = err
	}
}

func (t *tally) result(seconds float64) (Result, error) {
	slices.Sort(t.took)
	return Result{
		Samples: t.samples, Refused: t.refused, Seconds: seconds,
		P50: quantile(t.took, 0.5), P99: quantile(t.took, 0.99), Max: quantile(t.took, 1),
	}, t.err
}

// quantile gives milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := int(math.Ceil(q*float64(len(sorted)))) - 1
	return float64(sorted[max(at, 0)]) / float64(time.Millisecond)
}

// each runs one of the connections until the time is over; only the first error counts.
func (c *Config) each(ctx context.Context, run func(ctx context.Context, i int, t *tally) error) (Result, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.For)
	defer cancel()
	var t tally
	var all sync.WaitGroup
	for i := range c.Connections {
		all.Go(func() {
			if err := run(ctx, i, &t); err != nil && !errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				t.add(0, 0, nil, err)
				cancel()
			}
		})
	}
	all.Wait()
	return t.result(time.Since(began).Seconds())
}

// Sample is one of a client with 10 streams, of about 2 KB, as a browser in a call of six sends it.
func Sample(source int, sequence uint64) *earshotv1.Sample {
	n := uint64(1_000_000) + sequence*977
	at := time.Now().UnixMicro()
	s := &earshotv1.Sample{
		Client: &earshotv1.ClientOrigin{
			ClientId: id("client", source), AppVersion: "4.12.0", Browser: "Chrome", BrowserVersion: "131.0.6778.86", Os: "Linux", NetworkType: "wifi",
			ProbeVersion: "0.3.0",
		},
		CallId: id("call", source/6), SessionId: id("session", source), Sequence: sequence, SampledAtUs: at, IntervalUs: 5_000_000,
		Clock: &earshotv1.ClockOffset{OffsetUs: -1234, ErrorUs: 900},
		Transports: []*earshotv1.Transport{{
			TransportId: "a7c1f6d0-4f1e-4a53-9f0e-2b8f6c1d7e90", LinkKey: 0x1234567890abcdef + uint64(source), UfragKey: 0xfedcba0987654321, AddressKey: 7 << 56,
			LocalCandidateType: 1, RemoteCandidateType: 1, Protocol: 1, IceState: 3, DtlsState: 3,
			Rtts:      []*earshotv1.RTT{{Source: 3, LatestUs: 41_000, TotalUs: n * 41, Count: n / 1000, MeasuredAtUs: at}},
			BytesSent: n * 1200, BytesReceived: n * 4800, AvailableOutgoingBps: 2_500_000,
		}},
	}
	for i := range 10 {
		st := &earshotv1.Stream{
			TransportId: s.Transports[0].TransportId, Direction: earshotv1.Direction_DIRECTION_INBOUND, Ssrc: uint32(0x9e3779b9 * (i + 1)), Kind: 1, Mid: "1", Codec: "opus",
			ClockRate: 48_000, TrackId: id("track", i), Packets: n, Bytes: n * 90, PacketsLost: 12, JitterUs: 2300, NackCount: 4,
			SamplesReceived: n * 960, SamplesConcealed: 4800, ConcealmentEvents: 9, JitterBufferDelayUs: n * 20_000, JitterBufferEmitted: n * 960,
			ProcessingDelayUs: n * 25_000, PlayoutDelayUs: n * 900,
		}
		if i%2 == 1 {
			st.Kind, st.Codec, st.ClockRate = 2, "VP8", 90_000
			st.Frames, st.KeyFrames, st.FrameWidth, st.FrameHeight, st.QpSum, st.DecodeTimeUs = n/40, 12, 1280, 720, n*3, n*100
		}
		if i < 2 {
			st.Direction = earshotv1.Direction_DIRECTION_OUTBOUND
			st.Rtts = []*earshotv1.RTT{{Source: 1, LatestUs: 41_000, TotalUs: n * 41, Count: n / 1000, MeasuredAtUs: at}}
		}
		s.Streams = append(s.Streams, st)
	}
	return s
}

// id is a name as long as names mostly are.
func id(what string, n int) string {
	const digits = "0123456789abcdef"
	out := []byte(what + "-6f3c-4f43-9a55-00000000")
	for i := len(out) - 1; n > 0 && i > len(what); i-- {
		out[i] = digits[n%16]
		n /= 16
	}
	return string(out)
}
