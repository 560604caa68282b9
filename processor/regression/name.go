package regression

import "strings"

// kind of a segment, or of a group of hops that have a level in common.
type kind uint8

const (
	linkKind    kind = iota + 1 // a, b: SFUs, sorted
	cellKind                    // a: region, b: SFU, asn, version: hops that differ by chance and time alone
	stratumKind                 // a cell of any version
	peopleKind                  // a: region, asn: access hops of the same people, whatever their SFU
	asnKind                     // asn
	sfuKind                     // b: SFU
	versionKind                 // version
	coreKind                    // a, b: regions of a pair: the part of the path between SFUs
	pairKind                    // a, b: regions of a pair: paths over SFUs
	directKind                  // a, b: regions of a pair: paths without an SFU
)

// name is what a segment or group is called.
type name struct {
	kind    kind
	a, b    string
	asn     uint32
	version string
}

// cell is the groups that an access hop belongs to, by number; asn and version are none where they are not known.
type cell struct{ self, stratum, people, sfu, asn, version int32 }

// ends is the groups of a pair of regions.
type ends struct{ pair, core, direct int32 }

const none int32 = -1

// path is a sequence of SFUs with the links between them.
type path struct {
	sfus  []string
	links []int32
}

// names gives small numbers to what observations mention. It only grows; what is mentioned are regions, SFUs, operators and versions,
// of which there are few, and never calls.
type names struct {
	numbers map[name]int32
	of      []name
	cells   []cell // by the number of the cell
	pairs   map[Pair]ends
	cores   []int32 // coreKind by pairKind
	paths   []path
	routes  map[string]int32 // index into paths
	key     strings.Builder
}

func newNames() *names {
	return &names{numbers: map[name]int32{}, pairs: map[Pair]ends{}, routes: map[string]int32{}}
}

func (n *names) number(of name) int32 {
	if i, ok := n.numbers[of]; ok {
		return i
	}
	i := int32(len(n.of))
	n.numbers[of] = i
	n.of, n.cells, n.cores = append(n.of, of), append(n.cells, cell{self: none}), append(n.cores, none)
	return i
}

// access is the cell of the hop between a client and an SFU.
func (n *names) access(e *End, sfu string) cell {
	self := n.number(name{kind: cellKind, a: e.Region, b: sfu, asn: e.ASN, version: e.Version})
	if n.cells[self].self != none {
		return n.cells[self]
	}
	c := cell{
		self:    self,
		stratum: n.number(name{kind: stratumKind, a: e.Region, b: sfu, asn: e.ASN}),
		people:  n.number(name{kind: peopleKind, a: e.Region, asn: e.ASN}),
		sfu:     n.number(name{kind: sfuKind, b: sfu}),
		asn:     none, version: none,
	}
	if e.ASN != 0 {
		c.asn = n.number(name{kind: asnKind, asn: e.ASN})
	}
	if e.Version != "" {
		c.version = n.number(name{kind: versionKind, version: e.Version})
	}
	n.cells[self] = c
	return c
}

func (n *names) between(p Pair) ends {
	if e, ok := n.pairs[p]; ok {
		return e
	}
	e := ends{
		pair:   n.number(name{kind: pairKind, a: p.Publisher, b: p.Subscriber}),
		core:   n.number(name{kind: coreKind, a: p.Publisher, b: p.Subscriber}),
		direct: n.number(name{kind: directKind, a: p.Publisher, b: p.Subscriber}),
	}
	n.pairs[p] = e
	n.cores[e.pair] = e.core
	return e
}

func (n *names) pair(number int32) Pair { return Pair{n.of[number].a, n.of[number].b} }

// route is the number of a path.
func (n *names) route(sfus []string) int32 {
	n.key.Reset()
	for _, s := range sfus {
		n.key.WriteString(s)
		n.key.WriteByte(0)
	}
	if i, ok := n.routes[n.key.String()]; ok {
		return i
	}
	p := path{sfus: make([]string, len(sfus))}
	for i, s := range sfus {
		p.sfus[i] = strings.Clone(s)
		if i > 0 {
			l := sortedLink(sfus[i-1], s)
			p.links = append(p.links, n.number(name{kind: linkKind, a: strings.Clone(l.From), b: strings.Clone(l.To)}))
		}
	}
	i := int32(len(n.paths))
	n.paths = append(n.paths, p)
	n.routes[n.key.String()] = i
	return i
}

func sortedLink(a, b string) Link {
	if b < a {
		a, b = b, a
	}
	return Link{a, b}
}
