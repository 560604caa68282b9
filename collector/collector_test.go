package collector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/collector/receive"
	"github.com/earshot-rtc/earshot/internal/kafka"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeKafka keeps what it is given, or does as it is told.
type fakeKafka struct {
	mu   sync.Mutex
	got  []kafka.Message
	do   func(ctx context.Context, msgs []kafka.Message) error
	ping error
}

func (f *fakeKafka) Produce(ctx context.Context, msgs []kafka.Message) error {
	f.mu.Lock()
	do := f.do
	f.mu.Unlock()
	if do != nil {
		if err := do(ctx, msgs); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.got = append(f.got, msgs...)
	return nil
}

func (f *fakeKafka) Ping(context.Context) error { return f.ping }

func (f *fakeKafka) of(name string) (out []kafka.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.got {
		if m.Topic == name {
			out = append(out, m)
		}
	}
	return out
}

func config() collector.Config {
	cfg := collector.DefaultConfig()
	cfg.Listen, cfg.ID = "127.0.0.1:0", "c1"
	return cfg
}

func start(t testing.TB, cfg collector.Config, p collector.Producer) *collector.Collector {
	t.Helper()
	c, err := collector.New(cfg, collector.Dependencies{Producer: p, Registerer: prometheus.NewRegistry()})
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

func sample(seq uint64) *pb.Sample {
	return &pb.Sample{
		Client: &pb.ClientOrigin{ClientId: "ana"}, CallId: "demo", SessionId: "s1", Sequence: seq, SampledAtUs: time.Now().UnixMicro(),
		Transports: []*pb.Transport{{TransportId: "t1"}},
		Streams:    []*pb.Stream{{TransportId: "t1", Direction: 1, Ssrc: 7}},
	}
}

func batch(t testing.TB, samples ...*pb.Sample) []byte {
	t.Helper()
	raw, err := (&pb.SampleBatch{Samples: samples}).MarshalVT()
	require.NoError(t, err)
	return raw
}

type reply struct {
	status int
	header http.Header
	receive.Answer
	Reason string `json:"reason"`
	body   string
}

func do(t testing.TB, method, url string, body io.Reader, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, url, body)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	r := reply{status: res.StatusCode, header: res.Header, body: string(data)}
	if len(data) > 0 {
		require.NoError(t, json.Unmarshal(data, &r), string(data))
	}
	return r
}

func post(t testing.TB, c *collector.Collector, contentType string, body []byte, header ...string) reply {
	t.Helper()
	return do(t, http.MethodPost, "http://"+c.Addr()+"/v1/samples", bytes.NewReader(body), append([]string{"Content-Type", contentType}, header...)...)
}

const protobuf = "application/x-protobuf"

func pack(t testing.TB, encoding string, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	var w io.WriteCloser
	var err error
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&buf)
	case "zlib":
		w = zlib.NewWriter(&buf)
	case "flate":
		w, err = flate.NewWriter(&buf, 5)
	case "zstd":
		w, err = zstd.NewWriter(&buf)
	}
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func TestEveryWayOfPostingSamples(t *testing.T) {
	two := batch(t, sample(1), sample(2))
	one, err := sample(1).MarshalVT()
	require.NoError(t, err)
	text, err := protojson.Marshal(&pb.SampleBatch{Samples: []*pb.Sample{sample(1), sample(2)}})
	require.NoError(t, err)
	bare, err := protojson.Marshal(sample(1))
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		contentType, encoding string
		body                  []byte
		accepted              int
	}{
		"protobuf":                {protobuf, "", two, 2},
		"protobuf, other name":    {"application/protobuf", "identity", two, 2},
		"protobuf, batch named":   {protobuf + "; proto=earshot.v1.SampleBatch", "", two, 2},
		"protobuf, single sample": {protobuf + ";proto=earshot.v1.Sample", "", one, 1},
		"JSON":                    {"application/json", "", text, 2},
		"JSON with charset":       {"application/json; charset=utf-8", "", text, 2},
		"JSON sample":             {"application/json", "", bare, 1},
		"gzip":                    {protobuf, "gzip", pack(t, "gzip", two), 2},
		"GZIP":                    {protobuf, "GZIP", pack(t, "gzip", two), 2},
		"deflate":                 {protobuf, "deflate", pack(t, "zlib", two), 2},
		"deflate without zlib":    {protobuf, "deflate", pack(t, "flate", two), 2},
		"zstd":                    {"application/json", "zstd", pack(t, "zstd", text), 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeKafka{}
			c := start(t, config(), f)
			for range 2 { // decoders are used again
				r := post(t, c, tc.contentType, tc.body, "Content-Encoding", tc.encoding)
				require.Equal(t, http.StatusAccepted, r.status, r.body)
				require.JSONEq(t, `{"accepted":`+string(rune('0'+tc.accepted))+`,"rejected":[]}`, r.body)
			}
			got := f.of(topic.Samples)
			require.Len(t, got, 2*tc.accepted)
			s := &pb.Sample{}
			require.NoError(t, s.UnmarshalVT(got[0].Value))
			require.Equal(t, "demo", string(got[0].Key))
			require.Equal(t, "c1", s.Receipt.CollectorId)
			require.InDelta(t, time.Now().UnixMicro(), s.Receipt.ReceivedAtUs, 5e6)
			require.Equal(t, s.Receipt.ReceivedAtUs/1000, got[0].Time.UnixMilli())
		})
	}
}

