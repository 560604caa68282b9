package topology

import (
	"cmp"
	"slices"
)

// events checks every event by itself, then plays all of them in order of time to see whether each can happen.
func (c *checker) events() error {
	for i, e := range c.t.Events {
		if err := c.event(i, e); err != nil {
			return err
		}
	}
	return c.play()
}

func (c *checker) event(i int, e Event) error {
	var set []string
	for _, k := range []struct {
		name string
		set  bool
	}{
		{"set_delay", e.SetDelay != nil}, {"move", e.Move != nil}, {"ice_restart", e.ICERestart != nil},
		{"restart_sfu", e.RestartSFU != nil}, {"mute", e.Mute != nil}, {"unmute", e.Unmute != nil},
		{"leave", e.Leave != nil}, {"join", e.Join != nil},
	} {
		if k.set {
			set = append(set, k.name)
		}
	}
	if len(set) != 1 {
		return c.wrong(at("events", i), "event at %s says %d things; say exactly one of set_delay, move, ice_restart, restart_sfu, "+
			"mute, unmute, leave, join", e.At, len(set))
	}
	name := set[0]
	p := func(keys ...any) []any { return append(at("events", i, name), keys...) }
	switch {
	case e.SetDelay != nil:
		return c.setDelay(p, e.SetDelay)
	case e.RestartSFU != nil:
		if c.t.SFU(e.RestartSFU.SFU) == nil {
			return c.wrong(p("sfu"), "restart_sfu of unknown SFU %q; %s", e.RestartSFU.SFU, c.known(c.sfuIDs()))
		}
	case e.Move != nil:
		if c.t.P2P {
			return c.wrong(p(), "move in a p2p call, which has no SFUs; remove the event, or p2p")
		}
		if c.t.Client(e.Move.Client) == nil {
			return c.wrong(p("client"), "move of unknown client %q; %s", e.Move.Client, c.known(c.clientIDs()))
		}
		if c.t.SFU(e.Move.To) == nil {
			return c.wrong(p("to"), "move to unknown SFU %q; %s", e.Move.To, c.known(c.sfuIDs()))
		}
	default:
		client, kind := e.client(), e.kind()
		cl := c.t.Client(client)
		if cl == nil {
			return c.wrong(p("client"), "%s of unknown client %q; %s", name, client, c.known(c.clientIDs()))
		}
		if (e.Mute != nil || e.Unmute != nil) && !cl.Publishes(kind) {
			return c.wrong(p("kind"), "%s of %q of client %q, who does not publish that; use a kind from its publish", name, kind, client)
		}
	}
	return nil
}

func (c *checker) setDelay(p func(...any) []any, s *SetDelay) error {
	switch {
	case (s.Link == nil) == (s.Client == ""):
		return c.wrong(p(), "set_delay needs one of link: [a, b] and client: id")
	case s.Client != "" && c.t.Client(s.Client) == nil:
		return c.wrong(p("client"), "set_delay of unknown client %q; %s", s.Client, c.known(c.clientIDs()))
	case s.Link != nil && (len(s.Link) != 2 || c.t.Link(s.Link[0], s.Link[1]) < 0):
		return c.wrong(p("link"), "set_delay of link %q, which is not listed under links; name the two SFUs of one that is", s.Link)
	case s.Delay == nil && s.Jitter == nil && s.Loss == nil:
		return c.wrong(p(), "set_delay changes nothing; add delay_ms, jitter_ms or loss")
	case s.Loss != nil:
		return c.loss(p("loss"), *s.Loss)
	}
	return nil
}

// client is whom an event is about, or "".
func (e Event) client() string {
	switch {
	case e.Move != nil:
		return e.Move.Client
	case e.ICERestart != nil:
		return e.ICERestart.Client
	case e.Mute != nil:
		return e.Mute.Client
	case e.Unmute != nil:
		return e.Unmute.Client
	case e.Leave != nil:
		return e.Leave.Client
	case e.Join != nil:
		return e.Join.Client
	default:
		return ""
	}
}

func (e Event) kind() Kind {
	switch {
	case e.Mute != nil:
		return e.Mute.Kind
	case e.Unmute != nil:
		return e.Unmute.Kind
	default:
		return ""
	}
}

// play refuses what cannot happen when its time comes.
func (c *checker) play() error {
	type step struct {
		Event
		path []any
	}
	var steps []step
	present, sfu := map[string]bool{}, map[string]string{}
	for i, cl := range c.t.Clients {
		present[cl.ID], sfu[cl.ID] = cl.JoinAt == 0, cl.SFU
		if cl.JoinAt > 0 {
			steps = append(steps, step{Event{At: cl.JoinAt, Join: &OfClient{cl.ID}}, at("clients", i, "join_at")})
		}
		if cl.LeaveAt > 0 {
			steps = append(steps, step{Event{At: cl.LeaveAt, Leave: &OfClient{cl.ID}}, at("clients", i, "leave_at")})
		}
	}
	for i, e := range c.t.Events {
		steps = append(steps, step{e, at("events", i)})
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.At, b.At) })
	for _, s := range steps {
		id := s.client()
		switch {
		case id == "":
		case s.Join != nil && present[id]:
			return c.wrong(s.path, "client %q joins at %s but is in the call already; let it leave first, or give it join_at", id, s.At)
		case s.Join != nil:
			present[id] = true
		case !present[id]:
			return c.wrong(s.path, "client %q is not in the call at %s; let it join first", id, s.At)
		case s.Leave != nil:
			present[id] = false
		case s.Move != nil && sfu[id] == s.Move.To:
			return c.wrong(s.path, "client %q moves to %q at %s but is there already; name another SFU", id, s.Move.To, s.At)
		case s.Move != nil:
			sfu[id] = s.Move.To
		}
	}
	return nil
}
