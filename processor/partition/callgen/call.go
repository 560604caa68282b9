package callgen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Call is a call that goes on for as long as samples are taken from it. It is not safe for concurrent use.
type Call struct {
	cfg     Config
	rand    *rand.Rand
	now     time.Time
	clients []*node
	sfus    []*node
	between map[[2]int]*link // SFUs
	links   int
	ssrc    uint32
	changes []change
}

// change is a round-trip time that became another.
type change struct {
	link *link
	at   time.Time
	was  time.Duration
}

// New makes a call in which everybody has just joined.
func New(cfg Config) *Call {
	cfg.defaults()
	c := &Call{
		cfg: cfg, rand: rand.New(rand.NewPCG(cfg.Seed, 0x9e3779b97f4a7c15)), now: cfg.Start,
		between: map[[2]int]*link{}, ssrc: uint32(cfg.Seed)*7919 + 1,
	}
	for i := range cfg.SFUs {
		c.sfus = append(c.sfus, c.node(fmt.Sprintf("sfu%d", i), i, true))
	}
	for i := range cfg.SFUs {
		for j := range i {
			if cfg.Shape == Mesh || cfg.Shape == Line && j == i-1 || cfg.Shape == Star && j == 0 {
				c.between[[2]int{j, i}] = c.link(c.sfus[j], c.sfus[i], cfg.SFURTT(j, i))
			}
		}
	}
	for i := range cfg.Clients {
		n := c.node(fmt.Sprintf("client%d", i), i, false)
		c.clients = append(c.clients, n)
		if cfg.P2P {
			continue
		}
		n.home = i % cfg.SFUs
		c.link(n, c.sfus[n.home], cfg.ClientRTT(i))
	}
	if cfg.P2P {
		c.link(c.clients[0], c.clients[1], cfg.ClientRTT(0)+cfg.ClientRTT(1))
	}
	c.route()
	return c
}

func (c *Call) node(name string, index int, sfu bool) *node {
	n := &node{name: name, index: index, sfu: sfu, probed: !sfu || !c.cfg.Unprobed[index]}
	n.next = c.now.Add(time.Duration(c.rand.Float64() * float64(c.cfg.Interval)))
	if c.cfg.SkewClocks {
		n.skew = time.Duration((2*c.rand.Float64() - 1) * float64(time.Hour)).Truncate(time.Microsecond)
	}
	return n
}

func (c *Call) link(a, b *node, rtt time.Duration) *link {
	c.links++
	l := &link{ends: [2]*node{a, b}, id: c.links, rtt: rtt, made: c.now}
	a.links, b.links = append(a.links, l), append(b.links, l)
	return l
}

// rttAt is a link's true round-trip time at a moment.
func (c *Call) rttAt(l *link, at time.Time) time.Duration {
	for _, ch := range c.changes {
		if ch.link == l && at.Before(ch.at) {
			return ch.was
		}
	}
	return l.rtt
}

// SetSFURTT changes the round-trip time between two SFUs from now on.
func (c *Call) SetSFURTT(i, j int, rtt time.Duration) {
	c.set(c.between[[2]int{min(i, j), max(i, j)}], rtt)
}

// SetClientRTT changes the round-trip time of a client's link from now on.
func (c *Call) SetClientRTT(i int, rtt time.Duration) { c.set(c.clients[i].links[0], rtt) }

func (c *Call) set(l *link, rtt time.Duration) {
	c.changes = append(c.changes, change{l, c.now, l.rtt})
	l.rtt = rtt
}

// Move connects a client to another SFU.
func (c *Call) Move(client, sfu int) {
	n := c.clients[client]
	c.cut(n)
	n.home = sfu
	n.tell(c, earshotv1.EventType_EVENT_TYPE_SELECTED_PAIR, "moved")
	c.link(n, c.sfus[sfu], c.cfg.ClientRTT(client))
	c.route()
}

