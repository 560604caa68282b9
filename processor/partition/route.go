package partition

import (
	"slices"

	"github.com/earshot-rtc/earshot/processor/graph"
)

// route is a path as rows need it: made when a path changes, and then the same for every window. Rows refer to its names, so
// it is not written to after it is made.
type route struct {
	path      graph.Path
	publisher *source   // nil where it is not known
	track     *strand   // the publisher's stream, nil where it does not report it
	relays    []*strand // by which SFUs send the track on
	links     []*end    // the first end of each link

	from, to, sfus, regions []string
}

// routeOf returns the route for a path: the one at hand if it is of the same path, or one that shares names with one near it.
func routeOf(p *graph.Path, known, near *route) *route {
	if known != nil && known.path.Equal(p) {
		return known
	}
	r := &route{}
	like := near != nil && near.path.Same(p)
	if like {
		r.path = *p
		r.path.Hops, r.path.Relays = near.path.Hops, slices.Clone(p.Relays)
	} else {
		r.path.Set(p)
	}
	if p.Publisher != nil {
		r.publisher = ownerOf(p.Publisher)
	}
	if p.Track != nil {
		r.track = strandOf(p.Track)
	}
	if n := len(p.Relays); n > 0 {
		r.relays = make([]*strand, n)
	}
	for i, st := range p.Relays {
		r.relays[i] = strandOf(st)
	}
	if like {
		r.links, r.from, r.to, r.sfus, r.regions = near.links, near.from, near.to, near.sfus, near.regions
		return r
	}
	r.name(p)
	return r
}

// name lists the hops' ends.
func (r *route) name(p *graph.Path) {
	n := len(p.Hops)
	r.links = make([]*end, n)
	names := make([]string, 4*n+2)
	r.from, r.to, names = names[:n:n], names[n:2*n:2*n], names[2*n:]
	r.sfus, r.regions = names[:0:n+1], names[n+1:n+1:2*n+2]
	for i, h := range p.Hops {
		r.links[i], _ = linkOf(h.To)
		if h.From != nil {
			r.from[i] = h.From.Owner.ID
			if i == 0 {
				r.pass(h.From.Owner) // a path that begins in the middle begins at an SFU
			}
		}
		r.to[i] = h.To.Owner.ID
		r.pass(h.To.Owner)
	}
}

// pass notes an SFU on the way.
func (r *route) pass(s *graph.Source) {
	if s.Kind == graph.SFU {
		r.sfus, r.regions = append(r.sfus, s.ID), append(r.regions, ownerOf(s).who.region)
	}
}
