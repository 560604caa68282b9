package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/earshot-rtc/earshot/processor/graph"
)

func TestALoopIsCountedAndLeftAlone(t *testing.T) {
	b := &book{graph.New()}
	b.report(graph.SFU, "fra", sec, []end{{ID: "f1", LinkKey: 1}, {ID: "fb", LinkKey: 2}},
		strm{end: "f1", ssrc: 5, from: "f1", of: 6}, strm{end: "fb", ssrc: 20, from: "f1", of: 6})
	b.report(graph.SFU, "iad", sec, []end{{ID: "i1", LinkKey: 1}}, strm{end: "i1", ssrc: 6, from: "i1", of: 5})
	b.report(graph.Client, "bo", sec, []end{{ID: "b", LinkKey: 2}}, strm{end: "b", in: true, ssrc: 20})
	_, p := b.resolve("bo", sec)
	require.False(t, p.Complete())
	require.NotZero(t, b.g.Counts().Loops)
}

func TestConflictsAreQuarantinedAndCounted(t *testing.T) {
	twice := func(extra ...strm) *book {
		b := &book{graph.New()}
		b.report(graph.Client, "ana", sec, []end{{ID: "a", LinkKey: 1}}, strm{end: "a", ssrc: 10})
		b.report(graph.Client, "bo", sec, []end{{ID: "b", LinkKey: 2}}, strm{end: "b", in: true, ssrc: 20})
		b.report(graph.SFU, "fra", sec, []end{{ID: "fa", LinkKey: 1}, {ID: "fb", LinkKey: 2}},
			append([]strm{{end: "fb", ssrc: 20, from: "fa", of: 10}}, extra...)...)
		return b
	}
	t.Run("one SSRC that forwards two streams", func(t *testing.T) {
		_, p := twice().resolve("bo", sec)
		require.True(t, p.Complete())
		b := twice(strm{end: "fb", ssrc: 20, from: "fa", of: 11})
		_, p = b.resolve("bo", sec)
		require.False(t, p.Complete())
		require.EqualValues(t, 1, b.g.Counts().Conflicts)
	})
	t.Run("a third end with the same keys", func(t *testing.T) {
		b := &book{graph.New()}
		tell := func(at int64, third bool) {
			b.report(graph.Client, "ana", at, []end{{ID: "a", LinkKey: 1, UfragKey: 9}}, strm{end: "a", ssrc: 10})
			b.report(graph.Client, "bo", at, []end{{ID: "b", LinkKey: 1, UfragKey: 9}}, strm{end: "b", in: true, ssrc: 10})
			if third {
				b.report(graph.Client, "clone", at, []end{{ID: "c", LinkKey: 1, UfragKey: 9}}, strm{end: "c", ssrc: 10})
			} else if s, ok := b.g.Lookup(graph.Client, "clone"); ok {
				b.g.Leave(s)
			}
		}
		tell(sec, false)
		tell(2*sec, false)
		_, p := b.resolve("bo", 2*sec)
		require.True(t, p.Complete())
		tell(3*sec, true)
		_, p = b.resolve("bo", 3*sec)
		require.False(t, p.Complete(), "which of the two is bo's peer is not known")
		require.NotZero(t, b.g.Counts().Conflicts)
		tell(4*sec, false)
		tell(5*sec, false)
		b.resolve("bo", 5*sec)
		tell(6*sec, false)
		_, p = b.resolve("bo", 6*sec)
		require.True(t, p.Complete(), "the third has gone")
		require.Greater(t, p.Since, 3*sec)
	})
	t.Run("two that name the same remote", func(t *testing.T) {
		b := &book{graph.New()}
		b.report(graph.SFU, "fra", sec, []end{{ID: "f"}})
		b.report(graph.Client, "ana", sec, []end{{ID: "a", RemoteOwner: "fra", RemoteTransport: "f"}})
		b.report(graph.Client, "bo", sec, []end{{ID: "b", RemoteOwner: "fra", RemoteTransport: "f"}})
		b.g.Pair()
		for _, s := range b.g.Sources() {
			require.Nil(t, s.Transports()[0].Link())
		}
		require.EqualValues(t, 2, b.g.Counts().Conflicts)
	})
}

