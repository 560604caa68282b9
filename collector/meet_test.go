package collector_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/collector/throttle"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// dial gives the status and the protocol that was agreed on, too.
func (s *secured) dial(o *websocket.DialOptions, query string) (p *probe, status int, protocol string, err error) {
	s.t.Helper()
	conn, res, err := websocket.Dial(s.t.Context(), "ws://"+s.Addr()+"/v1/stream"+query, o)
	if err != nil {
		if res != nil {
			_ = res.Body.Close()
			status = res.StatusCode
		}
		return nil, status, "", err
	}
	s.t.Cleanup(func() { _ = conn.CloseNow() })
	return &probe{s.t, conn}, res.StatusCode, conn.Subprotocol(), nil
}

func TestWebSocketsShowTheirToken(t *testing.T) {
	s := secure(t, nil)
	for name, tc := range map[string]struct {
		options  *websocket.DialOptions
		query    string
		protocol string
	}{
		"in a header":                {&websocket.DialOptions{HTTPHeader: header(bearer(s.token()))}, "", ""},
		"as a protocol":              {&websocket.DialOptions{Subprotocols: []string{"earshot.v1", "bearer." + s.token()}}, "", "earshot.v1"},
		"as a protocol, other order": {&websocket.DialOptions{Subprotocols: []string{"bearer." + s.token(), "earshot.v1"}}, "", "earshot.v1"},
		"in the query":               {nil, "?access_token=" + s.token(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, _, protocol, err := s.dial(tc.options, tc.query)
			require.NoError(t, err)
			require.Equal(t, tc.protocol, protocol, "the token is not repeated")
			other := sample(1)
			other.CallId = "another"
			p.send(&pb.ClientFrame{Sample: other})
			require.Empty(t, p.receive().Ack.Error)
			p.send(&pb.ClientFrame{Sample: sfuSample("fra")})
			require.Contains(t, p.receive().Ack.Error, "wrong_origin: ")
		})
	}
	for _, one := range s.stored() {
		require.Equal(t, "demo", one.CallId)
	}
	_, status, _, err := s.dial(nil, "")
	require.Error(t, err)
	require.Equal(t, 401, status)
}

func TestAWebSocketEndsWithItsToken(t *testing.T) {
	s := secure(t, func(c *collector.Config) { c.Auth.Tokens.Leeway = time.Second })
	brief, _, _, err := s.dial(&websocket.DialOptions{HTTPHeader: header(bearer(s.token("exp", time.Now().Unix()+1)))}, "")
	require.NoError(t, err)
	lasting, _, _, err := s.dial(&websocket.DialOptions{HTTPHeader: header(bearer(s.token()))}, "")
	require.NoError(t, err)
	brief.send(&pb.ClientFrame{Sample: sample(1)})
	require.Empty(t, brief.receive().Ack.Error, "in the leeway")
	_, _, err = brief.conn.Read(t.Context())
	var closed websocket.CloseError
	require.ErrorAs(t, err, &closed)
	require.Equal(t, websocket.StatusPolicyViolation, closed.Code)
	require.Equal(t, "token expired", closed.Reason)
	lasting.send(&pb.ClientFrame{Sample: sample(1)})
	require.Empty(t, lasting.receive().Ack.Error)
}

