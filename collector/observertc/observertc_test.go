package observertc

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares the sample with the golden file of its recording.
func golden(t *testing.T, name string, s *earshotv1.Sample) {
	t.Helper()
	// protojson puts in blanks at random, so messages are compared and not texts.
	path := filepath.Join("testdata", strings.TrimSuffix(name, filepath.Ext(name))+".golden")
	if *update {
		text, err := protojson.MarshalOptions{}.Marshal(s)
		require.NoError(t, err)
		var even bytes.Buffer
		require.NoError(t, json.Indent(&even, text, "", "  "))
		require.NoError(t, os.WriteFile(path, append(even.Bytes(), '\n'), 0o600))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	want := &earshotv1.Sample{}
	require.NoError(t, protojson.Unmarshal(text, want))
	if !s.EqualVT(want) {
		got, err := protojson.MarshalOptions{}.Marshal(s)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(got))
	}
}

func recording(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return raw
}

func TestRecordingsAreMapped(t *testing.T) {
	for _, name := range []string{"client-3.0-publisher.json", "client-3.0-subscriber.json", "client-2.2-publisher.json", "client-2.2-subscriber.json"} {
		t.Run(name, func(t *testing.T) {
			s, err := NewDecoder(DefaultLimits()).Decode(recording(t, name), &Options{})
			require.NoError(t, err)
			golden(t, name, s)
		})
	}
}

func TestTheTimeToConnectComesFromEvents(t *testing.T) {
	for name, events := range map[string]string{
		"payloads that are objects": `"clientEvents":[
			{"type":"PEER_CONNECTION_OPENED","payload":{"peerConnectionId":"p"},"timestamp":1000},
			{"type":"PEER_CONNECTION_STATE_CHANGED","payload":{"peerConnectionId":"p","connectionState":"connecting"},"timestamp":1100},
			{"type":"PEER_CONNECTION_STATE_CHANGED","payload":{"peerConnectionId":"p","connectionState":"connected"},"timestamp":1250.5}]`,
		"payloads that are texts": `"clientEvents":[
			{"type":"PEER_CONNECTION_OPENED","payload":"{\"peerConnectionId\":\"p\"}","timestamp":1000},
			{"type":"PEER_CONNECTION_STATE_CHANGED","payload":"{\"peerConnectionId\":\"p\",\"connectionState\":\"connected\"}","timestamp":1250.5}]`,
		"custom events of 2.x": `"customCallEvents":[
			{"name":"PEER_CONNECTION_OPENED","peerConnectionId":"p","timestamp":1000},
			{"name":"PEER_CONNECTION_STATE_CHANGED","peerConnectionId":"p","value":"connected","timestamp":1250.5}]`,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewDecoder(DefaultLimits()).Decode([]byte(`{"timestamp":2000,"clientId":"c","scoreReasons":["a","b"],
				"peerConnections":[{"peerConnectionId":"p","scoreReasons":"one","iceTransports":[{"id":"T"}]}],`+events+`}`), &Options{})
			require.NoError(t, err)
			require.EqualValues(t, 250_500, s.Transports[0].ConnectUs)
		})
	}
}

func TestWhatTheSampleDoesNotSayTheRequestDoes(t *testing.T) {
	o := &Options{CallID: "url-call", ClientID: "url-client", UserID: "url-user", SessionID: "url-session", Interval: time.Second}
	for name, c := range map[string]struct{ body, call, client, user, session string }{
		"nothing":      {`{}`, "url-call", "url-client", "url-user", "url-session"},
		"ids":          {`{"callId":"c","clientId":"x","attachments":{"userId":"u","sessionId":"s"}}`, "c", "x", "u", "url-session"},
		"NULL":         {`{"callId":"NULL","clientId":"NULL"}`, "url-call", "url-client", "url-user", "url-session"},
		"text of JSON": {`{"attachments":"{\"userId\":\"u\"}"}`, "url-call", "url-client", "u", "url-session"},
		"numbers":      {`{"callId":17,"clientId":18}`, "17", "18", "url-user", "url-session"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewDecoder(DefaultLimits()).Decode([]byte(`{"timestamp":2000,`+strings.TrimPrefix(strings.Replace(c.body, "{}", `{"x":0}`, 1), "{")), o)
			require.NoError(t, err)
			require.Equal(t, c.call, s.CallId)
			require.Equal(t, c.client, s.Client.ClientId)
			require.Equal(t, c.user, s.Client.UserId)
			require.Equal(t, c.session, s.SessionId)
			require.EqualValues(t, 1_000_000, s.IntervalUs)
		})
	}
}

func TestASampleThatIsSentAgainHasItsNumberAgain(t *testing.T) {
	raw := recording(t, "client-3.0-publisher.json")
	dec := NewDecoder(DefaultLimits())
	number := func(raw []byte) (string, uint64) {
		s, err := dec.Decode(raw, &Options{})
		require.NoError(t, err)
		return s.SessionId, s.Sequence
	}
	session, sequence := number(raw)
	again, same := number(raw)
	require.Equal(t, session, again)
	require.Equal(t, sequence, same)
	// The processor remembers 256 numbers: what comes 20 s later does not push it out.
	later := bytes.Replace(raw, []byte(`"timestamp": 1795417184620`), []byte(`"timestamp": 1795417204620`), 1)
	session, next := number(later)
	require.Equal(t, again, session)
	require.Greater(t, next, sequence)
	require.Less(t, next, sequence+256)
	// A page that is loaded again has other connections.
	session, _ = number(bytes.ReplaceAll(raw, []byte("e25ce388-9368-4d22-ace8-ef2f75b604a5"), []byte("f25ce388-9368-4d22-ace8-ef2f75b604a5")))
	require.NotEqual(t, again, session)
}
