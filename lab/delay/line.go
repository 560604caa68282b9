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
	"sync/atomic"
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
	next *packet // in the inbox
	at   int64   // when to release, on the line's clock
	conn *Conn
	ip   [4]byte
	port uint16
	n    int
	data [maxPacket]byte
}

// Line releases the packets of all its conns at their time. It is safe for concurrent use.
//
// The releaser waits for nobody: packets reach it over a stack without locks, as a writer that the kernel puts aside while
// it holds a lock would hold up all packets of the line.
type Line struct {
	clock   clock
	sleeper sleeper
	done    chan struct{}
	pool    sync.Pool
	stats   counters

	inbox  atomic.Pointer[packet]
	held   atomic.Int64 // bytes
	closed atomic.Bool
	// asleepUntil is the time that the releaser sleeps for; awake while it does not.
	asleepUntil atomic.Int64

	mu   sync.Mutex
	rand *rand.Rand
}

// NewLine starts a line. The seed decides jitter and loss.
func NewLine(seed uint64) *Line {
	l := &Line{
		clock: newClock(),
		done:  make(chan struct{}),
		rand:  rand.New(rand.NewPCG(seed, 0x0de1a)),
	}
	l.pool.New = func() any { return new(packet) }
	l.sleeper.init(l.clock)
	go l.run()
	return l
}

// Close drops what is held and ends the releaser. Conns are closed by their owners.
func (l *Line) Close() error {
	if l.closed.CompareAndSwap(false, true) {
		l.sleeper.wake()
	}
	<-l.done
	return nil
}

// hold takes a packet that conn wrote to ip:port.
func (l *Line) hold(conn *Conn, path Path, data []byte, ip [4]byte, port uint16) {
	now := l.clock.now()
	delay, ok := path.Delay, true
	if path.Jitter > 0 || path.Loss > 0 {
		l.mu.Lock()
		delay, ok = path.draw(l.rand)
		l.mu.Unlock()
	}
	if !ok {
		l.stats.lost.Add(1)
		return
	}
	if l.held.Add(int64(len(data))) > maxHeldBytes || l.closed.Load() {
		l.held.Add(-int64(len(data)))
		l.stats.dropped.Add(1)
		return
	}
	p, _ := l.pool.Get().(*packet)
	p.conn, p.ip, p.port = conn, ip, port
	p.n = copy(p.data[:], data)
	p.at = now + int64(max(delay, 0))
	for {
		p.next = l.inbox.Load()
		if l.inbox.CompareAndSwap(p.next, p) {
			break
		}
	}
	if until := l.asleepUntil.Load(); now+int64(max(delay, 0)) < until && l.asleepUntil.CompareAndSwap(until, awake) {
		l.sleeper.wake()
	}
}

// run is the releaser.
func (l *Line) run() {
	defer close(l.done)
	l.sleeper.enter()
	var lead lead
	var queue queue
	for !l.closed.Load() {
		ticket := l.sleeper.ticket()
		l.asleepUntil.Store(awake)
		l.collect(&queue)
		for head := queue.head(); head != nil; head = queue.head() {
			late := l.clock.now() - head.at
			if late < -lead.nanos() {
				break
			}
			p := queue.pop()
			p.conn.send(p)
			lead.learn(late)
			l.stats.release(late)
			l.held.Add(-int64(p.n))
			p.conn = nil
			l.pool.Put(p)
		}
		until := forever
		if head := queue.head(); head != nil {
			until = head.at
		}
		l.asleepUntil.Store(until)
		if l.inbox.Load() != nil {
			continue // who put it there may not have seen that this one lies down
		}
		if until != forever {
			until -= lead.nanos()
		}
		l.sleeper.sleep(ticket, until)
	}
}

// collect takes everything out of the inbox.
func (l *Line) collect(q *queue) {
	for p := l.inbox.Swap(nil); p != nil; {
		next := p.next
		p.next = nil
		q.push(p)
		p = next
	}
}

const (
	// forever is a time that does not come, awake one that is always past.
	forever = int64(1) << 62
	awake   = int64(0)
)

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
