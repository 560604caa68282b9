package collector_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	pb "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
	"github.com/earshot-rtc/earshot/schemas/topic"
)

// dialDeflating opens a WebSocket with permessage-deflate.
func dialDeflating(t testing.TB, url string) (*probe, string) {
	t.Helper()
	conn, res, err := websocket.Dial(context.Background(), url, &websocket.DialOptions{
		CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 1,
	})
	require.NoError(t, err)
	if res != nil && res.Body != nil {
		defer res.Body.Close()
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &probe{t, conn}, res.Header.Get("Sec-WebSocket-Extensions")
}

func TestMessagesMayBeDeflatedEachByItself(t *testing.T) {
	f := &fakeKafka{}
	c := start(t, config(), f)
	p, agreed := dialDeflating(t, "ws://"+c.Addr()+"/v1/stream")
	require.Contains(t, agreed, "permessage-deflate")
	require.Contains(t, agreed, "client_no_context_takeover")
	require.Contains(t, agreed, "server_no_context_takeover")
	for i := range uint64(3) {
		s := sample(i + 1)
		s.Client.Os = strings.Repeat("the same again ", 30)
		p.send(&pb.ClientFrame{Sample: s})
		a := p.receive().Ack
		require.Empty(t, a.Error)
		require.Equal(t, i+1, a.Sequence)
	}
	require.Len(t, f.of(topic.Samples), 3)
}

func TestADeflatedBombEndsTheStreamBeforeItIsUnpacked(t *testing.T) {
	c := start(t, config(), &fakeKafka{}) // with the default of 16 MB
	p, _ := dialDeflating(t, "ws://"+c.Addr()+"/v1/stream")
	bomb := make([]byte, 256<<20)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	_ = p.conn.Write(t.Context(), websocket.MessageBinary, bomb) // the collector hangs up in the middle
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, _, err := p.conn.Read(ctx)
	require.Error(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(len(bomb)), "a doubling buffer up to 16 MB, and what the probe itself needs")
	q, _ := dialDeflating(t, "ws://"+c.Addr()+"/v1/stream")
	q.send(&pb.ClientFrame{Sample: sample(1)})
	require.Empty(t, q.receive().Ack.Error, "others go on")
}
