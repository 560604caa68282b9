package collector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/earshot-rtc/earshot/collector"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// secret is something personal that is planted somewhere.
type secret struct {
	text, needle string
	// inIDs says that it is known for what it is in ids as well. An id may look like a mail address (a Jitsi room does).
	inIDs bool
	// ip says that it may name a machine.
	ip bool
}

var secrets = []secret{
	{"203.0.113.77", "203.0.113.77", true, true},
	{"[2001:db8:7::77]:5000", "2001:db8:7::77", true, true},
	{"sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08", "7B:8B:F0:65", true, false},
	{"candidate:842163049 1 udp 1677729535 mdns-4711.local 50000 typ srflx", "842163049", true, false},
	{"a=ice-ufrag:Zt7wQx", "zt7wqx", true, false},
	{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.Kw3dXyZ", "eyjhbgcioijiuzi1nij9", true, false},
	{"Logitech BRIO of Ana (046d:085e)", "of ana", false, false},
	{"write to ana.b@mail.example.org", "ana.b@", false, false},
}

const (
	userNeedle    = "needle-user-4711"
	unknownNeedle = "needle-unknown-4711"
	tokenNeedle   = "needle-token-4711"
)

// at is when the recordings were made, or a little later.
var at = time.UnixMicro(1_795_434_340_000_000)

// trap is a collector whose every output is kept.
type trap struct {
	*fakeKafka
	c    *collector.Collector
	logs lockedBuffer
	reg  *prometheus.Registry
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func setTrap(t *testing.T, change ...func(*collector.Config)) *trap {
	t.Helper()
	tr := &trap{fakeKafka: &fakeKafka{}, reg: prometheus.NewRegistry()}
	cfg := config()
	cfg.Privacy.UserIDKey = "0123456789abcdef0123456789abcdef"
	for _, f := range change {
		f(&cfg)
	}
	c, err := collector.New(cfg, collector.Dependencies{
		Producer: tr, Registerer: tr.reg, Now: func() time.Time { return at },
		Logger: slog.New(slog.NewJSONHandler(&tr.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	tr.c = c
	t.Cleanup(func() { tr.end(t) })
	return tr
}

// end stops the collector and looks through all that came out of it.
func (tr *trap) end(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	require.NoError(t, tr.c.Shutdown(ctx))
	http.DefaultClient.CloseIdleConnections()
	needles := []string{userNeedle, unknownNeedle, tokenNeedle}
	for _, s := range secrets {
		needles = append(needles, strings.ToLower(s.needle))
	}
	clean := func(where string, data []byte) {
		low := strings.ToLower(string(data))
		for _, n := range needles {
			if i := strings.Index(low, n); i >= 0 {
				t.Errorf("%s has %q: %q", where, n, data[max(0, i-60):min(len(data), i+60)])
			}
		}
	}
	require.NotEmpty(t, tr.of(topic.Samples), "nothing came through at all")
	for _, m := range append(tr.of(topic.Samples), tr.of(topic.Dead)...) {
		clean(m.Topic+" key", m.Key)
		clean(m.Topic+" value", m.Value)
		for _, h := range m.Headers {
			clean(m.Topic+" "+h.Key, append([]byte(h.Key), h.Value...))
		}
		if t.Failed() {
			return // one is enough to look at
		}
	}
	clean("log", tr.logs.Bytes())
	families, err := tr.reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		clean("metrics", []byte(f.String()))
	}
}

// full has every field of a sample set.
func full(sfu bool) *pb.Sample {
	s := &pb.Sample{
		CallId: "demo", SessionId: "s1", Sequence: 1, SampledAtUs: at.UnixMicro(), Clock: &pb.ClockOffset{OffsetUs: 1},
		Transports: []*pb.Transport{{TransportId: "t1", RemoteOwnerId: "o", RemoteTransportId: "r", Rtts: []*pb.RTT{{Source: 1, LatestUs: 7}}}},
		Streams: []*pb.Stream{{TransportId: "t1", Direction: 1, Codec: "opus", Mid: "0", Rid: "h", TrackId: "a", ForwardedTransportId: "t1",
			Rtts: []*pb.RTT{{Source: 1, LatestUs: 7}}}},
		Events: []*pb.Event{
			{Type: pb.EventType_EVENT_TYPE_CUSTOM, TransportId: "t1", TrackId: "a", Value: "v"},
			{Type: pb.EventType_EVENT_TYPE_DEVICE, Value: "videoinput"},
		},
	}
	if sfu {
		s.Sfu = &pb.SFUOrigin{SfuId: "fra", Region: "eu", Version: "1", ProbeVersion: "1"}
		return s
	}
	s.Client = &pb.ClientOrigin{ClientId: "c1", UserId: userNeedle, AppVersion: "1", Browser: "Chrome", BrowserVersion: "1", Os: "x", NetworkType: "wifi", ProbeVersion: "1"}
	return s
}

// plants gives copies of s, each with one of the secrets in one of its texts.
func plants(s *pb.Sample, each func(where string, s *pb.Sample)) {
	for _, sec := range secrets {
		texts(s.ProtoReflect(), "", func(where string, set func(root protoreflect.Message, text string)) {
			name := where[strings.LastIndexByte(where, '.')+1:]
			id := strings.HasSuffix(name, "_id") || name == "sfu_id"
			if name == "user_id" || sec.ip && name == "sfu_id" || id && !sec.inIDs {
				return
			}
			spoiled := s.CloneVT()
			set(spoiled.ProtoReflect(), "x "+sec.text)
			each(where, spoiled)
		})
	}
}

// texts finds every text of a message, with how to set it in a copy.
func texts(m protoreflect.Message, path string, found func(where string, set func(protoreflect.Message, string))) {
	walk(m, path, func(m protoreflect.Message) protoreflect.Message { return m }, found)
}

func walk(m protoreflect.Message, path string, at func(protoreflect.Message) protoreflect.Message, found func(string, func(protoreflect.Message, string))) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		where := path + "." + string(f.Name())
		switch {
		case f.Kind() == protoreflect.StringKind:
			if f.Name() == "call_id" && path != "" && m.Get(f).String() == "" {
				continue // of another call than the sample's it would be refused for that
			}
			found(where, func(root protoreflect.Message, text string) { at(root).Set(f, protoreflect.ValueOfString(text)) })
		case f.IsList() && f.Message() != nil:
			for j := range m.Get(f).List().Len() {
				walk(m.Get(f).List().Get(j).Message(), fmt.Sprintf("%s[%d]", where, j),
					func(root protoreflect.Message) protoreflect.Message {
						return at(root).Mutable(f).List().Get(j).Message()
					}, found)
			}
		case f.Message() != nil && m.Has(f):
			walk(m.Get(f).Message(), where, func(root protoreflect.Message) protoreflect.Message { return at(root).Mutable(f).Message() }, found)
		}
	}
}

// unknown puts fields that the schema does not have into every message.
func unknown(m protoreflect.Message) {
	m.SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 999, protowire.BytesType), unknownNeedle))
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				unknown(v.List().Get(i).Message())
			}
		case f.Message() != nil:
			unknown(v.Message())
		}
		return true
	})
}

