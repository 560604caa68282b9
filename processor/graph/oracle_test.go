package graph_test

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/earshot-rtc/earshot/processor/graph"
)

const interval = 1_000_000

// report is what one source says at one moment.
type report struct {
	node       *wNode
	at, arrive int64
	ends       []*wEnd
	streams    []reported
	leave      bool
}

type reported struct {
	end  *wEnd
	s    *wStream
	in   bool
	from *wStream // at an SFU's outbound stream
}

// observe is what a source would report now.
func (w *world) observe(n *wNode) report {
	rep := report{node: n, at: w.now, leave: n.left != 0}
	for _, e := range n.ends {
		if e.line.died == 0 && e.line.born < w.now {
			rep.ends = append(rep.ends, e)
		}
	}
	for _, s := range w.streams {
		if s.died != 0 || s.from.line.died != 0 || s.born >= w.now || s.from.line.born >= w.now {
			continue
		}
		if s.from.owner == n {
			rep.streams = append(rep.streams, reported{end: s.from, s: s, from: s.carries(w.now - 1)})
		} else if s.from.other().owner == n {
			rep.streams = append(rep.streams, reported{end: s.from.other(), s: s, in: true})
		}
	}
	return rep
}

func digest(parts ...string) uint64 {
	slices.Sort(parts)
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.Join(parts, "|")))
	return h.Sum64()
}

func (w *world) facts(e *wEnd) graph.Facts {
	o := e.other()
	f := graph.Facts{ID: e.id, SFULink: e.owner.kind == graph.SFU && o.owner.kind == graph.SFU}
	if w.linkKeys {
		f.LinkKey = digest(e.owner.id, o.owner.id)
		if !w.sharedCertificates {
			f.LinkKey = digest(e.id, o.id)
		}
	}
	if w.ufrags {
		f.UfragKey = digest("u", e.id, o.id)
	}
	if w.names {
		f.RemoteOwner, f.RemoteTransport = o.owner.id, o.id
	}
	if w.owners {
		f.RemoteOwner = o.owner.id
	}
	if w.addresses {
		f.AddressKey = digest("a", e.id, o.id)
	}
	return f
}

// tell gives a report to the graph.
func (w *world) tell(g *graph.Graph, rep report) *graph.Source {
	s := g.Begin(rep.node.kind, rep.node.id, "", rep.at, interval)
	known := map[*wEnd]*graph.Transport{}
	for _, e := range rep.ends {
		f := w.facts(e)
		known[e] = g.Transport(s, &f)
	}
	for _, r := range rep.streams {
		f := graph.StreamFacts{Direction: graph.Outbound, SSRC: r.s.ssrc, Media: 1}
		if r.in {
			f.Direction = graph.Inbound
		}
		if r.from != nil && rep.node.kind == graph.SFU {
			f.FromTransport, f.FromSSRC = r.from.from.other().id, r.from.ssrc
		}
		g.Stream(s, known[r.end], &f)
	}
	g.End(s)
	if rep.leave {
		g.Leave(s)
	}
	return s
}

// change does something at random.
func (w *world) change() {
	c := w.clients[w.r.IntN(len(w.clients))]
	up := w.live(c, false)
	switch w.r.IntN(4) {
	case 0: // moves, or connects anew to where it was
		if up != nil {
			w.cut(up.line)
			if down := w.live(c, true); down != nil {
				w.cut(down.line)
			}
			if w.r.IntN(2) == 0 {
				c.home = w.r.IntN(len(w.sfus))
			}
			w.join(c)
		}
	case 1: // leaves
		if up != nil && w.r.IntN(3) == 0 {
			w.cut(up.line)
			if down := w.live(c, true); down != nil {
				w.cut(down.line)
			}
			c.left = w.now
		}
	case 2: // two SFUs connect anew
		i, j := w.r.IntN(len(w.sfus)), w.r.IntN(len(w.sfus))
		if k := [2]int{min(i, j), max(i, j)}; w.lines[k] != nil {
			w.cut(w.lines[k])
			w.lines[k] = w.connect(w.sfus[k[0]], w.sfus[k[1]])
		}
	case 3: // an SFU sends on another simulcast layer, which it has not sent on before
		w.switchLayer()
		return
	}
	w.reroute()
}

func (w *world) switchLayer() {
	for _, s := range w.streams {
		if s.layer != -1 || s.died != 0 || w.r.IntN(3) != 0 {
			continue
		}
		now := s.carries(w.now)
		for _, o := range w.streams {
			used := slices.ContainsFunc(s.carried, func(c wCarried) bool { return c.of == o })
			if !used && o.died == 0 && o.publisher == s.publisher && o.from == now.from && o != now {
				s.carried = append(s.carried, wCarried{w.now, o})
				break
			}
		}
	}
}

