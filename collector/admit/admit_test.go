package admit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector/admit"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

var received = time.UnixMicro(1_750_000_000_000_000)

func client() *pb.Sample {
	return &pb.Sample{
		Client: &pb.ClientOrigin{ClientId: "ana"}, CallId: "demo", SessionId: "s1", Sequence: 1,
		SampledAtUs: received.UnixMicro(), IntervalUs: 5_000_000,
		Transports: []*pb.Transport{{TransportId: "t1"}},
		Streams:    []*pb.Stream{{TransportId: "t1", Direction: pb.Direction_DIRECTION_INBOUND, Ssrc: 7}},
		Events:     []*pb.Event{{Type: pb.EventType_EVENT_TYPE_JOIN}},
	}
}

func sfu() *pb.Sample {
	s := client()
	s.Client, s.CallId = nil, ""
	s.Sfu = &pb.SFUOrigin{SfuId: "fra"}
	s.Transports[0].CallId = "demo"
	return s
}

func many(n int) []*pb.Transport {
	out := make([]*pb.Transport, n)
	for i := range out {
		out[i] = &pb.Transport{TransportId: fmt.Sprintf("t%d", i+1)}
	}
	return out
}

func TestGoodSamplesAreAdmitted(t *testing.T) {
	for name, s := range map[string]*pb.Sample{
		"client":              client(),
		"sfu":                 sfu(),
		"sfu without calls":   {Sfu: &pb.SFUOrigin{SfuId: "x"}, SessionId: "s", Sequence: 1, SampledAtUs: received.UnixMicro()},
		"sfu naming its call": func() *pb.Sample { s := sfu(); s.CallId = "demo"; return s }(),
		"many transports":     func() *pb.Sample { s := client(); s.Transports = many(50); return s }(),
		"old but allowed":     func() *pb.Sample { s := client(); s.SampledAtUs -= 3_500_000_000; return s }(),
		"wrong clock, mended": func() *pb.Sample {
			s := client()
			s.SampledAtUs = 5
			s.Clock = &pb.ClockOffset{OffsetUs: received.UnixMicro()}
			return s
		}(),
		"forward of unknown":   func() *pb.Sample { s := sfu(); s.Streams[0].ForwardedTransportId = "gone"; return s }(),
		"kind not said":        func() *pb.Sample { s := client(); s.Streams[0].Kind = 0; return s }(),
		"umlauts in the names": func() *pb.Sample { s := client(); s.Client.ClientId = "Jörg 🎧"; return s }(),
	} {
		t.Run(name, func(t *testing.T) {
			c := admit.NewChecker(admit.DefaultLimits())
			require.Nil(t, c.Check(s, received))
			require.Empty(t, c.Drops())
		})
	}
}