// spoil gives samples with secrets in all places, good ones and such that are refused.
func spoil(each func(where string, s *pb.Sample)) {
	for _, sfu := range []bool{false, true} {
		plants(full(sfu), each)
		refused := full(sfu)
		refused.Sequence = 0
		plants(refused, func(where string, s *pb.Sample) { each(where+", refused", s) })
		strange := full(sfu)
		unknown(strange.ProtoReflect())
		each("unknown fields", strange)
		strange = strange.CloneVT()
		strange.SessionId = ""
		each("unknown fields, refused", strange)
	}
}

func TestNothingPersonalIsWrittenOfProtobufBodies(t *testing.T) {
	tr := setTrap(t)
	n := 0
	spoil(func(_ string, s *pb.Sample) {
		n++
		raw := batch(t, s, full(false))
		do(t, http.MethodPost, "http://"+tr.c.Addr()+"/v1/samples", bytes.NewReader(raw), "Content-Type", "application/x-protobuf")
		if n%7 == 0 { // cut off wherever
			for cut := len(raw) - 1; cut > 0; cut -= 37 {
				do(t, http.MethodPost, "http://"+tr.c.Addr()+"/v1/samples", bytes.NewReader(raw[:cut]), "Content-Type", "application/x-protobuf")
			}
		}
	})
	require.Greater(t, n, 300)
}

