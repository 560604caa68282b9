package export

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collector plays the other end over pipes, so that it works in the time of synctest. Its fields may be changed under mu.
type collector struct {
	t      *testing.T
	pipes  chan net.Conn
	ended  chan struct{}
	server *http.Server

	mu       sync.Mutex
	conns    map[net.Conn]bool
	down     bool                                   // refuses to connect
	status   int                                    // refuses the WebSocket with this
	garbage  bool                                   // answers everything with what is no frame
	stuck    bool                                   // accepts, and does no more
	limit    int64                                  // of a frame
	retry    string                                 // and this Retry-After
	answer   func(*earshotv1.Sample) *earshotv1.Ack // nil: as a good collector; an answer of nil: none
	time     func(*earshotv1.TimeRequest) *earshotv1.TimeReply
	got      []uint64 // sequence numbers, in the order of arrival
	dials    []time.Time
	requests int // of the time
	headers  http.Header
}

func newCollector(t *testing.T) *collector {
	c := &collector{t: t, pipes: make(chan net.Conn), ended: make(chan struct{}), conns: map[net.Conn]bool{}}
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() { defer close(served); _ = c.server.Serve(c) }()
	t.Cleanup(func() { close(c.ended); _ = c.server.Close(); c.drop(); <-served })
	return c
}

// Accept, Close and Addr make the collector a net.Listener.
func (c *collector) Accept() (net.Conn, error) {
	conn, ok := <-c.pipes
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (c *collector) Close() error   { close(c.pipes); return nil }
func (c *collector) Addr() net.Addr { return &net.TCPAddr{} }

func (c *collector) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	c.mu.Lock()
	c.dials = append(c.dials, time.Now())
	down := c.down
	c.mu.Unlock()
	if down {
		return nil, net.ErrClosed
	}
	near, far := net.Pipe()
	c.mu.Lock()
	c.conns[far] = true
	c.mu.Unlock()
	select {
	case c.pipes <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// drop breaks all connections.
func (c *collector) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		_ = conn.Close()
	}
	clear(c.conns)
}

func (c *collector) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	status, retry := c.status, c.retry
	c.headers = r.Header.Clone()
	stuck, limit := c.stuck, c.limit
	c.mu.Unlock()
	if status != 0 {
		w.Header().Set("Retry-After", retry)
		w.WriteHeader(status)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	if stuck {
		<-c.ended
		return
	}
	if limit > 0 {
		conn.SetReadLimit(limit)
	}
	for {
		_, raw, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		var frame earshotv1.ClientFrame
		if !c.reply(r.Context(), conn, raw, &frame) {
			return
		}
	}
}

func (c *collector) reply(ctx context.Context, conn *websocket.Conn, raw []byte, frame *earshotv1.ClientFrame) bool {
	if frame.UnmarshalVT(raw) != nil {
		c.t.Error("a frame that cannot be read")
		return false
	}
	out := &earshotv1.ServerFrame{}
	c.mu.Lock()
	if s := frame.Sample; s != nil {
		c.got = append(c.got, s.Sequence)
		out.Ack = &earshotv1.Ack{SessionId: s.SessionId, Sequence: s.Sequence}
		if c.answer != nil {
			out.Ack = c.answer(s)
		}
	}
	if q := frame.Time; q != nil {
		c.requests++
		now := time.Now().UnixMicro()
		out.Time = &earshotv1.TimeReply{SentAtUs: q.SentAtUs, ReceivedAtUs: now, RepliedAtUs: now}
		if c.time != nil {
			out.Time = c.time(q)
		}
	}
	garbage := c.garbage
	c.mu.Unlock()
	if garbage {
		return conn.Write(ctx, websocket.MessageBinary, []byte{0xff}) == nil
	}
	if out.Ack == nil && out.Time == nil {
		return true
	}
	b, err := out.MarshalVT()
	require.NoError(c.t, err)
	return conn.Write(ctx, websocket.MessageBinary, b) == nil
}

func (c *collector) dialled() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Time(nil), c.dials...)
}

func (c *collector) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

func (c *collector) sequences() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]uint64(nil), c.got...)
}

// exporter makes one for the collector, started, with backoffs of 1 to 8 seconds.
func (c *collector) exporter(change ...func(*Config)) *Exporter {
	c.t.Helper()
	transport := &http.Transport{DialContext: c.dial, DisableKeepAlives: true}
	cfg := Config{
		URL:        "ws://collector/v1/stream",
		HTTPClient: &http.Client{Transport: transport},
		MinBackoff: time.Second,
		MaxBackoff: 8 * time.Second,
	}
	for _, ch := range change {
		ch(&cfg)
	}
	e, err := New(cfg, Dependencies{})
	require.NoError(c.t, err)
	require.NoError(c.t, e.Start(c.t.Context()))
	c.t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		_ = e.Shutdown(now)
	})
	return e
}

func sample(sequence uint64) *earshotv1.Sample {
	return &earshotv1.Sample{SessionId: "session", Sequence: sequence, CallId: "call"}
}
