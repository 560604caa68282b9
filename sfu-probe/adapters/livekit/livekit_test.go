package livekit

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/earshot-rtc/earshot/sfu-probe/export"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return raw
}

// node plays a LiveKit server from the recordings.
type node struct {
	t      *testing.T
	url    string
	secret string

	mu     sync.Mutex
	debug  bool
	broken bool
	asked  map[string]int
}

func newNode(t *testing.T, debug bool) *node {
	n := &node{t: t, secret: "0123456789abcdef0123456789abcdef", debug: debug, asked: map[string]int{}}
	s := httptest.NewServer(n)
	t.Cleanup(s.Close)
	n.url = s.URL
	return n
}

func (n *node) set(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
}

func (n *node) count(path string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[path]
}

func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked[r.URL.Path]++
	body, _ := io.ReadAll(r.Body)
	switch {
	case n.broken:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case r.URL.Path == "/debug/rooms" && n.debug:
		_, _ = w.Write(recorded(n.t, "debug-rooms.json"))
	case r.URL.Path == "/twirp/livekit.RoomService/ListRooms" && n.may(r, grants{RoomList: true}):
		_, _ = w.Write(recorded(n.t, "rooms.json"))
	case r.URL.Path == "/twirp/livekit.RoomService/ListParticipants" && n.may(r, grants{RoomAdmin: true, Room: "standup"}):
		if !bytes.Contains(body, []byte(`"room":"standup"`)) {
			http.Error(w, `{"code":"not_found"}`, http.StatusNotFound)
			return
		}
		_, _ = w.Write(recorded(n.t, "participants.json"))
	case strings.HasPrefix(r.URL.Path, "/twirp"):
		http.Error(w, `{"code":"unauthenticated","msg":"permissions denied"}`, http.StatusUnauthorized)
	default:
		http.NotFound(w, r)
	}
}

// may checks a token as the server does.
func (n *node) may(r *http.Request, want grants) bool {
	var claims struct {
		jwt.RegisteredClaims
		Video grants `json:"video"`
	}
	_, err := jwt.ParseWithClaims(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), &claims,
		func(*jwt.Token) (any, error) { return []byte(n.secret), nil }, jwt.WithIssuer("earshot"), jwt.WithValidMethods([]string{"HS256"}))
	return err == nil && claims.Video == want
}

// kept is a sink that keeps what it is sent.
type kept struct {
	export.Discard
	mu      sync.Mutex
	samples []*earshotv1.Sample
}

func (k *kept) Send(s *earshotv1.Sample) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.samples = append(k.samples, s.CloneVT())
}

func (k *kept) all() []*earshotv1.Sample {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.samples
}

func start(t *testing.T, cfg Config, deps Dependencies) (*Adapter, *kept) {
	t.Helper()
	sink := &kept{}
	deps.Exporter = sink
	cfg.SFUID, cfg.Interval = "fra-1", 100*time.Millisecond
	if cfg.Connections == 0 {
		cfg.Connections = 2
	}
	a, err := New(cfg, deps)
	require.NoError(t, err)
	require.NoError(t, a.Start(t.Context()))
	t.Cleanup(func() {
		require.NoError(t, a.Shutdown(context.Background()))
		require.NoError(t, a.Shutdown(context.Background()))
	})
	return a, sink
}

func first(t *testing.T, sink *kept) *earshotv1.Sample {
	t.Helper()
	require.Eventually(t, func() bool { return len(sink.all()) > 0 }, 10*time.Second, 5*time.Millisecond)
	return sink.all()[0]
}

const (
	ana, bob   = "PA_TGjzzxuPGdLC", "PA_Fq9i5SbbZZqX"
	mic, cam   = "TR_AMQKRHqhxTe66c", "TR_VCSC7PfxdgwAye"
	in, out    = earshotv1.Direction_DIRECTION_INBOUND, earshotv1.Direction_DIRECTION_OUTBOUND
	micSSRC    = 3334119887
	lowSSRC    = 1554342091
	mediumSSRC = 1023381362
)

