package janus

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/sfu-probe/export"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// sink keeps samples.
type sink struct {
	export.Discard
	mu  sync.Mutex
	got []*earshotv1.Sample
}

func (s *sink) Send(sample *earshotv1.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, sample.CloneVT())
}

func (s *sink) samples() []*earshotv1.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got
}

// lines is a log that may be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type rig struct {
	*Adapter
	*sink
	log *lines
}

func start(t *testing.T, g *gateway, change ...func(*Config)) rig {
	t.Helper()
	cfg := Config{Admin: g.URL + "/admin", Secret: "overlord", Region: "eu", Interval: 100 * time.Millisecond, Collector: "ws://127.0.0.1:1/v1/stream"}
	for _, ch := range change {
		ch(&cfg)
	}
	r := rig{sink: &sink{}, log: &lines{}}
	a, err := New(cfg, Dependencies{Exporter: r.sink, Logger: slog.New(slog.NewTextHandler(r.log, nil)), Registerer: prometheus.NewRegistry()})
	require.NoError(t, err)
	r.Adapter = a
	require.NoError(t, a.Start(t.Context()))
	require.NoError(t, a.Start(t.Context()), "twice is once")
	t.Cleanup(func() {
		require.NoError(t, a.Shutdown(context.Background()))
		require.NoError(t, a.Shutdown(context.Background()))
	})
	return r
}

// wait for what must come.
func wait(t *testing.T, what func() bool) {
	t.Helper()
	require.Eventually(t, what, 10*time.Second, 10*time.Millisecond)
}

func TestAGatewayIsReported(t *testing.T) {
	recorded := rounds(t, "plain")
	g := newGateway(t, recorded[0])
	r := start(t, g)
	wait(t, func() bool { return len(r.samples()) >= 2 })
	g.set(func() { g.round = recorded[1] })
	wait(t, func() bool {
		return r.samples()[len(r.samples())-1].Streams[0].Packets > r.samples()[0].Streams[0].Packets
	})

	for i, s := range r.samples() {
		require.Equal(t, "janus", s.Sfu.SfuId, "by its server_name")
		require.Equal(t, "eu", s.Sfu.Region)
		require.Equal(t, "Janus 1.1.2", s.Sfu.Version)
		require.EqualValues(t, i+1, s.Sequence)
		require.NotEmpty(t, s.SessionId)
		require.EqualValues(t, 100_000, s.IntervalUs)
		require.Len(t, s.Transports, 2)
		require.Len(t, s.Streams, 4)
		for _, st := range s.Streams {
			for _, rtt := range st.Rtts {
				require.LessOrEqual(t, rtt.MeasuredAtUs, s.SampledAtUs)
			}
		}
	}
	stats := r.Stats()
	require.Equal(t, 2, stats.Handles)
	require.Equal(t, 2, stats.Transports)
	require.Zero(t, stats.PollsFailed)
	require.Empty(t, r.log.String())
}

func TestWhatGoesAwayDuringAPollIsLeftOut(t *testing.T) {
	recorded := rounds(t, "plain")[0]
	g := newGateway(t, recorded)
	g.gone[recorded.handles()[0]] = true
	g.answer["list_sessions"] = strings.Replace(string(recorded["list_sessions"]), `"sessions": [`, `"sessions": [ 99, `, 1)
	r := start(t, g)
	wait(t, func() bool { return len(r.samples()) > 0 })
	require.Len(t, r.samples()[0].Transports, 1)
	require.Zero(t, r.Stats().PollsFailed)
}

func TestAnEmptyGatewayHasNothingToTell(t *testing.T) {
	recorded := rounds(t, "plain")[0]
	g := newGateway(t, recorded)
	g.answer["list_sessions"] = `{"janus": "success", "sessions": []}`
	r := start(t, g)
	wait(t, func() bool { return r.Stats().Polls > 1 })
	require.Empty(t, r.samples())
	require.Zero(t, r.Stats().PollsFailed)
}

