package collector_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// tooLate is what a read that took too long comes back with.
var tooLate = os.ErrDeadlineExceeded

// attacks lists all there are, with what each must be told.
func (s *secured) attacks() []attack {
	var all []attack
	for _, some := range [][]attack{
		s.brokenProtobuf(), s.brokenJSON(), s.bombs(), s.strangeRequests(), s.strangeBytes(), s.badTokens(), s.badSamples(), s.badMessages(), s.badForeign(),
	} {
		all = append(all, some...)
	}
	return all
}

func (s *secured) brokenProtobuf() (out []attack) {
	one, err := sample(1).MarshalVT()
	require.NoError(s.t, err)
	whole := batch(s.t, sample(1))
	for cut := 1; cut < len(whole); cut += 2 {
		out = append(out, posting(fmt.Sprintf("protobuf cut off at byte %d", cut), protobufs, whole[:cut], 400, "malformed"))
	}
	inBatch := func(raw []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), raw)
	}
	for name, raw := range map[string][]byte{
		"wrong wire type for a message":   protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 7),
		"wrong wire type for a number":    protowire.AppendString(protowire.AppendTag(nil, 5, protowire.BytesType), "x"),
		"wrong wire type in a stream":     protowire.AppendBytes(protowire.AppendTag(nil, 11, protowire.BytesType), []byte{0x18, 0x01}),
		"field number 0":                  {0x02, 0x00},
		"a varint of 11 bytes":            bytes.Repeat([]byte{0xff}, 11),
		"a length of 2^63":                append([]byte{0x52}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
		"a length of 2^31":                {0x52, 0x80, 0x80, 0x80, 0x80, 0x08},
		"a length of -1":                  {0x52, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"a group that does not end":       {0x53},
		"a group that only ends":          {0x54},
		"wire type 6":                     {0x56},
		"wire type 7":                     {0x57, 0x01},
		"groups in groups":                bytes.Repeat([]byte{0x9b, 0x06}, 20_000),
		"text in place of protobuf":       []byte("hello, collector"),
		"a length within a length":        {0x52, 0x05, 0x0a, 0x7f, 'x', 'y', 'z'},
		"a fixed field that is too short": {0x52, 0x03, 0x19, 0x01, 0x02},
	} {
		out = append(out,
			posting("sample: "+name, oneProto, raw, 400, "malformed"),
			posting("in a batch: "+name, protobufs, inBatch(raw), 400, "malformed"))
	}
	out = append(out,
		posting("an empty batch", protobufs, nil, 400, "empty"),
		posting("an empty sample", oneProto, nil, 400, "no_origin"),
		posting("a million empty transports", oneProto, append(one, bytes.Repeat([]byte{0x52, 0x00}, 1_000_000)...), 400, "too_many"),
		posting("a million empty streams", oneProto, append(one, bytes.Repeat([]byte{0x5a, 0x00}, 1_000_000)...), 400, "too_many"),
		posting("a million empty events", oneProto, append(one, bytes.Repeat([]byte{0x62, 0x00}, 1_000_000)...), 400, "too_many"),
		posting("more samples than a body may have", protobufs, bytes.Repeat([]byte{0x0a, 0x00}, 10_001), 413, "too_many_samples"),
		posting("a sample of 4 MB and a bit", oneProto, make([]byte, 4<<20), 400, "malformed"),
	)
	return out
}

