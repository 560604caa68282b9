package collector_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/collector"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// attack is something that nobody should send, and what it must be told.
type attack struct {
	name string
	// Either a request with a good token, unless header brings another ...
	method, path string
	header       []string
	body         []byte
	// ... or these bytes on a fresh connection ...
	raw string
	// ... or a message on a WebSocket, which is acknowledged with the reason, or ends with the status.
	message []byte
	text    bool

	// slow ones are told only when their time is over.
	slow bool
	// status 0 is a connection that is closed without an answer.
	status int
	reason string
}

// posting is an attack by POST /v1/samples.
func posting(name string, kind string, body []byte, status int, reason string, header ...string) attack {
	return attack{
		name: name, method: http.MethodPost, path: "/v1/samples", body: body, status: status, reason: reason,
		header: append([]string{"Content-Type", kind}, header...),
	}
}

const (
	protobufs = "application/x-protobuf"
	oneProto  = "application/x-protobuf;proto=earshot.v1.Sample"
	jsons     = "application/json"
)

// outcome is what an attack was told.
type outcome struct {
	status int
	reason string
}

func (s *secured) suffer(t testing.TB, a *attack) outcome {
	t.Helper()
	switch {
	case a.raw != "":
		return s.rawly(t, a)
	case a.message != nil:
		return s.onSocket(t, a)
	}
	req, err := http.NewRequestWithContext(t.Context(), a.method, "http://"+s.Addr()+a.path, bytes.NewReader(a.body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+s.token())
	for i := 0; i < len(a.header); i += 2 {
		req.Header.Set(a.header[i], a.header[i+1])
		if a.header[i+1] == "" {
			req.Header.Del(a.header[i])
		}
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err, a.name)
	return read(res)
}

func read(res *http.Response) outcome {
	defer res.Body.Close()
	data, _ := io.ReadAll(res.Body) // who is cut off while still sending may not see all of it
	var r struct {
		Reason   string `json:"reason"`
		Rejected []struct {
			Reason string `json:"reason"`
		} `json:"rejected"`
	}
	_ = json.Unmarshal(data, &r) // what net/http answers by itself is no JSON
	if r.Reason == "" && len(r.Rejected) > 0 {
		r.Reason = r.Rejected[0].Reason
	}
	return outcome{res.StatusCode, r.Reason}
}

func (s *secured) rawly(t testing.TB, a *attack) outcome {
	conn, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	head := strings.NewReplacer("HOST", s.Addr(), "TOKEN", s.token()).Replace(a.raw)
	_, _ = io.WriteString(conn, head) // the collector may have had enough before the end
	from := bufio.NewReader(conn)
	res, err := http.ReadResponse(from, nil)
	if err != nil {
		require.NotErrorIs(t, err, tooLate, a.name)
		return outcome{}
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		return read(res)
	}
	// What follows are frames; the collector ends the connection with one that says why, or without.
	var frame [4]byte
	if _, err := io.ReadFull(from, frame[:]); err != nil || frame[0] != 0x88 {
		return outcome{}
	}
	return outcome{int(frame[2])<<8 | int(frame[3]), ""}
}

func (s *secured) onSocket(t testing.TB, a *attack) outcome {
	conn, res, err := websocket.Dial(t.Context(), "ws://"+s.Addr()+a.path, &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + s.token()}}, CompressionMode: websocket.CompressionContextTakeover,
	})
	require.NoError(t, err)
	if res != nil && res.Body != nil {
		defer res.Body.Close()
	}
	defer conn.CloseNow()
	typ := websocket.MessageBinary
	if a.text {
		typ = websocket.MessageText
	}
	_ = conn.Write(t.Context(), typ, a.message)
	typ, data, err := conn.Read(t.Context())
	if err != nil {
		return outcome{int(websocket.CloseStatus(err)), ""}
	}
	if typ == websocket.MessageText {
		var f struct{ Ack struct{ Error string } }
		require.NoError(t, json.Unmarshal(data, &f))
		reason, _, _ := strings.Cut(f.Ack.Error, ":")
		return outcome{0, reason}
	}
	f := &pb.ServerFrame{}
	require.NoError(t, f.UnmarshalVT(data))
	reason, _, _ := strings.Cut(f.GetAck().GetError(), ":")
	return outcome{0, reason}
}

