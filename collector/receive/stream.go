package receive

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/earshot-rtc/earshot/collector/intake"
)

// frameOverhead is what a ClientFrame adds to its sample.
const frameOverhead = 16

// stream makes the handler of a route that is a WebSocket: it authenticates, throttles and gives what comes to a dialect.
// name stands in metrics and dead letters. The caller's goroutine reads; one more writes.
func (s *Server) stream(name string, speak func(*socket) dialect) handler {
	return func(w http.ResponseWriter, r *http.Request) *failure {
		if s.draining.Load() {
			return s.unavailable("draining", errDraining.Error())
		}
		if r.Header.Get("Upgrade") == "" {
			w.Header().Set("Upgrade", "websocket")
			return fail(http.StatusUpgradeRequired, "no_upgrade", "%s is a WebSocket; to post samples use /v1/samples", r.URL.Path)
		}
		caller, f := s.admit(r)
		if f != nil {
			return f
		}
		// The origin was checked already, by the same rule as that of the other routes.
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			s.metrics.refused.WithLabelValues("no_upgrade").Inc()
			return nil // answered by Accept
		}
		// The context of a request that was taken over is not to be used.
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		defer cancel()
		sk := &socket{
			server: s, name: name, caller: caller, conn: conn, cancel: cancel,
			slots: make(chan struct{}, s.cfg.Unacked), wake: make(chan struct{}, 1),
		}
		sk.speaks = speak(sk)
		sk.serve(ctx)
		return nil
	}
}

// serve runs the socket to its end.
func (sk *socket) serve(ctx context.Context) {
	sk.conn.SetReadLimit(sk.server.cfg.DecodedBytes + frameOverhead)
	if !sk.server.register(sk) {
		_ = sk.conn.Close(websocket.StatusGoingAway, errDraining.Error())
		return
	}
	defer sk.server.forget(sk)
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
	for {
		typ, r, err := sk.conn.Reader(ctx)
		if err != nil {
			return
		}
		received := sk.server.now()
		buf := borrowBuffer()
		if _, err = buf.ReadFrom(r); err == nil {
			err = sk.speaks.frame(ctx, typ, buf, received)
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