func TestAGatewayThatCannotBeAskedIsToldOfOnce(t *testing.T) {
	for _, test := range []struct {
		name   string
		broken func(*gateway)
		says   string
	}{
		{"another secret", func(g *gateway) { g.secret = "other" }, "give admin_secret of janus.jcfg"},
		{"not the admin API", func(g *gateway) { g.status = 404 }, "is http://"},
		{"no JSON", func(g *gateway) { g.answer["list_sessions"] = "hello" }, "cannot be read"},
		{"no name", func(g *gateway) { g.answer["info"] = `{"janus": "server_info", "server-name": "MyJanusInstance"}` }, "set server_name in janus.jcfg"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGateway(t, rounds(t, "plain")[0])
			test.broken(g)
			r := start(t, g)
			wait(t, func() bool { return r.Stats().PollsFailed >= 3 })
			require.Empty(t, r.samples())
			require.Contains(t, r.log.String(), test.says)
			require.Equal(t, 1, strings.Count(r.log.String(), "\n"), "one line, not one for every poll")
			g.set(func() { g.secret, g.status, g.answer = "overlord", 0, map[string]string{} })
			wait(t, func() bool { return len(r.samples()) > 0 })
			require.Contains(t, r.log.String(), "answers again")
		})
	}
}

func TestMoreHandlesThanAllowedAreRefused(t *testing.T) {
	r := start(t, newGateway(t, rounds(t, "plain")[0]), func(c *Config) { c.Handles = 1 })
	wait(t, func() bool { return r.Stats().PollsFailed > 0 })
	require.Empty(t, r.samples())
	require.Contains(t, r.log.String(), "2 handles, more than the limit of 1")
}

func TestAShutdownDoesNotWaitForTheGateway(t *testing.T) {
	g := newGateway(t, rounds(t, "plain")[0])
	r := start(t, g)
	wait(t, func() bool { return r.Stats().Polls > 0 })
	g.mu.Lock() // it answers no more
	time.Sleep(150 * time.Millisecond)
	began := time.Now()
	require.NoError(t, r.Shutdown(t.Context()))
	require.Less(t, time.Since(began), 3*time.Second)
	g.mu.Unlock()
}

func TestSettingsThatCannotBeAreNamed(t *testing.T) {
	good := Config{Admin: "http://127.0.0.1:7088/admin", Collector: "ws://127.0.0.1:4480/v1/stream"}
	for _, test := range []struct {
		name   string
		change func(*Config)
		says   string
	}{
		{"no admin API", func(c *Config) { c.Admin = "" }, "give one such as http://127.0.0.1:7088/admin"},
		{"an admin API over WebSocket", func(c *Config) { c.Admin = "ws://127.0.0.1:7188" }, "give one such as"},
		{"no collector", func(c *Config) { c.Collector = "" }, "give a WebSocket address"},
		{"too often", func(c *Config) { c.Interval = time.Millisecond }, "give at least 100ms"},
		{"a negative bound", func(c *Config) { c.Parallel = -1 }, "must not be negative"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := good
			test.change(&cfg)
			_, err := New(cfg, Dependencies{})
			require.ErrorContains(t, err, test.says)
		})
	}
	a, err := New(good, Dependencies{})
	require.NoError(t, err)
	require.NoError(t, a.Shutdown(t.Context()), "without a start")
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	_, err := New(Config{Admin: "http://a/admin", Collector: "ws://a/"}, Dependencies{Registerer: registry})
	require.NoError(t, err)
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)
	n, err := testutil.GatherAndCount(registry)
	require.NoError(t, err)
	require.Equal(t, 9, n)
}

func FuzzAnswers(f *testing.F) {
	for _, name := range []string{"plain", "simulcast"} {
		for _, r := range rounds(f, name) {
			for _, at := range r.handles() {
				f.Add([]byte(r[at]))
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var answer handleInfo
		if read(raw, &answer) != nil || answer.Info == nil {
			return
		}
		m := mapper{callID: "call"}
		_, err := m.sample([]*look{answer.Info, answer.Info}).MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
	})
}

// BenchmarkPoll reads and maps the handles of one publisher and one subscriber.
func BenchmarkPoll(b *testing.B) {
	r := rounds(b, "plain")[0]
	m := &mapper{}
	b.ReportAllocs()
	for b.Loop() {
		m.sample(r.looks(b))
	}
}
