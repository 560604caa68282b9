package observertc

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// frames are the messages of a recorded stream: one a line, of protobuf in base64.
func frames(t testing.TB, name string, binary bool) (all [][]byte) {
	for line := range bytes.Lines(recording(t, name)) {
		line = bytes.TrimSpace(line)
		if binary {
			raw, err := base64.StdEncoding.DecodeString(string(line))
			require.NoError(t, err)
			line = raw
		}
		all = append(all, line)
	}
	return all
}

// wholes are the samples that the streams were made from.
func wholes(t testing.TB) (all []json.RawMessage) {
	require.NoError(t, json.Unmarshal(recording(t, "stream-full.json"), &all))
	return all
}

func newStream(t testing.TB, codec Codec, schema string) *Stream {
	s, err := NewStream(codec, schema, Options{}, DefaultLimits())
	require.NoError(t, err)
	return s
}

func decode(t testing.TB, s *Stream, frame []byte) *earshotv1.Sample {
	t.Helper()
	out, err := s.Decode(frame)
	require.NoError(t, err)
	return out
}

func TestADeltaStreamGivesTheSamplesItWasMadeFrom(t *testing.T) {
	for name, c := range map[string]struct {
		codec        Codec
		schema, file string
		client       string
	}{
		"JSON":                   {JSONDelta, "", "stream-json-delta.jsonl", "client-pubA"},
		"protobuf 3.0":           {Protobuf, "3.0", "stream-protobuf-3.0.b64", "client-pubA"},
		"protobuf 3.0 and UUIDs": {Protobuf, "3.0", "stream-protobuf-3.0-uuid.b64", "e25ce388-9368-4d22-ace8-ef2f75b604a5"},
		"protobuf 3.5":           {Protobuf, "3.5", "stream-protobuf-3.5.b64", "client-pubA"},
	} {
		t.Run(name, func(t *testing.T) {
			delta, plain := newStream(t, c.codec, c.schema), newStream(t, JSON, "")
			whole := wholes(t)
			all := frames(t, c.file, c.codec == Protobuf)
			require.Len(t, all, len(whole))
			for i := range whole {
				want, got := decode(t, plain, whole[i]), decode(t, delta, all[i])
				want.Client.ClientId = c.client
				require.True(t, want.EqualVT(got), "message %d:\n%v\n%v", i, want, got)
			}
		})
	}
}

// rtts lists what the sample says of one source, transports and streams in order.
func rtts(s *earshotv1.Sample, source earshotv1.RTTSource) (all []*earshotv1.RTT) {
	for _, t := range s.Transports {
		all = append(all, t.Rtts...)
	}
	for _, st := range s.Streams {
		all = append(all, st.Rtts...)
	}
	n := 0
	for _, r := range all {
		if r.Source == source {
			all[n] = r
			n++
		}
	}
	return all[:n]
}

func TestACounterThatWasFilledForwardDoesNotAdvance(t *testing.T) {
	s := newStream(t, JSONDelta, "")
	var audio, video, stun []uint64
	for _, f := range frames(t, "stream-json-delta.jsonl", false) {
		out := decode(t, s, f)
		rr := rtts(out, earshotv1.RTTSource_RTT_SOURCE_RTCP_RR)
		audio, video = append(audio, rr[0].Count), append(video, rr[1].Count)
		stun = append(stun, rtts(out, earshotv1.RTTSource_RTT_SOURCE_STUN)[0].Count)
	}
	require.Equal(t, []uint64{17, 19, 21, 21, 23, 25}, audio, "no report at the third tick")
	require.Equal(t, []uint64{19, 21, 21, 21, 21, 21}, video, "no report after the first tick")
	require.Equal(t, []uint64{11, 12, 13, 14, 14, 15}, stun)
}