func TestNothingPersonalIsWrittenOfJSONBodies(t *testing.T) {
	tr := setTrap(t)
	post := func(body string) {
		do(t, http.MethodPost, "http://"+tr.c.Addr()+"/v1/samples", strings.NewReader(body), "Content-Type", "application/json")
	}
	n := 0
	spoil(func(_ string, s *pb.Sample) {
		n++
		raw, err := protojson.Marshal(s)
		require.NoError(t, err)
		post(string(raw))
		if n%7 == 0 {
			for cut := len(raw) - 1; cut > 0; cut -= 41 {
				post(string(raw[:cut]))
			}
		}
	})
	good, err := protojson.Marshal(full(false))
	require.NoError(t, err)
	post(string(good))
	for _, s := range secrets {
		text, err := json.Marshal(s.text)
		require.NoError(t, err)
		for _, spoiled := range []string{
			`{"shoes":` + string(text) + `,` + string(good[1:]), `{"sequence":` + string(text) + `}`, `{` + string(text) + `:1}`, s.text,
			`[` + s.text + `]`, `{"samples":` + string(text) + `}`, `{"samples":[` + string(text) + `,` + string(good) + `]}`,
			`{"transports":[{"protocol":` + string(text) + `}]}`, `{"client":` + string(text) + `}`, `{"callId":"` + s.text + "\xff" + `"}`,
			strings.Replace(string(good), `"sequence":"1"`, `"sequence":`+s.text, 1), strings.Repeat(`{"a":`, 100) + string(text),
		} {
			post(spoiled)
		}
	}
}

func TestNothingPersonalIsWrittenOfWebSocketFrames(t *testing.T) {
	tr := setTrap(t)
	p := dial(t, tr.c)
	spoil(func(_ string, s *pb.Sample) {
		f := &pb.ClientFrame{Sample: s}
		p.send(f)
		p.receive()
		raw, err := protojson.Marshal(f)
		require.NoError(t, err)
		for _, text := range [][]byte{raw, raw[:len(raw)-9]} {
			p.raw(websocket.MessageText, text)
			_, _, err = p.conn.Read(t.Context())
			require.NoError(t, err)
		}
		raw, err = proto.Marshal(f)
		require.NoError(t, err)
		p.raw(websocket.MessageBinary, raw[:len(raw)-9])
		p.receive()
	})
}

// leaves gives copies of a JSON value, each with another text (or number, in place of which the secret stands as text).
func leaves(v any, root func(any) any, each func(any), secret string) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			leaves(inner, func(x any) any {
				with := map[string]any{}
				for k2, v2 := range v {
					with[k2] = v2
				}
				with[k] = x
				return root(with)
			}, each, secret)
		}
	case []any:
		for i, inner := range v {
			leaves(inner, func(x any) any {
				with := append([]any{}, v...)
				with[i] = x
				return root(with)
			}, each, secret)
		}
	case string:
		each(root(secret))
	case float64, bool:
		each(root(secret)) // the wrong type
	}
}

