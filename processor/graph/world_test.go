package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/earshot-rtc/earshot/processor/graph"
)

// world is a call as it truly is: a naive model that knows everything at every moment. Its entities point at one another, so
// that no key, name or number is needed to follow a path.
type world struct {
	r       *rand.Rand
	now     int64
	sfus    []*wNode
	clients []*wNode
	route   [][]int // route[i][j] is the SFU after i on the way to j
	lines   map[[2]int]*wLine
	lineIDs int
	ssrc    uint32
	layers  int
	streams []*wStream
	evidence
}

// evidence is what the ends of the world's links know of each other.
type evidence struct {
	linkKeys, ufrags, names, owners, addresses bool
	sharedCertificates                         bool
	separate                                   bool // one connection to publish, one to receive
	keepSSRCs                                  bool // SFUs send streams on as they are
}

type wNode struct {
	kind   graph.Kind
	id     string
	home   int
	probed bool
	left   int64 // 0 = not
	ends   []*wEnd
}

// wLine is a link, wEnd one end of it.
type wLine struct {
	n    int
	ends [2]*wEnd
	born int64
	died int64 // 0 = not
}

type wEnd struct {
	owner *wNode
	line  *wLine
	id    string
}

func (e *wEnd) other() *wEnd {
	if e.line.ends[0] == e {
		return e.line.ends[1]
	}
	return e.line.ends[0]
}

// wStream is one RTP stream over a link, and what it carried when.
type wStream struct {
	from      *wEnd
	ssrc      uint32
	publisher *wNode
	layer     int
	born      int64
	died      int64
	carried   []wCarried
}

type wCarried struct {
	since int64
	of    *wStream
}

func (s *wStream) carries(at int64) *wStream {
	var of *wStream
	for _, c := range s.carried {
		if c.since <= at {
			of = c.of
		}
	}
	return of
}

func newWorld(r *rand.Rand, sfus, clients, layers int, ev evidence, shape string, unprobed bool) *world {
	w := &world{r: r, now: 1_000_000_000, lines: map[[2]int]*wLine{}, ssrc: r.Uint32(), layers: layers, evidence: ev}
	edges := map[[2]int]bool{}
	for i := range sfus {
		w.sfus = append(w.sfus, &wNode{kind: graph.SFU, id: fmt.Sprintf("s%d", i), probed: !unprobed || i != sfus/2})
		for j := range i {
			tree := map[string]bool{"line": j == i-1, "star": j == 0, "tree": j == r.IntN(i), "mesh": true}[shape]
			if tree || shape == "tree" && j == 0 && len(edges) < i {
				edges[[2]int{j, i}] = true
			}
		}
		if shape == "tree" && i > 0 && !slices.ContainsFunc(indexes(i), func(j int) bool { return edges[[2]int{j, i}] }) {
			edges[[2]int{r.IntN(i), i}] = true
		}
	}
	w.shortest(sfus, edges)
	for i := range clients {
		w.clients = append(w.clients, &wNode{kind: graph.Client, id: fmt.Sprintf("c%d", i), home: r.IntN(sfus), probed: true})
	}
	for i := range sfus {
		for j := range i {
			if edges[[2]int{j, i}] {
				w.lines[[2]int{j, i}] = w.connect(w.sfus[j], w.sfus[i])
			}
		}
	}
	for _, c := range w.clients {
		w.join(c)
	}
	w.reroute()
	return w
}

func indexes(n int) []int {
	v := make([]int, n)
	for i := range v {
		v[i] = i
	}
	return v
}

// shortest fills in the way between all SFUs, by trying all lengths.
func (w *world) shortest(n int, edges map[[2]int]bool) {
	const far = 1 << 20
	dist := make([][]int, n)
	w.route = make([][]int, n)
	for i := range n {
		dist[i], w.route[i] = make([]int, n), make([]int, n)
		for j := range n {
			dist[i][j] = far
			if i == j {
				dist[i][j] = 0
			} else if edges[[2]int{min(i, j), max(i, j)}] {
				dist[i][j], w.route[i][j] = 1, j
			}
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				if d := dist[i][k] + dist[k][j]; d < dist[i][j] {
					dist[i][j], w.route[i][j] = d, w.route[i][k]
				}
			}
		}
	}
}