func TestAValueWithoutCounterThatWasFilledForwardIsNotNew(t *testing.T) {
	s := newStream(t, JSONDelta, "")
	at := func(frame string) (uint64, int64) {
		r := rtts(decode(t, s, []byte(frame)), earshotv1.RTTSource_RTT_SOURCE_RTCP_RR)
		require.Len(t, r, 1)
		return r[0].LatestUs, r[0].MeasuredAtUs
	}
	latest, when := at(`{"clientId":"c","timestamp":1795417184000,"peerConnections":[{"peerConnectionId":"p",
		"iceTransports":[{"id":"T","timestamp":1}],"outboundRtps":[{"ssrc":7,"id":"o","kind":"audio","timestamp":1,"transportId":"T"}],
		"remoteInboundRtps":[{"ssrc":7,"id":"r","kind":"audio","timestamp":1795417183000,"roundTripTime":0.05}]}]}`)
	require.EqualValues(t, 50_000, latest)
	require.EqualValues(t, 1795417183000_000, when)

	latest, when = at(`{"clientId":"c","timestamp":1795417186000,"peerConnections":[{"peerConnectionId":"p",
		"iceTransports":[{"id":"T"}],"outboundRtps":[{"ssrc":7}],
		"remoteInboundRtps":[{"ssrc":7,"timestamp":1795417185000}]}]}`)
	require.EqualValues(t, 50_000, latest)
	require.EqualValues(t, 1795417183000_000, when, "the time went on, the value was not told again")

	latest, when = at(`{"clientId":"c","timestamp":1795417188000,"peerConnections":[{"peerConnectionId":"p",
		"iceTransports":[{"id":"T"}],"outboundRtps":[{"ssrc":7}],
		"remoteInboundRtps":[{"ssrc":7,"timestamp":1795417187000,"roundTripTime":0.06}]}]}`)
	require.EqualValues(t, 60_000, latest)
	require.EqualValues(t, 1795417187000_000, when)
}

func TestWhatLeavesAStreamIsForgotten(t *testing.T) {
	s := newStream(t, JSONDelta, "")
	decode(t, s, []byte(`{"timestamp":1000,"clientId":"c","peerConnections":[{"peerConnectionId":"p","iceTransports":[{"id":"T","bytesSent":7}]}]}`))
	decode(t, s, []byte(`{"timestamp":2000,"clientId":"c","peerConnections":[{"peerConnectionId":"p"}]}`))
	out := decode(t, s, []byte(`{"timestamp":3000,"clientId":"c","peerConnections":[{"peerConnectionId":"p","iceTransports":[{"id":"T"}]}]}`))
	require.Zero(t, out.Transports[0].BytesSent, "it has come back as another")
}

func TestAStreamThatBeginsInTheMiddleIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		codec  Codec
		schema string
		frame  []byte
	}{
		"JSON without a time":         {JSONDelta, "", []byte(`{"clientId":"c"}`)},
		"JSON entry without its key":  {JSONDelta, "", []byte(`{"timestamp":1,"peerConnections":[{"inboundRtps":[]}]}`)},
		"protobuf of another schema":  {Protobuf, "3.5", frames(t, "stream-protobuf-3.0.b64", true)[0]},
		"protobuf of another schema'": {Protobuf, "3.0", frames(t, "stream-protobuf-3.5.b64", true)[0]},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newStream(t, c.codec, c.schema).Decode(c.frame)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, Desync, e.Code, e.Detail)
		})
	}
}

func TestUnknownCodecsAndSchemasAreRefused(t *testing.T) {
	for _, c := range [][2]string{{"xml", ""}, {"protobuf", "2.2"}, {"protobuf", "4"}} {
		_, err := NewStream(Codec(c[0]), c[1], Options{}, DefaultLimits())
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, Unsupported, e.Code)
	}
}

func TestASessionLastsWhileOneOfItsConnectionsDoes(t *testing.T) {
	s := newStream(t, JSON, "")
	sessions := func(pcs string) string {
		return decode(t, s, []byte(`{"timestamp":1795417184000,"clientId":"c","peerConnections":[`+pcs+`]}`)).SessionId
	}
	const a, b, c = `{"peerConnectionId":"a"}`, `{"peerConnectionId":"b"}`, `{"peerConnectionId":"c"}`
	require.Equal(t, "none-1795417184000", sessions(""), "a page that joins")
	require.Equal(t, "a", sessions(a+","+b))
	require.Equal(t, "a", sessions(b), "the oldest has closed")
	require.Equal(t, "a", sessions(""), "all have")
	require.Equal(t, "a", sessions(b+","+c))
	require.Equal(t, "d", sessions(`{"peerConnectionId":"d"}`), "nothing in common: the page was loaded again")
}
