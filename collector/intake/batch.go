package intake

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/internal/kafka"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Batch is what came in one request or frame.
type Batch struct {
	in     *Intake
	sc     *scratch
	origin Origin
	whence whence
	span   trace.Span // nil where nothing is traced
	parent string     // the span's traceparent, where it is sampled

	n int // samples so far
	// The arena holds keys and values. It is not used again: after an error nobody knows how long Kafka's client reads it.
	arena    []byte
	places   []place
	rejected []Rejection
	dead     []kafka.Message
	drops    []admit.Drop
	noCall   int
}

// place is where a message lies in the arena, and whose it is.
type place struct {
	key, value, end int
	sample          int
}

// Rejection says why the sample at an index of the batch was not taken.
type Rejection struct {
	Index  int    `json:"index"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// Unknown keys may come from a later schema, as unknown protobuf fields may.
var jsonOptions = protojson.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: 32}

// Received is the time of receipt.
func (b *Batch) Received() time.Time { return b.origin.Received }

// Len is the number of samples so far, good or bad.
func (b *Batch) Len() int { return b.n }

// Proto takes one protobuf Sample. raw is used until the next call on b and stays unchanged.
func (b *Batch) Proto(raw []byte) {
	b.sc.empty()
	if r := b.tooLarge(raw); r != nil {
		b.refuse(raw, r)
		return
	}
	if r := countProto(raw, &b.in.cfg.Limits); r != nil {
		b.refuse(raw, r)
		return
	}
	if err := b.sc.sample.UnmarshalVTUnsafe(raw); err != nil {
		b.refuse(raw, &admit.Refusal{Reason: admit.Malformed, Detail: "not a protobuf earshot.v1.Sample: " + err.Error()})
		return
	}
	b.sample(raw)
}

// JSON takes one Sample as protojson.
func (b *Batch) JSON(raw []byte) {
	b.sc.empty()
	if r := b.tooLarge(raw); r != nil {
		b.refuse(raw, r)
		return
	}
	if r := countJSON(raw, &b.in.cfg.Limits); r != nil {
		b.refuse(raw, r)
		return
	}
	if err := jsonOptions.Unmarshal(raw, b.sc.sample); err != nil {
		b.refuse(raw, &admit.Refusal{Reason: admit.Malformed, Detail: "not a JSON earshot.v1.Sample: " + jsonError(err)})
		return
	}
	b.sample(raw)
}

// Frame takes a ClientFrame as protojson: its sample goes into the batch, or its time request is given back. Otherwise
// refusal says what is wrong, and the batch is as before.
func (b *Batch) Frame(raw []byte) (req *earshotv1.TimeRequest, refusal string) {
	b.sc.empty()
	if r := b.tooLarge(raw); r != nil {
		return nil, r.Detail
	}
	if r := countJSON(raw, &b.in.cfg.Limits); r != nil {
		return nil, r.Detail
	}
	frame := earshotv1.ClientFrame{}
	if err := jsonOptions.Unmarshal(raw, &frame); err != nil {
		return nil, jsonError(err)
	}
	switch {
	case frame.Time != nil:
		return frame.Time, ""
	case frame.Sample == nil:
		return nil, "the frame holds neither sample nor time"
	}
	b.sc.sample = frame.Sample
	b.sample(raw)
	return nil, ""
}

// Malformed notes a sample that could not even be told apart.
func (b *Batch) Malformed(raw []byte, detail string) {
	b.sc.empty()
	b.refuse(raw, &admit.Refusal{Reason: admit.Malformed, Detail: detail})
}

// Last names the last sample as far as it could be read. The names are the caller's to keep.
func (b *Batch) Last() (session string, sequence uint64) {
	session = b.sc.sample.SessionId
	session = session[:min(len(session), b.in.cfg.Limits.IDBytes)]
	return strings.ToValidUTF8(strings.Clone(session), "\uFFFD"), b.sc.sample.Sequence
}

func (b *Batch) tooLarge(raw []byte) *admit.Refusal {
	if most := b.in.cfg.Limits.SampleBytes; len(raw) > most {
		return &admit.Refusal{Reason: admit.TooLarge, Detail: fmt.Sprintf("the sample has %d bytes, at most %d are allowed", len(raw), most)}
	}
	return nil
}

// sample takes what the scratch holds.
func (b *Batch) sample(raw []byte) {
	s := b.sc.sample
	b.sc.decoded = true
	r := b.claims(s)
	if r == nil {
		r = b.sc.check.Check(s, b.origin.Received)
	}
	for _, d := range b.sc.check.Drops() {
		b.drop(d)
	}
	if r != nil {
		b.refuse(raw, r)
		return
	}
	b.stamp(s)
	if r := b.in.mask.Sample(s, s.Receipt.Tenant, func(why admit.Reason, n int) { b.drop(admit.Drop{Reason: why, Count: n}) }); r != nil {
		b.refuse(raw, r)
		return
	}
	b.sc.masked = true

	arena, places := len(b.arena), len(b.places)
	out, err := b.sc.split.Calls(s, func(one *earshotv1.Sample) error { return b.encode(one, arena) })
	if err != nil {
		b.arena, b.places = b.arena[:arena], b.places[:places]
		var refused *admit.Refusal
		if !errors.As(err, &refused) {
			refused = &admit.Refusal{Reason: admit.Malformed, Detail: err.Error()}
		}
		b.refuse(raw, refused)
		return
	}
	if out.Calls == 0 {
		b.noCall++
	}
	if out.Streams > 0 {
		b.drop(admit.Drop{Reason: streamNoCall, Count: out.Streams})
	}
	if out.Events > 0 {
		b.drop(admit.Drop{Reason: eventNoCall, Count: out.Events})
	}
	b.n++
}

// Parts of an SFU's sample that concern no call.
const (
	streamNoCall admit.Reason = "stream_no_call"
	eventNoCall  admit.Reason = "event_no_call"
)

// splitFactor bounds what a sample may grow to by being split, since what is shared is copied for every call.
const splitFactor = 4

func (b *Batch) encode(s *earshotv1.Sample, from int) error {
	size := s.SizeVT()
	p := place{key: len(b.arena), sample: b.n}
	p.value = p.key + len(s.CallId)
	p.end = p.value + size
	if n := p.end - p.key + kafka.RecordOverhead; n > b.in.cfg.MessageBytes {
		return &admit.Refusal{Reason: admit.TooLarge, Detail: fmt.Sprintf("the part of call %q has %d bytes, at most %d are allowed",
			s.CallId, n, b.in.cfg.MessageBytes)}
	}
	if p.end-from > splitFactor*b.in.cfg.Limits.SampleBytes {
		return &admit.Refusal{Reason: admit.TooLarge, Detail: "split by call the sample is too large; report fewer calls at once"}
	}
	b.arena = append(b.arena, s.CallId...)
	b.arena = grow(b.arena, size)
	if _, err := s.MarshalToSizedBufferVT(b.arena[p.value:p.end]); err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	b.places = append(b.places, p)
	return nil
}

// grow makes a longer by n bytes of whatever.
func grow(a []byte, n int) []byte {
	if len(a)+n <= cap(a) {
		return a[:len(a)+n]
	}
	return append(a, make([]byte, n)...)
}

func (b *Batch) drop(d admit.Drop) {
	for i := range b.drops {
		if b.drops[i].Reason == d.Reason {
			b.drops[i].Count += d.Count
			return
		}
	}
	b.drops = append(b.drops, d)
}