func TestRequestsThatAreRefusedAsAWhole(t *testing.T) {
	cfg := config()
	cfg.Receive.BodyBytes, cfg.Receive.DecodedBytes, cfg.Receive.Samples = 100_000, 1_000_000, 50
	f := &fakeKafka{}
	c := start(t, cfg, f)
	good := batch(t, sample(1))
	bomb := bytes.Repeat([]byte{0}, 50_000_000)
	noise := make([]byte, 200_000)
	for name, tc := range map[string]struct {
		contentType, encoding string
		body                  []byte
		status                int
		reason                string
	}{
		"no content type":            {"", "", good, 415, "unsupported_media_type"},
		"text":                       {"text/plain", "", good, 415, "unsupported_media_type"},
		"another message":            {protobuf + "; proto=other.v1.Thing", "", good, 415, "unsupported_media_type"},
		"broken content type":        {"application/json; =", "", good, 415, "unsupported_media_type"},
		"unknown encoding":           {protobuf, "br", good, 415, "unsupported_encoding"},
		"two encodings":              {protobuf, "gzip, gzip", good, 415, "unsupported_encoding"},
		"not gzip":                   {protobuf, "gzip", good, 400, "bad_body"},
		"gzip cut off":               {protobuf, "gzip", pack(t, "gzip", good)[:30], 400, "bad_body"},
		"not deflate":                {protobuf, "deflate", []byte("\xff\xff\xff\xff"), 400, "bad_body"},
		"not zstd":                   {protobuf, "zstd", good, 400, "bad_body"},
		"empty gzip":                 {protobuf, "gzip", nil, 400, "bad_body"},
		"too large as it travels":    {protobuf, "", noise, 413, "body_too_large"},
		"gzip bomb":                  {protobuf, "gzip", pack(t, "gzip", bomb), 413, "body_too_large"},
		"deflate bomb":               {protobuf, "deflate", pack(t, "zlib", bomb), 413, "body_too_large"},
		"zstd bomb":                  {protobuf, "zstd", pack(t, "zstd", bomb), 413, "body_too_large"},
		"zstd that wants a window":   {protobuf, "zstd", []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 0, 0, 0, 0}, 413, "body_too_large"},
		"too many samples":           {protobuf, "", bytes.Repeat([]byte{0x0a, 0}, 51), 413, "too_many_samples"},
		"no samples, protobuf":       {protobuf, "", nil, 400, "empty"},
		"no samples, JSON":           {"application/json", "", []byte(`{"samples":[]}`), 400, "empty"},
		"too many samples, as JSON":  {"application/json", "", []byte("[" + strings.Repeat("{},", 50) + "{}]"), 413, "too_many_samples"},
		"an unknown encoding, empty": {protobuf, "zip", nil, 415, "unsupported_encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			r := post(t, c, tc.contentType, tc.body, "Content-Encoding", tc.encoding)
			require.Equal(t, tc.status, r.status, r.body)
			require.Equal(t, tc.reason, r.Reason)
			require.NotEmpty(t, r.Error)
			require.Equal(t, "application/json", r.header.Get("Content-Type"))
		})
	}
	t.Run("a body of unknown length", func(t *testing.T) {
		r := do(t, http.MethodPost, "http://"+c.Addr()+"/v1/samples", io.MultiReader(bytes.NewReader(noise)), "Content-Type", protobuf)
		require.Equal(t, 413, r.status)
	})
	require.Empty(t, f.of(topic.Samples))
	require.Equal(t, http.StatusAccepted, post(t, c, protobuf, good).status, "and the collector lives")
}