func (s *secured) brokenJSON() (out []attack) {
	raw, err := protojson.Marshal(sample(1))
	require.NoError(s.t, err)
	good := string(raw)
	for name, body := range map[string]string{
		"nothing": "", "a number": "7", "a text": `"x"`, "null": "null", "true": "true", "half a word": "nul", "an open array": "[", "an open object": `{"a`,
		"an open text": `{"callId":"`, "no value": `{"callId":}`, "no comma": `{"callId":"a" "sequence":1}`, "a comma too many": `[,{}]`,
		"something behind": good + "]", "two values": good + good, "a comment": `{/* */}`, "single quotes": `{'a':1}`, "not a number": `{"sequence":NaN}`,
		"infinite": `{"sequence":Infinity}`, "an exponent without end": `{"sampledAtUs":1e9999}`, "a negative counter": `{"sequence":-1}`,
		"a fraction of a counter": `{"sequence":1.5}`, "a counter beyond 64 bits": `{"sequence":"18446744073709551616"}`,
		"bad UTF-8": "{\"callId\":\"\xff\"}", "half a surrogate": `{"callId":"\ud800"}`, "a bad escape": `{"callId":"\x41"}`, "a control character": "{\"callId\":\"\x01\"}",
		"an array for an object": `{"client":[]}`, "an object for an array": `{"transports":{}}`, "a text for an object": `{"client":"ana"}`,
		"a number for a text": `{"callId":7}`, "an object for a number": `{"sequence":{}}`, "a bool for a number": `{"intervalUs":true}`,
		"a key twice": `{"callId":"a","callId":"b"}`, "deep arrays": strings.Repeat("[", 1_000_000), "deep objects": strings.Repeat(`{"a":`, 300_000),
		"deep in a sample": `{"client":` + strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5001), "a zero byte": "\x00", "a byte order mark": "\ufeff" + good,
		"UTF-16": "\xff\xfe{\x00}\x00", "both origins' keys": `{"samples":{}}`, "protobuf": "\x0a\x05hello", "a base64 text for a number": `{"transports":[{"linkKey":"AAAA"}]}`,
	} {
		out = append(out, posting("JSON: "+name, jsons, []byte(body), 400, "malformed"))
	}
	return append(out,
		posting("JSON: an empty array", jsons, []byte("[]"), 400, "empty"),
		posting("JSON: an empty object", jsons, []byte("{}"), 400, "no_origin"),
		posting("JSON: a million empty transports", jsons, []byte(`{"transports":[`+strings.Repeat("{},", 1_000_000)+`{}]}`), 400, "too_many"),
		posting("JSON: more samples than a body may have", jsons, []byte("["+strings.Repeat("{},", 10_000)+"{}]"), 413, "too_many_samples"),
		posting("JSON: a text of 4 MB", jsons, []byte(`{"client":{},"sessionId":"`+strings.Repeat("x", 4<<20-50)+`"}`), 400, "text_too_long"),
	)
}

// deflated compresses zeros, or what it is given.
func deflated(with func(io.Writer) io.WriteCloser, size int, of []byte) []byte {
	var buf bytes.Buffer
	w := with(&buf)
	if of == nil {
		of = make([]byte, 1<<20)
	}
	for n := 0; n < size; n += len(of) {
		_, _ = w.Write(of)
	}
	_ = w.Close()
	return buf.Bytes()
}

func (s *secured) bombs() (out []attack) {
	gz := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zl := func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
	fl := func(w io.Writer) io.WriteCloser { z, _ := flate.NewWriter(w, 9); return z }
	zs := func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }
	good := batch(s.t, sample(1))
	zipped := deflated(gz, 1, good)
	bad := bytes.Clone(zipped)
	bad[len(bad)-6] ^= 0xff // of the checksum
	for _, e := range []struct {
		name, encoding string
		body           []byte
		status         int
		reason         string
	}{
		{"a gzip bomb", "gzip", deflated(gz, 80<<20, nil), 413, "body_too_large"},
		{"a zlib bomb", "deflate", deflated(zl, 80<<20, nil), 413, "body_too_large"},
		{"a deflate bomb", "deflate", deflated(fl, 80<<20, nil), 413, "body_too_large"},
		{"a zstd bomb", "zstd", deflated(zs, 80<<20, nil), 413, "body_too_large"},
		{"a bomb just above the limit", "gzip", deflated(gz, 17<<20, nil), 413, "body_too_large"},
		{"gzip in gzip", "gzip", deflated(gz, 1, zipped), 400, "malformed"},
		{"gzip in zstd", "zstd", deflated(zs, 1, zipped), 400, "malformed"},
		{"a bomb in a bomb", "gzip", deflated(gz, 1, deflated(gz, 64<<20, nil)), 400, "malformed"},
		{"gzip cut off", "gzip", zipped[:len(zipped)/2], 400, "bad_body"},
		{"gzip of another checksum", "gzip", bad, 400, "bad_body"},
		{"gzip without a body", "gzip", nil, 400, "bad_body"},
		{"gzip that is none", "gzip", good, 400, "bad_body"},
		{"deflate that is none", "deflate", []byte{0xff, 0xff, 0xff}, 400, "bad_body"},
		{"zstd that is none", "zstd", good, 400, "bad_body"},
		{"zstd that asks for a window of 2 GB", "zstd", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00}, 413, "body_too_large"},
		{"zstd that promises 2^60 bytes", "zstd", []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x01, 0x00, 0x00}, 413, "body_too_large"},
		{"brotli", "br", good, 415, "unsupported_encoding"},
		{"two encodings", "gzip, gzip", zipped, 415, "unsupported_encoding"},
		{"an encoding that nobody knows", "\"><script>", good, 415, "unsupported_encoding"},
	} {
		out = append(out, posting(e.name, protobufs, e.body, e.status, e.reason, "Content-Encoding", e.encoding))
	}
	return out
}

