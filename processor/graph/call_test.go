package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/graph"
)

// book writes reports by hand: every source once a second.
type book struct {
	g *graph.Graph
}

// end and strm are what a report says.
type end = graph.Facts

type strm struct {
	end  string
	in   bool
	ssrc uint32
	from string
	of   uint32
}

func (b *book) report(kind graph.Kind, id string, at int64, ends []end, streams ...strm) *graph.Source {
	return b.session(kind, id, "1", at, ends, streams...)
}

func (b *book) session(kind graph.Kind, id, session string, at int64, ends []end, streams ...strm) *graph.Source {
	s := b.g.Begin(kind, id, session, at, interval)
	known := map[string]*graph.Transport{}
	for i := range ends {
		known[ends[i].ID] = b.g.Transport(s, &ends[i])
	}
	for _, st := range streams {
		f := graph.StreamFacts{Direction: graph.Outbound, SSRC: st.ssrc, Media: 1, FromTransport: st.from, FromSSRC: st.of}
		if st.in {
			f.Direction = graph.Inbound
		}
		b.g.Stream(s, known[st.end], &f)
	}
	b.g.End(s)
	return s
}

// resolve finds the path of the only received stream of a client: ids of transports, publisher first.
func (b *book) resolve(client string, at int64) (ends []string, p graph.Path) {
	b.g.Pair()
	s, ok := b.g.Lookup(graph.Client, client)
	if !ok {
		return nil, p
	}
	for _, st := range s.Streams() {
		if st.Direction == graph.Inbound && b.g.Resolve(st, at, &p) {
			for _, h := range p.Hops {
				from := "?"
				if h.From != nil {
					from = h.From.ID
				}
				ends = append(ends, from, h.To.ID)
			}
			return ends, p
		}
	}
	return nil, p
}

const sec = int64(1_000_000)

// chain reports ana -> fra -> iad -> bo once.
func (b *book) chain(at int64) {
	b.report(graph.Client, "ana", at, []end{{ID: "a", LinkKey: 1}}, strm{end: "a", ssrc: 10})
	b.report(graph.SFU, "fra", at, []end{{ID: "fa", LinkKey: 1}, {ID: "fi", LinkKey: 2, SFULink: true}},
		strm{end: "fa", in: true, ssrc: 10}, strm{end: "fi", ssrc: 20, from: "fa", of: 10})
	b.report(graph.SFU, "iad", at, []end{{ID: "if", LinkKey: 2, SFULink: true}, {ID: "ib", LinkKey: 3}},
		strm{end: "if", in: true, ssrc: 20}, strm{end: "ib", ssrc: 30, from: "if", of: 20})
	b.report(graph.Client, "bo", at, []end{{ID: "b", LinkKey: 3}}, strm{end: "b", in: true, ssrc: 30})
}

func TestRule9APathIsWalkedBackFromWhoReceives(t *testing.T) {
	b := &book{graph.New()}
	b.chain(sec)
	b.chain(2 * sec)
	ends, p := b.resolve("bo", 2*sec)
	require.Equal(t, []string{"a", "fa", "fi", "if", "ib", "b"}, ends)
	require.Equal(t, "ana", p.Publisher.ID)
	require.EqualValues(t, 10, p.Track.SSRC)
	require.Len(t, p.Relays, 2)
	require.Equal(t, 3, p.Expected)
	require.Equal(t, sec, p.Since)
	ends, _ = b.resolve("ana", 2*sec)
	require.Empty(t, ends, "ana receives nothing: there is no path the other way")
}

