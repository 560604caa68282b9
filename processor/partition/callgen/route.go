package callgen

import (
	"fmt"
	"slices"
)

// track is one thing that a client sends: audio, or one layer of video.
type track struct {
	video bool
	rid   string
	layer int
}

func (c *Call) tracks(n *node) []track {
	if n.left || n.index >= c.cfg.Publishers || len(n.links) == 0 {
		return nil
	}
	t := []track{{}}
	if c.cfg.AudioOnly {
		return t
	}
	for i := range c.cfg.Layers {
		rid := ""
		if c.cfg.Layers > 1 {
			rid = string("qhf"[i%3])
		}
		t = append(t, track{video: true, rid: rid, layer: i})
	}
	return t
}

// takes says whether a subscriber takes the layer of a publisher's video.
func (c *Call) takes(publisher, subscriber *node, t track) bool {
	return !t.video || t.layer == (publisher.index+subscriber.index)%c.cfg.Layers
}

// route makes the streams that carry every track to everybody, and ends those that nobody needs any more.
func (c *Call) route() {
	needed := map[*leg]bool{}
	for _, p := range c.clients {
		for _, t := range c.tracks(p) {
			first := c.carry(p, p, p.links[0], t, nil)
			needed[first] = true
			for _, s := range c.clients {
				if s == p || s.left || !c.takes(p, s, t) {
					continue
				}
				from, last := p, first
				for i, l := range c.way(p, s) {
					if i > 0 {
						last = c.carry(p, from, l, t, last)
						needed[last] = true
					}
					from = l.other(from)
				}
			}
		}
	}
	for _, n := range append(slices.Clone(c.clients), c.sfus...) {
		n.legs = slices.DeleteFunc(n.legs, func(l *leg) bool { return !needed[l] })
	}
}

// carry finds or makes the stream of a track over a link.
func (c *Call) carry(publisher, from *node, l *link, t track, source *leg) *leg {
	for _, g := range from.legs {
		if g.link == l && g.from == from && g.publisher == publisher && g.video == t.video && g.rid == t.rid && !g.dead {
			g.source = source
			return g
		}
	}
	c.ssrc += 2654435761
	kind := "audio"
	if t.video {
		kind = "video"
	}
	g := &leg{
		link: l, from: from, ssrc: c.ssrc, video: t.video, rid: t.rid, publisher: publisher, source: source, made: c.now,
		track: fmt.Sprintf("%s-%s", publisher.name, kind),
	}
	from.legs, l.other(from).legs = append(from.legs, g), append(l.other(from).legs, g)
	return g
}