func (s *secured) strangeRequests() []attack {
	good := batch(s.t, sample(1))
	get := func(name, method, path string, status int, reason string, header ...string) attack {
		return attack{name: name, method: method, path: path, status: status, reason: reason, header: header, body: good}
	}
	return []attack{
		posting("no content type", "", good, 415, "unsupported_media_type"),
		posting("a page", "text/html", good, 415, "unsupported_media_type"),
		posting("a form", "multipart/form-data; boundary=x", good, 415, "unsupported_media_type"),
		posting("a content type that is none", "///", good, 415, "unsupported_media_type"),
		posting("another message", "application/x-protobuf;proto=other.Message", good, 415, "unsupported_media_type"),
		posting("5 MB", protobufs, make([]byte, 5<<20), 413, "body_too_large"),
		get("no such route", http.MethodPost, "/v2/samples", 404, "no_route"),
		get("a path upwards", http.MethodPost, "/v1/../../etc/passwd", 404, "no_route"),
		get("an encoded path upwards", http.MethodGet, "/v1/%2e%2e%2fsecrets", 404, "no_route"),
		get("a null byte in the path", http.MethodGet, "/v1/samples%00", 404, "no_route"),
		get("GET samples", http.MethodGet, "/v1/samples", 405, "method"),
		get("DELETE samples", http.MethodDelete, "/v1/samples", 405, "method"),
		get("a made-up method", "BREW", "/v1/samples", 405, "method"),
		get("POST to the stream", http.MethodPost, "/v1/stream", 405, "method"),
		get("a stream without upgrade", http.MethodGet, "/v1/stream", 426, "no_upgrade"),
		get("a stream to something else", http.MethodGet, "/v1/stream", 426, "", "Upgrade", "h2c", "Connection", "Upgrade"),
		get("a stream without a key", http.MethodGet, "/v1/stream", 400, "", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "13"),
		get("a stream of another version", http.MethodGet, "/v1/stream", 400, "", "Upgrade", "websocket", "Connection", "Upgrade", "Sec-WebSocket-Version", "8", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
		get("a foreign page", http.MethodPost, "/v1/samples", 403, "origin", "Origin", "https://evil.example"),
		get("a page from nowhere", http.MethodPost, "/v1/samples", 403, "origin", "Origin", "null"),
	}
}

func (s *secured) strangeBytes() []attack {
	const head = "POST /v1/samples HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\nContent-Type: application/x-protobuf\r\n"
	const upgrade = "GET /v1/stream HTTP/1.1\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
	raw := func(name, bytes string, status int, reason string) attack {
		return attack{name: name, raw: bytes, status: status, reason: reason}
	}
	slow := func(name, bytes string, status int, reason string) attack {
		return attack{name: name, raw: bytes, status: status, reason: reason, slow: true}
	}
	return []attack{
		raw("no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, ""),
		raw("HTTP/9", "GET / HTTP/9.9\r\n\r\n", 505, ""),
		raw("no host", "POST /v1/samples HTTP/1.1\r\n\r\n", 400, ""),
		slow("a header of 20 KB", head+"X: "+strings.Repeat("x", 20<<10)+"\r\n\r\n", 431, ""),
		slow("ten thousand headers", head+strings.Repeat("X: y\r\n", 10_000)+"\r\n", 431, ""),
		raw("a header without a name", head+": x\r\n\r\n", 400, ""),
		raw("a negative length", head+"Content-Length: -5\r\n\r\n", 400, ""),
		raw("two lengths", head+"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, ""),
		raw("a length beyond 64 bits", head+"Content-Length: 99999999999999999999\r\n\r\n", 400, ""),
		raw("a length of 2^62", head+"Content-Length: 4611686018427387904\r\n\r\n", 413, "body_too_large"),
		raw("a chunk that is none", head+"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", 400, "bad_body"),
		raw("a chunk of 2^64", head+"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", 400, "bad_body"),
		raw("an unknown transfer encoding", head+"Transfer-Encoding: gzip\r\n\r\n", 501, ""),
		slow("a header that never ends", "POST /v1/samples HTTP/1.1\r\nX: ", 0, ""),
		slow("a body that never comes", head+"Content-Length: 100\r\n\r\n", 408, "slow_body"),
		slow("half a body", head+"Content-Length: 100\r\n\r\nhalf", 408, "slow_body"),
		slow("a socket that says nothing", upgrade, 1008, ""),
		raw("a frame that is not masked", upgrade+"\x82\x01x", 0, ""),
		raw("a frame with reserved bits", upgrade+"\xb2\x81\x00\x00\x00\x00x", 1002, ""),
		raw("an opcode that nobody knows", upgrade+"\x83\x81\x00\x00\x00\x00x", 1002, ""),
		raw("a control frame that is too long", upgrade+"\x89\xfe\x00\xff\x00\x00\x00\x00", 1002, ""),
		raw("a control frame in parts", upgrade+"\x09\x81\x00\x00\x00\x00x", 1002, ""),
		raw("a frame of 2^63 bytes", upgrade+"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", 0, ""),
		raw("a part that continues nothing", upgrade+"\x80\x81\x00\x00\x00\x00x", 1002, ""),
		raw("a message within a message", upgrade+"\x02\x81\x00\x00\x00\x00x\x82\x81\x00\x00\x00\x00x", 1002, ""),
		slow("a message that never ends", upgrade+"\x02\x81\x00\x00\x00\x00x", 0, ""),
		raw("a close frame of one byte", upgrade+"\x88\x81\x00\x00\x00\x00x", 1002, ""),
		raw("a deflated message that is none", upgrade+"\xc2\x83\x00\x00\x00\x00\xff\xff\xff", 0, ""),
	}
}

func (s *secured) badTokens() (out []attack) {
	good := batch(s.t, sample(1))
	b64 := base64.RawURLEncoding.EncodeToString
	payload, err := json.Marshal(claims())
	require.NoError(s.t, err)
	unsigned := func(header string) string { return b64([]byte(header)) + "." + b64(payload) + "." }
	whole := s.token()
	for _, tc := range []struct{ name, token, reason string }{
		{"expired", s.token("exp", time.Now().Add(-time.Hour).Unix()), "token_expired"},
		{"not yet", s.token("nbf", time.Now().Add(time.Hour).Unix()), "token_not_yet"},
		{"without an end", s.token("exp", nil), "token_expiry"},
		{"for somebody else", s.token("aud", "other"), "token_audience"},
		{"for nobody", s.token("aud", nil), "token_audience"},
		{"alg none", unsigned(`{"alg":"none"}`), "token_algorithm"},
		{"alg None", unsigned(`{"alg":"None","typ":"JWT"}`), "token_algorithm"},
		{"alg missing", unsigned(`{}`), "token_algorithm"},
		{"alg RS256 without a key for it", unsigned(`{"alg":"RS256"}`), "token_unknown_key"},
		{"forged", s.sign(jwt.SigningMethodHS256, []byte("another secret of 32 bytes or so"), "", claims()), "token_forged"},
		{"cut off", whole[:len(whole)-3], "token_forged"},
		{"changed", whole[:len(whole)-4] + "AAAA", "token_forged"},
		{"in two parts", whole[:strings.LastIndexByte(whole, '.')], "token_malformed"},
		{"garbage", "x.y.z", "token_malformed"},
		{"of 8 KB", whole + strings.Repeat("A", 8000), "token_too_long"},
		{"with a call that is a number", s.token("call_id", 7), "token_claim"},
	} {
		out = append(out, posting("a token "+tc.name, protobufs, good, 401, tc.reason, "Authorization", "Bearer "+tc.token))
	}
	return append(out,
		posting("no token", protobufs, good, 401, "credentials_missing", "Authorization", ""),
		posting("a password", protobufs, good, 401, "credentials_scheme", "Authorization", "Basic YTpi"),
		posting("a forged token in a beacon", "text/plain", []byte(`{"access_token":"x.y.z"}`), 401, "token_malformed", "Authorization", ""),
		posting("a beacon that is no JSON", "text/plain", []byte("hello"), 401, "credentials_missing", "Authorization", ""),
	)
}

func (s *secured) badSamples() (out []attack) {
	for _, tc := range []struct {
		name   string
		spoil  func(*pb.Sample)
		reason string
	}{
		{"no session", func(m *pb.Sample) { m.SessionId = "" }, "no_session_id"},
		{"sequence 0", func(m *pb.Sample) { m.Sequence = 0 }, "no_sequence"},
		{"a negative time", func(m *pb.Sample) { m.SampledAtUs = -1 }, "bad_time"},
		{"a time in 300,000 years", func(m *pb.Sample) { m.SampledAtUs = 1<<63 - 1 }, "bad_time"},
		{"an offset that overflows", func(m *pb.Sample) { m.Clock = &pb.ClockOffset{OffsetUs: -1 << 63} }, "bad_time"},
		{"a negative interval", func(m *pb.Sample) { m.IntervalUs = -1 }, "bad_interval"},
		{"two transports of one id", func(m *pb.Sample) { m.Transports = append(m.Transports, m.Transports[0]) }, "transport_twice"},
		{"a stream on no transport", func(m *pb.Sample) { m.Streams[0].TransportId = "t9" }, "unknown_transport"},
		{"a direction of -1", func(m *pb.Sample) { m.Streams[0].Direction = -1 }, "bad_direction"},
		{"a kind of 2^31-1", func(m *pb.Sample) { m.Streams[0].Kind = 1<<31 - 1 }, "bad_kind"},
		{"an id that is not UTF-8", func(m *pb.Sample) { m.SessionId = "\xff\xfe" }, "bad_utf8"},
		{"an id of 64 KB", func(m *pb.Sample) { m.SessionId = strings.Repeat("x", 64<<10) }, "text_too_long"},
		{"an event of 64 KB", func(m *pb.Sample) { m.Events = []*pb.Event{{Value: strings.Repeat("x", 64<<10)}} }, "text_too_long"},
		{"a hundred rtts", func(m *pb.Sample) { m.Transports[0].Rtts = make([]*pb.RTT, 100) }, "too_many"},
		{"an address for an id", func(m *pb.Sample) {
			m.Transports[0].TransportId = "203.0.113.7:1"
			m.Streams[0].TransportId = "203.0.113.7:1"
		}, "personal_id"},
	} {
		m := sample(1)
		tc.spoil(m)
		raw, err := m.MarshalVT()
		require.NoError(s.t, err)
		out = append(out, posting("a sample with "+tc.name, oneProto, raw, 400, tc.reason))
	}
	sfu, err := sfuSample("fra").MarshalVT()
	require.NoError(s.t, err)
	return append(out, posting("an SFU's sample with a client's token", oneProto, sfu, 403, "wrong_origin"))
}

func (s *secured) badMessages() []attack {
	on := func(name string, text bool, message []byte, status int, reason string) attack {
		return attack{name: name, path: "/v1/stream", message: message, text: text, status: status, reason: reason}
	}
	broken, err := (&pb.ClientFrame{Sample: sample(1)}).MarshalVT()
	require.NoError(s.t, err)
	return []attack{
		on("a frame of nothing", false, []byte{}, 0, "malformed"),
		on("a frame cut off", false, broken[:len(broken)-5], 0, "malformed"),
		on("a frame of something else", false, []byte{0x7a, 0x01, 0x01}, 0, "malformed"),
		on("a frame of garbage", false, []byte("\xff\xff\xff\xff"), 0, "malformed"),
		on("a text of nothing", true, []byte(" "), 0, "malformed"),
		on("a text that is no JSON", true, []byte("hello"), 0, "malformed"),
		on("a text of deep JSON", true, []byte(strings.Repeat(`{"sample":`, 100_000)), 0, "malformed"),
		on("a text of the wrong types", true, []byte(`{"sample":7}`), 0, "malformed"),
		on("a text that is not UTF-8", true, []byte("{\"sample\":\"\xff\"}"), 0, "malformed"),
		on("a frame with a bad sample", false, []byte{0x0a, 0x02, 0x28, 0x01}, 0, "no_origin"),
		on("a message of 24 MB, deflated", false, make([]byte, 24<<20), 1009, ""),
	}
}

func (s *secured) badForeign() (out []attack) {
	for _, path := range []string{"/v1/observertc", "/v1/janus"} {
		for name, body := range map[string]string{
			"nothing": "", "no JSON": "hello", "a number": "7", "an open object": `{"a":`, "bad UTF-8": "{\"a\":\"\xff\"",
		} {
			out = append(out, attack{
				name: path + ": " + name, method: http.MethodPost, path: path, body: []byte(body), status: 400, reason: "malformed", header: []string{"Content-Type", jsons},
			})
		}
		out = append(out, attack{name: path + ": protobuf", method: http.MethodPost, path: path, body: []byte("x"), status: 415, reason: "unsupported_media_type", header: []string{"Content-Type", protobufs}})
	}
	return out
}