func TestRule5AMissingReportLeavesAPartialPath(t *testing.T) {
	b := &book{graph.New()}
	b.report(graph.SFU, "iad", sec, []end{{ID: "if", LinkKey: 2, SFULink: true}, {ID: "ib", LinkKey: 3}},
		strm{end: "if", in: true, ssrc: 20}, strm{end: "ib", ssrc: 30, from: "if", of: 20})
	b.report(graph.Client, "bo", sec, []end{{ID: "b", LinkKey: 3}}, strm{end: "b", in: true, ssrc: 30})
	ends, p := b.resolve("bo", sec)
	require.Equal(t, []string{"?", "if", "ib", "b"}, ends)
	require.False(t, p.Complete())
	require.Equal(t, 3, p.Expected)
}

func TestFactsMayArriveInAnyOrder(t *testing.T) {
	orders := [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}}
	for _, order := range orders {
		b := &book{graph.New()}
		steps := []func(){
			func() { b.report(graph.Client, "ana", sec, []end{{ID: "a", LinkKey: 1}}, strm{end: "a", ssrc: 10}) },
			func() {
				b.report(graph.SFU, "fra", sec, []end{{ID: "fa", LinkKey: 1}, {ID: "fi", LinkKey: 2}},
					strm{end: "fa", in: true, ssrc: 10}, strm{end: "fi", ssrc: 20, from: "fa", of: 10})
			},
			func() {
				b.report(graph.SFU, "iad", sec, []end{{ID: "if", LinkKey: 2}, {ID: "ib", LinkKey: 3}},
					strm{end: "ib", ssrc: 30, from: "if", of: 20})
			},
			func() {
				b.report(graph.Client, "bo", sec, []end{{ID: "b", LinkKey: 3}}, strm{end: "b", in: true, ssrc: 30})
			},
		}
		for _, i := range order {
			steps[i]()
			b.resolve("bo", sec) // tried again after every report
		}
		ends, _ := b.resolve("bo", sec)
		require.Equal(t, []string{"a", "fa", "fi", "if", "ib", "b"}, ends, "%v", order)
	}
}

func TestAChangedForwardIsUnknownBetweenTheReportsAndOldBefore(t *testing.T) {
	b := &book{graph.New()}
	sfu := func(at int64, from string, of uint32) {
		b.report(graph.SFU, "fra", at, []end{{ID: "fa", LinkKey: 1}, {ID: "fb", LinkKey: 2}, {ID: "fc", LinkKey: 3}},
			strm{end: "fb", ssrc: 20, from: from, of: of})
		b.report(graph.Client, "ana", at, []end{{ID: "a", LinkKey: 1}}, strm{end: "a", ssrc: 10})
		b.report(graph.Client, "bo", at, []end{{ID: "b", LinkKey: 2}}, strm{end: "b", in: true, ssrc: 20})
		b.report(graph.Client, "chi", at, []end{{ID: "c", LinkKey: 3}}, strm{end: "c", ssrc: 11})
	}
	for at := sec; at <= 4*sec; at += sec {
		sfu(at, "fa", 10)
	}
	sfu(5*sec, "fc", 11)
	old, p := b.resolve("bo", 4*sec)
	require.Equal(t, []string{"a", "fa", "fb", "b"}, old)
	require.Equal(t, sec, p.Since)
	between, p := b.resolve("bo", 4*sec+sec/2)
	require.Equal(t, []string{"fb", "b"}, between)
	require.False(t, p.Complete())
	now, p := b.resolve("bo", 5*sec)
	require.Equal(t, []string{"c", "fc", "fb", "b"}, now)
	require.Equal(t, 5*sec, p.Since, "a new epoch")
	require.Equal(t, 4*sec, p.After)
}

func TestRule6ALayerSwitchOverTheSameLinksIsNoNewEpoch(t *testing.T) {
	b := &book{graph.New()}
	tell := func(at int64, layer uint32) {
		b.report(graph.SFU, "fra", at, []end{{ID: "fa", LinkKey: 1}, {ID: "fb", LinkKey: 2}}, strm{end: "fb", ssrc: 20, from: "fa", of: layer})
		b.report(graph.Client, "ana", at, []end{{ID: "a", LinkKey: 1}}, strm{end: "a", ssrc: 10}, strm{end: "a", ssrc: 11})
		b.report(graph.Client, "bo", at, []end{{ID: "b", LinkKey: 2}}, strm{end: "b", in: true, ssrc: 20})
	}
	tell(sec, 10)
	tell(2*sec, 10)
	tell(3*sec, 11)
	_, p := b.resolve("bo", 3*sec)
	require.EqualValues(t, 11, p.Track.SSRC)
	require.Equal(t, sec, p.Since)
}

