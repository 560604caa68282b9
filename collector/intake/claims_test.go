package intake

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/identity"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

func TestWhatIsClaimedWinsOverTheBody(t *testing.T) {
	client := func(change func(*pb.Sample)) *pb.Sample {
		s := clientSample(1)
		if change != nil {
			change(s)
		}
		return s
	}
	named := func(id string) *pb.Sample {
		s := sfuSample("demo")
		s.Sfu.SfuId = id
		return s
	}
	for name, tc := range map[string]struct {
		caller  identity.Caller
		sample  *pb.Sample
		refused admit.Reason
		drops   []admit.Reason
		check   func(t *testing.T, s *pb.Sample)
	}{
		"anybody is believed": {identity.Caller{}, client(nil), "", nil, func(t *testing.T, s *pb.Sample) {
			require.Equal(t, "demo", s.CallId)
			require.Empty(t, s.Receipt.Tenant)
		}},
		"the tenant is the token's": {identity.Caller{Kind: identity.Client, Tenant: "acme"}, client(func(s *pb.Sample) {
			s.Receipt = &pb.Receipt{Tenant: "forged"}
		}), "", []admit.Reason{admit.ReceiptForged}, func(t *testing.T, s *pb.Sample) {
			require.Equal(t, "acme", s.Receipt.Tenant)
			require.Equal(t, "demo", s.CallId, "which the token leaves open")
		}},
		"all is as claimed": {
			identity.Caller{Kind: identity.Client, CallID: "demo", ClientID: "ana"}, client(nil), "", nil, nil},
		"another call": {
			identity.Caller{Kind: identity.Client, CallID: "mine", ClientID: "ana"}, client(func(s *pb.Sample) {
				s.Transports[0].CallId, s.Streams[0].CallId = "demo", "demo"
			}), "", []admit.Reason{admit.CallOverwritten}, func(t *testing.T, s *pb.Sample) {
				require.Equal(t, "mine", s.CallId)
			}},
		"another client": {
			identity.Caller{Kind: identity.Client, ClientID: "bob"}, client(nil), "", []admit.Reason{admit.ClientOverwritten},
			func(t *testing.T, s *pb.Sample) { require.Equal(t, "bob", s.Client.ClientId) }},
		"another user": {
			identity.Caller{Kind: identity.Client, UserID: "u-7"}, client(nil), "", []admit.Reason{admit.UserOverwritten}, nil},
		"names left to the token": {
			identity.Caller{Kind: identity.Client, CallID: "mine", ClientID: "bob"}, client(func(s *pb.Sample) {
				s.CallId, s.Client.ClientId = "", ""
			}), "", nil, func(t *testing.T, s *pb.Sample) {
				require.Equal(t, "mine", s.CallId)
				require.Equal(t, "bob", s.Client.ClientId)
			}},
		"a client that says it is an SFU": {
			identity.Caller{Kind: identity.Client, CallID: "demo"}, sfuSample("demo"), admit.WrongOrigin, nil, nil},
		"a client that says it is both": {
			identity.Caller{Kind: identity.Client}, client(func(s *pb.Sample) { s.Sfu = &pb.SFUOrigin{SfuId: "x"} }), admit.WrongOrigin, nil, nil},
		"an SFU that says it is a client": {identity.Caller{Kind: identity.SFU}, client(nil), admit.WrongOrigin, nil, nil},
		"an SFU":                          {identity.Caller{Kind: identity.SFU, SFUID: "fra"}, named("fra"), "", nil, nil},
		"any SFU":                         {identity.Caller{Kind: identity.SFU, Name: "all"}, named("fra"), "", nil, nil},
		"another SFU, token of one": {identity.Caller{Kind: identity.SFU, SFUID: "lon"}, named("fra"), "", []admit.Reason{admit.SFUOverwritten},
			func(t *testing.T, s *pb.Sample) { require.Equal(t, "lon", s.Sfu.SfuId) }},
		"one of the list":      {identity.Caller{Kind: identity.SFU, SFUIDs: []string{"lon", "fra"}}, named("fra"), "", nil, nil},
		"none of the list":     {identity.Caller{Kind: identity.SFU, SFUIDs: []string{"lon", "ams"}}, named("fra"), admit.SFUNotAllowed, nil, nil},
		"nameless, one of one": {identity.Caller{Kind: identity.SFU, SFUIDs: []string{"lon"}}, named(""), "", nil, nil},
		"nameless, of two":     {identity.Caller{Kind: identity.SFU, SFUIDs: []string{"lon", "fra"}}, named(""), admit.SFUNotAllowed, nil, nil},
		"neither, from an SFU": {identity.Caller{Kind: identity.SFU, SFUID: "lon"}, client(func(s *pb.Sample) { s.Client = nil }), admit.NoOrigin, nil, nil},
		"neither, from a client": {
			identity.Caller{Kind: identity.Client, ClientID: "x"}, client(func(s *pb.Sample) { s.Client = nil }), admit.NoOrigin, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			q := &fakeQueue{}
			in := newIntake(q)
			b := in.Begin(Origin{Route: "http", Received: received, Caller: tc.caller})
			b.Proto(marshal(t, tc.sample))
			res := submit(t, b)
			if tc.refused != "" {
				require.Len(t, res.Rejected, 1)
				require.Equal(t, string(tc.refused), res.Rejected[0].Reason)
				require.Equal(t, 1.0, testutil.ToFloat64(in.metrics.rejected.WithLabelValues(string(tc.refused))))
				return
			}
			require.Equal(t, 1, res.Accepted, "%v", res)
			for _, why := range []admit.Reason{admit.CallOverwritten, admit.ClientOverwritten, admit.UserOverwritten, admit.SFUOverwritten, admit.ReceiptForged} {
				want := 0.0
				for _, d := range tc.drops {
					if d == why {
						want = 1
					}
				}
				require.Equal(t, want, testutil.ToFloat64(in.metrics.dropped.WithLabelValues(string(why))), why)
			}
			if tc.check != nil {
				s := &pb.Sample{}
				require.NoError(t, s.UnmarshalVT(q.of(topic.Samples)[0].Value))
				tc.check(t, s)
			}
		})
	}
}
