package receive

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/earshot-rtc/earshot/collector/intake"
)

// Subprotocol is what a page offers besides the one that brings its token, so that there is one to agree on.
const Subprotocol = "earshot.v1"

// frameOverhead is what a ClientFrame adds to its sample.
const frameOverhead = 16

// stream makes the handler of a route that is a WebSocket: it authenticates, throttles and gives what comes to a dialect.
// name stands in metrics and dead letters. One goroutine reads, one more writes.
func (s *Server) stream(name string, speak speaker) handler {
	return func(w http.ResponseWriter, r *http.Request) *failure {
		if s.draining.Load() {
			return s.unavailable("draining", errDraining.Error())
		}
		if r.Header.Get("Upgrade") == "" {
			w.Header().Set("Upgrade", "websocket")
			return fail(http.StatusUpgradeRequired, "no_upgrade", "%s is a WebSocket; to post samples use /v1/samples", r.URL.Path)
		}
		shown, f := s.shown(r)
		if f != nil {
			return f
		}
		v, f := s.enter(r, shown)
		if f != nil {
			return f
		}
		done := s.throttle.Socket(v.caller.Address)
		if done == nil {
			v.lease.Close()
			f := fail(http.StatusTooManyRequests, "too_many_websockets", "too many WebSockets from this address; see throttle.connections_per_address")
			f.retry = true
			return f
		}
		sk := &socket{
			server: s, name: name, caller: v.caller, lease: v.lease, done: done,
			slots: make(chan struct{}, s.cfg.Unacked), wake: make(chan struct{}, 1),
		}
		if f := sk.upgrade(w, r, speak); f != nil || sk.conn == nil {
			sk.release()
			return f
		}
		// The context of a request that was taken over is not to be used.
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		sk.cancel, sk.gone = cancel, ctx.Done()
		if !s.register(sk) {
			cancel()
			_ = sk.conn.Close(websocket.StatusGoingAway, errDraining.Error())
			sk.release()
			return nil
		}
		// The goroutine that net/http has for the connection ends here: with the request, and a stack that has grown on the way,
		// it would cost every idle socket some KB.
		go sk.serve(ctx)
		return nil
	}
}

// upgrade makes a WebSocket of a request. Without a failure and without a connection it was answered already.
func (sk *socket) upgrade(w http.ResponseWriter, r *http.Request, speak speaker) *failure {
	protocols, f := speak(sk, r)
	if f != nil {
		return f
	}
	// The origin was checked already, by the same rule as that of the other routes.
	conn, err := websocket.Accept(smallWriter{w}, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, Subprotocols: protocols,
		// Each message by itself: a window kept from one message to the next would cost every idle socket 32 KB.
		CompressionMode: websocket.CompressionNoContextTakeover,
	})
	if err != nil {
		sk.server.metrics.refused.WithLabelValues("no_upgrade").Inc()
		return nil
	}
	sk.conn = conn
	return nil
}

// release gives back what the socket has been given.
func (sk *socket) release() {
	sk.lease.Close()
	sk.done()
}

// smallWriter gives the WebSocket library buffers that fit headers of frames and acks, where net/http gives 4 KB each. What is longer
// is read and written past them.
type smallWriter struct{ http.ResponseWriter }

const (
	readBuffer = 1024
	ackBuffer  = 512
)

// Hijack is http.Hijacker's.
func (w smallWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	rw.Writer = bufio.NewWriterSize(conn, ackBuffer)
	if rw.Reader.Buffered() == 0 { // nothing came with the request
		rw.Reader = bufio.NewReaderSize(conn, readBuffer)
	}
	return conn, rw, nil
}

// speaker gives a socket its dialect, as the request asks for it, and names the sub-protocols that may be agreed on.
type speaker func(sk *socket, r *http.Request) (protocols []string, f *failure)

// serve runs the socket to its end.
func (sk *socket) serve(ctx context.Context) {
	defer sk.server.forget(sk)
	defer sk.release()
	defer sk.cancel()
	defer sk.survive()
	sk.conn.SetReadLimit(sk.server.cfg.DecodedBytes + frameOverhead)
	written := make(chan struct{})
	go func() {
		defer close(written)
		sk.write(ctx)
	}()
	sk.read(ctx)
	sk.cancel()
	_ = sk.conn.CloseNow()
	<-written
}

