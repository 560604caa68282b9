package plan

import (
	"slices"
	"time"
)

// Tree is the shortest ways from one SFU to all others: the way that a track published there takes.
type Tree struct {
	root string
	from map[string]string // the SFU before
}

// TreeFrom finds the shortest ways by the one-way delay in the direction of travel. Of two that take equally long the one
// over fewer SFUs is taken, then the one whose last SFU stands first in the file. A way once found is the only one to its
// end, so a track crosses a link at most once however many viewers are behind it.
func (s *State) TreeFrom(root string) Tree {
	type cost struct {
		delay time.Duration
		hops  int
	}
	less := func(a, b cost) bool { return a.delay < b.delay || a.delay == b.delay && a.hops < b.hops }
	t := Tree{root: root, from: map[string]string{}}
	best := map[string]cost{root: {}}
	done := map[string]bool{}
	for range s.Topology.SFUs {
		next, found := "", false
		for _, u := range s.Topology.SFUs { // in the order of the file, which decides ties
			if c, ok := best[u.ID]; ok && !done[u.ID] && (!found || less(c, best[next])) {
				next, found = u.ID, true
			}
		}
		if !found {
			break
		}
		done[next] = true
		for _, l := range s.Links {
			to, d := l.B, l.Delay.There
			if l.B == next {
				to, d = l.A, l.Delay.Back
			} else if l.A != next {
				continue
			}
			c := cost{best[next].delay + d, best[next].hops + 1}
			if old, ok := best[to]; !done[to] && (!ok || less(c, old)) {
				best[to], t.from[to] = c, next
			}
		}
	}
	return t
}

// Route gives the SFUs from the tree's root to an SFU, both included.
func (t Tree) Route(to string) []string {
	route := []string{to}
	for to != t.root {
		to = t.from[to]
		route = append(route, to)
	}
	slices.Reverse(route)
	return route
}
