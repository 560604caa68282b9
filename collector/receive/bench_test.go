package receive_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector/admit"
	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/intake"
	"github.com/earshot-rtc/earshot/collector/queue"
	"github.com/earshot-rtc/earshot/collector/receive"
	"github.com/earshot-rtc/earshot/collector/throttle"
	"github.com/earshot-rtc/earshot/internal/kafka"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// sink settles jobs and keeps nothing.
type sink struct{}

func (sink) Submit(_ []kafka.Message, done queue.Done) error { done(nil); return nil }

// BenchmarkPost shows what authentication and throttling add to a request; there is no network and no Kafka.
func BenchmarkPost(b *testing.B) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	path := filepath.Join(b.TempDir(), "secrets")
	require.NoError(b, os.WriteFile(path, secret, 0o600))
	raw, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"exp": time.Now().Add(time.Hour).Unix(), "tenant": "acme", "call_id": "demo", "client_id": "ana",
	}).SignedString(secret)
	require.NoError(b, err)
	for _, n := range []int{1, 100} {
		batch := &pb.SampleBatch{}
		for i := range n {
			s := &pb.Sample{
				Client: &pb.ClientOrigin{ClientId: "ana"}, CallId: "demo", SessionId: "s1", Sequence: uint64(i + 1), SampledAtUs: time.Now().UnixMicro(),
				Transports: []*pb.Transport{{TransportId: "t1"}},
			}
			for j := range 14 {
				s.Streams = append(s.Streams, &pb.Stream{TransportId: "t1", Direction: 1, Ssrc: uint32(j + 1), Codec: "opus", Packets: 1e6, Bytes: 1e9})
			}
			batch.Samples = append(batch.Samples, s)
		}
		body, err := batch.MarshalVT()
		require.NoError(b, err)
		for _, mode := range []string{identity.None, identity.Required} {
			b.Run(fmt.Sprintf("batch=%d/auth=%s", n, mode), func(b *testing.B) {
				cfg := identity.DefaultConfig()
				cfg.Mode, cfg.Tokens.SecretsFile = mode, path
				who, err := identity.New(cfg, identity.Dependencies{})
				require.NoError(b, err)
				require.NoError(b, who.Start(b.Context()))
				defer func() { require.NoError(b, who.Shutdown(b.Context())) }()
				rate := throttle.Rate{Samples: 1e9, Bytes: 1e12}
				bounds := throttle.Config{Source: rate, Address: rate, Tenant: rate, Requests: 1e9, Burst: time.Second, Buckets: 100}
				if mode == identity.None {
					bounds = bounds.Open()
				}
				much, err := throttle.New(bounds, throttle.Dependencies{})
				require.NoError(b, err)
				in := intake.New(intake.Config{Limits: admit.DefaultLimits(), MessageBytes: 1 << 20}, intake.Dependencies{Queue: sink{}})
				s, err := receive.New(receive.DefaultConfig(), receive.Dependencies{Intake: in, Identity: who, Throttle: much})
				require.NoError(b, err)
				b.ReportAllocs()
				b.SetBytes(int64(len(body)))
				for b.Loop() {
					r := httptest.NewRequest(http.MethodPost, "/v1/samples", bytes.NewReader(body))
					r.RemoteAddr = "127.0.0.1:4711"
					r.Header.Set("Content-Type", "application/x-protobuf")
					r.Header.Set("Authorization", "Bearer "+raw)
					w := httptest.NewRecorder()
					s.ServeHTTP(w, r)
					if w.Code != http.StatusAccepted {
						b.Fatal(w.Body)
					}
				}
			})
		}
	}
}