func TestBadSamplesAreRefusedWithTheReason(t *testing.T) {
	long := strings.Repeat("x", 600)
	for name, tc := range map[string]struct {
		reason admit.Reason
		spoil  func(s *pb.Sample)
	}{
		"no origin":                  {admit.NoOrigin, func(s *pb.Sample) { s.Client = nil }},
		"two origins":                {admit.TwoOrigins, func(s *pb.Sample) { s.Sfu = &pb.SFUOrigin{SfuId: "x"} }},
		"no client id":               {admit.NoSource, func(s *pb.Sample) { s.Client.ClientId = "" }},
		"no sfu id":                  {admit.NoSource, func(s *pb.Sample) { s.Client, s.Sfu = nil, &pb.SFUOrigin{} }},
		"client id too long":         {admit.TextTooLong, func(s *pb.Sample) { s.Client.ClientId = long }},
		"client id not UTF-8":        {admit.BadUTF8, func(s *pb.Sample) { s.Client.ClientId = "a\xff" }},
		"user id not UTF-8":          {admit.BadUTF8, func(s *pb.Sample) { s.Client.UserId = "\xc3" }},
		"browser too long":           {admit.TextTooLong, func(s *pb.Sample) { s.Client.Browser = long }},
		"sfu region not UTF-8":       {admit.BadUTF8, func(s *pb.Sample) { s.Client, s.Sfu = nil, &pb.SFUOrigin{SfuId: "x", Region: "\xff"} }},
		"no call":                    {admit.NoCallID, func(s *pb.Sample) { s.CallId = "" }},
		"call too long":              {admit.TextTooLong, func(s *pb.Sample) { s.CallId = long }},
		"no session":                 {admit.NoSession, func(s *pb.Sample) { s.SessionId = "" }},
		"session not UTF-8":          {admit.BadUTF8, func(s *pb.Sample) { s.SessionId = "\xff" }},
		"no sequence":                {admit.NoSequence, func(s *pb.Sample) { s.Sequence = 0 }},
		"no time":                    {admit.BadTime, func(s *pb.Sample) { s.SampledAtUs = 0 }},
		"negative time":              {admit.BadTime, func(s *pb.Sample) { s.SampledAtUs = -5 }},
		"huge time":                  {admit.BadTime, func(s *pb.Sample) { s.SampledAtUs = 1<<63 - 1 }},
		"too old":                    {admit.BadTime, func(s *pb.Sample) { s.SampledAtUs -= 3_601_000_000 }},
		"ahead":                      {admit.BadTime, func(s *pb.Sample) { s.SampledAtUs += 301_000_000 }},
		"ahead by its offset":        {admit.BadTime, func(s *pb.Sample) { s.Clock = &pb.ClockOffset{OffsetUs: 301_000_000} }},
		"offset that overflows":      {admit.BadTime, func(s *pb.Sample) { s.Clock = &pb.ClockOffset{OffsetUs: -1 << 63} }},
		"negative interval":          {admit.BadInterval, func(s *pb.Sample) { s.IntervalUs = -1 }},
		"interval of a day":          {admit.BadInterval, func(s *pb.Sample) { s.IntervalUs = 86_400_000_000 }},
		"transport without id":       {admit.NoTransportID, func(s *pb.Sample) { s.Transports[0].TransportId = "" }},
		"transport id not UTF-8":     {admit.BadUTF8, func(s *pb.Sample) { s.Transports[0].TransportId = "\xff" }},
		"remote id too long":         {admit.TextTooLong, func(s *pb.Sample) { s.Transports[0].RemoteTransportId = long }},
		"transport twice":            {admit.TransportTwice, func(s *pb.Sample) { s.Transports = append(s.Transports, &pb.Transport{TransportId: "t1"}) }},
		"transport twice among many": {admit.TransportTwice, func(s *pb.Sample) { s.Transports = append(many(20), &pb.Transport{TransportId: "t3"}) }},
		"transport of another call":  {admit.CallConflict, func(s *pb.Sample) { s.Transports[0].CallId = "other" }},
		"stream of another call":     {admit.CallConflict, func(s *pb.Sample) { s.Streams[0].CallId = "other" }},
		"sfu stream against transport": {admit.CallConflict, func(s *pb.Sample) {
			s.Client, s.CallId, s.Sfu = nil, "", sfu().Sfu
			s.Transports[0].CallId, s.Streams[0].CallId = "demo", "other"
		}},
		"stream on no transport":    {admit.UnknownTransport, func(s *pb.Sample) { s.Streams[0].TransportId = "t9" }},
		"stream without transport":  {admit.UnknownTransport, func(s *pb.Sample) { s.Streams[0].TransportId = "" }},
		"stream unknown among many": {admit.UnknownTransport, func(s *pb.Sample) { s.Transports = many(20); s.Streams[0].TransportId = "t21" }},
		"no direction":              {admit.BadDirection, func(s *pb.Sample) { s.Streams[0].Direction = 0 }},
		"unknown direction":         {admit.BadDirection, func(s *pb.Sample) { s.Streams[0].Direction = 3 }},
		"unknown kind":              {admit.BadKind, func(s *pb.Sample) { s.Streams[0].Kind = 77 }},
		"negative kind":             {admit.BadKind, func(s *pb.Sample) { s.Streams[0].Kind = -1 }},
		"codec not UTF-8":           {admit.BadUTF8, func(s *pb.Sample) { s.Streams[0].Codec = "op\xffus" }},
		"track id too long":         {admit.TextTooLong, func(s *pb.Sample) { s.Streams[0].TrackId = long }},
		"event value too long":      {admit.TextTooLong, func(s *pb.Sample) { s.Events[0].Value = long }},
		"event value not UTF-8":     {admit.BadUTF8, func(s *pb.Sample) { s.Events[0].Value = "\xff" }},
		"event track not UTF-8":     {admit.BadUTF8, func(s *pb.Sample) { s.Events[0].TrackId = "\xff" }},
		"too many transports":       {admit.TooMany, func(s *pb.Sample) { s.Transports = many(10_001) }},
		"too many streams":          {admit.TooMany, func(s *pb.Sample) { s.Streams = make([]*pb.Stream, 20_001) }},
		"too many events":           {admit.TooMany, func(s *pb.Sample) { s.Events = make([]*pb.Event, 2_001) }},
		"too many rtts":             {admit.TooMany, func(s *pb.Sample) { s.Transports[0].Rtts = make([]*pb.RTT, 9) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := client()
			tc.spoil(s)
			r := admit.NewChecker(admit.DefaultLimits()).Check(s, received)
			require.NotNil(t, r)
			require.Equal(t, tc.reason, r.Reason)
			require.NotEmpty(t, r.Detail)
			require.NotContains(t, r.Detail, "\xff")
			require.Contains(t, admit.All(), r.Reason)
		})
	}
}