func (w *world) connect(a, b *wNode) *wLine {
	w.lineIDs++
	l := &wLine{n: w.lineIDs, born: w.now}
	for i, n := range []*wNode{a, b} {
		e := &wEnd{owner: n, line: l, id: fmt.Sprintf("%s-t%d", n.id, w.lineIDs)}
		l.ends[i] = e
		n.ends = append(n.ends, e)
	}
	return l
}

func (w *world) cut(l *wLine) {
	if l.died == 0 {
		l.died = w.now
	}
}

// join connects a client to its SFU.
func (w *world) join(c *wNode) {
	w.connect(c, w.sfus[c.home])
	if w.separate {
		w.connect(c, w.sfus[c.home])
	}
}

// live is the end over which a client publishes, or receives.
func (w *world) live(n *wNode, receives bool) *wEnd {
	var live *wEnd
	for _, e := range n.ends {
		if e.line.died == 0 && (live == nil || receives) {
			live = e
		}
	}
	return live
}

// reroute makes and ends streams, so that everybody gets every publisher's track over the shortest way.
func (w *world) reroute() {
	needed := map[*wStream]bool{}
	for _, p := range w.clients {
		up := w.live(p, false)
		if up == nil {
			continue
		}
		var first []*wStream
		for layer := range w.layers {
			s := w.stream(p, up, layer, nil)
			needed[s] = true
			first = append(first, s)
		}
		for _, v := range w.clients {
			down := w.live(v, true)
			if v == p || down == nil {
				continue
			}
			for layer, last := range first {
				// All layers reach the last SFU, which sends one of them on.
				for at := p.home; at != v.home; {
					next := w.route[at][v.home]
					l := w.lines[[2]int{min(at, next), max(at, next)}]
					last = w.stream(p, l.ends[boolIndex(l.ends[0].owner != w.sfus[at])], layer, last)
					needed[last] = true
					at = next
				}
				if layer == 0 {
					out := w.stream(p, down.other(), -1, last)
					needed[out] = true
				}
			}
		}
	}
	for _, s := range w.streams {
		if !needed[s] && s.died == 0 {
			s.died = w.now
		}
	}
}

func boolIndex(b bool) int {
	if b {
		return 1
	}
	return 0
}

// stream finds or makes the one that carries a publisher's layer (-1: any) from an end.
func (w *world) stream(p *wNode, from *wEnd, layer int, of *wStream) *wStream {
	for _, s := range w.streams {
		if s.died == 0 && s.publisher == p && s.from == from && s.layer == layer {
			if c := s.carries(w.now); of != nil && c != of && (layer >= 0 || c.died != 0 || c.from != of.from) {
				s.carried = append(s.carried, wCarried{w.now, of})
			}
			return s
		}
	}
	w.ssrc += 0x9e3779b9
	s := &wStream{from: from, ssrc: w.ssrc, publisher: p, layer: layer, born: w.now}
	if of != nil && w.keepSSRCs {
		s.ssrc = of.ssrc
	}
	if of != nil {
		s.carried = []wCarried{{w.now, of}}
	}
	w.streams = append(w.streams, s)
	return s
}

// path is the true way of a received stream at a moment: the ids of transports, publisher first; nil where there is none.
func (w *world) path(s *wStream, at int64) (ends []string, publisher string) {
	for range 100 {
		if s == nil || at < s.born || s.died != 0 && at >= s.died || s.from.line.died != 0 && at >= s.from.line.died {
			return nil, ""
		}
		ends = append(ends, s.from.other().id, s.from.id)
		if s.from.owner.kind == graph.Client {
			slices.Reverse(ends)
			return ends, s.from.owner.id
		}
		s = s.carries(at)
	}
	return nil, ""
}
