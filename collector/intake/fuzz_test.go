package intake

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// sound checks what has to hold whatever came in: every sample is accounted for, and what reaches Kafka can be read by
// everybody.
func sound(t *testing.T, q *fakeQueue, b *Batch, n int) {
	t.Helper()
	var res Result
	require.NoError(t, b.Submit(func(r Result) { res = r }))
	require.Equal(t, n, res.Accepted+len(res.Rejected))
	require.Len(t, q.of(topic.Dead), len(res.Rejected))
	for _, r := range res.Rejected {
		require.True(t, utf8.ValidString(r.Detail))
		require.Less(t, r.Index, n)
	}
	for _, m := range q.of(topic.Samples) {
		s := &pb.Sample{}
		require.NoError(t, proto.Unmarshal(m.Value, s), "the strict codec reads it")
		require.Equal(t, string(m.Key), s.CallId)
		require.NotEmpty(t, s.CallId)
		require.NotEmpty(t, s.SessionId)
		require.Equal(t, received.UnixMicro(), s.Receipt.ReceivedAtUs)
		require.True(t, (s.Client == nil) != (s.Sfu == nil))
		known := map[string]bool{}
		for _, tr := range s.Transports {
			require.False(t, known[tr.TransportId])
			known[tr.TransportId] = true
		}
		for _, st := range s.Streams {
			require.True(t, known[st.TransportId])
		}
	}
}

func FuzzWalkProto(f *testing.F) {
	f.Add(batchOf(marshal(f, clientSample(1)), marshal(f, sfuSample("a", "b", ""))))
	f.Add(batchOf(nil, []byte{0xff}, marshal(f, clientSample(2))[:30]))
	f.Add([]byte{0x7b, 0x7b, 0x0a, 0x7f})
	f.Fuzz(func(t *testing.T, body []byte) {
		q := &fakeQueue{}
		b := newIntake(q).Begin(Origin{Route: "fuzz", Received: received, Size: len(body)})
		if b.WalkProto(body, 100) != nil {
			b.Drop()
			return
		}
		n := b.Len()
		sound(t, q, b, n)
	})
}

func FuzzWalkJSON(f *testing.F) {
	for _, s := range []*pb.Sample{clientSample(1), sfuSample("a", "b", "")} {
		one, err := protojson.Marshal(s)
		require.NoError(f, err)
		f.Add(one)
		f.Add([]byte(`{"samples":[` + string(one) + `,{}]}`))
		f.Add([]byte(`[` + string(one) + `,` + string(one)[:40] + `]`))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		q := &fakeQueue{}
		b := newIntake(q).Begin(Origin{Route: "fuzz", Received: received, Size: len(body)})
		if b.WalkJSON(body, 100) != nil {
			b.Drop()
			return
		}
		n := b.Len()
		sound(t, q, b, n)
	})
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte(`{"time":{"sentAtUs":"5"}}`))
	f.Add([]byte(`{"sample":{"client":{"clientId":"a"},"callId":"c","sessionId":"s","sequence":1,"sampledAtUs":1750000000000000}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		q := &fakeQueue{}
		b := newIntake(q).Begin(Origin{Route: "fuzz", Received: received, Size: len(frame)})
		if req, refusal := b.Frame(frame); req != nil || refusal != "" {
			b.Drop()
			return
		}
		session, _ := b.Last()
		require.True(t, utf8.ValidString(session))
		sound(t, q, b, 1)
	})
}
