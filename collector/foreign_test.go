package collector_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/internal/kafka"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// recordedAt is about when the recordings were made, so that the collector does not find them old.
var recordedAt = time.UnixMilli(1_795_417_185_000)

func startThen(t testing.TB, f *fakeKafka) *collector.Collector {
	t.Helper()
	c, err := collector.New(config(), collector.Dependencies{Producer: f, Now: func() time.Time { return recordedAt }})
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = c.Shutdown(ctx)
		http.DefaultClient.CloseIdleConnections()
	})
	return c
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	return raw
}

func lines(raw []byte) (all [][]byte) {
	for line := range bytes.Lines(raw) {
		all = append(all, bytes.TrimSpace(line))
	}
	return all
}

func samplesOf(t testing.TB, f *fakeKafka) (all []*pb.Sample) {
	t.Helper()
	for _, m := range f.of(topic.Samples) {
		s := &pb.Sample{}
		require.NoError(t, s.UnmarshalVT(m.Value))
		all = append(all, s)
	}
	return all
}

func TestObserveRTCPosts(t *testing.T) {
	one := testdata(t, "observertc/testdata/client-3.0-publisher.json")
	another := testdata(t, "observertc/testdata/client-3.0-subscriber.json")
	sfu := testdata(t, "observertc/testdata/sfu-2.2.json")
	array := "[" + string(one) + "," + string(another) + "]"
	for name, c := range map[string]struct {
		query, kind, body string
		status, accepted  int
		reasons           []string
	}{
		"one sample":                   {"", "application/json", string(one), 202, 1, nil},
		"an array":                     {"", "application/json", array, 202, 2, nil},
		"a beacon":                     {"", "text/plain;charset=UTF-8", string(one), 202, 1, nil},
		"an SFU's":                     {"", "application/json", string(sfu), 202, 1, nil},
		"a bundle of 2.x":              {"", "application/json", `{"clientSamples":` + array + `,"sfuSamples":[` + string(sfu) + `]}`, 202, 3, nil},
		"the good of a batch":          {"", "application/json", `[` + string(one) + `,{"timestamp":1},17]`, 202, 1, []string{"no_source_id", "malformed"}},
		"no client, but in the URL":    {"?call_id=c&client_id=x", "", `{"timestamp":1795417185000}`, 202, 1, nil},
		"no client anywhere":           {"", "", `{"timestamp":1795417185000}`, 400, 0, []string{"no_source_id"}},
		"no time":                      {"?call_id=c&client_id=x", "", `{}`, 400, 0, []string{"bad_time"}},
		"no JSON":                      {"", "application/json", `{"timestamp"`, 400, 0, []string{"malformed"}},
		"JSON that nests too deep":     {"", "application/json", strings.Repeat("[", 100_000), 400, 0, []string{"too_many"}},
		"more objects than a sample's": {"", "application/json", `{"timestamp":1,"peerConnections":[` + strings.Repeat("{},", 10_000) + `{}]}`, 400, 0, []string{"too_many"}},
		"protobuf":                     {"", "application/x-protobuf", "x", 415, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeKafka{}
			r := do(t, http.MethodPost, "http://"+startThen(t, f).Addr()+"/v1/observertc"+c.query, strings.NewReader(c.body), "Content-Type", c.kind)
			require.Equal(t, c.status, r.status, r.body)
			require.Equal(t, c.accepted, r.Accepted)
			var reasons []string
			for _, rejected := range r.Rejected {
				reasons = append(reasons, rejected.Reason)
			}
			require.Equal(t, c.reasons, reasons)
		})
	}
}

func TestABrowserIsKnownByItsUserAgentWhereItsMonitorIsSilent(t *testing.T) {
	for ua, want := range map[string][3]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.86": {"Edge", "131.0.2903.86", "Windows"},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                {"Safari", "17.5", "macOS"},
		"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0":                                                            {"Firefox", "133.0", "Linux"},
		"curl/8.5.0": {"", "", ""},
	} {
		f := &fakeKafka{}
		r := do(t, http.MethodPost, "http://"+startThen(t, f).Addr()+"/v1/observertc",
			bytes.NewReader(testdata(t, "observertc/testdata/client-3.0-publisher.json")), "User-Agent", ua)
		require.Equal(t, 202, r.status, r.body)
		client := samplesOf(t, f)[0].Client
		require.Equal(t, want, [3]string{client.Browser, client.BrowserVersion, client.Os})
	}
}

