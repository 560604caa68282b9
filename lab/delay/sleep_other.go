//go:build !linux

package delay

import (
	"net"
	"time"
)

func newClock() clock { return clock{base: time.Now()} }

// sleeper sleeps by the runtime's timers.
type sleeper struct {
	clock clock
	woken chan struct{}
}

func (s *sleeper) init(c clock)   { s.clock, s.woken = c, make(chan struct{}, 1) }
func (s *sleeper) enter()         {}
func (s *sleeper) ticket() uint32 { return 0 }

func (s *sleeper) sleep(_ uint32, until int64) {
	if until == forever {
		<-s.woken
		return
	}
	t := time.NewTimer(time.Duration(until - s.clock.now()))
	defer t.Stop()
	select {
	case <-s.woken:
	case <-t.C:
	}
}

func (s *sleeper) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

func (c *Conn) transmit(p *packet) {
	_, _ = c.UDPConn.WriteToUDP(p.data[:p.n], &net.UDPAddr{IP: p.ip[:], Port: int(p.port)})
}