func TestOneCertificateForSeveralConnections(t *testing.T) {
	for name, ufrag := range map[string]func(n uint64) uint64{
		"told apart by ufrags": func(n uint64) uint64 { return n },
		"without ufrags":       func(uint64) uint64 { return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			b := &book{graph.New()}
			// ana publishes over one connection and receives over another, between the same two certificates.
			b.report(graph.Client, "ana", sec, []end{{ID: "pub", LinkKey: 1, UfragKey: ufrag(1)}, {ID: "sub", LinkKey: 1, UfragKey: ufrag(2)}})
			fra := b.report(graph.SFU, "fra", sec, []end{{ID: "x", LinkKey: 1, UfragKey: ufrag(1)}, {ID: "y", LinkKey: 1, UfragKey: ufrag(2)}})
			b.g.Pair()
			if ufrag(1) == 0 {
				require.Nil(t, fra.Transports()[0].Link(), "four ends and nothing to tell them apart")
				return
			}
			require.Equal(t, "pub", fra.Transports()[0].Peer().ID)
			require.Equal(t, "sub", fra.Transports()[1].Peer().ID)
		})
	}
}

func TestAnEndThatHasLostItsPeerIsNotGivenAnother(t *testing.T) {
	b := &book{graph.New()}
	b.report(graph.Client, "ana", sec, []end{{ID: "a1", LinkKey: 1}})
	fra := b.report(graph.SFU, "fra", sec, []end{{ID: "f1", LinkKey: 1}})
	b.g.Pair()
	require.NotNil(t, fra.Transports()[0].Link())
	// ana has connected anew; the SFU still has the old connection, and not yet the new one.
	b.report(graph.Client, "ana", 2*sec, []end{{ID: "a2", LinkKey: 1}})
	b.report(graph.SFU, "fra", 2*sec, []end{{ID: "f1", LinkKey: 1}})
	b.g.Pair()
	require.Equal(t, "a1", fra.Transports()[0].Peer().ID)
	b.report(graph.SFU, "fra", 3*sec, []end{{ID: "f1", LinkKey: 1}, {ID: "f2", LinkKey: 1}})
	b.report(graph.Client, "ana", 3*sec, []end{{ID: "a2", LinkKey: 1}})
	b.g.Pair()
	require.Equal(t, "a2", fra.Transports()[1].Peer().ID)
}

func TestARestartOfASourceEndsWhatItHad(t *testing.T) {
	b := &book{graph.New()}
	b.report(graph.Client, "ana", sec, []end{{ID: "a", LinkKey: 1}}, strm{end: "a", ssrc: 10})
	bo := b.report(graph.Client, "bo", sec, []end{{ID: "b", LinkKey: 1}}, strm{end: "b", in: true, ssrc: 10})
	_, p := b.resolve("bo", sec)
	require.True(t, p.Complete())
	b.session(graph.Client, "ana", "2", 2*sec, []end{{ID: "a", LinkKey: 7}}, strm{end: "a", ssrc: 11})
	b.report(graph.Client, "bo", 2*sec, []end{{ID: "b", LinkKey: 1}}, strm{end: "b", in: true, ssrc: 10})
	_, p = b.resolve("bo", 2*sec)
	require.False(t, p.Complete())
	require.Len(t, bo.Streams(), 1)
}

