package sfuprobe

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/sfu-probe/rtpstats"
)

// The data channel of the pings. Both ends open it under this number, so nothing has to be agreed on.
const (
	pingChannel = 1022
	pingLabel   = "earshot-ping"
)

// pingEvery is the time between two pings of a connection.
const pingEvery = time.Second

// A ping is a byte that says what it is, and a number that its sender has given it; a pong repeats the number.
const (
	ping     = 'p'
	pong     = 'P'
	pingSize = 9
)

// pinger measures a connection on which no media may flow: on the same transport, over a data channel of its own that
// neither repeats nor orders messages.
type pinger struct {
	dc  *webrtc.DataChannel
	now func() time.Time

	mu    sync.Mutex
	sent  [8]time.Time // by number; one that is overwritten is lost
	last  uint64
	met   uint64 // the last ping before the first pong; 0 until then
	total rtpstats.RTT
}

// Ping measures the connection by pings of the probe's own, once a second, whether media flow or not: for connections
// between SFUs. Both ends want this option, and Watch has to come before the offer, since it adds a data channel to the
// connection (number 1022, which the application must leave to it).
func Ping() WatchOption { return func(o *watchOptions) { o.ping = true } }

func newPinger(pc *webrtc.PeerConnection) (*pinger, error) {
	negotiated, ordered, id, retransmits := true, false, uint16(pingChannel), uint16(0)
	dc, err := pc.CreateDataChannel(pingLabel, &webrtc.DataChannelInit{
		Negotiated: &negotiated, Ordered: &ordered, ID: &id, MaxRetransmits: &retransmits,
	})
	if err != nil {
		return nil, fmt.Errorf("sfuprobe: open the data channel for pings (number %d): %w", pingChannel, err)
	}
	p := &pinger{dc: dc, now: time.Now}
	dc.OnMessage(func(m webrtc.DataChannelMessage) { p.receive(m.Data) })
	return p, nil
}

// send sends the next ping, where the channel is open.
func (p *pinger) send() {
	if p.dc.ReadyState() != webrtc.DataChannelStateOpen {
		return
	}
	_ = p.dc.Send(p.next()) // what cannot be sent is a ping that is lost
}

func (p *pinger) next() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	p.sent[p.last%uint64(len(p.sent))] = p.now()
	return binary.BigEndian.AppendUint64([]byte{ping}, p.last)
}

// receive answers a ping and measures by a pong. Anything else is somebody else's mistake.
func (p *pinger) receive(m []byte) {
	at := p.now()
	if len(m) != pingSize {
		return
	}
	switch m[0] {
	case ping:
		m[0] = pong
		_ = p.dc.Send(m)
	case pong:
		p.measure(binary.BigEndian.Uint64(m[1:]), at)
	}
}

func (p *pinger) measure(n uint64, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := &p.sent[n%uint64(len(p.sent))]
	if n == 0 || n > p.last || p.last-n >= uint64(len(p.sent)) || slot.IsZero() {
		return // not sent, too long ago, or answered before
	}
	switch {
	case p.met == 0:
		// Until then the other end may not have opened its channel: pings lay there and waited.
		p.met = p.last
	case n > p.met:
		p.total.Add(at.Sub(*slot), at)
	}
	*slot = time.Time{}
}

func (p *pinger) rtt() rtpstats.RTT {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total
}

// ping sends a ping over every connection that has pings, and says whether there are such.
func (p *Probe) ping() (some bool) {
	p.mu.Lock()
	p.sampler.connections = append(p.sampler.connections[:0], p.connections...)
	p.mu.Unlock()
	for _, c := range p.sampler.connections {
		if c.pinger != nil {
			some = true
			c.pinger.send()
		}
	}
	return some
}
