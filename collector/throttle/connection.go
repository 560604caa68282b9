package throttle

import (
	"net"
	"net/netip"
	"sync"
)

// counts counts what is open, in all and by address. No bound is 0.
type counts struct {
	most, mostEach int

	mu   sync.Mutex
	all  int
	each map[netip.Addr]int
}

func (c *counts) init(most, each int) {
	c.most, c.mostEach, c.each = most, each, map[netip.Addr]int{}
}

// Why a connection was not taken.
const (
	fullTotal   = "total"
	fullAddress = "address"
)

// enter counts one more, or says which bound is reached. It is left by the same address.
func (c *counts) enter(from netip.Addr) (full string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.most > 0 && c.all >= c.most:
		return fullTotal
	case from.IsValid() && c.mostEach > 0 && c.each[from] >= c.mostEach:
		return fullAddress
	}
	c.all++
	if from.IsValid() && c.mostEach > 0 {
		c.each[from]++
	}
	return ""
}

func (c *counts) leave(from netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.each[from]--; c.each[from] <= 0 {
		delete(c.each, from)
	}
}

func (c *counts) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// Socket counts a WebSocket by where its page is, and gives what takes it off again; nil when there are too many.
func (t *Throttle) Socket(from netip.Addr) (done func()) {
	from = network(from)
	if t.sockets.enter(from) != "" {
		t.metrics.refused.WithLabelValues(fullAddress).Inc()
		return nil
	}
	return func() { t.sockets.leave(from) }
}

// Listener takes as many connections as are allowed and hangs up on the others.
func (t *Throttle) Listener(ln net.Listener) net.Listener { return &listener{ln, t} }

type listener struct {
	net.Listener
	t *Throttle
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := l.t.origin(c)
		full := l.t.conns.enter(from)
		if full == "" {
			return &conn{Conn: c, leave: sync.OnceFunc(func() { l.t.conns.leave(from) })}, nil
		}
		l.t.metrics.refused.WithLabelValues(full).Inc()
		_ = c.Close()
	}
}

// origin is where a connection is counted; nowhere when it is a proxy's.
func (t *Throttle) origin(c net.Conn) netip.Addr {
	at, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil || t.trusted(at.Addr().Unmap()) {
		return netip.Addr{}
	}
	return network(at.Addr())
}

type conn struct {
	net.Conn
	leave func()
}

func (c *conn) Close() error {
	c.leave()
	return c.Conn.Close()
}
