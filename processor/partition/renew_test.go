package partition_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/partition"
	"github.com/earshot-rtc/earshot/processor/partition/callgen"
	"github.com/earshot-rtc/earshot/processor/row"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// TestRenewalDoesNotShow in what rows there are and in how long paths have been as they are.
func TestRenewalDoesNotShow(t *testing.T) {
	records := callgen.Records(callgen.Config{Interval: time.Second}, 3, 6*time.Minute)
	run := func(cfg partition.Config) *row.Batch {
		p := partition.New(cfg)
		b := &row.Batch{}
		for _, r := range records {
			apply(t, p, r, b)
		}
		p.Advance(records[len(records)-1].Time.Add(time.Minute), b)
		return b
	}
	type key struct {
		call, subscriber, transport string
		window                      int64
		ssrc                        uint32
	}
	index := func(b *row.Batch) map[key]row.E2E {
		all := map[key]row.E2E{}
		for _, r := range b.E2E {
			k := key{r.CallID, r.SubscriberID, r.TransportID, r.WindowStart, r.SSRC}
			_, twice := all[k]
			require.False(t, twice, "a window twice: %+v", k)
			all[k] = r
		}
		return all
	}
	plain, renewed := run(partition.Config{}), run(partition.Config{Renew: time.Minute, Warmup: 25 * time.Second})
	require.Equal(t, len(plain.Samples), len(renewed.Samples))
	require.Equal(t, len(plain.Streams), len(renewed.Streams))
	require.Equal(t, len(plain.Hops), len(renewed.Hops))
	want, got := index(plain), index(renewed)
	require.Len(t, got, len(want))
	differ := 0
	for k, w := range want {
		g, ok := got[k]
		require.True(t, ok, "%+v", k)
		require.Equal(t, w.EpochStart, g.EpochStart, "%+v", k)
		require.Equal(t, w.Status, g.Status)
		require.Equal(t, w.HopFrom, g.HopFrom)
		require.InDelta(t, w.RTTMs.Value, g.RTTMs.Value, 3)
		if w.RTTMs != g.RTTMs {
			differ++
		}
	}
	require.Less(t, differ, len(want)/3, "what is learned of sources may differ a little after a renewal")
}

// script is the log of one call, written by hand. Times are since its start.
type script struct {
	t       *testing.T
	records []callgen.Record
}

var scriptStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// say adds a sample of a client with one transport, which all have in common.
func (s *script) say(who string, n int, interval, sampled, received time.Duration, streams ...*earshotv1.Stream) {
	s.t.Helper()
	m := &earshotv1.Sample{
		CallId: "call", Client: &earshotv1.ClientOrigin{ClientId: who}, SessionId: who, Sequence: uint64(n), IntervalUs: interval.Microseconds(),
		SampledAtUs: scriptStart.Add(sampled).UnixMicro(), Transports: []*earshotv1.Transport{{TransportId: who, LinkKey: 1}}, Streams: streams,
	}
	value, err := m.MarshalVT()
	require.NoError(s.t, err)
	s.records = append(s.records, callgen.Record{Key: []byte("call"), Value: value, Time: scriptStart.Add(received)})
}

// stream is the one that somebody sends and somebody else receives.
func stream(who string, d earshotv1.Direction, n int) *earshotv1.Stream {
	return &earshotv1.Stream{TransportId: who, Ssrc: 1, Direction: d, Kind: earshotv1.MediaKind_MEDIA_KIND_AUDIO, Packets: uint64(10 * n), Bytes: uint64(1000 * n)}
}

// ends is when the call's state is renewed, last.
func (s *script) ends() time.Duration {
	s.t.Helper()
	p := partition.New(renewing)
	for _, r := range s.records {
		apply(s.t, p, r, &row.Batch{})
	}
	heritage := p.Heritages()
	require.Len(s.t, heritage, 1)
	return time.UnixMilli(heritage[0].Windows[2]).Add(renewing.Window).Sub(scriptStart)
}

// check restarts after all records of a time.
func (s *script) check(from, to time.Duration) {
	s.t.Helper()
	slices.SortStableFunc(s.records, func(a, b callgen.Record) int { return a.Time.Compare(b.Time) })
	l := undisturbed(s.t, s.records)
	for i, r := range s.records {
		if at := r.Time.Sub(scriptStart); at > from && at < to {
			l.check(s.t, i+1, l.from(i+1))
		}
	}
}

const often = 200 * time.Millisecond

// TestAStateThatStandsForAnotherEndsWithIt though it knows less: here it takes a repeat for the sample itself, believes that its source is
// there, and waits for it.
func TestAStateThatStandsForAnotherEndsWithIt(t *testing.T) {
	s := &script{t: t}
	for n := range 300 {
		at := time.Duration(n) * often
		s.say("steady", n+1, often, at, at)
	}
	end := s.ends()
	said := end - 13500*time.Millisecond
	s.say("silent", 1, 5*time.Second, said, said)
	s.say("silent", 1, 5*time.Second, said, end-time.Second)
	s.check(end-2*time.Second, end+6*time.Second)
}

// TestAnHeirIsToldWhatRowsSay also where a track's last rows are of two paths, the older of which is of before the state's time.
func TestAnHeirIsToldWhatRowsSay(t *testing.T) {
	s := &script{t: t}
	const rounds = 500
	for n := range rounds {
		at := time.Duration(n) * often
		s.say("listener", n+1, often, at, at)
	}
	second := s.ends()
	born := second - renewing.Renew - renewing.Warmup
	s.records = nil
	for n := range rounds + 50 {
		at := time.Duration(n) * often
		if at < born-time.Second/2 {
			s.say("listener", n+1, often, at, at)
		} else {
			s.say("listener", n+1, often, at, at, stream("listener", earshotv1.Direction_DIRECTION_INBOUND, n))
		}
	}
	// The speaker's first sample comes late, and the speaker is gone soon.
	s.say("speaker", 1, often, born-time.Second, second-7*time.Second, stream("speaker", earshotv1.Direction_DIRECTION_OUTBOUND, 1))
	for n := range 12 {
		at := second - 6500*time.Millisecond + time.Duration(n)*often
		s.say("speaker", n+2, often, at, at, stream("speaker", earshotv1.Direction_DIRECTION_OUTBOUND, n+2))
	}
	s.check(second+5*time.Second, second+7*time.Second)
}