// monitorSocket connects as an application with ObserveRTC's monitor does.
func monitorSocket(t testing.TB, c *collector.Collector, query string, protocols ...string) (conn *websocket.Conn, status int, err error) {
	conn, res, err := websocket.Dial(context.Background(), "ws://"+c.Addr()+"/v1/observertc"+query, &websocket.DialOptions{Subprotocols: protocols})
	if res != nil {
		status = res.StatusCode
		if res.Body != nil {
			_ = res.Body.Close()
		}
	}
	if conn != nil {
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, status, err
}

func TestObserveRTCStreams(t *testing.T) {
	binary := func(name string) (all [][]byte) {
		for _, line := range lines(testdata(t, name)) {
			raw, err := base64.StdEncoding.DecodeString(string(line))
			require.NoError(t, err)
			all = append(all, raw)
		}
		return all
	}
	var whole []json.RawMessage
	require.NoError(t, json.Unmarshal(testdata(t, "observertc/testdata/stream-full.json"), &whole))
	var plain [][]byte
	for _, w := range whole {
		plain = append(plain, w)
	}
	const dir = "observertc/testdata/stream-"
	for name, c := range map[string]struct {
		query, protocol string
		typ             websocket.MessageType
		frames          [][]byte
	}{
		"JSON":                         {"", "", websocket.MessageText, plain},
		"JSON deltas by query":         {"?codec=json-delta", "", websocket.MessageText, lines(testdata(t, dir+"json-delta.jsonl"))},
		"JSON deltas by sub-protocol":  {"", "observertc.json-delta", websocket.MessageText, lines(testdata(t, dir+"json-delta.jsonl"))},
		"protobuf by sub-protocol":     {"", "observertc.protobuf-3.0", websocket.MessageBinary, binary(dir + "protobuf-3.0.b64")},
		"protobuf by query":            {"?codec=protobuf&schema=3.5", "", websocket.MessageBinary, binary(dir + "protobuf-3.5.b64")},
		"protobuf as base64 in a text": {"?codec=protobuf", "", websocket.MessageText, lines(testdata(t, dir+"protobuf-3.5.b64"))},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeKafka{}
			col := startThen(t, f)
			var protocols []string
			if c.protocol != "" {
				protocols = []string{"something.else", c.protocol}
			}
			conn, _, err := monitorSocket(t, col, c.query, protocols...)
			require.NoError(t, err)
			require.Equal(t, c.protocol, conn.Subprotocol())
			for _, frame := range c.frames {
				require.NoError(t, conn.Write(t.Context(), c.typ, frame))
			}
			require.Eventually(t, func() bool { return len(f.of(topic.Samples)) == 6 }, 5*time.Second, time.Millisecond)
			for i, s := range samplesOf(t, f) {
				require.Equal(t, "client-pubA", s.Client.ClientId)
				require.Equal(t, "Chrome", s.Client.Browser, "told once, and known of all that follow")
				require.Equal(t, "call-1", s.CallId)
				require.NotZero(t, s.Transports[0].LinkKey)
				require.Len(t, s.Transports, []int{1, 1, 2, 2, 1, 1}[i])
			}
		})
	}
}

func TestAStreamThatCannotBeReadIsClosed(t *testing.T) {
	f := &fakeKafka{}
	conn, _, err := monitorSocket(t, startThen(t, f), "?codec=json-delta")
	require.NoError(t, err)
	require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(`{"clientId":"c"}`)))
	_, _, err = conn.Read(t.Context())
	var closed websocket.CloseError
	require.ErrorAs(t, err, &closed)
	require.Equal(t, websocket.StatusInvalidFramePayloadData, closed.Code)
	require.Contains(t, closed.Reason, "timestamp")
	require.Eventually(t, func() bool { return len(f.of(topic.Dead)) == 1 }, time.Second, time.Millisecond)
}

func TestAnUnknownCodecIsRefused(t *testing.T) {
	c := startThen(t, &fakeKafka{})
	for _, query := range []string{"?codec=avro", "?codec=protobuf&schema=1.0"} {
		_, status, err := monitorSocket(t, c, query)
		require.Error(t, err)
		require.Equal(t, http.StatusBadRequest, status)
	}
}

