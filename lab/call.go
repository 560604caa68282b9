package lab

import (
	"sync"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/client"
	"github.com/earshot-rtc/earshot/lab/link"
	"github.com/earshot-rtc/earshot/lab/plan"
	"github.com/earshot-rtc/earshot/lab/sfu"
	"github.com/earshot-rtc/earshot/lab/topology"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

// call holds everything that is in the call now, and makes it what the plan says it should be.
type call struct {
	lab   *Lab
	state *plan.State
	ways  *ways

	mu      sync.Mutex // guards the map sfus against the layer task
	sfus    map[string]*station
	trunks  map[int]*trunk       // by index of the link
	members map[string]*member   // by client id
	pairs   map[[2]string]*wired // peer to peer, by client ids
}

// station is an SFU that works.
type station struct {
	*sfu.SFU
	probe       *sfuprobe.Probe
	certificate *webrtc.Certificate // one for all its connections
}

// trunk is a link between two SFUs.
type trunk struct {
	link *link.Link
	a, b *sfu.Port
}

// member is a client in the call.
type member struct {
	*client.Client
	probe       *sfuprobe.Probe
	certificate *webrtc.Certificate // of a client with separate connections: one for both
	at          home
	up, down    *wired // the connections to publish and to receive on: the same one unless they are separate
}

// home tells whether a client's connections are to the right place.
type home struct {
	sfu                 string
	incarnation, starts int
}

// wired is a client's link, to an SFU's port or to another client.
type wired struct {
	link *link.Link
	port *sfu.Port // nil peer to peer
}

func newCall(l *Lab) *call {
	c := &call{
		lab: l, state: plan.New(l.top), ways: newWays(),
		sfus: map[string]*station{}, trunks: map[int]*trunk{}, members: map[string]*member{}, pairs: map[[2]string]*wired{},
	}
	c.ways.update(c.state)
	return c
}

// problem counts something that could not be set up. It is not fatal: the truth stands, and what is missing shows there.
func (c *call) problem(what string, err error) {
	if err == nil {
		return
	}
	c.lab.mu.Lock()
	c.lab.failed++
	c.lab.mu.Unlock()
	c.lab.log.Warn("lab: "+what, "error", err)
}

// settle brings about what the plan says.
func (c *call) settle() {
	c.dismiss()
	c.open()
	if c.lab.top.P2P {
		c.pairUp()
		return
	}
	c.connect()
	c.route()
}

// dismiss lets go of who is no longer there.
func (c *call) dismiss() {
	present := map[string]*plan.Member{}
	for _, m := range c.state.Members {
		present[m.ID] = m
	}
	for id, m := range c.members {
		p := present[id]
		if p == nil || !c.lab.top.P2P && m.at != c.home(p) {
			c.disconnect(m)
		}
		if p == nil {
			for key, w := range c.pairs {
				if key[0] == id || key[1] == id {
					c.close(w)
					delete(c.pairs, key)
				}
			}
			m.Close()
			delete(c.members, id)
			c.lab.retire(m.probe)
		}
	}
	for id, s := range c.sfus {
		if c.state.Up(id) {
			continue
		}
		for i, t := range c.trunks {
			if l := c.state.Links[i]; l.A == id || l.B == id {
				c.cut(t)
				delete(c.trunks, i)
			}
		}
		c.mu.Lock()
		delete(c.sfus, id)
		c.mu.Unlock()
		c.lab.retire(s.probe)
	}
}

// home is where a member's connections should go now; the zero home where its SFU does not work.
func (c *call) home(m *plan.Member) home {
	if !c.state.Up(m.SFU) {
		return home{}
	}
	return home{m.SFU, m.Incarnation, c.state.Starts(m.SFU)}
}

// open makes SFUs and clients that are to be there and are not.
func (c *call) open() {
	for _, s := range c.lab.top.SFUs {
		if !c.state.Up(s.ID) || c.sfus[s.ID] != nil {
			continue
		}
		st := &station{certificate: newCertificate()}
		if s.Probed() {
			st.probe = c.lab.sfuProbe(s)
		}
		st.SFU = sfu.New(c.lab.top.Call, st.probe)
		c.mu.Lock()
		c.sfus[s.ID] = st
		c.mu.Unlock()
	}
	for _, p := range c.state.Members {
		if c.members[p.ID] != nil {
			continue
		}
		m := &member{Client: client.New(client.Config{
			ID: p.ID, Publish: p.Client.Publish, Simulcast: p.Client.Simulcast, Seed: c.lab.maker.Rand.Uint64(), Pacer: c.lab.pacer,
		})}
		if p.Client.Connections == topology.Separate {
			m.certificate = newCertificate()
		}
		if p.Client.Probed() {
			m.probe = c.lab.clientProbe(p, m.Client)
		}
		c.members[p.ID] = m
	}
}

// act does what an event asks of those who are there already.
func (c *call) act(e topology.Event) {
	of := func(id string) *member {
		if p := c.state.Member(id); p != nil {
			return c.members[p.ID]
		}
		return nil
	}
	switch {
	case e.Mute != nil:
		if m := of(e.Mute.Client); m != nil {
			m.Mute(e.Mute.Kind, true)
		}
	case e.Unmute != nil:
		if m := of(e.Unmute.Client); m != nil {
			m.Mute(e.Unmute.Kind, false)
		}
	case e.ICERestart != nil:
		if p := c.state.Member(e.ICERestart.Client); p != nil {
			c.restartICE(p.ID)
		}
	}
}

func (c *call) restartICE(id string) {
	if m := c.members[id]; m != nil && m.up != nil {
		c.problem("ICE restart", m.up.link.A.RestartICE())
		if m.down != m.up {
			c.problem("ICE restart", m.down.link.A.RestartICE())
		}
	}
	for key, w := range c.pairs {
		if key[0] == id {
			c.problem("ICE restart", w.link.A.RestartICE())
		} else if key[1] == id {
			c.problem("ICE restart", w.link.B.RestartICE())
		}
	}
}

// disconnect closes a member's connections to its SFU.
func (c *call) disconnect(m *member) {
	if m.up != nil {
		c.close(m.up)
		if m.down != m.up {
			c.close(m.down)
		}
	}
	m.up, m.down, m.at = nil, nil, home{}
}

func (c *call) close(w *wired) {
	if w.port != nil {
		w.port.Detach()
	}
	c.lab.closing.Go(func() { _ = w.link.Close() }) // it is gone either way
}

func (c *call) cut(t *trunk) {
	t.a.Detach()
	t.b.Detach()
	c.lab.closing.Go(func() { _ = t.link.Close() }) // it is gone either way
}

// end lets everybody go.
func (c *call) end() {
	for _, m := range c.members {
		c.disconnect(m)
		m.Close()
	}
	for _, w := range c.pairs {
		c.close(w)
	}
	for _, t := range c.trunks {
		c.cut(t)
	}
}

// layerTask switches simulcast layers now and then.
type layerTask struct{ call *call }

// Tick implements media.Task.
func (t *layerTask) Tick(due time.Time) time.Time {
	t.call.mu.Lock()
	defer t.call.mu.Unlock()
	for _, s := range t.call.sfus {
		s.SwitchLayers()
	}
	return due.Add(layersEvery)
}