// TestNoPathIsEverWrong lets random calls change at random, loses and reorders reports at random, and compares every path
// that the graph claims to be complete with the truth at that instant. Paths whose facts are all known must be found.
func TestNoPathIsEverWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ev := rapid.SampledFrom([]evidence{
			{linkKeys: true, ufrags: true, sharedCertificates: true},
			{linkKeys: true, sharedCertificates: true},
			{linkKeys: true},
			{names: true},
			{owners: true},
			{ufrags: true},
			{addresses: true},
			{},
		}).Draw(t, "evidence")
		shape := rapid.SampledFrom([]string{"line", "star", "tree", "mesh"}).Draw(t, "shape")
		sfus := rapid.IntRange(1, 8).Draw(t, "sfus")
		clients := rapid.SampledFrom([]int{2, 2, 3, 3, 4, 5, 6, 8, 12, 50}).Draw(t, "clients")
		layers := rapid.IntRange(1, 3).Draw(t, "layers")
		if clients == 50 {
			sfus, layers = min(sfus, 3), 1
		}
		unprobed := rapid.IntRange(0, 3).Draw(t, "unprobed") == 0
		calm := rapid.IntRange(0, 3).Draw(t, "calm") == 0
		ev.separate = rapid.Bool().Draw(t, "separate")
		ev.keepSSRCs = rapid.IntRange(0, 3).Draw(t, "keep SSRCs") == 0
		w0 := weather{}
		if !calm {
			w0.changes = rapid.SampledFrom([]int{25, 10, 4}).Draw(t, "one change in")
			w0.losses = rapid.SampledFrom([]int{10, 3, 2}).Draw(t, "one loss in")
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		w := newWorld(r, sfus, clients, layers, ev, shape, unprobed)
		checkWorld(t, w, w0)
	})
}

// weather is how often something changes, per tenth of an interval, and how often a report is lost: once in so many, 0 = never.
type weather struct{ changes, losses int }

func checkWorld(t require.TestingT, w *world, weather weather) {
	calm := weather.changes == 0
	const rounds = 12
	var reports []report
	phase := map[*wNode]int64{}
	nodes := append(slices.Clone(w.sfus), w.clients...)
	for _, n := range nodes {
		phase[n] = w.r.Int64N(interval)
	}
	start := w.now
	for tick := start; tick < start+rounds*interval; tick += interval / 10 {
		w.now = tick
		if !calm && tick > start+2*interval && w.r.IntN(weather.changes) == 0 {
			w.change()
		}
		for _, n := range nodes {
			w.now = tick + 1 + w.r.Int64N(interval/10-2)
			if (tick-start)%interval != phase[n]/(interval/10)*(interval/10) || !n.probed || n.left != 0 && n.left < tick-2*interval {
				continue
			}
			if !calm && w.r.IntN(weather.losses) == 0 {
				continue // lost
			}
			rep := w.observe(n)
			rep.arrive = rep.at + w.r.Int64N(2*interval)
			reports = append(reports, rep)
		}
		w.now = tick
	}
	slices.SortStableFunc(reports, func(a, b report) int { return int(a.arrive - b.arrive) })

	g := graph.New()
	next := start
	found, due := 0, 0
	for _, rep := range reports {
		if s, ok := g.Lookup(rep.node.kind, rep.node.id); ok && rep.at <= s.Last {
			continue // overtaken
		}
		w.tell(g, rep)
		for next < w.now && watermark(g) >= next+5*interval {
			f, d := w.check(t, g, next)
			if calm && next > start {
				found, due = found+f, due+d
			}
			next += 5 * interval
		}
	}
	if calm && w.complete() {
		require.Equal(t, due, found, "paths whose facts are all known, and those that were found")
	}
}

// complete says that the ends know enough of one another for every path to be found.
func (w *world) complete() bool {
	for _, s := range w.sfus {
		if !s.probed {
			return false
		}
	}
	if w.linkKeys && w.sharedCertificates && !w.ufrags && w.separate {
		return false
	}
	return w.linkKeys || w.names || w.ufrags || w.addresses
}

// received is the stream that a transport of a client receives at a moment.
func (w *world) received(st *graph.Stream, at int64) *wStream {
	for _, s := range w.streams {
		if s.ssrc == st.SSRC && s.from.other().id == st.T.ID && at >= s.born && (s.died == 0 || at < s.died) {
			return s
		}
	}
	return nil
}

func watermark(g *graph.Graph) int64 {
	low := int64(1) << 62
	for _, s := range g.Sources() {
		if !s.Gone() {
			low = min(low, s.Last)
		}
	}
	return low
}

func (w *world) check(t require.TestingT, g *graph.Graph, start int64) (found, due int) {
	g.Silence(start, start+5*interval)
	g.Pair()
	var p graph.Path
	for _, s := range g.Sources() {
		if s.Kind != graph.Client {
			continue
		}
		for _, st := range s.Streams() {
			for i := range int64(5) {
				at := start + (i+1)*interval
				if st.Direction != graph.Inbound || !g.Resolve(st, at, &p) {
					continue
				}
				due++
				require.NotEmpty(t, p.Hops)
				require.GreaterOrEqual(t, p.Expected, len(p.Hops))
				if !p.Complete() {
					require.Greater(t, p.Expected, len(p.Hops))
					continue
				}
				found++
				var got []string
				for _, h := range p.Hops {
					got = append(got, h.From.ID, h.To.ID)
				}
				want, publisher := w.path(w.received(st, at), at)
				require.Equal(t, want, got)
				require.Equal(t, publisher, p.Publisher.ID)
				require.Len(t, p.Hops, p.Expected)
				require.LessOrEqual(t, p.Since, at)
			}
		}
	}
	return found, due
}
