package lab

import (
	"slices"
	"strings"

	"github.com/pion/webrtc/v3"

	"github.com/earshot-rtc/earshot/lab/link"
	"github.com/earshot-rtc/earshot/lab/plan"
	"github.com/earshot-rtc/earshot/lab/sfu"
	"github.com/earshot-rtc/earshot/lab/topology"
	sfuprobe "github.com/earshot-rtc/earshot/sfu-probe"
)

// connect joins members to their SFUs.
func (c *call) connect() {
	for _, p := range c.state.Members {
		m, home := c.members[p.ID], c.home(p)
		if m.up != nil || home.sfu == "" {
			continue
		}
		var err error
		if m.up, err = c.dial(p, m, p.Client.Publish); err != nil {
			c.problem("connect "+p.ID, err)
			m.up = nil
			continue
		}
		m.down, m.at = m.up, home
		if p.Client.Connections == topology.Separate {
			if m.down, err = c.dial(p, m, nil); err != nil {
				c.problem("connect "+p.ID, err)
				m.down = m.up
			}
		}
		for k := range p.Muted {
			m.Mute(k, true)
		}
	}
}

// dial makes one connection between a client and its SFU, and publishes on it.
func (c *call) dial(p *plan.Member, m *member, publish []topology.Kind) (*wired, error) {
	st := c.sfus[p.SFU]
	l, err := c.lab.maker.New(
		link.End{Probe: m.probe, CallID: c.lab.top.Call, Certificate: m.certificate, Path: c.ways.path(clientEnd(p.ID), p.SFU)},
		link.End{Probe: st.probe, CallID: c.lab.top.Call, Certificate: st.certificate, Path: c.ways.path(p.SFU, clientEnd(p.ID))},
	)
	if err != nil {
		return nil, err
	}
	w := &wired{link: l, port: st.Attach(l.B)}
	m.Receive(l.A)
	if err = m.Publish(l.A, publish); err == nil && len(publish) > 0 {
		err = l.A.Negotiate()
	}
	if err != nil {
		c.close(w)
		return nil, err
	}
	return w, nil
}

// route has every SFU send what its clients and neighbours are to get, along the shortest ways.
func (c *call) route() {
	wants := map[*sfu.Port][]sfu.Want{}
	want := func(p *sfu.Port, w sfu.Want) {
		if !slices.Contains(wants[p], w) {
			wants[p] = append(wants[p], w)
		}
	}
	for _, pub := range c.state.Members {
		if !c.state.Up(pub.SFU) {
			continue
		}
		tree := c.state.TreeFrom(pub.SFU)
		for _, sub := range c.state.Members {
			m := c.members[sub.ID]
			if m.down == nil || !sub.Client.SubscribesTo(pub.Client.ID) {
				continue
			}
			sfus := tree.Route(sub.SFU)
			if slices.ContainsFunc(sfus, func(id string) bool { return !c.state.Up(id) }) {
				continue
			}
			for _, t := range c.tracks(pub) {
				for i := 1; i < len(sfus); i++ {
					if port := c.trunk(sfus[i-1], sfus[i]); port != nil {
						for _, one := range layers(t) {
							want(port, one)
						}
					}
				}
				want(m.down.port, t)
			}
		}
	}
	// In the order of the topology, so that a run can be repeated.
	for _, p := range c.state.Members {
		if m := c.members[p.ID]; m.down != nil {
			c.problem("send to "+p.ID, m.down.port.Send(wants[m.down.port]))
		}
	}
	for i := range c.state.Links {
		if t := c.trunks[i]; t != nil {
			c.problem("send to the next SFU", t.a.Send(wants[t.a]))
			c.problem("send to the next SFU", t.b.Send(wants[t.b]))
		}
	}
}

// tracks are what a member publishes, as its viewers want it.
func (c *call) tracks(pub *plan.Member) []sfu.Want {
	var all []sfu.Want
	for _, k := range pub.Client.Publish {
		w := sfu.Want{Track: link.Track{Publisher: pub.ID, Kind: webrtc.RTPCodecTypeAudio}}
		if k == topology.Video {
			w.Kind = webrtc.RTPCodecTypeVideo
			rids := slices.Clone(c.members[pub.ID].Layers())
			slices.Reverse(rids) // best first
			w.Layers = strings.Join(rids, ",")
		}
		all = append(all, w)
	}
	return all
}

// layers are what SFUs send one another for a viewer's track: every layer, as a track by itself.
func layers(w sfu.Want) []sfu.Want {
	if w.Layers == "" {
		return []sfu.Want{w}
	}
	var all []sfu.Want
	for rid := range strings.SplitSeq(w.Layers, ",") {
		one := sfu.Want{Track: w.Track}
		one.RID = rid
		all = append(all, one)
	}
	return all
}

// trunk gives the port of the link from one SFU towards its neighbour, and makes the link when it is first needed.
func (c *call) trunk(from, to string) *sfu.Port {
	i := c.lab.top.Link(from, to)
	t := c.trunks[i]
	if t == nil {
		a, b := c.state.Links[i].A, c.state.Links[i].B
		end := func(from, to string) link.End {
			st := c.sfus[from]
			return link.End{
				Probe: st.probe, CallID: c.lab.top.Call, Watch: []sfuprobe.WatchOption{sfuprobe.ToSFU()},
				Certificate: st.certificate, Path: c.ways.path(from, to),
			}
		}
		l, err := c.lab.maker.New(end(a, b), end(b, a))
		if err != nil {
			c.problem("connect "+a+" and "+b, err)
			return nil
		}
		t = &trunk{link: l, a: c.sfus[a].Attach(l.A), b: c.sfus[b].Attach(l.B)}
		c.trunks[i] = t
	}
	if c.state.Links[i].A == from {
		return t.a
	}
	return t.b
}

// pairUp connects every two members, of whom at least one is to hear the other, directly.
func (c *call) pairUp() {
	for i, a := range c.state.Members {
		for _, b := range c.state.Members[:i] {
			key := [2]string{a.ID, b.ID}
			toB, toA := publishes(a, b), publishes(b, a)
			if c.pairs[key] != nil || len(toB)+len(toA) == 0 {
				continue
			}
			c.problem("connect "+a.ID+" and "+b.ID, c.pair(key, a, b, toB, toA))
		}
	}
}

// publishes is what one client sends to another.
func publishes(from, to *plan.Member) []topology.Kind {
	if !to.Client.SubscribesTo(from.Client.ID) {
		return nil
	}
	return from.Client.Publish
}

func (c *call) pair(key [2]string, a, b *plan.Member, toB, toA []topology.Kind) error {
	ma, mb := c.members[a.ID], c.members[b.ID]
	l, err := c.lab.maker.New(
		link.End{Probe: ma.probe, CallID: c.lab.top.Call, Path: c.ways.through(a.ID, b.ID)},
		link.End{Probe: mb.probe, CallID: c.lab.top.Call, Path: c.ways.through(b.ID, a.ID)},
	)
	if err != nil {
		return err
	}
	w := &wired{link: l}
	c.pairs[key] = w
	ma.Receive(l.A)
	mb.Receive(l.B)
	if err = ma.Publish(l.A, toB); err != nil {
		return err
	}
	if len(toB) > 0 {
		if err = l.A.Negotiate(); err != nil {
			return err
		}
	}
	if err = mb.Publish(l.B, toA); err != nil || len(toA) == 0 {
		return err
	}
	return l.B.Negotiate()
}
