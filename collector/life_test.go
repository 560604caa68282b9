package collector_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/internal/kafka"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

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
			if tc.listen != "127.0.0.1:0" { // where nobody gets in without a token
				cfg.Auth.Mode, cfg.Auth.SFUTokens = identity.Required, []identity.SFUToken{{Name: "x", SHA256: strings.Repeat("0", 64)}}
			}
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
				require.Equal(t, "Retry-After, WWW-Authenticate", r.header.Get("Access-Control-Expose-Headers"))
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
	_, err := net.Dial("tcp", c.Addr())
	require.Error(t, err)
}