func TestAMonitorsSocketIsAnsweredWhenAsked(t *testing.T) {
	whole := testdata(t, "observertc/testdata/client-3.0-publisher.json")
	t.Run("acks on demand", func(t *testing.T) {
		conn, _, err := monitorSocket(t, startThen(t, &fakeKafka{}), "?acks=true")
		require.NoError(t, err)
		require.NoError(t, conn.Write(t.Context(), websocket.MessageText, whole))
		_, ack, err := conn.Read(t.Context())
		require.NoError(t, err)
		require.JSONEq(t, `{"ack":{"sessionId":"e25ce388-9368-4d22-ace8-ef2f75b604a5","sequence":"17954171847"}}`, string(ack))
	})
	t.Run("what is not stored closes the others", func(t *testing.T) {
		f := &fakeKafka{do: func(context.Context, []kafka.Message) error { return errors.New("away") }}
		conn, _, err := monitorSocket(t, startThen(t, f), "")
		require.NoError(t, err)
		require.NoError(t, conn.Write(t.Context(), websocket.MessageText, whole))
		_, _, err = conn.Read(t.Context())
		require.Equal(t, websocket.StatusTryAgainLater, websocket.CloseStatus(err))
	})
}

func TestJanusPosts(t *testing.T) {
	event := string(testdata(t, "janus/testdata/media-1.1.2.json"))
	room := lines(testdata(t, "janus/testdata/videoroom.jsonl"))
	group := "[" + string(bytes.Join(room, []byte(","))) + "]"
	for name, c := range map[string]struct {
		query, body      string
		status, accepted int
		reasons          []string
	}{
		"a group of events":           {"", group, 202, 1, nil},
		"an event of no known call":   {"", event, 202, 0, nil},
		"an event of a call by URL":   {"?call_id=call-1", event, 202, 1, nil},
		"an event without an emitter": {"", `{"type":32,"timestamp":1795417185000000}`, 400, 0, []string{"no_source_id"}},
		"its SFU by URL":              {"?sfu_id=j", `{"type":1,"timestamp":1795417185000000}`, 202, 0, nil},
		"no event":                    {"", `{"type":"x"}`, 400, 0, []string{"malformed"}},
		"no JSON":                     {"", `[{]`, 400, 0, []string{"malformed"}},
		"from the future":             {"", `{"emitter":"j","type":32,"timestamp":1995417185000000}`, 400, 0, []string{"bad_time"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeKafka{}
			r := do(t, http.MethodPost, "http://"+startThen(t, f).Addr()+"/v1/janus"+c.query, strings.NewReader(c.body), "Content-Type", "application/json")
			require.Equal(t, c.status, r.status, r.body)
			require.Equal(t, c.accepted, r.Accepted)
			var reasons []string
			for _, rejected := range r.Rejected {
				reasons = append(reasons, rejected.Reason)
			}
			require.Equal(t, c.reasons, reasons)
			for _, s := range samplesOf(t, f) {
				require.Equal(t, "MyJanusInstance", s.Sfu.SfuId)
			}
		})
	}
}

func TestNothingPersonalOfForeignFormatsReachesKafka(t *testing.T) {
	f := &fakeKafka{}
	c := startThen(t, f)
	for _, name := range []string{"client-3.0-publisher.json", "client-3.0-subscriber.json", "sfu-2.2.json"} {
		require.Equal(t, 202, do(t, http.MethodPost, "http://"+c.Addr()+"/v1/observertc", bytes.NewReader(testdata(t, "observertc/testdata/"+name))).status)
	}
	for _, e := range lines(testdata(t, "janus/testdata/videoroom.jsonl")) {
		require.Equal(t, 202, do(t, http.MethodPost, "http://"+c.Addr()+"/v1/janus", bytes.NewReader(e)).status)
	}
	require.NotEmpty(t, f.of(topic.Samples))
	for _, m := range append(f.of(topic.Samples), f.of(topic.Dead)...) {
		for _, secret := range []string{
			"192.0.2.", "10.77.0.1", "fd00::2", "2001:db8", // addresses
			"42:E8:50", "MIIBFT", "MCC7", "rBgWzlXdFYszLkxv", // certificates, ufrags
			"room-1", "Alice", "not for others", // what the application hung on
		} {
			require.NotContains(t, string(m.Value), secret)
		}
	}
}