func TestWhateverIsSentIsRefusedAndNobodyElseNotices(t *testing.T) {
	s := secure(t, func(c *collector.Config) {
		c.HeaderTimeout, c.ReadTimeout = time.Second, 3*time.Second // long enough for a bomb on a busy machine
		c.Receive.FirstMessage, c.Receive.MessageTimeout = 2*time.Second, 2*time.Second
		c.Throttle.Source.Samples, c.Throttle.Source.Bytes, c.Throttle.Requests = 0, 0, 0
		c.Throttle.Address.Samples, c.Throttle.Address.Bytes = 0, 0
	})
	good := batch(t, sample(1))
	fine := func() {
		t.Helper()
		require.Equal(t, outcome{http.StatusAccepted, ""}, s.suffer(t, &attack{method: http.MethodPost, path: "/v1/samples", body: good, header: []string{"Content-Type", protobufs}}))
	}
	fine()
	http.DefaultClient.CloseIdleConnections()
	runtime.GC()
	var before, peak, after runtime.MemStats
	runtime.ReadMemStats(&before)
	goroutines, said := runtime.NumGoroutine(), s.log.String()

	attacks := s.attacks()
	require.Greater(t, len(attacks), 200)
	names := map[string]bool{}
	t.Run("slow ones", func(t *testing.T) {
		for i := range attacks {
			if a := &attacks[i]; a.slow {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					require.Equal(t, outcome{a.status, a.reason}, s.suffer(t, a))
				})
			}
		}
	})
	for i := range attacks {
		a := &attacks[i]
		require.False(t, names[a.name], "two attacks are called %q", a.name)
		names[a.name] = true
		if a.slow {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			require.Equal(t, outcome{a.status, a.reason}, s.suffer(t, a))
		})
		if i%20 == 0 {
			fine()
		}
	}
	runtime.ReadMemStats(&peak)
	fine()

	clear(attacks) // and with it megabytes of bombs
	http.DefaultClient.CloseIdleConnections()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+2 }, 5*time.Second, 20*time.Millisecond, "goroutines are left")
	runtime.GC()
	runtime.GC() // pools are emptied by the second
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(40<<20), "heap that stays, what Kafka got included")
	require.Less(t, int64(peak.HeapSys)-int64(before.HeapSys), int64(600<<20), "what it took in between, of test and collector together")
	require.Equal(t, said, s.log.String(), "nobody can fill the log")
	for _, m := range s.kafka.of(topic.Dead) {
		require.Less(t, len(m.Value), 300<<10)
	}
	t.Logf("%d attacks; heap %d -> %d KB, peak %d MB", len(names), before.HeapAlloc>>10, after.HeapAlloc>>10, peak.HeapSys>>20)
}

func TestManyHostileConnectionsAtOnceLeaveRoomForOthers(t *testing.T) {
	s := secure(t, func(c *collector.Config) { c.HeaderTimeout, c.ReadTimeout = 300*time.Millisecond, 600*time.Millisecond })
	var conns []net.Conn
	for i := range 200 {
		conn, err := net.Dial("tcp", s.Addr())
		require.NoError(t, err)
		defer conn.Close()
		conns = append(conns, conn)
		_, err = fmt.Fprintf(conn, "POST /v1/samples HTTP/1.1\r\nHost: x\r\nX-Slow: %d", i)
		require.NoError(t, err)
	}
	s.suffer(t, &attack{method: http.MethodPost, path: "/v1/samples", body: batch(t, sample(1)), header: []string{"Content-Type", protobufs}})
	require.Len(t, s.stored(), 1)
	for _, conn := range conns {
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
		_, err := io.Copy(io.Discard, conn)
		require.NoError(t, err, "the collector has hung up")
	}
}
