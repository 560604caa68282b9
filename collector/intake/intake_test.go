package intake

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/queue"
	"github.com/earshot-rtc/earshot/internal/kafka"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

var received = time.UnixMicro(1_750_000_000_123_456)

// fakeQueue settles jobs at once, as it is told.
type fakeQueue struct {
	got  []kafka.Message
	full error
	errs func(msgs []kafka.Message) []error
}

func (q *fakeQueue) Submit(msgs []kafka.Message, done queue.Done) error {
	if q.full != nil {
		return q.full
	}
	q.got = append(q.got, msgs...)
	if q.errs != nil {
		done(q.errs(msgs))
		return nil
	}
	done(nil)
	return nil
}

func (q *fakeQueue) of(name string) (out []kafka.Message) {
	for _, m := range q.got {
		if m.Topic == name {
			out = append(out, m)
		}
	}
	return out
}

func config() Config {
	return Config{Limits: admit.DefaultLimits(), MessageBytes: 1_000_000, CollectorID: "c1"}
}

func newIntake(q *fakeQueue) *Intake {
	return New(config(), Dependencies{Queue: q, Registerer: prometheus.NewRegistry()})
}

func clientSample(seq uint64) *pb.Sample {
	return &pb.Sample{
		Client: &pb.ClientOrigin{ClientId: "ana", UserId: "u"}, CallId: "demo", SessionId: "s1", Sequence: seq, SampledAtUs: received.UnixMicro() - 1000,
		Transports: []*pb.Transport{{TransportId: "t1", LinkKey: 42, Rtts: []*pb.RTT{{Source: 3, LatestUs: 20_000}}}},
		Streams:    []*pb.Stream{{TransportId: "t1", Direction: 2, Ssrc: 7, Codec: "opus"}},
	}
}

func sfuSample(calls ...string) *pb.Sample {
	s := &pb.Sample{Sfu: &pb.SFUOrigin{SfuId: "fra"}, SessionId: "s2", Sequence: 5, SampledAtUs: received.UnixMicro()}
	for i, c := range calls {
		id := fmt.Sprintf("t%d", i)
		s.Transports = append(s.Transports, &pb.Transport{TransportId: id, CallId: c})
		s.Streams = append(s.Streams, &pb.Stream{TransportId: id, Direction: 1, Ssrc: uint32(i)})
	}
	return s
}

func marshal(t testing.TB, s *pb.Sample) []byte {
	t.Helper()
	raw, err := s.MarshalVT()
	require.NoError(t, err)
	return raw
}

func batchOf(raws ...[]byte) (body []byte) {
	for _, raw := range raws {
		body = protowire.AppendBytes(protowire.AppendTag(body, 1, protowire.BytesType), raw)
	}
	return body
}

func submit(t testing.TB, b *Batch) (res Result) {
	t.Helper()
	told := 0
	require.NoError(t, b.Submit(func(r Result) { res = r; told++ }))
	require.Equal(t, 1, told)
	return res
}

func TestAClientSampleBecomesOneMessageOfItsCall(t *testing.T) {
	q := &fakeQueue{}
	in := newIntake(q)
	want := clientSample(1)
	sent := clientSample(1)
	sent.Receipt = &pb.Receipt{Tenant: "forged", CollectorId: "forged"}
	raw := marshal(t, sent)
	b := in.Begin(Origin{Route: "http", Received: received})
	b.Proto(raw)
	session, seq := b.Last()
	clear(raw) // the body is used again by the next request
	require.Equal(t, "s1", session)
	require.Equal(t, uint64(1), seq)
	require.Equal(t, Result{Accepted: 1}, submit(t, b))

	require.Len(t, q.got, 1)
	m := q.got[0]
	require.Equal(t, topic.Samples, m.Topic)
	require.Equal(t, "demo", string(m.Key))
	require.Equal(t, received, m.Time)
	got := &pb.Sample{}
	require.NoError(t, proto.Unmarshal(m.Value, got))
	want.Client.UserId = "" // there is no key to hash it with
	want.Receipt = &pb.Receipt{ReceivedAtUs: received.UnixMicro(), CollectorId: "c1"}
	require.True(t, got.EqualVT(want), "%v", got)
}