// survive keeps what goes wrong on one socket from the others, as net/http does for requests.
func (sk *socket) survive() {
	if why := recover(); why != nil {
		sk.server.metrics.refused.WithLabelValues("panic").Inc()
		sk.server.log.Error("a WebSocket has failed", "stack", string(debug.Stack()))
		sk.cut()
	}
}

func (s *Server) register(sk *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() {
		return false
	}
	s.sockets[sk] = struct{}{}
	s.open.Add(1)
	s.metrics.sockets.Inc()
	s.metrics.accepted.Inc()
	return true
}

func (s *Server) forget(sk *socket) {
	s.mu.Lock()
	delete(s.sockets, sk)
	s.mu.Unlock()
	s.metrics.sockets.Dec()
	s.open.Done()
}

// read takes frames until the connection ends.
func (sk *socket) read(ctx context.Context) {
	cfg := &sk.server.cfg
	var arriving atomic.Bool
	late := time.AfterFunc(cfg.FirstMessage, func() {
		sk.server.metrics.refused.WithLabelValues("dawdles").Inc()
		if arriving.Load() {
			sk.cut() // nothing is to be agreed on in the middle of a message
			return
		}
		sk.end(websocket.StatusPolicyViolation, "no message in time")
	})
	defer late.Stop()
	for {
		typ, r, err := sk.conn.Reader(ctx)
		if err != nil {
			return
		}
		received := sk.server.now()
		arriving.Store(true)
		late.Reset(cfg.MessageTimeout)
		buf := borrowBuffer()
		_, err = buf.ReadFrom(r)
		late.Reset(cfg.Silence)
		arriving.Store(false)
		sk.lease.Spend(received, 0, buf.Len())
		if err == nil {
			err = sk.speaks.frame(ctx, typ, buf, received)
		} else if errors.Is(err, websocket.ErrMessageTooBig) {
			sk.server.metrics.refused.WithLabelValues("message_too_large").Inc()
		}
		returnBuffer(buf)
		if err != nil {
			return
		}
	}
}

// Field numbers of ClientFrame and TimeRequest.
const (
	frameSample protowire.Number = 1
	frameTime   protowire.Number = 2
	timeSentAt  protowire.Number = 1
)

// Kinds of frames, for the metrics.
const (
	kindSample = "sample"
	kindTime   = "time"
	kindBad    = "bad"
)

// maxPause keeps a socket that sends too much alive while it is not read.
const maxPause = 100 * time.Millisecond

// pause lets who does not heed an answer run against a full connection.
func (sk *socket) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(min(d, maxPause))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// submit puts a batch of one sample into the queue and sees to its answer.
func (sk *socket) submit(ctx context.Context, b *intake.Batch, kind string, text bool) error {
	s := sk.server
	s.metrics.frames.WithLabelValues(kind).Inc()
	p := pending{text: text}
	p.session, p.sequence = b.Last()
	received := b.Received()
	select {
	case sk.slots <- struct{}{}:
	case <-ctx.Done():
		b.Drop()
		return ctx.Err()
	}
	if wait, by := sk.lease.Wait(s.now()); wait > 0 {
		b.Drop()
		s.metrics.refused.WithLabelValues(throttled + by).Inc()
		p.err, p.retry = throttled+by+": "+tooMuch[by], max(wait, s.retryAfter())
		sk.push(p)
		return sk.pause(ctx, wait)
	}
	sk.lease.Spend(received, b.Len(), 0)
	err := b.Submit(func(res intake.Result) {
		s.metrics.ackSeconds.WithLabelValues(sk.name).Observe(s.now().Sub(received).Seconds())
		if len(res.Rejected) > 0 {
			r := res.Rejected[0]
			p.err = r.Reason + ": " + r.Detail
		}
		if res.Unavailable > 0 {
			p.retry = s.retryAfter()
		}
		sk.push(p)
	})
	if err != nil {
		s.metrics.refused.WithLabelValues("queue_full").Inc()
		p.err, p.retry = intake.Unavailable+": "+err.Error(), s.retryAfter()
		sk.push(p)
	}
	return nil
}