func TestSSRCsPairOnlyWhereNothingElseCanBeMeant(t *testing.T) {
	pair := func(extra func(b *book)) *graph.Transport {
		b := &book{graph.New()}
		ana := b.report(graph.Client, "ana", sec, []end{{ID: "a"}}, strm{end: "a", ssrc: 10}, strm{end: "a", ssrc: 11})
		b.report(graph.SFU, "fra", sec, []end{{ID: "f"}}, strm{end: "f", in: true, ssrc: 10}, strm{end: "f", in: true, ssrc: 11})
		if extra != nil {
			extra(b)
		}
		b.g.Pair()
		return ana.Transports()[0].Peer()
	}
	require.Equal(t, "f", pair(nil).ID)
	require.Nil(t, pair(func(b *book) {
		b.report(graph.SFU, "iad", sec, []end{{ID: "i"}}, strm{end: "i", in: true, ssrc: 10})
	}), "another end has one of the streams: an SFU that keeps SSRCs as they are")
	t.Run("two clients never", func(t *testing.T) {
		b := &book{graph.New()}
		ana := b.report(graph.Client, "ana", sec, []end{{ID: "a"}}, strm{end: "a", ssrc: 10}, strm{end: "a", ssrc: 11})
		b.report(graph.Client, "bo", sec, []end{{ID: "b"}}, strm{end: "b", in: true, ssrc: 10}, strm{end: "b", in: true, ssrc: 11})
		b.g.Pair()
		require.Nil(t, ana.Transports()[0].Peer(), "an SFU without probe may stand between them")
	})
}

func TestNothingIsKeptOfWhatHasEnded(t *testing.T) {
	b := &book{graph.New()}
	for i := range int64(200) {
		at := (i + 1) * sec
		id := fmt.Sprint(i)
		b.report(graph.Client, "ana", at, []end{{ID: "a" + id, LinkKey: uint64(i + 1)}}, strm{end: "a" + id, ssrc: uint32(i)})
		b.report(graph.Client, "bo", at, []end{{ID: "b" + id, LinkKey: uint64(i + 1)}}, strm{end: "b" + id, in: true, ssrc: uint32(i)})
		b.g.Pair()
		b.g.Prune(at - 3*sec)
	}
	for _, s := range b.g.Sources() {
		require.LessOrEqual(t, len(s.Transports()), 5)
		require.LessOrEqual(t, len(s.Streams()), 5)
	}
}

func TestEndsThatWereNotSeenSideBySideAreNoLink(t *testing.T) {
	b := &book{graph.New()}
	ana := b.report(graph.Client, "ana", sec, []end{{ID: "a1", LinkKey: 1}})
	b.report(graph.SFU, "fra", 2*sec, []end{{ID: "f2", LinkKey: 1}})
	b.g.Pair()
	require.Nil(t, ana.Transports()[0].Peer(), "a1 may have gone before f2 came")
	b.report(graph.Client, "ana", 3*sec, []end{{ID: "a1", LinkKey: 1}})
	b.g.Pair()
	require.Equal(t, "f2", ana.Transports()[0].Peer().ID)
}

func TestUfragsThatDifferAreWaitedFor(t *testing.T) {
	tell := func(ufrag func(at int64) uint64) (pairedAt int64) {
		b := &book{graph.New()}
		for at := sec; at < 10*sec; at += sec {
			ana := b.report(graph.Client, "ana", at, []end{{ID: "a", LinkKey: 1, UfragKey: 1}})
			b.report(graph.SFU, "fra", at, []end{{ID: "f", LinkKey: 1, UfragKey: ufrag(at)}})
			b.g.Pair()
			if ana.Transports()[0].Peer() != nil {
				return at
			}
		}
		return 0
	}
	require.Equal(t, sec, tell(func(int64) uint64 { return 1 }))
	require.Equal(t, sec, tell(func(int64) uint64 { return 0 }), "one end does not know")
	require.Equal(t, 3*sec, tell(func(at int64) uint64 { // an ICE restart that one end has seen earlier
		if at < 3*sec {
			return 2
		}
		return 1
	}))
	require.Equal(t, 4*sec, tell(func(int64) uint64 { return 2 }), "one of them has it wrong; there is nobody else")
}
