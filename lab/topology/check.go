package topology

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/earshot-rtc/earshot/internal/config"
)

// checker looks for mistakes that YAML does not know of.
type checker struct {
	file string
	root *yaml.Node
	t    *Topology
}

// wrong makes the error for the value at a path.
func (c *checker) wrong(path []any, format string, args ...any) error {
	return &config.Error{File: c.file, Line: lines{c.root}.of(path...), Msg: fmt.Sprintf(format, args...)}
}

func at(path ...any) []any { return path }

const (
	minSampleEvery = Duration(100 * time.Millisecond)
	maxSampleEvery = Duration(time.Minute)
	maxParts       = 200 // SFUs, and clients: more than one machine can play
	maxEvents      = 10_000
)

func (c *checker) check() error {
	t := c.t
	if t.SampleEvery < minSampleEvery || t.SampleEvery > maxSampleEvery {
		return c.wrong(at("sample_every"), "sample_every %s is out of range; use %s to %s", t.SampleEvery, minSampleEvery, maxSampleEvery)
	}
	if len(t.SFUs) > maxParts || len(t.Clients) > maxParts || len(t.Links) > maxParts*maxParts || len(t.Events) > maxEvents {
		return c.wrong(nil, "too large for one machine; use at most %d SFUs, %d clients and %d events", maxParts, maxParts, maxEvents)
	}
	if len(t.Clients) == 0 {
		return c.wrong(at("clients"), "no clients; list at least one under clients")
	}
	for _, f := range []func() error{c.sfus, c.links, c.connected, c.clients, c.events} {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) sfus() error {
	t := c.t
	switch {
	case t.P2P && len(t.SFUs) > 0:
		return c.wrong(at("sfus"), "p2p calls have no SFUs; remove sfus, or p2p")
	case t.P2P && len(t.Links) > 0:
		return c.wrong(at("links"), "p2p calls have no links; give every client its delay_ms instead, or remove p2p")
	case !t.P2P && len(t.SFUs) == 0:
		return c.wrong(at("sfus"), "no SFUs; list them under sfus, or set p2p: true")
	}
	for i, s := range t.SFUs {
		if err := c.id(at("sfus", i, "id"), "SFU", s.ID); err != nil {
			return err
		}
		if slices.ContainsFunc(t.SFUs[:i], func(o SFU) bool { return o.ID == s.ID }) {
			return c.wrong(at("sfus", i, "id"), "SFU %q is listed twice; give each SFU an id of its own", s.ID)
		}
	}
	return nil
}

func (c *checker) id(path []any, what, id string) error {
	if id == "" {
		return c.wrong(path, "%s without an id; give it one", what)
	}
	if strings.ContainsAny(id, "#/ \t\n") {
		return c.wrong(path, "%s id %q holds a space, '/' or '#'; use letters, digits, '-' and '_'", what, id)
	}
	return nil
}

func (c *checker) links() error {
	for i, l := range c.t.Links {
		if len(l.Between) != 2 {
			return c.wrong(at("links", i, "between"), "link between %d SFUs; name two, like between: [fra, iad]", len(l.Between))
		}
		for j, id := range l.Between {
			if c.t.SFU(id) == nil {
				return c.wrong(at("links", i, "between", j), "link names unknown SFU %q; %s", id, c.known(c.sfuIDs()))
			}
		}
		if l.Between[0] == l.Between[1] {
			return c.wrong(at("links", i, "between"), "link joins SFU %q to itself; name two different SFUs", l.Between[0])
		}
		if first := c.t.Link(l.Between[0], l.Between[1]); first != i {
			return c.wrong(at("links", i, "between"), "a second link between %s and %s; keep one", l.Between[0], l.Between[1])
		}
		if err := c.loss(at("links", i, "loss"), l.Loss); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) loss(path []any, loss float64) error {
	if !(loss >= 0 && loss <= 1) || math.IsNaN(loss) {
		return c.wrong(path, "loss %v is out of range; it is a share from 0 to 1, so 3 %% is 0.03", loss)
	}
	return nil
}

// connected refuses SFUs that cannot reach one another.
func (c *checker) connected() error {
	if len(c.t.SFUs) == 0 {
		return nil
	}
	reached := map[string]bool{c.t.SFUs[0].ID: true}
	for grew := true; grew; {
		grew = false
		for _, l := range c.t.Links {
			if a, b := l.Between[0], l.Between[1]; reached[a] != reached[b] {
				reached[a], reached[b], grew = true, true, true
			}
		}
	}
	for i, s := range c.t.SFUs {
		if !reached[s.ID] {
			return c.wrong(at("sfus", i, "id"), "SFU %q cannot be reached from %q; add a link that joins them", s.ID, c.t.SFUs[0].ID)
		}
	}
	return nil
}

func (c *checker) clients() error {
	t := c.t
	for i, cl := range t.Clients {
		p := func(key string) []any { return at("clients", i, key) }
		if err := c.id(p("id"), "client", cl.ID); err != nil {
			return err
		}
		if slices.ContainsFunc(t.Clients[:i], func(o Client) bool { return o.ID == cl.ID }) {
			return c.wrong(p("id"), "client %q is listed twice; give each client an id of its own", cl.ID)
		}
		switch {
		case t.P2P && cl.SFU != "":
			return c.wrong(p("sfu"), "client %q names an SFU in a p2p call; remove sfu, or p2p", cl.ID)
		case !t.P2P && cl.SFU == "":
			return c.wrong(p("id"), "client %q has no SFU; add sfu: with one of %s", cl.ID, strings.Join(c.sfuIDs(), ", "))
		case !t.P2P && t.SFU(cl.SFU) == nil:
			return c.wrong(p("sfu"), "client %q is at unknown SFU %q; %s", cl.ID, cl.SFU, c.known(c.sfuIDs()))
		}
		for j, k := range cl.Publish {
			if k != Audio && k != Video {
				return c.wrong(at("clients", i, "publish", j), "client %q publishes unknown kind %q; use audio or video", cl.ID, k)
			}
			if slices.Contains(cl.Publish[:j], k) {
				return c.wrong(at("clients", i, "publish", j), "client %q publishes %s twice; once is enough", cl.ID, k)
			}
		}
		for j, s := range cl.Subscribe {
			if s == cl.ID || t.Client(s) == nil {
				return c.wrong(at("clients", i, "subscribe", j), "client %q subscribes to %q, who is not another client; %s", cl.ID, s, c.known(c.clientIDs()))
			}
		}
		switch {
		case cl.Simulcast && !cl.Publishes(Video):
			return c.wrong(p("simulcast"), "client %q has simulcast but no video; add video to publish, or remove simulcast", cl.ID)
		case cl.Simulcast && t.P2P:
			return c.wrong(p("simulcast"), "client %q has simulcast in a p2p call, where nobody selects layers; remove simulcast, or p2p", cl.ID)
		case cl.Connections != Single && cl.Connections != Separate:
			return c.wrong(p("connections"), "client %q has connections %q; use single or separate", cl.ID, cl.Connections)
		case cl.Connections == Separate && t.P2P:
			return c.wrong(p("connections"), "client %q has separate connections in a p2p call; remove connections, or p2p", cl.ID)
		case cl.LeaveAt > 0 && cl.LeaveAt <= cl.JoinAt:
			return c.wrong(p("leave_at"), "client %q leaves at %s but joins at %s; let it leave later", cl.ID, cl.LeaveAt, cl.JoinAt)
		}
		if err := c.loss(p("loss"), cl.Loss); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) sfuIDs() []string {
	ids := make([]string, len(c.t.SFUs))
	for i, s := range c.t.SFUs {
		ids[i] = s.ID
	}
	return ids
}

func (c *checker) clientIDs() []string {
	ids := make([]string, len(c.t.Clients))
	for i, cl := range c.t.Clients {
		ids[i] = cl.ID
	}
	return ids
}

func (c *checker) known(ids []string) string {
	const most = 12
	if len(ids) > most {
		return fmt.Sprintf("known are %s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
	}
	return "known are " + strings.Join(ids, ", ")
}