// Join brings one more client into the call, and says which it is.
func (c *Call) Join() int {
	i := len(c.clients)
	n := c.node(fmt.Sprintf("client%d", i), i, false)
	n.home = i % c.cfg.SFUs
	n.tell(c, earshotv1.EventType_EVENT_TYPE_JOIN, "")
	c.clients = append(c.clients, n)
	c.link(n, c.sfus[n.home], c.cfg.ClientRTT(i))
	c.route()
	return i
}

// Clients is how many have been in the call so far.
func (c *Call) Clients() int { return len(c.clients) }

// tell adds an event to the node's next sample.
func (n *node) tell(c *Call, t earshotv1.EventType, value string) {
	n.events = append(n.events, &earshotv1.Event{Type: t, AtUs: c.now.Add(-n.skew).UnixMicro(), Value: value})
}

// Leave takes a client out of the call.
func (c *Call) Leave(client int) {
	c.cut(c.clients[client])
	c.clients[client].left = true
	c.route()
}

// Mute keeps a client's tracks from flowing, though they stay.
func (c *Call) Mute(client int, muted bool) { c.clients[client].muted = muted }

// RestartICE gives a client's link other ufrags, and its consent checks new counters.
func (c *Call) RestartICE(client int) {
	l := c.clients[client].links[0]
	c.clients[client].tell(c, earshotv1.EventType_EVENT_TYPE_ICE_RESTART, "")
	l.restarts++
	l.stun = [2]meter{}
}

// RestartSFU ends all that an SFU has; its clients and neighbours connect to it anew.
func (c *Call) RestartSFU(sfu int) {
	s := c.sfus[sfu]
	s.session++
	s.seq = 0
	for _, l := range slices.Clone(s.links) {
		o := l.other(s)
		c.drop(l)
		fresh := c.link(l.ends[0], l.ends[1], l.rtt)
		if o.sfu {
			c.between[[2]int{min(o.index, sfu), max(o.index, sfu)}] = fresh
		}
	}
	c.route()
}

func (c *Call) cut(n *node) {
	for _, l := range slices.Clone(n.links) {
		c.drop(l)
	}
}

func (c *Call) drop(l *link) {
	l.dead = true
	for _, n := range l.ends {
		n.links = slices.DeleteFunc(n.links, func(o *link) bool { return o == l })
		for _, g := range n.legs {
			if g.link == l {
				g.dead = true
			}
		}
	}
}

// way is the links from a client to another, in order.
func (c *Call) way(from, to *node) []*link {
	if len(from.links) == 0 || len(to.links) == 0 {
		return nil
	}
	if c.cfg.P2P {
		return from.links[:1]
	}
	way := []*link{from.links[0]}
	for at := from.home; at != to.home; {
		next := to.home
		switch {
		case c.cfg.Shape == Line && to.home > at:
			next = at + 1
		case c.cfg.Shape == Line:
			next = at - 1
		case c.cfg.Shape == Star && at != 0:
			next = 0
		}
		way = append(way, c.between[[2]int{min(at, next), max(at, next)}])
		at = next
	}
	return append(way, to.links[0])
}

// Truth is the path from one client's publication to another client.
type Truth struct {
	SFUs []string
	RTT  time.Duration
	Hops int
}

// Truth returns the path between two clients as it is now, with its round-trip time at a moment.
func (c *Call) Truth(publisher, subscriber int, at time.Time) (t Truth, ok bool) {
	way := c.way(c.clients[publisher], c.clients[subscriber])
	n := c.clients[publisher]
	for i, l := range way {
		t.RTT += c.rttAt(l, at)
		n = l.other(n)
		if i < len(way)-1 {
			t.SFUs = append(t.SFUs, n.name)
		}
	}
	t.Hops = len(way)
	return t, len(way) > 0
}

// Now is the time up to which samples have been taken.
func (c *Call) Now() time.Time { return c.now }

// SetNoise changes what endpoints add to measurements from now on.
func (c *Call) SetNoise(f func(*rand.Rand) time.Duration) { c.cfg.Noise = f }