func TestPartialAndFullRejection(t *testing.T) {
	f := &fakeKafka{}
	c := start(t, config(), f)
	bad := sample(2)
	bad.SessionId = ""
	r := post(t, c, protobuf, batch(t, sample(1), bad, sample(3)))
	require.Equal(t, http.StatusAccepted, r.status)
	require.JSONEq(t, `{"accepted":2,"rejected":[{"index":1,"reason":"no_session_id","detail":"session_id is empty"}]}`, r.body)
	r = post(t, c, protobuf, batch(t, bad))
	require.Equal(t, http.StatusBadRequest, r.status)
	require.Zero(t, r.Accepted)
	require.Equal(t, "no_session_id", r.Rejected[0].Reason)
	require.NotEmpty(t, r.Error)
	require.Eventually(t, func() bool { return len(f.of(topic.Dead)) == 2 }, time.Second, time.Millisecond)
	require.Len(t, f.of(topic.Samples), 2)
}

func TestAnIdleSFUIsAcknowledgedAndNothingElse(t *testing.T) {
	f := &fakeKafka{}
	c := start(t, config(), f)
	r := post(t, c, protobuf, batch(t, &pb.Sample{Sfu: &pb.SFUOrigin{SfuId: "fra"}, SessionId: "s", Sequence: 1, SampledAtUs: time.Now().UnixMicro()}))
	require.Equal(t, http.StatusAccepted, r.status, r.body)
	require.Equal(t, 1, r.Accepted)
	require.Empty(t, f.of(topic.Samples))
	require.Empty(t, f.of(topic.Dead))
}

func TestUnavailableKafkaIs503AndComeBackLater(t *testing.T) {
	t.Run("Kafka refuses", func(t *testing.T) {
		c := start(t, config(), &fakeKafka{do: func(context.Context, []kafka.Message) error { return errors.New("down") }})
		r := post(t, c, protobuf, batch(t, sample(1)))
		require.Equal(t, http.StatusServiceUnavailable, r.status)
		require.Contains(t, []string{"2", "3", "4"}, r.header.Get("Retry-After"))
		require.Equal(t, "unavailable", r.Rejected[0].Reason)
	})
	t.Run("Kafka does not answer", func(t *testing.T) {
		cfg := config()
		cfg.Receive.AckTimeout = 50 * time.Millisecond
		hold := make(chan struct{})
		defer close(hold)
		c := start(t, cfg, &fakeKafka{do: func(context.Context, []kafka.Message) error { <-hold; return nil }})
		r := post(t, c, protobuf, batch(t, sample(1)))
		require.Equal(t, http.StatusServiceUnavailable, r.status)
		require.Equal(t, "ack_timeout", r.Reason)
		require.NotEmpty(t, r.header.Get("Retry-After"))
	})
	t.Run("the queue is full", func(t *testing.T) {
		cfg := config()
		cfg.Receive.DecodedBytes, cfg.Queue.Bytes = 1000, 2000
		cfg.Receive.AckTimeout = 100 * time.Millisecond
		hold := make(chan struct{})
		f := &fakeKafka{do: func(context.Context, []kafka.Message) error { <-hold; return nil }}
		c := start(t, cfg, f)
		reasons := map[string]int{}
		for range 30 {
			r := post(t, c, protobuf, batch(t, sample(1)))
			require.Equal(t, http.StatusServiceUnavailable, r.status)
			require.NotEmpty(t, r.header.Get("Retry-After"))
			reasons[r.Reason]++
		}
		require.Positive(t, reasons["queue_full"])
		require.Equal(t, 30, reasons["queue_full"]+reasons["ack_timeout"])
		close(hold)
		require.Eventually(t, func() bool { return post(t, c, protobuf, batch(t, sample(1))).status == http.StatusAccepted }, time.Second, 5*time.Millisecond)
	})
}

