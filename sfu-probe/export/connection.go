package export

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// writeTimeout is how long one frame may take to be written.
const writeTimeout = 10 * time.Second

// verdict is how long a connection that cannot be written to any more may take to say why.
const verdict = time.Second

// retryError is a refusal to connect that says when to come again.
type retryError struct {
	err   error
	after time.Duration
}

func (r *retryError) Error() string { return r.err.Error() }
func (r *retryError) Unwrap() error { return r.err }

var (
	errSilent = errors.New("the collector has stopped answering")
	errFrame  = errors.New("the collector sent a frame that cannot be read")
)

// connection makes one connection and uses it until it breaks, or there is nothing left to do.
func (e *Exporter) connection(ctx context.Context) error {
	e.mu.Lock()
	e.heard = false
	e.mu.Unlock()
	conn, err := e.dial(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer func() { _ = conn.CloseNow() }()
	read := make(chan struct{})
	defer func() { cancel(nil); <-read }()
	e.connected()
	go func() {
		defer close(read)
		cancel(e.read(ctx, conn))
	}()
	if err := e.write(ctx, conn); err != nil {
		select { // The reader may be about to learn why.
		case <-read:
		case <-time.After(verdict):
		}
		err = cause(ctx, err)
		if websocket.CloseStatus(err) == websocket.StatusMessageTooBig {
			e.tooBig()
		}
		return err
	}
	return conn.Close(websocket.StatusNormalClosure, "")
}

// tooBig gives up the largest of the samples that the connection broke over: sent again, it would break the next one too.
func (e *Exporter) tooBig() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if i := e.queue.largestSent(); i >= 0 {
		e.queue.remove(i)
		e.stats.SamplesRefused++
	}
}

func (e *Exporter) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.AckTimeout)
	defer cancel()
	header := e.cfg.Header.Clone()
	if e.cfg.Token != "" {
		if header == nil {
			header = http.Header{}
		}
		header.Set("Authorization", "Bearer "+e.cfg.Token)
	}
	options := &websocket.DialOptions{HTTPClient: e.cfg.HTTPClient, HTTPHeader: header}
	conn, resp, err := websocket.Dial(ctx, e.cfg.URL, options) //nolint:bodyclose // Dial closes it.
	if err == nil {
		return conn, nil
	}
	if resp != nil {
		if s, errSeconds := strconv.Atoi(resp.Header.Get("Retry-After")); errSeconds == nil && s > 0 {
			return nil, &retryError{err, min(time.Duration(s)*time.Second, time.Hour)}
		}
	}
	return nil, err
}

func (e *Exporter) connected() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.Connects++
	e.queue.rewind()
	e.clock.connected()
	e.askTime = true
	e.paused = time.Time{}
	e.lastAck = time.Now()
}

// write sends whatever there is to send until the connection breaks (an error) or a flush is done (nil).
func (e *Exporter) write(ctx context.Context, conn *websocket.Conn) error {
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	clockDue := time.Now().Add(e.cfg.ClockEvery)
	for {
		if e.over() {
			return nil
		}
		now := time.Now()
		frame, sample, sleepUntil, err := e.next(now, &clockDue)
		if err != nil {
			return err
		}
		if frame != nil {
			if err := writeFrame(ctx, conn, frame); err != nil {
				return err
			}
			if sample {
				e.wrote()
			}
			continue
		}
		alarm.Reset(sleepUntil.Sub(now))
		select {
		case <-e.wake:
		case <-alarm.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func writeFrame(ctx context.Context, conn *websocket.Conn, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return conn.Write(ctx, websocket.MessageBinary, frame)
}

// cause prefers the reason why the reader gave up.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil {
		return c
	}
	return err
}

func (e *Exporter) wrote() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.SamplesSent++
}

// next gives the next frame to send and says whether it is a sample, or gives the time until which there will be none.
func (e *Exporter) next(now time.Time, clockDue *time.Time) (frame []byte, sample bool, sleepUntil time.Time, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	sleepUntil = *clockDue
	asked, asking := e.clock.unanswered()
	switch {
	case asking:
		silent := asked.Add(e.cfg.AckTimeout)
		if !now.Before(silent) {
			return nil, false, now, errSilent
		}
		sleepUntil = earlier(sleepUntil, silent)
		if !now.Before(*clockDue) {
			*clockDue = now.Add(e.cfg.ClockEvery)
			sleepUntil = earlier(*clockDue, silent)
		}
	case e.askTime || !now.Before(*clockDue):
		e.askTime = false
		*clockDue = now.Add(e.cfg.ClockEvery)
		frame, err = (&earshotv1.ClientFrame{Time: e.clock.request(now)}).MarshalVT()
		return frame, false, now, err
	}
	if now.Before(e.paused) {
		return nil, false, earlier(sleepUntil, e.paused), nil
	}
	if e.queue.outstanding() {
		silent := e.lastAck.Add(e.cfg.AckTimeout)
		if !now.Before(silent) {
			return nil, false, now, errSilent
		}
		sleepUntil = earlier(sleepUntil, silent)
	} else {
		e.lastAck = now
	}
	if entry := e.queue.unsent(); entry != nil {
		entry.sent = true
		return entry.frame, true, now, nil
	}
	return nil, false, sleepUntil, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// read takes in what the collector says until the connection breaks.
func (e *Exporter) read(ctx context.Context, conn *websocket.Conn) error {
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		now := time.Now()
		frame := &earshotv1.ServerFrame{}
		if err := frame.UnmarshalVT(raw); err != nil {
			return fmt.Errorf("%w: %w", errFrame, err)
		}
		e.take(frame, now)
	}
}

// take takes in one frame.
func (e *Exporter) take(frame *earshotv1.ServerFrame, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer e.poke()
	e.heard = true
	if frame.Time != nil && e.clock.reply(frame.Time, now) {
		e.askTime = true
	}
	ack := frame.Ack
	if ack == nil {
		return
	}
	e.lastAck = now
	i := e.queue.find(ack.SessionId, ack.Sequence)
	if i < 0 {
		return // It had to give way in the meantime, or was acknowledged twice.
	}
	switch {
	case ack.Error == "":
		e.stats.SamplesAcked++
		e.queue.remove(i)
	case ack.RetryAfterMs > 0:
		e.queue.entries[i].sent = false
		e.paused = now.Add(time.Duration(ack.RetryAfterMs) * time.Millisecond)
		e.lastAck = e.paused // It is not silent, it said when.
	default:
		e.stats.SamplesRefused++
		e.queue.remove(i)
	}
}
