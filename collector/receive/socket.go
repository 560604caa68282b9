package receive

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/earshot-rtc/earshot/collector/identity"
	"github.com/earshot-rtc/earshot/collector/intake"
	"github.com/earshot-rtc/earshot/collector/throttle"
	"github.com/earshot-rtc/earshot/internal/token"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// socket is one WebSocket: a reader that never waits for Kafka, and a writer of what the queue's workers leave here.
type socket struct {
	server *Server
	name   string // of the route
	caller identity.Caller
	lease  *throttle.Lease
	done   func() // gives back its place among the sockets of its address
	speaks dialect
	conn   *websocket.Conn
	cancel context.CancelFunc
	gone   <-chan struct{} // closed when the connection is over
	// A sample, or a frame that should have been one, takes a slot when it is read and gives it back when its ack is written.
	slots chan struct{}
	wake  chan struct{}

	leaving sync.Once

	mu   sync.Mutex
	acks []pending
}

// dialect is what is spoken on a socket; one is made for each.
type dialect interface {
	// frame takes a message. The buffer is not to be kept. An error ends the connection.
	frame(ctx context.Context, typ websocket.MessageType, buf *bytes.Buffer, received time.Time) error
	// ack encodes an answer into dst, whose memory may be used again. Nothing is sent when it comes back empty.
	ack(dst []byte, p *pending) ([]byte, error)
}

// begin opens a batch of what came on this socket.
func (sk *socket) begin(received time.Time, size int) *intake.Batch {
	return sk.server.intake.Begin(intake.Origin{Route: sk.name, Received: received, Size: size, Caller: sk.caller})
}

// pending is an ack to be written.
type pending struct {
	session  string
	sequence uint64
	err      string
	retry    time.Duration
	text     bool
}

func (sk *socket) push(p pending) {
	sk.mu.Lock()
	sk.acks = append(sk.acks, p) // bounded by the slots
	sk.mu.Unlock()
	select {
	case sk.wake <- struct{}{}:
	default:
	}
}

// write writes acks as they come and asks a silent peer whether it lives.
func (sk *socket) write(ctx context.Context) {
	defer sk.cancel()
	ping := time.NewTicker(sk.server.cfg.PingEvery)
	defer ping.Stop()
	var expired <-chan time.Time
	if at := sk.caller.Expires; !at.IsZero() {
		timer := time.NewTimer(at.Sub(sk.server.now()))
		defer timer.Stop()
		expired = timer.C
	}
	var batch []pending
	var buf []byte
	for {
		select {
		case <-ctx.Done():
			return
		case <-ping.C:
			if !sk.alive(ctx) {
				return
			}
			continue
		case <-expired:
			sk.server.metrics.refused.WithLabelValues(string(token.Expired)).Inc()
			expired = nil
			go sk.leave(websocket.StatusPolicyViolation, "token expired")
			continue
		case <-sk.wake:
		}
		sk.mu.Lock()
		batch, sk.acks = sk.acks, batch[:0]
		sk.mu.Unlock()
		for i := range batch {
			var err error
			if buf, err = sk.ack(ctx, &batch[i], buf); err != nil {
				return
			}
		}
		clear(batch)
		if cap(batch) > cap(sk.slots) { // a burst is over
			batch = nil
		}
	}
}

func (sk *socket) ack(ctx context.Context, p *pending, buf []byte) ([]byte, error) {
	buf, err := sk.speaks.ack(buf, p)
	if err == nil && len(buf) > 0 {
		err = sk.send(ctx, buf, p.text)
	}
	<-sk.slots
	return buf, err
}

func (sk *socket) send(ctx context.Context, data []byte, text bool) error {
	ctx, cancel := context.WithTimeout(ctx, sk.server.cfg.WriteTimeout)
	defer cancel()
	typ := websocket.MessageBinary
	if text {
		typ = websocket.MessageText
	}
	return sk.conn.Write(ctx, typ, data)
}

// clock answers a time request at once, past all acks that wait. It counts as a sample.
func (sk *socket) clock(ctx context.Context, sentAt int64, received time.Time, text bool) error {
	sk.server.metrics.frames.WithLabelValues(kindTime).Inc()
	if wait, by := sk.lease.Wait(received); wait > 0 {
		sk.server.metrics.refused.WithLabelValues(throttled + by).Inc()
		return sk.pause(ctx, wait)
	}
	sk.lease.Spend(received, 1, 0)
	reply := &earshotv1.TimeReply{SentAtUs: sentAt, ReceivedAtUs: received.UnixMicro(), RepliedAtUs: sk.server.now().UnixMicro()}
	data, err := encode(nil, &earshotv1.ServerFrame{Time: reply}, text)
	if err != nil {
		return err
	}
	return sk.send(ctx, data, text)
}

func (sk *socket) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, sk.server.cfg.WriteTimeout)
	defer cancel()
	return sk.conn.Ping(ctx) == nil
}

// leave waits for the answers that are due and ends the connection. Who calls it second waits for the first.
func (sk *socket) leave(status websocket.StatusCode, why string) {
	sk.leaving.Do(func() {
		for range cap(sk.slots) {
			select {
			case sk.slots <- struct{}{}:
			case <-sk.gone:
				return
			}
		}
		sk.end(status, why)
	})
}

// end tells the other side why it is over.
func (sk *socket) end(status websocket.StatusCode, why string) {
	_ = sk.conn.Close(status, why)
	sk.cancel()
}

// cut ends the connection here and now.
func (sk *socket) cut() {
	sk.cancel()
	_ = sk.conn.CloseNow()
}
