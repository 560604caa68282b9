package split_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/earshot-rtc/earshot/collector/split"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func stream(transport, call string, ssrc uint32) *pb.Stream {
	return &pb.Stream{TransportId: transport, CallId: call, Ssrc: ssrc, Direction: pb.Direction_DIRECTION_OUTBOUND}
}

func sample() *pb.Sample {
	return &pb.Sample{
		Sfu: &pb.SFUOrigin{SfuId: "fra", Region: "eu"}, SessionId: "s", Sequence: 9, SampledAtUs: 1000, IntervalUs: 5,
		Clock: &pb.ClockOffset{OffsetUs: 3}, Receipt: &pb.Receipt{CollectorId: "c"},
	}
}

// run splits s with sp and keeps copies.
func run(t testing.TB, sp *split.Splitter, s *pb.Sample) ([]*pb.Sample, split.Outcome) {
	t.Helper()
	var got []*pb.Sample
	out, err := sp.Calls(s, func(one *pb.Sample) error {
		got = append(got, one.CloneVT())
		return nil
	})
	require.NoError(t, err)
	require.Len(t, got, out.Calls)
	return got, out
}

func ssrcs(s *pb.Sample) (out []uint32) {
	for _, st := range s.Streams {
		out = append(out, st.Ssrc)
	}
	return out
}

func transports(s *pb.Sample) (out []string) {
	for _, tr := range s.Transports {
		out = append(out, tr.TransportId)
	}
	return out
}

func TestASharedTransportIsCopiedIntoEveryCallWithThatCallsStreamsOnly(t *testing.T) {
	s := sample()
	s.Transports = []*pb.Transport{
		{TransportId: "ana", CallId: "one"},
		{TransportId: "to-iad", SfuLink: true, Rtts: []*pb.RTT{{Source: 3, LatestUs: 90_000}}},
		{TransportId: "kim", CallId: "two"},
		{TransportId: "to-nrt", SfuLink: true},
	}
	s.Streams = []*pb.Stream{
		stream("ana", "", 1), stream("to-iad", "one", 2), stream("kim", "two", 3), stream("to-iad", "two", 4),
		stream("to-iad", "one", 5), stream("to-iad", "three", 6),
	}
	got, out := run(t, split.New(), s)
	require.Equal(t, split.Outcome{Calls: 3}, out)

	require.Equal(t, "one", got[0].CallId)
	require.Equal(t, []string{"ana", "to-iad"}, transports(got[0]))
	require.Equal(t, []uint32{1, 2, 5}, ssrcs(got[0]))
	require.Equal(t, "two", got[1].CallId)
	require.Equal(t, []string{"kim", "to-iad"}, transports(got[1]))
	require.Equal(t, []uint32{3, 4}, ssrcs(got[1]))
	require.Equal(t, "three", got[2].CallId)
	require.Equal(t, []string{"to-iad"}, transports(got[2]))
	require.Equal(t, []uint32{6}, ssrcs(got[2]))

	for _, one := range got {
		require.Equal(t, "fra", one.Sfu.SfuId)
		require.Equal(t, "s", one.SessionId)
		require.Equal(t, uint64(9), one.Sequence)
		require.Equal(t, int64(1000), one.SampledAtUs)
		require.Equal(t, int64(5), one.IntervalUs)
		require.Equal(t, int64(3), one.Clock.OffsetUs)
		require.Equal(t, "c", one.Receipt.CollectorId)
	}
	require.Equal(t, uint64(90_000), got[2].Transports[0].Rtts[0].LatestUs)
}

func TestEventsGoToTheCallsOfTheirTransport(t *testing.T) {
	s := sample()
	s.Transports = []*pb.Transport{{TransportId: "ana", CallId: "one"}, {TransportId: "kim", CallId: "two"}, {TransportId: "shared"}, {TransportId: "idle"}}
	s.Streams = []*pb.Stream{stream("shared", "two", 1)}
	s.Events = []*pb.Event{
		{TransportId: "ana", Value: "of ana"}, {TransportId: "shared", Value: "of shared"}, {Value: "of the sfu"}, {TransportId: "idle", Value: "of nobody"},
	}
	got, out := run(t, split.New(), s)
	require.Equal(t, split.Outcome{Calls: 2, Events: 1}, out)
	values := func(s *pb.Sample) (out []string) {
		for _, e := range s.Events {
			out = append(out, e.Value)
		}
		return out
	}
	require.Equal(t, []string{"of ana", "of the sfu"}, values(got[0]))
	require.Equal(t, []string{"of shared", "of the sfu"}, values(got[1]))
}

