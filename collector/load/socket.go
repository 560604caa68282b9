package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

func (c *Config) dial(ctx context.Context) (*websocket.Conn, error) {
	o := &websocket.DialOptions{}
	if c.Deflate {
		o.CompressionMode = websocket.CompressionNoContextTakeover
	}
	conn, res, err := websocket.Dial(ctx, "ws://"+c.Addr+"/v1/stream", o)
	if res != nil && res.Body != nil {
		defer func() { _ = res.Body.Close() }()
	}
	if err != nil && res != nil {
		return nil, fmt.Errorf("the collector answers %s: %w", res.Status, err)
	}
	return conn, err
}

// WebSocket sends samples one by one, each connection up to Unacked ahead of its acks.
func WebSocket(ctx context.Context, c Config) (Result, error) {
	return c.each(ctx, func(ctx context.Context, i int, t *tally) error {
		conn, err := c.dial(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.CloseNow() }()
		s := &sender{conn: conn, sent: map[uint64]time.Time{}, slots: make(chan struct{}, c.Unacked)}
		defer func() { t.add(s.accepted, s.refused, s.took, nil) }()
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return s.send(ctx, i, &c) })
		g.Go(func() error { return s.receive(ctx) })
		return g.Wait()
	})
}

// sender is one WebSocket.
type sender struct {
	conn  *websocket.Conn
	slots chan struct{}

	mu   sync.Mutex
	sent map[uint64]time.Time

	accepted, refused int
	took              []time.Duration
}

func (s *sender) send(ctx context.Context, source int, c *Config) error {
	every := time.Duration(0)
	if c.Rate > 0 {
		every = time.Duration(float64(time.Second) * float64(c.Connections) / c.Rate)
	}
	next := time.Now().Add(every * time.Duration(source) / time.Duration(c.Connections)) // not all at once
	sample := Sample(source, 1)
	for n := uint64(1); ; n++ {
		if every > 0 {
			pause(ctx, time.Until(next))
			next = next.Add(every)
		}
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		sample.Sequence, sample.SampledAtUs = n, time.Now().UnixMicro()
		frame, err := (&earshotv1.ClientFrame{Sample: sample}).MarshalVT()
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.sent[n] = time.Now()
		s.mu.Unlock()
		if err := s.conn.Write(ctx, websocket.MessageBinary, frame); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (s *sender) receive(ctx context.Context) error {
	for {
		_, data, err := s.conn.Read(ctx)
		if err != nil {
			return err
		}
		var f earshotv1.ServerFrame
		if err := f.UnmarshalVT(data); err != nil {
			return err
		}
		if f.Ack == nil {
			continue
		}
		s.mu.Lock()
		at := s.sent[f.Ack.Sequence]
		delete(s.sent, f.Ack.Sequence)
		s.mu.Unlock()
		if f.Ack.Error == "" {
			s.accepted++
			s.took = append(s.took, time.Since(at))
		} else {
			s.refused++
		}
		<-s.slots
	}
}

// Idle opens WebSockets that have said one thing and then nothing, and calls ready once all are there. It keeps them until
// ctx ends.
func Idle(ctx context.Context, c Config, ready func()) error {
	conns := make([]*websocket.Conn, c.Connections)
	defer func() {
		for _, conn := range conns {
			if conn != nil {
				_ = conn.CloseNow()
			}
		}
	}()
	hello, err := (&earshotv1.ClientFrame{Time: &earshotv1.TimeRequest{SentAtUs: 1}}).MarshalVT()
	if c.Deflate {
		hello, err = (&earshotv1.ClientFrame{Sample: Sample(1, 1)}).MarshalVT() // long enough to be deflated
	}
	if err != nil {
		return err
	}
	g, dialing := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i := range conns {
		g.Go(func() error {
			conn, err := c.dial(dialing)
			if err != nil {
				return err
			}
			conns[i] = conn
			if err := conn.Write(dialing, websocket.MessageBinary, hello); err != nil {
				return err
			}
			_, _, err = conn.Read(dialing)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return errors.Join(fmt.Errorf("open %d WebSockets: %w", c.Connections, err), ctx.Err())
	}
	ready()
	<-ctx.Done()
	return nil
}
