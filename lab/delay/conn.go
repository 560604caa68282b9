package delay

import (
	"fmt"
	"net"
	"sync"
)

// Conn is a UDP socket whose writes go over a line. Reads are the socket's own.
type Conn struct {
	*net.UDPConn
	line *Line
	path func() Path

	mu     sync.Mutex
	fd     int
	closed bool
}

// Listen opens a UDP socket at addr. path is asked at every write; it must not block.
func (l *Line) Listen(addr *net.UDPAddr, path func() Path) (*Conn, error) {
	if addr.IP.To4() == nil {
		return nil, fmt.Errorf("listen at %v: a delay line carries IPv4 only", addr)
	}
	u, err := net.ListenUDP("udp4", addr)
	if err != nil {
		return nil, err
	}
	_ = u.SetReadBuffer(1 << 20) // bursts of video; the default holds a few hundred packets
	c := &Conn{UDPConn: u, line: l, path: path}
	raw, err := u.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { c.fd = int(fd) })
	}
	if err != nil {
		_ = u.Close()
		return nil, err
	}
	return c, nil
}

// WriteTo hands a packet to the line. It never fails for what happens to the packet later.
func (c *Conn) WriteTo(p []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, fmt.Errorf("write to %v: not a UDP address", addr)
	}
	return c.WriteToUDP(p, to)
}

// WriteToUDP is WriteTo for a UDP address.
func (c *Conn) WriteToUDP(p []byte, to *net.UDPAddr) (int, error) {
	ip := to.IP.To4()
	if ip == nil || len(p) > maxPacket {
		return 0, fmt.Errorf("write %d bytes to %v: not IPv4, or more than %d bytes", len(p), to, maxPacket)
	}
	c.line.hold(c, c.path(), p, [4]byte(ip), uint16(to.Port))
	return len(p), nil
}

// Close closes the socket. What the line still holds of it is dropped.
func (c *Conn) Close() error {
	c.mu.Lock()
	c.closed = true // from here on the descriptor may belong to somebody else
	c.mu.Unlock()
	return c.UDPConn.Close()
}

// send is called by the releaser. A datagram that the kernel refuses is lost, as on any network.
func (c *Conn) send(p *packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.transmit(p)
	}
}