type brief struct {
	transport, track, rid, codec string
	direction                    earshotv1.Direction
	ssrc                         uint32
	from                         string
	fromSSRC                     uint32
	packets                      uint64
}

func briefly(s *earshotv1.Sample) (all []brief) {
	for _, st := range s.Streams {
		all = append(all, brief{
			st.TransportId, st.TrackId, st.Rid, st.Codec, st.Direction, st.Ssrc, st.ForwardedTransportId, st.ForwardedSsrc, st.Packets,
		})
	}
	return all
}

func TestANodeInDevelopmentTellsWhoReceivesWhat(t *testing.T) {
	n := newNode(t, true)
	a, sink := start(t, Config{URL: n.url, CallPrefix: "fra-", ClientID: NamedByIdentity, Region: "eu-central"}, Dependencies{})
	s := first(t, sink)
	require.Equal(t, "fra-1", s.Sfu.SfuId)
	require.EqualValues(t, 1, s.Sequence)
	require.Equal(t, []brief{
		{ana + "/publish", mic, "", "red", in, micSSRC, "", 0, 0},
		{bob + "/subscribe", mic, "", "red", out, 2422552432, ana + "/publish", micSSRC, 500},
		{ana + "/publish", cam, "q", "VP8", in, lowSSRC, "", 0, 0},
		{ana + "/publish", cam, "h", "VP8", in, mediumSSRC, "", 0, 0},
		{bob + "/subscribe", cam, "", "VP8", out, 448441729, ana + "/publish", lowSSRC, 89},
	}, briefly(s))
	for _, tr := range s.Transports {
		require.Equal(t, "fra-standup", tr.CallId)
	}
	require.Equal(t, "ana", s.Transports[0].RemoteOwnerId)
	require.Equal(t, "bob", s.Transports[1].RemoteOwnerId)
	require.True(t, a.Stats().Forwards)
	require.Zero(t, n.count("/twirp/livekit.RoomService/ListRooms"))
}

func TestClientsWithOneConnectionHaveOneTransport(t *testing.T) {
	n := newNode(t, true)
	_, sink := start(t, Config{URL: n.url, Connections: 1}, Dependencies{})
	s := first(t, sink)
	require.Equal(t, []string{ana, bob}, []string{s.Transports[0].TransportId, s.Transports[1].TransportId})
	require.Equal(t, brief{bob, mic, "", "red", out, 2422552432, ana, micSSRC, 500}, briefly(s)[1])
}

