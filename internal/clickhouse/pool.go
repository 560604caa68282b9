package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go"
)

// insertConn is a connection that one insert at a time uses.
type insertConn struct {
	*ch.Client
	used time.Time
}

// maxInsertIdle is after how much idleness a connection is dialled anew: servers and load balancers drop idle ones without
// telling.
const maxInsertIdle = time.Minute

// insertPool bounds the connections. The one used last is used next, so that a lone writer keeps one connection, and one set
// of buffers, busy.
type insertPool struct {
	slots chan struct{}

	mu     sync.Mutex
	idle   []*insertConn
	closed bool
}

func newInsertPool(size int) *insertPool {
	return &insertPool{slots: make(chan struct{}, size)}
}

// take returns nil where a connection has to be dialled. Each take is followed by a give.
func (p *insertPool) take(ctx context.Context) (*insertConn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("clickhouse insert: wait for a connection: %w", ctx.Err())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		<-p.slots
		return nil, errors.New("clickhouse insert: the DB is closed")
	}
	last := len(p.idle) - 1
	if last < 0 {
		return nil, nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	if time.Since(c.used) > maxInsertIdle {
		_ = c.Close()
		return nil, nil
	}
	return c, nil
}

func (p *insertPool) give(c *insertConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case c == nil || c.IsClosed():
	case p.closed:
		_ = c.Close()
	default:
		c.used = time.Now()
		p.idle = append(p.idle, c)
	}
	<-p.slots
}

func (p *insertPool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	errs := make([]error, 0, len(p.idle))
	for _, c := range p.idle {
		errs = append(errs, c.Close())
	}
	p.idle = nil
	return errors.Join(errs...)
}

func (db *DB) withInsertConn(ctx context.Context, do func(*insertConn) error) error {
	c, err := db.inserts.take(ctx)
	if err != nil {
		return err
	}
	defer func() { db.inserts.give(c) }()
	if c == nil {
		client, err := db.dialInsert(ctx)
		if err != nil {
			return db.explain("insert", err)
		}
		c = &insertConn{Client: client}
	}
	err = do(c)
	if err != nil && !c.IsClosed() {
		// What the server still sends on it is not known.
		_ = c.Close()
	}
	return err
}

func (db *DB) dialInsert(ctx context.Context) (*ch.Client, error) {
	var errs []error
	for _, addr := range db.cfg.Addr {
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return nil, fmt.Errorf("address %q is not host:port: %w", addr, err)
		}
		client, err := ch.Dial(ctx, ch.Options{
			Address:          addr,
			Database:         db.cfg.Database,
			User:             db.cfg.User,
			Password:         db.cfg.Password,
			Compression:      ch.CompressionLZ4,
			ClientName:       "earshot",
			DialTimeout:      db.cfg.DialTimeout,
			HandshakeTimeout: db.cfg.DialTimeout,
			ReadTimeout:      ch.NoTimeout, // the context says how long
			TLS:              db.cfg.TLS,
		})
		if err == nil {
			return client, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func chSettings(s Settings) []ch.Setting {
	list := make([]ch.Setting, 0, len(s)+2)
	for k, v := range s {
		list = append(list, ch.Setting{Key: k, Value: fmt.Sprint(v), Important: true})
	}
	return list
}
