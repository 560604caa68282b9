package collector_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/earshot-rtc/earshot/collector"
	"github.com/earshot-rtc/earshot/internal/kafka"
	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// probe is a WebSocket to a collector.
type probe struct {
	t    testing.TB
	conn *websocket.Conn
}

func dial(t testing.TB, c *collector.Collector, header ...string) *probe {
	t.Helper()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, res, err := websocket.Dial(context.Background(), "ws://"+c.Addr()+"/v1/stream", &websocket.DialOptions{HTTPHeader: h})
	require.NoError(t, err)
	if res.Body != nil {
		_ = res.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &probe{t, conn}
}

func (p *probe) send(f *pb.ClientFrame) {
	p.t.Helper()
	raw, err := f.MarshalVT()
	require.NoError(p.t, err)
	p.raw(websocket.MessageBinary, raw)
}

func (p *probe) raw(typ websocket.MessageType, data []byte) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	require.NoError(p.t, p.conn.Write(ctx, typ, data))
}

func (p *probe) receive() *pb.ServerFrame {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	typ, data, err := p.conn.Read(ctx)
	require.NoError(p.t, err)
	f := &pb.ServerFrame{}
	if typ == websocket.MessageText {
		require.NoError(p.t, protojson.Unmarshal(data, f))
	} else {
		require.NoError(p.t, f.UnmarshalVT(data))
	}
	return f
}

func TestEverySampleOfAStreamIsAcknowledged(t *testing.T) {
	f := &fakeKafka{}
	c := start(t, config(), f)
	p := dial(t, c)
	const n = 500 // more than may be unacknowledged
	go func() {
		for i := range uint64(n) {
			p.send(&pb.ClientFrame{Sample: sample(i + 1)})
		}
	}()
	seen := map[uint64]bool{}
	for range n {
		a := p.receive().Ack
		require.NotNil(t, a)
		require.Empty(t, a.Error)
		require.Equal(t, "s1", a.SessionId)
		seen[a.Sequence] = true
	}
	require.Len(t, seen, n)
	require.Len(t, f.of(topic.Samples), n)
}

func TestNoAckBeforeKafkaHasTheSampleAndTimeIsAnsweredMeanwhile(t *testing.T) {
	hold := make(chan struct{})
	f := &fakeKafka{do: func(context.Context, []kafka.Message) error { <-hold; return nil }}
	c := start(t, config(), f)
	p := dial(t, c)
	before := time.Now().UnixMicro()
	for i := range uint64(20) {
		p.send(&pb.ClientFrame{Sample: sample(i + 1)})
	}
	p.send(&pb.ClientFrame{Time: &pb.TimeRequest{SentAtUs: -77}})
	reply := p.receive()
	require.Nil(t, reply.Ack)
	require.Equal(t, int64(-77), reply.Time.SentAtUs)
	require.GreaterOrEqual(t, reply.Time.ReceivedAtUs, before)
	require.GreaterOrEqual(t, reply.Time.RepliedAtUs, reply.Time.ReceivedAtUs)
	require.LessOrEqual(t, reply.Time.RepliedAtUs, time.Now().UnixMicro())
	close(hold)
	for range 20 {
		require.Empty(t, p.receive().Ack.Error)
	}
}

func TestBadFramesAreAnsweredAndTheStreamGoesOn(t *testing.T) {
	f := &fakeKafka{}
	c := start(t, config(), f)
	p := dial(t, c)
	noCall := sample(4)
	noCall.CallId = ""
	cut, err := (&pb.ClientFrame{Sample: sample(5)}).MarshalVT()
	require.NoError(t, err)
	broken := sample(6)
	broken.Streams[0].Codec = "\xff"
	for name, tc := range map[string]struct {
		send func()
		want string
		seq  uint64
	}{
		"no call":             {func() { p.send(&pb.ClientFrame{Sample: noCall}) }, "no_call_id: ", 4},
		"bad UTF-8":           {func() { p.send(&pb.ClientFrame{Sample: broken}) }, "bad_utf8: ", 6},
		"cut off":             {func() { p.raw(websocket.MessageBinary, cut[:len(cut)-4]) }, "malformed: ", 0},
		"garbage":             {func() { p.raw(websocket.MessageBinary, []byte("\xff\xff")) }, "malformed: ", 0},
		"empty":               {func() { p.raw(websocket.MessageBinary, nil) }, "malformed: ", 0},
		"neither":             {func() { p.raw(websocket.MessageBinary, []byte{0x7a, 0x01, 0x01}) }, "malformed: ", 0},
		"text, no JSON":       {func() { p.raw(websocket.MessageText, []byte("hello")) }, "malformed: ", 0},
		"text, neither":       {func() { p.raw(websocket.MessageText, []byte("{}")) }, "malformed: ", 0},
		"text, wrong type":    {func() { p.raw(websocket.MessageText, []byte(`{"sample":7}`)) }, "malformed: ", 0},
		"text, sample is bad": {func() { p.raw(websocket.MessageText, []byte(`{"sample":{"sequence":"9","sessionId":"x"}}`)) }, "no_origin: ", 9},
	} {
		t.Run(name, func(t *testing.T) {
			tc.send()
			a := p.receive().Ack
			require.NotNil(t, a)
			require.Contains(t, a.Error, tc.want)
			require.Equal(t, tc.seq, a.Sequence)
			require.Zero(t, a.RetryAfterMs)
		})
	}
	p.send(&pb.ClientFrame{Sample: sample(7)})
	require.Equal(t, uint64(7), p.receive().Ack.Sequence)
	require.Len(t, f.of(topic.Samples), 1)
	require.Eventually(t, func() bool { return len(f.of(topic.Dead)) == 10 }, time.Second, time.Millisecond)
}