func TestUselessPartsAreTakenOutAndCounted(t *testing.T) {
	s := client()
	s.Receipt = &pb.Receipt{Tenant: "forged"}
	s.Transports[0].Protocol = 99
	s.Transports[0].IceState = -1
	s.Streams[0].QualityLimitation = 9
	s.Events[0].Type = 1000
	rtt := func(source pb.RTTSource, us uint64) *pb.RTT { return &pb.RTT{Source: source, LatestUs: us, Count: 3} }
	s.Transports[0].Rtts = []*pb.RTT{
		rtt(1, 0), rtt(3, 20_000), rtt(1, 10_000_000), rtt(0, 5_000), rtt(6, 5_000), rtt(5, 9_999_999),
	}
	s.Streams[0].Rtts = []*pb.RTT{rtt(2, 0)}
	c := admit.NewChecker(admit.DefaultLimits())
	require.Nil(t, c.Check(s, received))
	require.Nil(t, s.Receipt)
	require.Zero(t, s.Transports[0].Protocol)
	require.Zero(t, s.Transports[0].IceState)
	require.Zero(t, s.Streams[0].QualityLimitation)
	require.Zero(t, s.Events[0].Type)
	require.Len(t, s.Transports[0].Rtts, 2)
	require.Equal(t, []uint64{20_000, 9_999_999}, []uint64{s.Transports[0].Rtts[0].LatestUs, s.Transports[0].Rtts[1].LatestUs})
	require.Empty(t, s.Streams[0].Rtts)
	require.ElementsMatch(t, []admit.Drop{
		{Reason: admit.ReceiptForged, Count: 1}, {Reason: admit.UnknownEnum, Count: 4},
		{Reason: admit.RTTMissing, Count: 4}, {Reason: admit.RTTTooLong, Count: 1},
	}, c.Drops())
	require.Empty(t, c.Drops(), "asked twice")
}

func TestWhatWasTakenOutDoesNotComeBackWithTheNextSample(t *testing.T) {
	first := client()
	first.Transports[0].Rtts = []*pb.RTT{
		{Source: 1, LatestUs: 0, TotalUs: 111, Count: 222, MeasuredAtUs: 333}, {Source: 3, LatestUs: 5},
	}
	second := client()
	second.Transports[0].Rtts = []*pb.RTT{{Source: 1, LatestUs: 7}, {Source: 3, LatestUs: 8}}
	a, err := first.MarshalVT()
	require.NoError(t, err)
	b, err := second.MarshalVT()
	require.NoError(t, err)

	s := &pb.Sample{}
	c := admit.NewChecker(admit.DefaultLimits())
	require.NoError(t, s.UnmarshalVT(a))
	require.Nil(t, c.Check(s, received))
	s.ResetVT()
	require.NoError(t, s.UnmarshalVT(b))
	require.Nil(t, c.Check(s, received))
	require.True(t, s.EqualVT(second), "%v", s)
}

func TestLimitsNameTheKey(t *testing.T) {
	l := admit.DefaultLimits()
	require.NoError(t, l.Validate())
	l.Streams = 0
	require.EqualError(t, l.Validate(), "limits.streams must be more than 0")
	l = admit.DefaultLimits()
	l.MaxAge = 9000 * time.Hour
	require.ErrorContains(t, l.Validate(), "limits.max_age")
}

func BenchmarkCheck(b *testing.B) {
	s := client()
	s.Transports = many(2)
	for i := range 12 {
		s.Streams = append(s.Streams, &pb.Stream{
			TransportId: "t2", Direction: 1, Kind: 1, Ssrc: uint32(i), Codec: "opus", TrackId: "f2b1c8e0-6f3c-4f43-9a55-1d9f4f1e4a10", Mid: "3",
			Rtts: []*pb.RTT{{Source: 1, LatestUs: 20000, TotalUs: 1, Count: 2}},
		})
	}
	c := admit.NewChecker(admit.DefaultLimits())
	b.ReportAllocs()
	for b.Loop() {
		if r := c.Check(s, received); r != nil {
			b.Fatal(r)
		}
	}
}
