// Package graph holds what is known of one call's shape over time. Reports of sources (which transports and streams an
// owner has, which stream forwards which) go in; for any received stream and instant the path to its publisher comes out.
//
// Every fact is true from when it was first seen until it was last seen; between the last sight of a fact and the first of
// what replaces it, nothing is known, and nothing is claimed. Facts may arrive in any order over the sources. What cannot
// be resolved yet stays unresolved and is tried again; what contradicts itself is put aside and counted.
//
// Times are microseconds of event time. The package reads no clock, and the same reports in the same order give the same
// answers.
package graph

import "math"

// Kind is what an owner of transports is.
type Kind uint8

// Kinds of owners.
const (
	Client Kind = 1
	SFU    Kind = 2
)

// never is a time that does not come: a fact that is true since never is put aside.
const never = math.MaxInt64

// Counts says what was put aside.
type Counts struct {
	Conflicts uint64 // two claims to one end of a link, to one transport id, or to one stream
	Loops     uint64 // a path that comes back to a link that it has
}

// Graph is the shape of one call. The zero value is not usable; see New. It is not safe for concurrent use.
type Graph struct {
	// Early says that a source that reports for the first time, and all that it then has, has been there since before: the
	// graph has begun in the middle of the call. Since and After of such facts are 0.
	Early bool

	version uint64
	latest  int64     // time of the latest report
	settled int64     // latest, when version last changed
	sources []*Source // in order of appearance
	byID    map[sourceKey]*Source
	streams map[streamKey]*Stream
	keys    map[key][]*Transport // live ends by the keys of pairing
	counts  Counts
	dirty   bool // an end has come, gone or changed since Pair, or Pair has left one alone
}

type sourceKey struct {
	kind Kind
	id   string
}

type streamKey struct {
	end  *Transport
	ssrc uint32
	dir  Direction
}

// New makes the graph of a call of which nothing is known.
func New() *Graph {
	return &Graph{byID: map[sourceKey]*Source{}, streams: map[streamKey]*Stream{}, keys: map[key][]*Transport{}}
}

// Version changes whenever a path may have changed.
func (g *Graph) Version() uint64 { return g.version }

// Settled is a time after which nothing has changed so far: what Resolve finds from then on, it finds until the version
// changes or a source falls silent.
func (g *Graph) Settled() int64 { return g.settled }

// Counts says what was put aside so far.
func (g *Graph) Counts() Counts { return g.counts }

// Sources lists who has reported, in order of appearance.
func (g *Graph) Sources() []*Source { return g.sources }

// Lookup finds a source.
func (g *Graph) Lookup(kind Kind, id string) (*Source, bool) {
	s, ok := g.byID[sourceKey{kind, id}]
	return s, ok
}

func (g *Graph) changed() {
	g.version++
	g.settled = g.latest
}
