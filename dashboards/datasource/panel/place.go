package panel

import (
	"math"
	"slices"
)

// Distances on the page, in pixels: a node has a radius of 40 to 50, and two lines of text below it.
const (
	apart  = 110 // clients side by side
	spaced = 140 // SFUs in a line, at least
	around = 160 // from an SFU to its clients
)

// place gives the nodes of a graph positions, so that they stay where they are when figures come anew, and are there at once: a chain
// of SFUs as a line, others in a circle, and clients by their SFU, outside.
func place(nodes []node, edges []edge) {
	spread(nodes, edges)
	if len(nodes) == 0 {
		return
	}
	// What Grafana shows first is around 0, 0.
	left, right, top, bottom := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for i := range nodes {
		n := &nodes[i]
		left, right, top, bottom = min(left, n.x), max(right, n.x), min(top, n.y), max(bottom, n.y)
	}
	for i := range nodes {
		nodes[i].x -= (left + right) / 2
		nodes[i].y -= (top + bottom) / 2
	}
}

func spread(nodes []node, edges []edge) {
	at := make(map[string]*node, len(nodes))
	for i := range nodes {
		at[nodes[i].id] = &nodes[i]
	}
	beside, clients := map[string][]string{}, map[string][]*node{}
	home := map[string]bool{}
	for _, e := range edges {
		a, b := at[e.source], at[e.target]
		switch {
		case a == nil || b == nil || a == b:
		case a.kind == sfuKind && b.kind == sfuKind:
			beside[a.id], beside[b.id] = append(beside[a.id], b.id), append(beside[b.id], a.id)
		case a.kind == sfuKind && !home[b.id]:
			home[b.id] = true
			clients[a.id] = append(clients[a.id], b)
		case b.kind == sfuKind && !home[a.id]:
			home[a.id] = true
			clients[b.id] = append(clients[b.id], a)
		}
	}
	var sfus, rest []*node
	for i := range nodes {
		switch n := &nodes[i]; {
		case n.kind == sfuKind:
			sfus = append(sfus, n)
		case !home[n.id]:
			rest = append(rest, n)
		}
	}
	sfus, chain := walk(sfus, beside, at)
	var bottom float64
	switch {
	case len(sfus) == 0:
		ring(rest, 0, 2*math.Pi, radius(len(rest), around/2))
		return
	case chain && len(sfus) > 1:
		line(sfus, clients)
		bottom = around
	default:
		bottom = circle(sfus, clients)
	}
	row(rest, bottom+around)
}

const sfuKind = "sfu"

// walk orders SFUs so that neighbours on the way come one after the other; chain is whether that way is all there is.
func walk(sfus []*node, beside map[string][]string, at map[string]*node) (ordered []*node, chain bool) {
	links, ends := 0, 0
	chain = true
	for _, s := range sfus {
		n := beside[s.id]
		slices.Sort(n)
		n = slices.Compact(n)
		beside[s.id] = n
		links += len(n)
		if len(n) > 2 {
			chain = false
		}
		if len(n) < 2 {
			ends++
		}
	}
	chain = chain && ends > 0 && links == 2*(len(sfus)-1)
	// From the ends inwards, so that the first is one.
	slices.SortStableFunc(sfus, func(a, b *node) int { return min(len(beside[a.id]), 2) - min(len(beside[b.id]), 2) })
	seen := map[string]bool{}
	var visit func(n *node)
	visit = func(n *node) {
		if n == nil || seen[n.id] {
			return
		}
		seen[n.id] = true
		ordered = append(ordered, n)
		for _, next := range beside[n.id] {
			visit(at[next])
		}
	}
	for _, s := range sfus {
		visit(s)
	}
	return ordered, chain
}

// line puts SFUs side by side, the clients of each above and below.
func line(sfus []*node, clients map[string][]*node) {
	x := 0.0
	for i, s := range sfus {
		of := clients[s.id]
		half := max(spaced, float64((len(of)+1)/2)*apart+apart/2) / 2
		if i > 0 {
			x += half
		}
		s.x, s.y = x, 0
		x += half
		above, below := of[:(len(of)+1)/2], of[(len(of)+1)/2:]
		for _, side := range []struct {
			of []*node
			y  float64
		}{{above, -around}, {below, around}} {
			row(side.of, side.y)
			for _, c := range side.of {
				c.x += s.x
			}
		}
	}
}

// circle puts SFUs on a circle, one alone in its middle, and clients on a wider one, each SFU's in its own sector. It returns how far
// down that reaches.
func circle(sfus []*node, clients map[string][]*node) float64 {
	all := 0
	for _, s := range sfus {
		all += max(len(clients[s.id]), 1)
	}
	inner := radius(len(sfus), spaced/2)
	if len(sfus) == 1 {
		inner = 0
	}
	outer := max(inner+around, radius(all, 0))
	from := -math.Pi / 2
	for _, s := range sfus {
		sector := 2 * math.Pi * float64(max(len(clients[s.id]), 1)) / float64(all)
		ring([]*node{s}, from, sector, inner)
		ring(clients[s.id], from, sector, outer)
		from += sector
	}
	return outer
}

// radius of a circle on which n nodes have room.
func radius(n int, least float64) float64 { return max(least, float64(n)*apart/(2*math.Pi)) }

// ring puts nodes on an arc, each in the middle of its share.
func ring(nodes []*node, from, sector, radius float64) {
	for i, n := range nodes {
		angle := from + sector*(float64(i)+0.5)/float64(len(nodes))
		n.x, n.y = math.Round(radius*math.Cos(angle)), math.Round(radius*math.Sin(angle))
	}
}

// row puts nodes side by side around x = 0.
func row(nodes []*node, y float64) {
	for i, n := range nodes {
		n.x, n.y = (float64(i)-float64(len(nodes)-1)/2)*apart, y
	}
}
