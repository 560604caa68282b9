package intake

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

func TestJSONBodies(t *testing.T) {
	one, err := protojson.Marshal(clientSample(1))
	require.NoError(t, err)
	deep := strings.Repeat(`{"a":`, 9_000) + "1" + strings.Repeat("}", 9_000)
	deeper := strings.Repeat(`[`, 1_000_000)
	for name, tc := range map[string]struct {
		body     string
		accepted int
		rejected []string
	}{
		"a batch":                        {fmt.Sprintf(`{"samples":[%s,%s]}`, one, one), 2, nil},
		"a batch among unknown keys":     {fmt.Sprintf(`{"v":{"x":[1]},"samples":[%s],"w":null}`, one), 1, nil},
		"an array":                       {fmt.Sprintf(` [%s , %s]`, one, one), 2, nil},
		"a bare sample":                  {string(one), 1, nil},
		"snake case and numbers":         {`{"client":{"client_id":"ana"},"call_id":"demo","session_id":"s","sequence":1,"sampled_at_us":1750000000000000}`, 1, nil},
		"unknown key in a sample":        {`{"client":{"client_id":"ana","shoe":44},"call_id":"demo","session_id":"s","sequence":"1","sampled_at_us":1750000000000000}`, 1, nil},
		"a bad one in the middle":        {fmt.Sprintf(`[%s,{"sequence":"many"},7,"x",null,%s]`, one, one), 2, []string{"malformed", "malformed", "malformed", "malformed"}},
		"wrong type deep inside":         {`{"client":{"clientId":"a"},"streams":{"no":"array"}}`, 0, []string{"malformed"}},
		"negative counter":               {`{"client":{"clientId":"a"},"sequence":-1}`, 0, []string{"malformed"}},
		"two origins":                    {`{"client":{"clientId":"a"},"sfu":{"sfuId":"b"}}`, 0, []string{"two_origins"}},
		"an empty object":                {`{}`, 0, []string{"no_origin"}},
		"an empty batch":                 {`{"samples":[]}`, 0, nil},
		"an empty array":                 {`[]`, 0, nil},
		"samples is no array":            {`{"samples":{}}`, 0, []string{"malformed"}},
		"cut off in the second":          {fmt.Sprintf(`{"samples":[%s,{"cl`, one), 1, []string{"malformed"}},
		"cut off after the first":        {fmt.Sprintf(`[%s`, one), 1, []string{"malformed"}},
		"cut off after the array":        {fmt.Sprintf(`{"samples":[%s]`, one), 1, []string{"malformed"}},
		"something follows":              {fmt.Sprintf(`[%s]]`, one), 1, []string{"malformed"}},
		"nothing":                        {``, 0, []string{"malformed"}},
		"a number":                       {`7`, 0, []string{"malformed"}},
		"not JSON":                       {"\x0a\x05hello", 0, []string{"malformed"}},
		"a key without value":            {`{"samples"`, 0, []string{"malformed"}},
		"deep":                           {deep, 0, []string{"malformed"}},
		"deep inside a sample":           {fmt.Sprintf(`[{"client":%s}]`, deep), 0, []string{"malformed"}},
		"deeper than anybody looks":      {deeper, 0, []string{"malformed"}},
		"bad UTF-8":                      {"{\"client\":{\"clientId\":\"a\xff\"}}", 0, []string{"malformed"}},
		"half a surrogate":               {`{"client":{"clientId":"\ud800"}}`, 0, []string{"malformed"}},
		"a million empty transports":     {`{"transports":[` + strings.Repeat("{},", 1_000_000) + `{}]}`, 0, []string{"too_many"}},
		"a sample beyond every size":     {`{"callId":"` + strings.Repeat("x", 5<<20) + `"}`, 0, []string{"too_large"}},
		"numbers that are none":          {`{"client":{"clientId":"a"},"sampledAtUs":1e400}`, 0, []string{"malformed"}},
		"an unknown enum value, by name": {`{"client":{"clientId":"a"},"callId":"c","sessionId":"s","sequence":1,"sampledAtUs":1750000000000000,"transports":[{"transportId":"t","protocol":"PROTOCOL_QUIC"}]}`, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			q := &fakeQueue{}
			b := newIntake(q).Begin(Origin{Route: "http", Received: received, Size: len(tc.body)})
			require.NoError(t, b.WalkJSON([]byte(tc.body), 100))
			res := submit(t, b)
			require.Equal(t, tc.accepted, res.Accepted, "%v", res.Rejected)
			var reasons []string
			for _, r := range res.Rejected {
				reasons = append(reasons, r.Reason)
				require.Less(t, len(r.Detail), 400)
			}
			require.Equal(t, tc.rejected, reasons)
			require.Len(t, q.of(topic.Samples), tc.accepted)
		})
	}
}