func TestAnSFUSampleBecomesAMessagePerCall(t *testing.T) {
	q := &fakeQueue{}
	in := newIntake(q)
	b := in.Begin(Origin{Route: "http", Received: received, Size: 10})
	b.Proto(marshal(t, sfuSample("one", "two", "one")))
	b.Proto(marshal(t, clientSample(1)))
	b.Proto(marshal(t, sfuSample()))
	require.Equal(t, Result{Accepted: 3}, submit(t, b))
	require.Len(t, q.got, 3)
	for i, want := range []struct {
		call    string
		streams int
	}{{"one", 2}, {"two", 1}, {"demo", 1}} {
		got := &pb.Sample{}
		require.NoError(t, got.UnmarshalVT(q.got[i].Value))
		require.Equal(t, want.call, string(q.got[i].Key))
		require.Equal(t, want.call, got.CallId)
		require.Len(t, got.Streams, want.streams)
		require.Equal(t, "c1", got.Receipt.CollectorId)
	}
	require.InDelta(t, 1, testutil.ToFloat64(in.metrics.noCall), 0)
	require.InDelta(t, 3, testutil.ToFloat64(in.metrics.samples.WithLabelValues("http", "accepted")), 0)
	require.InDelta(t, 3, testutil.ToFloat64(in.metrics.messages), 0)
}

func TestOneBadSampleCostsNoOther(t *testing.T) {
	bad := clientSample(2)
	bad.SessionId = ""
	good1, good2, truncated := marshal(t, clientSample(1)), marshal(t, clientSample(3)), marshal(t, clientSample(4))
	truncated = truncated[:len(truncated)-3]
	body := batchOf(good1, marshal(t, bad), truncated, good2)

	for name, tc := range map[string]struct {
		body     []byte
		accepted int
		rejected []string // reason by index, in order
		indexes  []int
	}{
		"bad ones in the middle":     {body, 2, []string{"no_session_id", "malformed"}, []int{1, 2}},
		"the body ends in a sample":  {body[:len(body)-5], 1, []string{"no_session_id", "malformed", "malformed"}, []int{1, 2, 3}},
		"garbage follows":            {append(bytes.Clone(body), 0xff, 0xff), 2, []string{"no_session_id", "malformed", "malformed"}, []int{1, 2, 4}},
		"nothing but garbage":        {[]byte("\xff\xff\xff\xff"), 0, []string{"malformed"}, []int{0}},
		"a field of another type":    {[]byte{0x08, 0x01}, 0, nil, nil},
		"unknown fields around":      {append([]byte{0x7a, 0x01, 0x00}, batchOf(good1)...), 1, nil, nil},
		"unknown field cut off":      {append(batchOf(good1), 0x7a, 0x09, 0x00), 1, []string{"malformed"}, []int{1}},
		"an endless group":           {append(batchOf(good1), bytes.Repeat([]byte{0x7b}, 100_000)...), 1, []string{"malformed"}, []int{1}},
		"an empty sample":            {batchOf(nil), 0, []string{"no_origin"}, []int{0}},
		"a single sample as a batch": {good1, 0, []string{"malformed"}, []int{0}},
		"empty":                      {nil, 0, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			q := &fakeQueue{}
			in := newIntake(q)
			b := in.Begin(Origin{Route: "http", Received: received, Size: len(tc.body)})
			require.NoError(t, b.WalkProto(tc.body, 100))
			require.Equal(t, tc.accepted+len(tc.rejected), b.Len())
			res := submit(t, b)
			require.Equal(t, tc.accepted, res.Accepted)
			require.Len(t, res.Rejected, len(tc.rejected))
			for i, r := range res.Rejected {
				require.Equal(t, tc.rejected[i], r.Reason, r.Detail)
				require.Equal(t, tc.indexes[i], r.Index)
			}
			require.Len(t, q.of(topic.Samples), tc.accepted)
			require.Len(t, q.of(topic.Dead), len(tc.rejected))
			require.InDelta(t, len(tc.rejected), testutil.ToFloat64(in.metrics.dead.WithLabelValues("written")), 0)
		})
	}
}

