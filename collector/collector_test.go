package collector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
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
		"protobuf, a beacon":      {"text/plain;proto=earshot.v1.SampleBatch", "", two, 2},
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
		"text":                       {"text/html", "", good, 415, "unsupported_media_type"},
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