func TestAServerInProductionTellsWhatComesIn(t *testing.T) {
	n := newNode(t, false)
	var log strings.Builder
	a, sink := start(t, Config{URL: strings.Replace(n.url, "http", "ws", 1) + "/", APIKey: "earshot", APISecret: n.secret},
		Dependencies{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.Equal(t, []brief{ // what is not sent yet has no SSRC, and neither has audio
		{ana + "/publish", cam, "q", "VP8", in, lowSSRC, "", 0, 0},
		{ana + "/publish", cam, "h", "VP8", in, mediumSSRC, "", 0, 0},
	}, briefly(first(t, sink)))
	require.Eventually(t, func() bool { return len(sink.all()) >= 3 }, 10*time.Second, 5*time.Millisecond)
	require.False(t, a.Stats().Forwards)
	require.Equal(t, 1, n.count("/debug/rooms"), "it is not asked for again at once")
	require.NoError(t, a.Shutdown(context.Background()))
	require.Equal(t, 1, strings.Count(log.String(), "stay partial"))
	require.Empty(t, first(t, sink).Transports[0].RemoteOwnerId)
}

func TestFailuresAreCountedAndToldOnce(t *testing.T) {
	n := newNode(t, false)
	var log strings.Builder
	registry := prometheus.NewRegistry()
	a, sink := start(t, Config{URL: n.url, APIKey: "earshot", APISecret: "wrong"},
		Dependencies{Logger: slog.New(slog.NewTextHandler(&log, nil)), Registerer: registry})
	require.Eventually(t, func() bool { return a.Stats().PollsFailed >= 3 }, 10*time.Second, 5*time.Millisecond)
	n.set(func() { n.broken = true })
	failed := a.Stats().PollsFailed
	require.Eventually(t, func() bool { return a.Stats().PollsFailed >= failed+2 }, 10*time.Second, 5*time.Millisecond)
	n.set(func() { n.broken, n.secret = false, "wrong" })
	first(t, sink)
	count, err := testutil.GatherAndCount(registry)
	require.NoError(t, err)
	require.Equal(t, 10, count)
	require.NoError(t, a.Shutdown(context.Background()))
	require.Equal(t, 1, strings.Count(log.String(), "cannot be asked"))
	require.Contains(t, log.String(), "refuses the API key and secret")
	require.Contains(t, log.String(), "answers again")
}

func TestWithoutAKeyANodeInProductionCannotBeAsked(t *testing.T) {
	n := newNode(t, false)
	a, _ := start(t, Config{URL: n.url}, Dependencies{})
	_, _, err := a.poll(t.Context(), time.Now())
	require.ErrorIs(t, err, errNothingToAsk)
}

func TestConfigSaysWhatToChange(t *testing.T) {
	good := Config{URL: "https://livekit.example", SFUID: "fra-1", Collector: "ws://127.0.0.1:4480/v1/stream"}
	for _, c := range []struct {
		name   string
		change func(*Config)
		says   string
	}{
		{"no address", func(c *Config) { c.URL = "livekit.example:7880" }, "http://127.0.0.1:7880"},
		{"no name", func(c *Config) { c.SFUID = "" }, "name is missing"},
		{"half a key", func(c *Config) { c.APIKey = "k" }, "one is missing"},
		{"another naming", func(c *Config) { c.ClientID = "name" }, "identity or sid"},
		{"three connections", func(c *Config) { c.Connections = 3 }, "1 or 2"},
		{"a short interval", func(c *Config) { c.Interval = time.Millisecond }, "100ms"},
		{"less than none", func(c *Config) { c.Rooms = -1 }, "negative"},
		{"no collector", func(c *Config) { c.Collector = "" }, "WebSocket address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := good
			c.change(&cfg)
			_, err := New(cfg, Dependencies{})
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err := New(good, Dependencies{})
	require.NoError(t, err)
}

func TestWhatAStreamCarriesIsSaidOnlyWhereItIsCertain(t *testing.T) {
	layers := func(ups ...upTrack) map[string]receiver { return map[string]receiver{"video/vp8": {UpTracks: ups}} }
	low, high := upTrack{Layer: 0, RID: "q", SSRC: 1}, upTrack{Layer: 2, RID: "f", SSRC: 3}
	for _, c := range []struct {
		name  string
		track debugTrack
		down  downTrack
		want  uint32
	}{
		{"the layer that is sent now", debugTrack{Kind: "VIDEO", Receivers: layers(low, high)}, downTrack{MimeType: "video/VP8", CurrentSpatialLayer: 2}, 3},
		{"no layer", debugTrack{Kind: "VIDEO", Receivers: layers(low, high)}, downTrack{MimeType: "video/VP8", CurrentSpatialLayer: -1}, 0},
		{"a layer that does not come in", debugTrack{Kind: "VIDEO", Receivers: layers(low, high)}, downTrack{MimeType: "video/VP8", CurrentSpatialLayer: 1}, 0},
		{"a layer of SVC", debugTrack{Kind: "VIDEO", Receivers: layers(low)}, downTrack{MimeType: "video/VP8", CurrentSpatialLayer: 2}, 1},
		{"a layer that comes in twice", debugTrack{Kind: "VIDEO", Receivers: layers(low, low)}, downTrack{MimeType: "video/VP8"}, 0},
		{"another codec of video", debugTrack{Kind: "VIDEO", Receivers: layers(low)}, downTrack{MimeType: "video/AV1"}, 0},
		{"opus out of RED", debugTrack{Kind: "AUDIO", Receivers: map[string]receiver{"audio/red": {UpTracks: []upTrack{{SSRC: 7}}}}}, downTrack{MimeType: "audio/opus", CurrentSpatialLayer: -1}, 7},
		{"audio that comes in twice", debugTrack{Kind: "AUDIO", Receivers: map[string]receiver{"audio/red": {UpTracks: []upTrack{{SSRC: 7}, {SSRC: 8}}}}}, downTrack{MimeType: "audio/red"}, 0},
		{"audio of two codecs", debugTrack{Kind: "AUDIO", Receivers: map[string]receiver{"audio/red": {}, "audio/pcmu": {}}}, downTrack{MimeType: "audio/opus"}, 0},
		{"nothing comes in", debugTrack{Kind: "AUDIO"}, downTrack{MimeType: "audio/opus"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.track.source(&c.down)) })
	}
}

func TestStreamsThatAreNotNegotiatedAreNone(t *testing.T) {
	track := debugTrack{Kind: "AUDIO", DownTracks: []downTrack{{SubscriberID: bob, SSRC: 5, BindState: 1}, {SubscriberID: bob, BindState: bound}}}
	m := mapper{}
	m.begin()
	m.room("standup", nil)
	m.debugTrack(ana, mic, &track)
	require.Empty(t, m.out.Streams)
	require.Empty(t, m.out.Transports)
}

// The recorded webhooks are here to show what they tell: no more than ListParticipants does.
func TestWebhooksTellNoMoreThanParticipants(t *testing.T) {
	var known struct{ Participants []participant }
	require.NoError(t, json.Unmarshal(recorded(t, "participants.json"), &known))
	ssrcs := map[uint32]bool{0: true}
	for _, tr := range known.Participants[0].Tracks {
		for _, l := range tr.Layers {
			ssrcs[l.SSRC] = true
		}
	}
	told := map[string]int{}
	for _, line := range bytes.Split(bytes.TrimSpace(recorded(t, "webhooks.jsonl")), []byte("\n")) {
		var hook struct {
			Event string
			Track *track
		}
		require.NoError(t, json.Unmarshal(line, &hook))
		told[hook.Event]++
		if hook.Track != nil {
			require.Contains(t, []string{mic, cam}, hook.Track.SID)
			for _, l := range hook.Track.Layers {
				require.True(t, ssrcs[l.SSRC])
			}
		}
	}
	require.Equal(t, map[string]int{
		"room_started": 1, "participant_joined": 2, "track_published": 2, "track_unpublished": 2, "participant_left": 1,
	}, told)
}

func FuzzAnswers(f *testing.F) {
	f.Add(recorded(f, "debug-rooms.json"))
	f.Add(recorded(f, "participants.json"))
	f.Add([]byte(`[{"Participants":{"a":{"UpTrackManager":{"PublishedTracks":{"T":{"Kind":1,"a/b":{}}}}}}}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := mapper{clientID: NamedBySID}
		m.begin()
		var rooms []debugRoom
		if json.Unmarshal(raw, &rooms) == nil {
			for i := range rooms {
				m.debugRoom(&rooms[i])
			}
		}
		var answer struct{ Participants []participant }
		if json.Unmarshal(raw, &answer) == nil {
			m.participants("room", answer.Participants)
		}
		for _, s := range m.out.Streams {
			if s.Ssrc == 0 || s.TransportId == "" {
				t.Fatal("a stream without an SSRC or a transport")
			}
		}
	})
}

func TestPollsEndWithTheAdapter(t *testing.T) {
	asked := make(chan struct{}, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done() // no answer ever
	}))
	defer s.Close()
	a, _ := start(t, Config{URL: s.URL, Timeout: time.Hour}, Dependencies{})
	<-asked
	require.NoError(t, a.Shutdown(context.Background()))
	require.EqualValues(t, 1, a.Stats().PollsFailed)
}
