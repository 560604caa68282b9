package main

import (
	"encoding/binary"
	"errors"
	"net"
	"time"

	"github.com/pion/transport/v2"
	"github.com/pion/transport/v2/stdnet"

	"github.com/earshot-rtc/earshot/lab/delay"
)

// network is the host's, but the UDP packets that its sockets send arrive later, and, where the other end is a browser,
// which nobody can slow down, so do those that they receive.
type network struct {
	transport.Net
	line   *delay.Line
	path   func() delay.Path
	inward bool
}

func newNetwork(line *delay.Line, oneWay time.Duration, inward bool) (*network, error) {
	base, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return &network{Net: base, line: line, path: func() delay.Path { return delay.Path{Delay: oneWay} }, inward: inward}, nil
}

func (n *network) ListenUDP(_ string, addr *net.UDPAddr) (transport.UDPConn, error) {
	outer, err := n.line.Listen(addr, n.path)
	if err != nil || !n.inward {
		return outer, err
	}
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	inner, err := net.ListenUDP("udp4", loopback)
	if err != nil {
		return nil, errors.Join(err, outer.Close())
	}
	feeder, err := n.line.Listen(loopback, n.path)
	if err != nil {
		return nil, errors.Join(err, outer.Close(), inner.Close())
	}
	_ = inner.SetReadBuffer(1 << 20)
	c := &conn{Conn: outer, inner: inner, feeder: feeder}
	go c.feed()
	return c, nil
}

// conn sends over a delay line, and what it receives takes the same line to a second socket, its sender's address ahead of
// it, from which it is then read.
type conn struct {
	*delay.Conn
	inner  *net.UDPConn
	feeder *delay.Conn
}

const (
	header = net.IPv4len + 2
	mtu    = 1500
)

func (c *conn) feed() {
	to, _ := c.inner.LocalAddr().(*net.UDPAddr)
	buf := make([]byte, mtu)
	for {
		n, from, err := c.Conn.ReadFromUDP(buf[header:])
		if err != nil {
			return // closed
		}
		copy(buf, from.IP.To4())
		binary.BigEndian.PutUint16(buf[net.IPv4len:], uint16(from.Port))
		_, _ = c.feeder.WriteToUDP(buf[:header+n], to) // what is too long is lost, as on any network
	}
}

// ReadFrom gives the next packet that has arrived.
func (c *conn) ReadFrom(p []byte) (int, net.Addr, error) { return c.ReadFromUDP(p) }

// ReadFromUDP is ReadFrom with a UDP address.
func (c *conn) ReadFromUDP(p []byte) (int, *net.UDPAddr, error) {
	buf := make([]byte, mtu)
	n, _, err := c.inner.ReadFromUDP(buf)
	if err != nil || n < header {
		return 0, nil, err
	}
	from := &net.UDPAddr{IP: net.IP(buf[:net.IPv4len]), Port: int(binary.BigEndian.Uint16(buf[net.IPv4len:]))}
	return copy(p, buf[header:n]), from, nil
}

// SetReadDeadline is that of the socket that is read from.
func (c *conn) SetReadDeadline(t time.Time) error { return c.inner.SetReadDeadline(t) }

// SetDeadline is SetReadDeadline: writes never wait.
func (c *conn) SetDeadline(t time.Time) error { return c.inner.SetReadDeadline(t) }

// Close closes all three sockets, and so ends feed.
func (c *conn) Close() error {
	return errors.Join(c.Conn.Close(), c.feeder.Close(), c.inner.Close())
}