func TestHugeCountsAreRefusedBeforeTheyAreDecoded(t *testing.T) {
	rtts := bytes.Repeat([]byte{0x82, 0x01, 0x00}, 100_000) // field 16 of a transport
	transport := protowire.AppendBytes(protowire.AppendTag(nil, sampleTransports, protowire.BytesType), rtts)
	for name, raw := range map[string][]byte{
		"transports":          bytes.Repeat([]byte{0x52, 0x00}, 500_000),
		"streams":             bytes.Repeat([]byte{0x5a, 0x00}, 500_000),
		"events":              bytes.Repeat([]byte{0x62, 0x00}, 500_000),
		"rtts of a transport": transport,
	} {
		t.Run(name, func(t *testing.T) {
			in := newIntake(&fakeQueue{})
			b := in.Begin(Origin{Route: "http", Received: received})
			b.Proto(raw)
			require.Empty(t, b.sc.sample.Transports)
			require.Equal(t, "too_many", submit(t, b).Rejected[0].Reason)
		})
	}
}

func TestASampleThatGrowsBeyondReasonWhenSplitIsRefused(t *testing.T) {
	s := sfuSample()
	for i := range 5_000 {
		s.Transports = append(s.Transports, &pb.Transport{TransportId: fmt.Sprint(i), CallId: fmt.Sprint(i)})
	}
	for range 100 {
		s.Events = append(s.Events, &pb.Event{Value: strings.Repeat("x", 500)})
	}
	q := &fakeQueue{}
	b := newIntake(q).Begin(Origin{Route: "http", Received: received})
	b.Proto(marshal(t, clientSample(1)))
	b.Proto(marshal(t, s))
	b.Proto(marshal(t, clientSample(2)))
	res := submit(t, b)
	require.Equal(t, 2, res.Accepted)
	require.Equal(t, 1, res.Rejected[0].Index)
	require.Equal(t, "too_large", res.Rejected[0].Reason)
	require.Len(t, q.of(topic.Samples), 2, "no slice of it")
}

func TestACallsPartThatKafkaDoesNotTakeIsRefused(t *testing.T) {
	cfg := config()
	cfg.MessageBytes = 500
	q := &fakeQueue{}
	in := New(cfg, Dependencies{Queue: q})
	s := clientSample(1)
	for range 30 {
		s.Events = append(s.Events, &pb.Event{Value: "twenty bytes or so ..."})
	}
	b := in.Begin(Origin{Route: "http", Received: received})
	b.Proto(marshal(t, s))
	require.Equal(t, "too_large", submit(t, b).Rejected[0].Reason)
}

func TestTooManySamplesInOneBody(t *testing.T) {
	in := newIntake(&fakeQueue{})
	b := in.Begin(Origin{Route: "http", Received: received})
	require.ErrorIs(t, b.WalkProto(bytes.Repeat([]byte{0x0a, 0x00}, 11), 10), ErrTooManySamples)
	b.Drop()
	b = in.Begin(Origin{Route: "http", Received: received})
	require.ErrorIs(t, b.WalkJSON([]byte(`[`+strings.Repeat("{},", 10)+`{}]`), 10), ErrTooManySamples)
	b.Drop()
}
