package janus

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, s *earshotv1.Sample) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	got, err := protojson.Marshal(s)
	require.NoError(t, err)
	if *update {
		var even bytes.Buffer
		require.NoError(t, json.Indent(&even, got, "", "  "))
		require.NoError(t, os.WriteFile(path, append(even.Bytes(), '\n'), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
}

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return raw
}

// told reads the events of a VideoRoom with one publisher and one subscriber, as Janus 1.1.2 tells them.
func told(t testing.TB) (events []*Event) {
	r := NewReader(DefaultLimits())
	for line := range bytes.Lines(recorded(t, "videoroom.jsonl")) {
		e, err := r.Read(line)
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

var options = &Options{SFUID: "janus-1", Region: "eu"}

func apply(s *State, events ...*Event) (last []*earshotv1.Sample) {
	for _, e := range events {
		s.Apply(e)
		if out := s.Samples(e.At, options); len(out) > 0 {
			last = out
		}
	}
	return last
}

func TestARoomIsMapped(t *testing.T) {
	out := apply(NewState(DefaultLimits()), told(t)...)
	require.Len(t, out, 1)
	golden(t, "videoroom", out[0])
}

func TestTheEventsOfAPostGiveOneSample(t *testing.T) {
	s := NewState(DefaultLimits())
	events := told(t)
	for _, e := range events {
		s.Apply(e)
	}
	out := s.Samples(events[len(events)-1].At, options)
	require.Len(t, out, 1)
	golden(t, "videoroom-grouped", out[0])
	require.Empty(t, s.Samples(events[len(events)-1].At+1e6, options), "nothing new")
}

func TestCountersAreToldOnceASecond(t *testing.T) {
	s := NewState(DefaultLimits())
	events := told(t)
	apply(s, events...)
	stats := *events[len(events)-1]
	samples := 0
	for range 40 {
		stats.At += 250_000
		stats.Media = []Medium{stats.Media[0]}
		stats.Media[0].PacketsSent += 10
		e := stats
		s.Apply(&e)
		samples += len(s.Samples(e.At, options))
	}
	require.Equal(t, 10, samples)
}

func TestAThousandWhoJoinAtOnceMakeFewSamples(t *testing.T) {
	s := NewState(DefaultLimits())
	samples := 0
	for i := range 1000 {
		e := &Event{Type: TypePlugin, At: 1_795_417_420_000_000 + int64(i)*1000, Handle: strconv.Itoa(i), Room: RoomEvent{Event: "joined", Room: "r", ID: "u" + strconv.Itoa(i)}}
		s.Apply(e)
		samples += len(s.Samples(e.At, options))
	}
	require.Equal(t, 5, samples)
}

func TestTheRecordedEventIsMapped(t *testing.T) {
	e, err := NewReader(DefaultLimits()).Read(recorded(t, "media-1.1.2.json"))
	require.NoError(t, err)
	require.Equal(t, "MyJanusInstance", e.Emitter)
	s := NewState(DefaultLimits())
	s.Apply(e)
	require.Empty(t, s.Samples(e.At, options), "nothing says which call it is of")

	s = NewState(DefaultLimits())
	s.Lobby(true)
	s.Apply(e)
	out := s.Samples(e.At, &Options{SFUID: "janus-1", CallID: "call-1"})
	require.Len(t, out, 1)
	golden(t, "media-1.1.2", out[0])
}

func TestARoundTripIsMeasuredOnce(t *testing.T) {
	const second = int64(1_000_000)
	// 81 ms: 5308/65536 s.
	report := func(ntp uint32, packets uint64) Medium {
		return Medium{MID: "1", Kind: "video", RTT: 81, NTP: ntp, LSR: ntp - 6000, DLSR: 692, PacketsSent: packets}
	}
	for name, c := range map[string]struct {
		media    []Medium
		measured []int64 // seconds of the events; which of them is the measurement's
		micros   uint64
	}{
		"the reports are told": {
			[]Medium{report(0xe0000000, 10), report(0xe0000000, 20), report(0xe0010000, 30)}, []int64{10, 10, 12}, 80_993,
		},
		"a value that goes on while packets go out": {
			[]Medium{{RTT: 81, PacketsSent: 10}, {RTT: 81, PacketsSent: 20}, {RTT: 81, PacketsSent: 30}}, []int64{10, 11, 12}, 81_500,
		},
		"a value that stands while nothing goes out": {
			[]Medium{{RTT: 81, PacketsSent: 10}, {RTT: 81, PacketsSent: 10}, {RTT: 82, PacketsSent: 10}}, []int64{10, 10, 12}, 82_500,
		},
		"0 is not known": {
			[]Medium{{RTT: 81, PacketsSent: 10}, {RTT: 0, PacketsSent: 20}, {RTT: 0, PacketsSent: 30}}, []int64{10, 10, 10}, 81_500,
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := &medium{}
			for i := range c.media {
				at := (10 + int64(i)) * second
				m.measure(&c.media[i], at)
				m.stats, m.at = c.media[i], at
				require.Equal(t, c.measured[i]*second, m.measured, i)
			}
			require.Equal(t, c.micros, m.rtt)
		})
	}
}

func TestTheTimeOfAReportComesFromItsTimestamp(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 500_000_000, time.UTC)
	seconds := uint64(at.Unix() + 2_208_988_800)
	compact := uint32(seconds<<16 | 1<<15)
	require.Equal(t, at.UnixMicro(), when(compact, at.UnixMicro()))
	require.Equal(t, at.Add(-1500*time.Millisecond).UnixMicro(), when(compact-0x18000, at.UnixMicro()))
	require.Equal(t, at.UnixMicro(), when(compact+5, at.UnixMicro()), "ahead: the clock was set")
}

func TestWhoLeavesIsGone(t *testing.T) {
	events := told(t)
	at := events[len(events)-1].At
	subscriber, publisher := events[len(events)-1], events[3]
	for name, e := range map[string]*Event{
		"a handle that is detached":     {Type: TypeHandle, Handle: subscriber.Handle, Name: "detached"},
		"a session that ends":           {Type: TypeSession, Session: subscriber.Session, Name: "destroyed"},
		"a session that times out":      {Type: TypeSession, Session: subscriber.Session, Name: "timeout"},
		"a peer connection that ends":   {Type: TypeWebRTC, Handle: subscriber.Handle, Connection: "hangup"},
		"a publisher that leaves":       {Type: TypePlugin, Room: RoomEvent{Event: "leaving", Room: "1234", ID: publisher.Room.ID}},
		"a publisher that is kicked":    {Type: TypePlugin, Room: RoomEvent{Event: "kicked", Room: "1234", ID: publisher.Room.ID}},
		"a room that is destroyed":      {Type: TypePlugin, Room: RoomEvent{Event: "destroyed", Room: "1234"}},
		"a gateway that starts anew":    {Type: TypeCore, Subtype: 1},
		"a subscriber that is switched": {Type: TypePlugin, Handle: subscriber.Handle, Room: RoomEvent{Event: "switched", Room: "1234"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewState(DefaultLimits())
			require.Len(t, apply(s, events...)[0].Transports, 2)
			e.At = at + 300_000
			out := apply(s, e)
			require.Len(t, out, 1)
			for _, st := range out[0].Streams {
				require.Empty(t, st.ForwardedTransportId)
			}
			switch name {
			case "a room that is destroyed", "a gateway that starts anew":
				require.Empty(t, out[0].Transports)
				require.Empty(t, s.rooms)
			case "a subscriber that is switched":
				require.Len(t, out[0].Transports, 2, "to what, Janus does not say")
			default:
				require.Len(t, out[0].Transports, 1)
			}
			if name == "a gateway that starts anew" {
				require.Zero(t, s.Handles())
				require.Zero(t, s.weight)
			}
		})
	}
}

func TestAPeerConnectionThatComesAgainIsAnother(t *testing.T) {
	s := NewState(DefaultLimits())
	events := told(t)
	before := apply(s, events...)[0]
	var offer Event
	for _, e := range events {
		if e.Type == TypeJSEP && e.Owner == "remote" {
			offer = *e
			break
		}
	}
	hangup := &Event{Type: TypeWebRTC, Handle: offer.Handle, Connection: "hangup", At: before.SampledAtUs + 300_000}
	offer.At = hangup.At + 300_000
	after := apply(s, hangup, &offer)[0]
	require.Equal(t, before.Transports[1].TransportId, after.Transports[1].TransportId)
	require.NotEqual(t, before.Transports[0].TransportId, after.Transports[0].TransportId)
}

func TestNothingOfAnSDPGoesOn(t *testing.T) {
	for _, s := range apply(NewState(DefaultLimits()), told(t)...) {
		raw, err := s.MarshalVT()
		require.NoError(t, err)
		for _, secret := range []string{"192.0.2", "notARealPassword", "MCC7", "rBgWzlXdFYszLkxv", "42:E8", "Alice"} {
			require.NotContains(t, string(raw), secret)
		}
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	limits := Limits{Instances: 2, Handles: 3, Media: 4, SDPBytes: 1 << 10, Depth: 16}
	s := NewState(limits)
	for i := range 10 {
		s.Apply(&Event{Type: TypePlugin, At: 1, Handle: string(rune('a' + i)), Room: RoomEvent{Event: "joined", Room: "r", ID: "x"}})
	}
	require.Equal(t, 3, s.Handles())
	require.EqualValues(t, 7, s.Refused())
	for i := range 10 {
		s.Apply(&Event{Type: TypeMedia, At: int64(2 + i), Handle: "a", Media: []Medium{{MID: string(rune('0' + i)), Kind: "audio"}}})
	}
	require.Len(t, s.handles["a"].media, 4)

	k := NewKeeper(limits, nil)
	now := time.Unix(1_795_417_420, 0)
	for i := range 5 {
		now = now.Add(time.Second)
		k.Take(Instance{SFUID: string(rune('a' + i))}, now, nil, options, nil, nil)
	}
	require.Len(t, k.states, 2)
	now = now.Add(time.Hour)
	k.Take(Instance{SFUID: "z"}, now, nil, options, nil, nil)
	require.Len(t, k.states, 1, "idle ones go first")
}

func TestASilentHandleIsForgotten(t *testing.T) {
	k := NewKeeper(DefaultLimits(), nil)
	in := Instance{SFUID: "janus-1"}
	events := told(t)
	now := time.UnixMicro(events[len(events)-1].At)
	var out []*earshotv1.Sample
	take := func(events ...*Event) {
		out = nil
		k.Take(in, now, events, options, nil, func(s *earshotv1.Sample) { out = append(out, s) })
	}
	take(events...)
	require.Len(t, out[0].Transports, 2)
	now = now.Add(5 * time.Minute)
	still := *events[len(events)-1]
	still.At = now.UnixMicro()
	take(&still)
	require.Len(t, out, 1)
	require.Len(t, out[0].Transports, 1, "the publisher's has not been heard of for minutes")
}

func TestAnEventFromTheFutureIsRefused(t *testing.T) {
	k := NewKeeper(DefaultLimits(), nil)
	now := time.Unix(1_795_417_420, 0)
	refused := 0
	k.Take(Instance{}, now, []*Event{{Type: TypeMedia, Handle: "1", At: now.Add(time.Hour).UnixMicro()}}, options,
		func(int, *Error) { refused++ }, func(*earshotv1.Sample) { t.Fatal("a sample") })
	require.Equal(t, 1, refused)
}

func TestPostsAreTakenApart(t *testing.T) {
	for body, want := range map[string]int{
		`{"type":1}`: 1, `[]`: 0, `[{"type":1},{"type":2}]`: 2, `[ {} ]`: 1,
	} {
		n := 0
		require.NoError(t, Walk([]byte(body), DefaultLimits(), 10, func([]byte) { n++ }), body)
		require.Equal(t, want, n, body)
	}
	for _, body := range []string{``, `1`, `[{]`, `{"a":1`, `{} {}`, `[[[[[[[[[[[[[[[[[[[[[[[[[[[[`} {
		var e *Error
		require.ErrorAs(t, Walk([]byte(body), DefaultLimits(), 10, func([]byte) {}), &e, body)
	}
	require.ErrorIs(t, Walk([]byte(`[{},{},{}]`), DefaultLimits(), 2, func([]byte) {}), ErrTooManyEvents)
}

func TestCombinedStatsAreRead(t *testing.T) {
	e, err := NewReader(DefaultLimits()).Read([]byte(`{"type":32,"subtype":3,"timestamp":5,"handle_id":7,"event":[
		{"mid":"0","media":"audio","rtt":10},{"mid":"1","media":"video-sim1","rtt":11},{"mid":"d","media":"data"}]}`))
	require.NoError(t, err)
	require.Len(t, e.Media, 3)
	require.EqualValues(t, 11, e.Media[1].RTT)
}

func FuzzRead(f *testing.F) {
	for line := range bytes.Lines(recorded(f, "videoroom.jsonl")) {
		f.Add(bytes.Clone(line))
	}
	f.Add(recorded(f, "media-1.1.2.json"))
	events := told(f)
	r := NewReader(DefaultLimits())
	f.Fuzz(func(_ *testing.T, raw []byte) {
		e, err := r.Read(raw)
		if err != nil {
			return
		}
		s := NewState(DefaultLimits())
		for _, known := range events {
			s.Apply(known)
		}
		s.Apply(e)
		s.Samples(e.At, options)
	})
}

func FuzzDescribe(f *testing.F) {
	for _, e := range told(f) {
		f.Add(e.SDP)
	}
	f.Fuzz(func(t *testing.T, sdp string) {
		if d := describe(sdp, 16); len(d.media) > 16 {
			t.Fatal("too many")
		}
		parsePair(sdp)
	})
}

func BenchmarkStatsOfABigRoom(b *testing.B) {
	s := NewState(DefaultLimits())
	events := told(b)
	for _, e := range events {
		s.Apply(e)
	}
	raw := recorded(b, "media-1.1.2.json")
	r := NewReader(DefaultLimits())
	at := events[len(events)-1].At
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		e, err := r.Read(raw)
		if err != nil {
			b.Fatal(err)
		}
		at += 100_000
		e.At = at
		s.Apply(e)
		for _, m := range s.Samples(at, options) {
			m.ReturnToVTPool()
		}
	}
}
