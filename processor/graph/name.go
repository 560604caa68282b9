package graph

// claim is a name that an end gives of its remote.
type claim struct{ owner, transport string }

// claimsOf counts how often each remote is named.
func claimsOf(loose []*Transport) map[claim]int {
	claims := map[claim]int{}
	for _, t := range loose {
		if t.RemoteOwner != "" {
			claims[claim{t.RemoteOwner, t.RemoteTransport}]++
		}
	}
	return claims
}

// byName pairs ends of which one or both name the other, and which nobody else names.
func (g *Graph) byName(t *Transport, claims map[claim]int) *Transport {
	if t.RemoteOwner == "" {
		return nil
	}
	var found *Transport
	n := 0
	for _, kind := range []Kind{Client, SFU} {
		s, ok := g.Lookup(kind, t.RemoteOwner)
		if !ok || s == t.Owner {
			continue
		}
		if t.RemoteTransport != "" {
			if o := s.lookup(t.RemoteTransport); o != nil && !o.ended {
				found, n = o, n+1
			}
			continue
		}
		for _, o := range s.transports {
			if !o.ended && o.link == nil && o.RemoteOwner == t.Owner.ID {
				found, n = o, n+1
			}
		}
	}
	switch {
	case n != 1:
		return nil
	case t.RemoteTransport == "" && t.Owner.naming(found.Owner.ID) != 1:
		return nil
	case found.link != nil, !found.names(t), t.RemoteTransport != "" && claims[claim{t.RemoteOwner, t.RemoteTransport}] > 1:
		g.clash(t)
		return nil
	}
	return t.accept(found)
}

// naming counts the source's loose ends that name an owner but no transport.
func (s *Source) naming(owner string) int {
	n := 0
	for _, t := range s.transports {
		if !t.ended && t.link == nil && t.RemoteOwner == owner && t.RemoteTransport == "" {
			n++
		}
	}
	return n
}

// names says that t may mean o: it names it, or nobody.
func (t *Transport) names(o *Transport) bool {
	return (t.RemoteOwner == "" || t.RemoteOwner == o.Owner.ID) && (t.RemoteTransport == "" || t.RemoteTransport == o.ID)
}