func headers(m kafka.Message) map[string]string {
	out := map[string]string{}
	for _, h := range m.Headers {
		out[h.Key] = string(h.Value)
	}
	return out
}

func TestWhatKafkaDidNotTakeIsToldBySample(t *testing.T) {
	q := &fakeQueue{}
	q.errs = func(msgs []kafka.Message) []error {
		if msgs[0].Topic == topic.Dead {
			return []error{errors.New("down")}
		}
		// client 1 | sfu one, two, three | client 2 | client 3
		return []error{nil, nil, errors.New("down"), errors.New("down"), kafka.ErrTooLarge, nil}
	}
	in := newIntake(q)
	b := in.Begin(Origin{Route: "http", Received: received})
	for _, s := range []*pb.Sample{clientSample(1), sfuSample("one", "two", "three"), clientSample(2), {}, clientSample(3)} {
		b.Proto(marshal(t, s))
	}
	res := submit(t, b)
	require.Equal(t, 2, res.Accepted)
	require.Equal(t, 1, res.Unavailable)
	got := map[int]string{}
	for _, r := range res.Rejected {
		got[r.Index] = r.Reason
	}
	require.Equal(t, map[int]string{1: Unavailable, 2: "too_large", 3: "no_origin"}, got)
	require.InDelta(t, 1, testutil.ToFloat64(in.metrics.dead.WithLabelValues("lost")), 0)
	for outcome, n := range map[string]float64{"accepted": 2, "rejected": 2, "unavailable": 1} {
		require.InDelta(t, n, testutil.ToFloat64(in.metrics.samples.WithLabelValues("http", outcome)), 0, outcome)
	}
}

func TestAFullQueueLeavesNothingBehind(t *testing.T) {
	q := &fakeQueue{full: queue.ErrFull}
	in := newIntake(q)
	b := in.Begin(Origin{Route: "http", Received: received})
	b.Proto(marshal(t, clientSample(1)))
	b.Proto(nil)
	require.ErrorIs(t, b.Submit(func(Result) { t.Error("told") }), queue.ErrFull)
	require.Empty(t, q.got)
}

func TestScratchIsCleanAfterEverySample(t *testing.T) {
	in := newIntake(&fakeQueue{})
	q := &fakeQueue{}
	in.queue = q
	full := clientSample(1)
	full.Clock, full.IntervalUs = &pb.ClockOffset{OffsetUs: 7}, 9
	full.Events = []*pb.Event{{Value: "x"}}
	raw := marshal(t, full)
	bare := &pb.Sample{Client: &pb.ClientOrigin{ClientId: "bo"}, CallId: "demo", SessionId: "s", Sequence: 1, SampledAtUs: received.UnixMicro()}
	for range 20 {
		b := in.Begin(Origin{Route: "http", Received: received})
		b.Proto(raw[:len(raw)-2])
		b.Proto(raw)
		b.Proto(marshal(t, bare))
		submit(t, b)
	}
	want := bare.CloneVT()
	want.Receipt = &pb.Receipt{ReceivedAtUs: received.UnixMicro(), CollectorId: "c1"}
	for i, m := range q.of(topic.Samples) {
		if i%2 == 1 {
			got := &pb.Sample{}
			require.NoError(t, got.UnmarshalVT(m.Value))
			require.True(t, got.EqualVT(want), "%v", got)
		}
	}
}