func TestRule6AnotherKindOfCandidatePairIsANewEpoch(t *testing.T) {
	pair := func(local graph.Candidate) graph.Pair {
		return graph.Pair{Local: local, Remote: graph.Srflx, Protocol: 1}
	}
	for name, c := range map[string]struct {
		was, is graph.Candidate
		epoch   bool
	}{
		"host to relay":                         {graph.Host, graph.Relay, true},
		"relay to host":                         {graph.Relay, graph.Host, true},
		"becomes known":                         {graph.CandidateUnknown, graph.Host, false},
		"peer reflexive until it was signalled": {graph.Prflx, graph.Srflx, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := &book{graph.New()}
			tell := func(at int64, local graph.Candidate) {
				b.report(graph.Client, "ana", at, []end{{ID: "a", LinkKey: 1, Pair: pair(local)}}, strm{end: "a", ssrc: 10})
				b.report(graph.Client, "bo", at, []end{{ID: "b", LinkKey: 1}}, strm{end: "b", in: true, ssrc: 10})
			}
			tell(sec, c.was)
			tell(2*sec, c.is)
			_, p := b.resolve("bo", 2*sec)
			require.True(t, p.Complete())
			require.Equal(t, c.epoch, p.Since == 2*sec)
			_, p = b.resolve("bo", sec+sec/2)
			require.Equal(t, !c.epoch, p.Complete(), "between the reports the kind is not known")
		})
	}
}

func TestRule10PeerToPeerIsOneHop(t *testing.T) {
	b := &book{graph.New()}
	b.report(graph.Client, "ana", sec, []end{{ID: "a", LinkKey: 1}}, strm{end: "a", ssrc: 10})
	b.report(graph.Client, "bo", sec, []end{{ID: "b", LinkKey: 1}}, strm{end: "b", in: true, ssrc: 10})
	ends, p := b.resolve("bo", sec)
	require.Equal(t, []string{"a", "b"}, ends)
	require.Equal(t, 1, p.Expected)
}

func TestATrackOverTwoRoutesAtOnceIsTwoPathsFromOnePublisher(t *testing.T) {
	b := &book{graph.New()}
	b.report(graph.Client, "ana", sec, []end{{ID: "a", LinkKey: 1}}, strm{end: "a", ssrc: 10})
	b.report(graph.SFU, "fra", sec, []end{{ID: "fa", LinkKey: 1}, {ID: "fb", LinkKey: 2}, {ID: "fi", LinkKey: 3}},
		strm{end: "fb", ssrc: 20, from: "fa", of: 10}, strm{end: "fi", ssrc: 21, from: "fa", of: 10})
	b.report(graph.SFU, "iad", sec, []end{{ID: "if", LinkKey: 3}, {ID: "ib", LinkKey: 4}}, strm{end: "ib", ssrc: 22, from: "if", of: 21})
	bo := b.report(graph.Client, "bo", sec, []end{{ID: "b1", LinkKey: 2}, {ID: "b2", LinkKey: 4}},
		strm{end: "b1", in: true, ssrc: 20}, strm{end: "b2", in: true, ssrc: 22})
	b.g.Pair()
	var p graph.Path
	for i, hops := range []int{2, 3} {
		require.True(t, b.g.Resolve(bo.Streams()[i], sec, &p))
		require.Equal(t, "ana", p.Publisher.ID)
		require.Len(t, p.Hops, hops)
	}
}