func TestASampleThatConcernsNoCallGoesNowhere(t *testing.T) {
	s := sample()
	s.Transports = []*pb.Transport{{TransportId: "to-iad"}}
	s.Streams = []*pb.Stream{stream("to-iad", "", 1)}
	s.Events = []*pb.Event{{Value: "x"}}
	got, out := run(t, split.New(), s)
	require.Empty(t, got)
	require.Equal(t, split.Outcome{Streams: 1, Events: 1}, out)
}

func TestASampleThatNamesItsCallStaysAsItIs(t *testing.T) {
	s := sample()
	s.CallId = "one"
	s.Transports = []*pb.Transport{{TransportId: "shared"}}
	got, out := run(t, split.New(), s)
	require.Equal(t, split.Outcome{Calls: 1}, out)
	require.True(t, got[0].EqualVT(s))
}

func TestASplitterKeepsNothingOfTheLastSample(t *testing.T) {
	sp := split.New()
	big := sample()
	for i := range 50 {
		id := fmt.Sprintf("t%d", i)
		big.Transports = append(big.Transports, &pb.Transport{TransportId: id, CallId: fmt.Sprintf("call-%d", i%7)})
		big.Streams = append(big.Streams, stream(id, "", uint32(i)))
		big.Events = append(big.Events, &pb.Event{TransportId: id})
	}
	_, out := run(t, sp, big)
	require.Equal(t, 7, out.Calls)

	small := sample()
	small.Transports = []*pb.Transport{{TransportId: "t", CallId: "x"}}
	got, _ := run(t, sp, small)
	fresh, _ := run(t, split.New(), small)
	require.Len(t, got, 1)
	require.True(t, got[0].EqualVT(fresh[0]))

	wrong := errors.New("full")
	_, err := sp.Calls(big, func(*pb.Sample) error { return wrong })
	require.ErrorIs(t, err, wrong)
	got, _ = run(t, sp, small)
	require.True(t, got[0].EqualVT(fresh[0]), "after an error")
}

// Every stream that has a call is in exactly that call's slice, together with its transport; nothing else is anywhere.
func TestSplitLosesAndInventsNothing(t *testing.T) {
	sp := split.New()
	rapid.Check(t, func(rt *rapid.T) {
		s := sample()
		calls := rapid.IntRange(1, 5).Draw(rt, "calls")
		call := func(what string) string {
			if n := rapid.IntRange(0, calls).Draw(rt, what); n > 0 {
				return fmt.Sprintf("call-%d", n)
			}
			return ""
		}
		for i := range rapid.IntRange(0, 12).Draw(rt, "transports") {
			s.Transports = append(s.Transports, &pb.Transport{TransportId: fmt.Sprintf("t%d", i), CallId: call("transport's call")})
		}
		want := map[string]map[uint32]bool{}
		for _, tr := range s.Transports {
			if tr.CallId != "" {
				want[tr.CallId] = map[uint32]bool{}
			}
		}
		lost := 0
		if len(s.Transports) > 0 {
			for i := range rapid.IntRange(0, 40).Draw(rt, "streams") {
				tr := rapid.SampledFrom(s.Transports).Draw(rt, "on")
				st := stream(tr.TransportId, "", uint32(i+1))
				of := tr.CallId
				if of == "" {
					st.CallId = call("stream's call")
					of = st.CallId
				}
				s.Streams = append(s.Streams, st)
				if of == "" {
					lost++
					continue
				}
				if want[of] == nil {
					want[of] = map[uint32]bool{}
				}
				want[of][st.Ssrc] = true
			}
		}
		got, out := run(t, sp, s)
		require.Equal(rt, lost, out.Streams)
		require.Len(rt, got, len(want))
		for _, one := range got {
			have := map[string]bool{}
			for _, id := range transports(one) {
				require.False(rt, have[id], "transport twice")
				have[id] = true
			}
			require.Len(rt, one.Streams, len(want[one.CallId]))
			used := map[string]bool{}
			for _, st := range one.Streams {
				require.True(rt, want[one.CallId][st.Ssrc])
				require.True(rt, have[st.TransportId])
				used[st.TransportId] = true
			}
			for _, tr := range one.Transports {
				require.True(rt, tr.CallId == one.CallId || tr.CallId == "" && used[tr.TransportId])
			}
		}
	})
}

func BenchmarkCalls(b *testing.B) {
	s := sample()
	s.Transports = append(s.Transports, &pb.Transport{TransportId: "shared"})
	for c := range 100 {
		call := fmt.Sprintf("call-%d", c)
		for p := range 6 {
			id := fmt.Sprintf("%s-%d", call, p)
			s.Transports = append(s.Transports, &pb.Transport{TransportId: id, CallId: call})
			for i := range 12 {
				s.Streams = append(s.Streams, stream(id, "", uint32(i)))
			}
		}
		s.Streams = append(s.Streams, stream("shared", call, uint32(c)))
	}
	sp := split.New()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sp.Calls(s, func(*pb.Sample) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