func TestWhoSendsTooMuchIsToldWhenToComeAgain(t *testing.T) {
	limit := func(change func(*throttle.Config)) func(*collector.Config) {
		return func(c *collector.Config) {
			c.Throttle = throttle.Config{Burst: time.Second, Buckets: 100}
			change(&c.Throttle)
		}
	}
	for name, tc := range map[string]struct {
		change func(*throttle.Config)
		reason string
	}{
		"source, samples":  {func(c *throttle.Config) { c.Source.Samples = 2 }, "throttled_source"},
		"source, bytes":    {func(c *throttle.Config) { c.Source.Bytes = 100 }, "throttled_source"},
		"address, samples": {func(c *throttle.Config) { c.Address.Samples = 2 }, "throttled_address"},
		"tenant, bytes":    {func(c *throttle.Config) { c.Tenant.Bytes = 100 }, "throttled_tenant"},
	} {
		t.Run(name, func(t *testing.T) {
			s := secure(t, limit(tc.change))
			body := batch(t, sample(1), sample(2), sample(3), sample(4), sample(5), sample(6))
			require.Equal(t, 202, post(t, s.Collector, protobuf, body, bearer(s.token())...).status)
			r := post(t, s.Collector, protobuf, body, bearer(s.token())...)
			require.Equal(t, 429, r.status)
			require.Equal(t, tc.reason, r.Reason)
			require.Regexp(t, `^[1-9]\d*$`, r.header.Get("Retry-After"))
			require.Equal(t, 1.0, s.metric("earshot_collector_refused_total", tc.reason))
			require.Equal(t, 1.0, s.metric("earshot_collector_throttled_total", strings.TrimPrefix(tc.reason, "throttled_")))

			p, _, _, err := s.dial(&websocket.DialOptions{HTTPHeader: header(bearer(s.token("client_id", "bob")))}, "")
			if tc.reason != "throttled_source" {
				require.Error(t, err, "all at the address, or of the tenant")
				return
			}
			require.NoError(t, err)
			refused := 0
			for i := range uint64(8) {
				p.send(&pb.ClientFrame{Sample: sample(i + 1)})
				if a := p.receive().Ack; a.Error != "" {
					refused++
					require.Contains(t, a.Error, tc.reason+": ")
					require.Positive(t, a.RetryAfterMs)
					require.Equal(t, i+1, a.Sequence)
				}
			}
			require.Positive(t, refused)
			require.Less(t, refused, 8)
		})
	}
	t.Run("requests, whatever their token", func(t *testing.T) {
		s := secure(t, limit(func(c *throttle.Config) { c.Requests = 3 }))
		statuses := map[int]int{}
		for range 20 {
			statuses[post(t, s.Collector, protobuf, nil, bearer("guess")...).status]++
		}
		require.Positive(t, statuses[401])
		require.Greater(t, statuses[429], 10)
		require.Equal(t, 200, do(t, "GET", "http://"+s.Addr()+"/healthz", nil).status)
	})
	t.Run("by the address that a proxy names", func(t *testing.T) {
		s := secure(t, func(c *collector.Config) {
			limit(func(c *throttle.Config) { c.Address.Samples = 2 })(c)
			c.Auth.TrustedProxies = []string{"127.0.0.0/8"}
		})
		from := func(address string) int {
			return post(t, s.Collector, protobuf, batch(t, sample(1), sample(2), sample(3)), append(bearer(s.token()), "X-Forwarded-For", address)...).status
		}
		require.Equal(t, 202, from("192.0.2.1"))
		require.Equal(t, 429, from("192.0.2.1"))
		require.Equal(t, 202, from("192.0.2.2"))
		require.Equal(t, 202, from("2001:db8::1"))
		require.Equal(t, 429, from("2001:db8::2"))
	})
	t.Run("WebSockets of an address", func(t *testing.T) {
		s := secure(t, limit(func(c *throttle.Config) { c.ConnectionsPerAddress = 2 }))
		http.DefaultClient.CloseIdleConnections()
		for range 2 {
			_, _, _, err := s.dial(&websocket.DialOptions{HTTPHeader: header(bearer(s.token()))}, "")
			require.NoError(t, err)
		}
		_, _, _, err := s.dial(&websocket.DialOptions{HTTPHeader: header(bearer(s.token()))}, "")
		require.Error(t, err)
		require.Equal(t, 1.0, s.metric("earshot_collector_connections_refused_total", "address"))
	})
}

func TestWithoutAuthenticationNothingIsThrottled(t *testing.T) {
	cfg := config()
	cfg.Throttle = throttle.Config{
		Burst: time.Second, Buckets: 1, Requests: 1, Address: throttle.Rate{Samples: 1, Bytes: 1}, ConnectionsPerAddress: 1,
	}
	c := start(t, cfg, &fakeKafka{})
	for range 20 {
		require.Equal(t, 202, post(t, c, protobuf, batch(t, sample(1))).status)
		dial(t, c)
	}
}