func TestFramesOfTextAreAnsweredInKind(t *testing.T) {
	c := start(t, config(), &fakeKafka{})
	p := dial(t, c)
	for _, f := range []*pb.ClientFrame{{Sample: sample(3)}, {Time: &pb.TimeRequest{SentAtUs: 5}}} {
		raw, err := protojson.Marshal(f)
		require.NoError(t, err)
		p.raw(websocket.MessageText, raw)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		typ, data, err := p.conn.Read(ctx)
		cancel()
		require.NoError(t, err)
		require.Equal(t, websocket.MessageText, typ)
		got := &pb.ServerFrame{}
		require.NoError(t, protojson.Unmarshal(data, got))
		require.True(t, got.GetAck().GetSequence() == 3 || got.GetTime().GetSentAtUs() == 5)
	}
}

func TestWhatCannotBeStoredIsToBeSentAgain(t *testing.T) {
	t.Run("Kafka refuses", func(t *testing.T) {
		c := start(t, config(), &fakeKafka{do: func(context.Context, []kafka.Message) error { return errors.New("down") }})
		p := dial(t, c)
		p.send(&pb.ClientFrame{Sample: sample(1)})
		a := p.receive().Ack
		require.Contains(t, a.Error, "unavailable")
		require.GreaterOrEqual(t, a.RetryAfterMs, uint32(2000))
		require.Less(t, a.RetryAfterMs, uint32(4000))
	})
	t.Run("the queue is full", func(t *testing.T) {
		cfg := config()
		cfg.Receive.DecodedBytes, cfg.Queue.Bytes = 1000, 2000
		hold := make(chan struct{})
		c := start(t, cfg, &fakeKafka{do: func(context.Context, []kafka.Message) error { <-hold; return nil }})
		p := dial(t, c)
		for i := range uint64(50) {
			p.send(&pb.ClientFrame{Sample: sample(i + 1)})
		}
		a := p.receive().Ack
		require.Contains(t, a.Error, "queue is full")
		require.Positive(t, a.RetryAfterMs)
		close(hold)
		for range 49 {
			p.receive()
		}
	})
}

func TestAFrameBeyondTheLimitEndsTheStream(t *testing.T) {
	cfg := config()
	cfg.Receive.DecodedBytes = 1000
	c := start(t, cfg, &fakeKafka{})
	p := dial(t, c)
	p.raw(websocket.MessageBinary, make([]byte, 2000))
	_, _, err := p.conn.Read(t.Context())
	require.Equal(t, websocket.StatusMessageTooBig, websocket.CloseStatus(err))
}

func TestStreamsOfForeignPagesAreRefused(t *testing.T) {
	cfg := config()
	cfg.Receive.Origins = []string{"https://app.example"}
	c := start(t, cfg, &fakeKafka{})
	_, res, err := websocket.Dial(t.Context(), "ws://"+c.Addr()+"/v1/stream", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	require.NoError(t, res.Body.Close())
	dial(t, c, "Origin", "https://app.example")
}

func TestShutdownAcknowledgesWhatIsUnderWayAndSaysGoingAway(t *testing.T) {
	hold := make(chan struct{})
	reached := make(chan struct{}, 10)
	f := &fakeKafka{do: func(context.Context, []kafka.Message) error { reached <- struct{}{}; <-hold; return nil }}
	c := start(t, config(), f)
	p, idle := dial(t, c), dial(t, c)
	p.send(&pb.ClientFrame{Sample: sample(1)})
	<-reached
	stopped := make(chan error, 1)
	go func() { stopped <- c.Shutdown(context.Background()) }()
	_, _, err := idle.conn.Read(t.Context())
	require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err), "at once, since nothing is due")
	close(hold)
	require.Equal(t, uint64(1), p.receive().Ack.Sequence)
	_, _, err = p.conn.Read(t.Context())
	require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err))
	require.NoError(t, <-stopped)
	require.Len(t, f.of(topic.Samples), 1)
}

func TestShutdownThatRunsOutOfTimeCutsStreams(t *testing.T) {
	f := &fakeKafka{do: func(ctx context.Context, _ []kafka.Message) error { <-ctx.Done(); return ctx.Err() }}
	c := start(t, config(), f)
	p := dial(t, c)
	p.send(&pb.ClientFrame{Sample: sample(1)})
	p.send(&pb.ClientFrame{Time: &pb.TimeRequest{}})
	p.receive() // so the sample was read
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := c.Shutdown(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, _, err = p.conn.Read(t.Context())
	require.Error(t, err)
}

func TestAStreamWhosePeerIsSilentIsAskedWhetherItLives(t *testing.T) {
	cfg := config()
	cfg.Receive.PingEvery, cfg.Receive.WriteTimeout = 20*time.Millisecond, 50*time.Millisecond
	c := start(t, cfg, &fakeKafka{})
	alive, dead := dial(t, c), dial(t, c)
	ctx := alive.conn.CloseRead(t.Context()) // answers pings; dead reads nothing, so it does not
	_ = ctx
	require.Eventually(t, func() bool { return dead.conn.Write(t.Context(), websocket.MessageBinary, nil) != nil }, 5*time.Second, 20*time.Millisecond)
	require.NoError(t, alive.conn.Ping(t.Context()))
}