func TestNothingPersonalIsWrittenOfForeignFormats(t *testing.T) {
	for _, tc := range []struct{ name, file, url string }{
		{"ObserveRTC 3.0", "observertc/testdata/client-3.0-publisher.json", "/v1/observertc?call_id=demo&user_id=" + userNeedle},
		{"ObserveRTC 2.2", "observertc/testdata/client-2.2-subscriber.json", "/v1/observertc?call_id=demo&client_id=c"},
		{"ObserveRTC, an SFU's", "observertc/testdata/sfu-2.2.json", "/v1/observertc?sfu_id=fra"},
		{"Janus", "testdata/janus.json", "/v1/janus"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tr := setTrap(t, func(c *collector.Config) { c.Limits.MaxAge = 365 * 24 * time.Hour })
			data, err := os.ReadFile(filepath.FromSlash(tc.file))
			require.NoError(t, err)
			data = bytes.ReplaceAll(data, []byte(`"Ana"`), []byte(`"`+userNeedle+`"`))
			var good any
			require.NoError(t, json.Unmarshal(data, &good))
			post := func(body []byte) {
				do(t, http.MethodPost, "http://"+tr.c.Addr()+tc.url, bytes.NewReader(body), "Content-Type", "application/json")
			}
			post(data)
			for i, s := range secrets {
				n := 0
				leaves(good, func(x any) any { return x }, func(spoiled any) {
					// Every place has one of the secrets, and every secret is in many places.
					if n++; n%len(secrets) != i || !s.inIDs {
						return
					}
					body, err := json.Marshal(spoiled)
					require.NoError(t, err)
					if s.ip && (bytes.Contains(body, []byte(`"emitter":"`+s.text)) || bytes.Contains(body, []byte(`"sfuId":"`+s.text))) {
						return // the name of an SFU may be its address
					}
					post(body)
				}, s.text)
			}
			for cut := len(data) - 1; cut > 0; cut -= 101 {
				post(data[:cut])
			}
		})
	}
}

func TestTokensGoNowhereFromWhereverTheyCome(t *testing.T) {
	key := strings.Repeat("k", 32)
	file := filepath.Join(t.TempDir(), "secrets")
	require.NoError(t, os.WriteFile(file, []byte(key), 0o600))
	tr := setTrap(t, func(c *collector.Config) {
		c.Auth.Mode, c.Auth.Tokens.SecretsFile = "required", file
	})
	sign := func(with string) string {
		claims := jwt.MapClaims{"call_id": "demo", "client_id": "c1", "user_id": userNeedle, "exp": at.Add(time.Minute).Unix(), "jti": tokenNeedle}
		tok, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(with))
		require.NoError(t, err)
		return tok
	}
	good, forged := sign(key), sign(strings.Repeat("x", 32))
	secrets = append(secrets, secret{needle: good[:60]})
	defer func() { secrets = secrets[:len(secrets)-1] }()
	t.Cleanup(func() { tr.end(t) }) // before the needle goes

	raw := batch(t, full(false))
	text, err := protojson.Marshal(full(false))
	require.NoError(t, err)
	base := "http://" + tr.c.Addr()
	for _, tok := range []string{good, forged, good[:len(good)-5], tokenNeedle, ""} {
		want := http.StatusUnauthorized
		if tok == good {
			want = http.StatusAccepted
		}
		require.Equal(t, want, do(t, http.MethodPost, base+"/v1/samples", bytes.NewReader(raw), "Content-Type", "application/x-protobuf", "Authorization", "Bearer "+tok).status)
		require.Equal(t, want, do(t, http.MethodPost, base+"/v1/samples?access_token="+tok, bytes.NewReader(text), "Content-Type", "application/json").status)
		body := `{"access_token":"` + tok + `","samples":[` + string(text) + `,{"sequence":0}]}`
		require.Equal(t, want, do(t, http.MethodPost, base+"/v1/samples", strings.NewReader(body), "Content-Type", "text/plain").status)
		for cut := 5; cut < 300; cut += 13 {
			do(t, http.MethodPost, base+"/v1/samples", strings.NewReader(body[:cut]), "Content-Type", "text/plain")
			do(t, http.MethodPost, base+"/v1/samples", strings.NewReader(body[:cut]), "Content-Type", "application/json", "Authorization", "Bearer "+good)
		}
	}
	conn, res, err := websocket.Dial(t.Context(), "ws://"+tr.c.Addr()+"/v1/stream", &websocket.DialOptions{Subprotocols: []string{"earshot.v1", "bearer." + good}})
	require.NoError(t, err)
	if res != nil && res.Body != nil {
		defer res.Body.Close()
	}
	defer conn.CloseNow()
	p := &probe{t, conn}
	p.send(&pb.ClientFrame{Sample: full(false)})
	require.Empty(t, p.receive().Ack.Error)
}

func TestTheHTTPServersLogNamesNoAddresses(t *testing.T) {
	var logs lockedBuffer
	collector.MaskedLog(slog.New(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))).
		Printf("http: TLS handshake error from 203.0.113.77:5000: EOF")
	require.Contains(t, logs.String(), "TLS handshake error from [address]:5000")
}