func TestThoseWhoDawdleAreHungUpOn(t *testing.T) {
	cfg := config()
	cfg.HeaderTimeout, cfg.ReadTimeout = 100*time.Millisecond, 200*time.Millisecond
	cfg.Receive.FirstMessage, cfg.Receive.MessageTimeout, cfg.Receive.Silence = 150*time.Millisecond, 150*time.Millisecond, 300*time.Millisecond
	c := start(t, cfg, &fakeKafka{})
	for name, tc := range map[string]struct{ begin, drip string }{
		"in the header": {"POST /v1/samples HTTP/1.1\r\nHost: x\r\n", "X-A: b\r\n"},
		"in the body":   {"POST /v1/samples HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n", " "},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", c.Addr())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, tc.begin)
			require.NoError(t, err)
			require.Eventually(t, func() bool { _, err := io.WriteString(conn, tc.drip); return err != nil }, 5*time.Second, 20*time.Millisecond)
		})
	}
	silent := dial(t, c)
	_, _, err := silent.conn.Read(t.Context())
	require.Equal(t, websocket.StatusPolicyViolation, websocket.CloseStatus(err), "nothing came at all")

	slow := dial(t, c)
	w, err := slow.conn.Writer(t.Context(), websocket.MessageBinary)
	require.NoError(t, err)
	require.Eventually(t, func() bool { _, err := w.Write(make([]byte, 5000)); return err != nil }, 5*time.Second, 20*time.Millisecond, "a message without an end")

	lively := dial(t, c)
	for i := range uint64(5) {
		lively.send(&pb.ClientFrame{Sample: sample(i + 1)})
		require.Empty(t, lively.receive().Ack.Error)
		time.Sleep(60 * time.Millisecond)
	}
	_, _, err = lively.conn.Read(t.Context())
	require.Equal(t, websocket.StatusPolicyViolation, websocket.CloseStatus(err), "silent for too long")
}

// TestTimeIsExchangedToTheMillisecond takes the exchange with the shortest round trip of many, as a probe does: the error of
// its offset is bounded by half of that.
func TestTimeIsExchangedToTheMillisecond(t *testing.T) {
	const shift = 90 * time.Second // the collector's clock is ahead
	c, err := collector.New(config(), collector.Dependencies{Producer: &fakeKafka{}, Now: func() time.Time { return time.Now().Add(shift) }})
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context()))
	defer func() { _ = c.Shutdown(t.Context()) }()
	defer http.DefaultClient.CloseIdleConnections()
	p := dial(t, c)
	defer func() { _ = p.conn.CloseNow() }()
	for name, exchange := range map[string]func() (received, replied int64){
		"WebSocket": func() (int64, int64) {
			p.send(&pb.ClientFrame{Time: &pb.TimeRequest{SentAtUs: 1}})
			f := p.receive()
			return f.Time.ReceivedAtUs, f.Time.RepliedAtUs
		},
		"HTTP": func() (int64, int64) {
			r := do(t, "GET", "http://"+c.Addr()+"/v1/time", nil)
			var received, replied int64
			_, err := fmt.Sscanf(r.body, `{"received_at_us":%d,"replied_at_us":%d}`, &received, &replied)
			require.NoError(t, err)
			return received, replied
		},
	} {
		t.Run(name, func(t *testing.T) {
			best, offset := time.Hour, time.Duration(0)
			for i := 0; i < 2000 && (i < 50 || best > 500*time.Microsecond); i++ {
				sent := time.Now().UnixMicro()
				received, replied := exchange()
				back := time.Now().UnixMicro()
				require.LessOrEqual(t, received, replied)
				if rtt := time.Duration(back-sent-(replied-received)) * time.Microsecond; rtt < best {
					best = rtt
					offset = time.Duration((received-sent)+(replied-back)) * time.Microsecond / 2
				}
			}
			t.Logf("round trip %v, offset off by %v", best, offset-shift)
			require.InDelta(t, shift.Seconds(), offset.Seconds(), 0.001)
		})
	}
}

func TestAMessageThatIsTooLargeIsCounted(t *testing.T) {
	s := secure(t, func(c *collector.Config) { c.Receive.DecodedBytes = 1000 })
	p, _, _, err := s.dial(&websocket.DialOptions{HTTPHeader: header(bearer(s.token()))}, "")
	require.NoError(t, err)
	p.raw(websocket.MessageBinary, bytes.Repeat([]byte{1}, 3000))
	_, _, err = p.conn.Read(t.Context())
	require.Equal(t, websocket.StatusMessageTooBig, websocket.CloseStatus(err))
	require.Eventually(t, func() bool { return s.metric("earshot_collector_refused_total", "message_too_large") == 1 }, time.Second, time.Millisecond)
}