func TestRoutesAndMethods(t *testing.T) {
	c := start(t, config(), &fakeKafka{})
	base := "http://" + c.Addr()
	for name, tc := range map[string]struct {
		method, path string
		status       int
		reason       string
	}{
		"GET samples":     {"GET", "/v1/samples", 405, "method"},
		"PUT samples":     {"PUT", "/v1/samples", 405, "method"},
		"POST time":       {"POST", "/v1/time", 405, "method"},
		"stream, no sock": {"GET", "/v1/stream", 426, "no_upgrade"},
		"unknown":         {"GET", "/v2/samples", 404, "no_route"},
		"root":            {"GET", "/", 404, "no_route"},
		"health":          {"GET", "/healthz", 200, ""},
		"ready":           {"GET", "/readyz", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := do(t, tc.method, base+tc.path, nil)
			require.Equal(t, tc.status, r.status)
			require.Equal(t, tc.reason, r.Reason)
			if tc.status == 405 {
				require.NotEmpty(t, r.header.Get("Allow"))
			}
		})
	}
}

func TestTimeIsTheCollectorsClock(t *testing.T) {
	cfg := config()
	at := time.UnixMicro(1_900_000_000_000_000)
	c, err := collector.New(cfg, collector.Dependencies{Producer: &fakeKafka{}, Now: func() time.Time { return at }})
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	defer func() { _ = c.Shutdown(context.Background()) }()
	r := do(t, "GET", "http://"+c.Addr()+"/v1/time", nil)
	require.JSONEq(t, `{"received_at_us":1900000000000000,"replied_at_us":1900000000000000}`, r.body)
	require.Equal(t, "no-store", r.header.Get("Cache-Control"))
	http.DefaultClient.CloseIdleConnections()
}

func TestReadyFollowsKafka(t *testing.T) {
	f := &fakeKafka{ping: errors.New("no Kafka broker answers at 10.0.0.1:9092")}
	c := start(t, config(), f)
	require.ErrorContains(t, c.Ready(), "no Kafka broker answers")
	r := do(t, "GET", "http://"+c.Addr()+"/readyz", nil)
	require.Equal(t, 503, r.status)
	require.Equal(t, 200, do(t, "GET", "http://"+c.Addr()+"/healthz", nil).status)
}

