// Package delay is a network in miniature: UDP packets that a transport writes flow in, and leave over a real socket after
// the one-way delay, jitter and loss of the direction they travel.
//
// A [Line] owns one releaser per process part; a [Conn] is one UDP socket whose writes the line holds back. Packets are
// released at an absolute time, so that nothing adds up, by a thread of its own that sleeps on the kernel's high-resolution
// clock (Linux; elsewhere the runtime's timers, up to a millisecond late). What is still late of a release, some tens of
// microseconds of waking up, the line measures itself and takes off the sleeps to come: the middle of what it really did
// is then the nominal delay. [Line.Stats] gives the distribution, with nothing taken off.
package delay

import (
	"math/rand/v2"
	"sync"
	"time"
)

// maxPacket is the largest datagram that a line carries: an Ethernet frame's, which is more than WebRTC ever sends.
const maxPacket = 1500

// maxHeldBytes bounds what one line holds back; beyond it packets are dropped and counted, as a router would.
const maxHeldBytes = 64 << 20

// Path is what a direction of a link does to packets.
type Path struct {
	// Delay is one way.
	Delay time.Duration
	// Jitter spreads the delay of every packet evenly over Delay±Jitter, so packets may overtake one another. Where it is
	// more than Delay it is limited to it, so that the mean delay is always Delay.
	Jitter time.Duration
	// Loss is the probability, 0 to 1, that a packet vanishes.
	Loss float64
}

// draw gives the delay of one packet, or false for a lost one.
func (p Path) draw(r *rand.Rand) (time.Duration, bool) {
	if p.Loss > 0 && r.Float64() < p.Loss {
		return 0, false
	}
	j := min(p.Jitter, p.Delay)
	if j <= 0 {
		return max(p.Delay, 0), true
	}
	return p.Delay - j + time.Duration(r.Int64N(int64(2*j)+1)), true
}

// packet is one datagram on its way.
type packet struct {
	at   int64 // when to release, on the line's clock
	conn *Conn
	ip   [4]byte
	port uint16
	n    int
	data [maxPacket]byte
}

// Line releases the packets of all its conns at their time. It is safe for concurrent use.
type Line struct {
	clock   clock
	sleeper sleeper
	done    chan struct{}
	pool    sync.Pool

	mu      sync.Mutex
	queue   queue
	rand    *rand.Rand
	wakesAt int64 // what the releaser sleeps for
	closed  bool
	stats   counters
}

// NewLine starts a line. The seed decides jitter and loss.
func NewLine(seed uint64) *Line {
	l := &Line{
		clock: newClock(),
		done:  make(chan struct{}),
		rand:  rand.New(rand.NewPCG(seed, 0x0de1a)), //nolint:gosec // a simulation, to be repeatable
	}
	l.pool.New = func() any { return new(packet) }
	l.sleeper.init(l.clock)
	go l.run()
	return l
}

// Close drops what is held and ends the releaser. Conns are closed by their owners.
func (l *Line) Close() error {
	l.mu.Lock()
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	if !closed {
		l.sleeper.wake()
	}
	<-l.done
	return nil
}

// hold takes a packet that conn wrote to ip:port.
func (l *Line) hold(conn *Conn, path Path, data []byte, ip [4]byte, port uint16) {
	now := l.clock.now()
	p, _ := l.pool.Get().(*packet)
	p.conn, p.ip, p.port = conn, ip, port
	p.n = copy(p.data[:], data)

	l.mu.Lock()
	delay, ok := path.draw(l.rand)
	switch {
	case l.closed:
	case !ok:
		l.stats.lost++
	case l.queue.bytes+p.n > maxHeldBytes:
		l.stats.dropped++
	default:
		p.at = now + int64(delay)
		l.queue.push(p)
		wake := p.at < l.wakesAt
		if wake {
			l.wakesAt = p.at // one wake is enough
		}
		l.mu.Unlock()
		if wake {
			l.sleeper.wake()
		}
		return
	}
	l.mu.Unlock()
	l.pool.Put(p)
}

// run is the releaser.
func (l *Line) run() {
	defer close(l.done)
	l.sleeper.enter()
	var lead lead
	var due []*packet
	for {
		ticket := l.sleeper.ticket()
		l.mu.Lock()
		if l.closed {
			l.queue = queue{}
			l.mu.Unlock()
			return
		}
		now := l.clock.now()
		horizon := now + lead.nanos()
		for head := l.queue.head(); head != nil && head.at <= horizon; head = l.queue.head() {
			due = append(due, l.queue.pop())
		}
		if len(due) == 0 {
			l.wakesAt = forever
			if head := l.queue.head(); head != nil {
				l.wakesAt = head.at
			}
		}
		until := l.wakesAt
		l.mu.Unlock()

		if len(due) == 0 {
			if until != forever {
				until -= lead.nanos()
			}
			l.sleeper.sleep(ticket, until)
			continue
		}
		for i, p := range due {
			late := l.clock.now() - p.at
			p.conn.send(p)
			lead.learn(late)
			l.stats.release(late)
			p.conn = nil
			l.pool.Put(p)
			due[i] = nil
		}
		due = due[:0]
	}
}

// forever is a time that does not come.
const forever = int64(1) << 62

// clock counts monotonic nanoseconds.
type clock struct {
	base   time.Time
	offset int64
}

func (c clock) now() int64 { return c.offset + int64(time.Since(c.base)) }

// lead is how much before its time a packet is taken, to make up for the time that waking up takes: an integrator whose
// steps are limited, so that it settles near the median and one long stall does not move it.
type lead struct{ ns float64 }

const (
	leadGain = 0.01
	leadStep = 100e3 // nanoseconds
	leadMax  = 300e3
)

func (l *lead) nanos() int64 { return int64(l.ns) }

func (l *lead) learn(late int64) {
	step := min(max(float64(late), -leadStep), leadStep)
	l.ns = min(max(l.ns+leadGain*step, 0), leadMax)
}