func TestPagesOfOtherOrigins(t *testing.T) {
	good := batch(t, sample(1))
	for name, tc := range map[string]struct {
		listen  string
		allowed []string
		origin  string
		want    bool
	}{
		"no page":                         {"127.0.0.1:0", nil, "", true},
		"loopback page, loopback":         {"127.0.0.1:0", nil, "http://localhost:5173", true},
		"loopback page by address":        {"127.0.0.1:0", nil, "http://127.0.0.1:8080", true},
		"loopback page, IPv6":             {"127.0.0.1:0", nil, "http://[::1]:8080", true},
		"foreign page, loopback":          {"127.0.0.1:0", nil, "https://evil.example", false},
		"name that looks like loopback":   {"127.0.0.1:0", nil, "https://localhost.evil.example", false},
		"sandboxed page":                  {"127.0.0.1:0", nil, "null", false},
		"loopback page, public collector": {"0.0.0.0:0", nil, "http://localhost:5173", false},
		"loopback page, list given":       {"127.0.0.1:0", []string{"https://app.example"}, "http://localhost:5173", false},
		"listed":                          {"127.0.0.1:0", []string{"https://app.example"}, "https://app.example", true},
		"listed, other case":              {"127.0.0.1:0", []string{"https://App.example"}, "https://app.example", true},
		"listed, other scheme":            {"127.0.0.1:0", []string{"https://app.example"}, "http://app.example", false},
		"listed, other port":              {"127.0.0.1:0", []string{"https://app.example"}, "https://app.example:8443", false},
		"under a wildcard":                {"127.0.0.1:0", []string{"https://*.example"}, "https://a.b.example", true},
		"wildcard is not the top":         {"127.0.0.1:0", []string{"https://*.example"}, "https://example", false},
		"wildcard is no suffix":           {"127.0.0.1:0", []string{"https://*.example"}, "https://badexample", false},
		"anybody":                         {"127.0.0.1:0", []string{"*"}, "https://evil.example", true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.Listen, cfg.Receive.Origins = tc.listen, tc.allowed
			c := start(t, cfg, &fakeKafka{})
			_, port, _ := net.SplitHostPort(c.Addr())
			url := "http://127.0.0.1:" + port + "/v1/samples"
			header := []string{"Content-Type", protobuf}
			if tc.origin != "" {
				header = append(header, "Origin", tc.origin)
			}
			r := do(t, "POST", url, bytes.NewReader(good), header...)
			pre := do(t, "OPTIONS", url, nil, append(header, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")...)
			if !tc.want {
				require.Equal(t, 403, r.status)
				require.Equal(t, "origin", r.Reason)
				require.Empty(t, r.header.Get("Access-Control-Allow-Origin"))
				require.Equal(t, 403, pre.status)
				return
			}
			require.Equal(t, 202, r.status)
			require.Equal(t, tc.origin, r.header.Get("Access-Control-Allow-Origin"))
			require.Equal(t, 204, pre.status)
			require.Equal(t, "POST", pre.header.Get("Access-Control-Allow-Methods"))
			require.Contains(t, pre.header.Get("Access-Control-Allow-Headers"), "Content-Encoding")
			if tc.origin != "" {
				require.Equal(t, "Origin", r.header.Get("Vary"))
				require.Equal(t, "Retry-After", r.header.Get("Access-Control-Expose-Headers"))
			}
		})
	}
}

func TestConfigNamesTheKey(t *testing.T) {
	for want, spoil := range map[string]func(*collector.Config){
		`listen: "nowhere" is not`:                   func(c *collector.Config) { c.Listen = "nowhere" },
		"receive.body_bytes must be more than 0":     func(c *collector.Config) { c.Receive.BodyBytes = 0 },
		"limits.rtts must be more than 0":            func(c *collector.Config) { c.Limits.RTTs = 0 },
		"queue.bytes must be at least twice":         func(c *collector.Config) { c.Queue.Bytes = 1000 },
		"queue.workers must be more than 0":          func(c *collector.Config) { c.Queue.Workers = 0 },
		"kafka.max_message_bytes":                    func(c *collector.Config) { c.Kafka.MaxMessageBytes = 0 },
		`receive.origins: "app.example" is not`:      func(c *collector.Config) { c.Receive.Origins = []string{"app.example"} },
		`receive.origins: "https://a.b/c" is not`:    func(c *collector.Config) { c.Receive.Origins = []string{"https://a.b/c"} },
		`receive.origins: "https://a.*.b" is not`:    func(c *collector.Config) { c.Receive.Origins = []string{"https://a.*.b"} },
		"read_timeout, header_timeout and idle_time": func(c *collector.Config) { c.IdleTimeout = 0 },
	} {
		cfg := config()
		spoil(&cfg)
		_, err := collector.New(cfg, collector.Dependencies{Producer: &fakeKafka{}})
		require.ErrorContains(t, err, want)
	}
	_, err := collector.New(config(), collector.Dependencies{})
	require.ErrorContains(t, err, "no producer")
}

func TestAPortInUseIsSaidInOneSentence(t *testing.T) {
	first := start(t, config(), &fakeKafka{})
	cfg := config()
	cfg.Listen = first.Addr()
	c, err := collector.New(cfg, collector.Dependencies{Producer: &fakeKafka{}})
	require.NoError(t, err)
	require.ErrorContains(t, c.Start(t.Context()), first.Addr()+" is in use")
	require.NoError(t, c.Shutdown(t.Context()))
}

func TestShutdownGivesRequestsUnderWayTheirAnswer(t *testing.T) {
	hold := make(chan struct{})
	reached := make(chan struct{}, 1)
	f := &fakeKafka{do: func(context.Context, []kafka.Message) error { reached <- struct{}{}; <-hold; return nil }}
	c := start(t, config(), f)
	answers := make(chan reply, 1)
	go func() { answers <- post(t, c, protobuf, batch(t, sample(1))) }()
	<-reached
	stopped := make(chan error, 1)
	go func() { stopped <- c.Shutdown(context.Background()) }()
	require.Eventually(t, func() bool { return c.Ready() != nil }, time.Second, time.Millisecond)
	close(hold)
	require.Equal(t, http.StatusAccepted, (<-answers).status)
	require.NoError(t, <-stopped)
	require.NoError(t, c.Shutdown(context.Background()), "twice")
	require.Len(t, f.of(topic.Samples), 1)
	_, err := http.Get("http://" + c.Addr() + "/healthz")
	require.Error(t, err)
}
