package graph

// ssrcs says which ends have which stream: the weakest evidence, for probes that know no keys and no names.
type ssrcs struct {
	holders map[ssrcKey][]*Transport
	of      map[*Transport][]*Stream // of loose ends
}

type ssrcKey struct {
	ssrc uint32
	dir  Direction
}

func (g *Graph) collect(loose []*Transport) ssrcs {
	sets := ssrcs{map[ssrcKey][]*Transport{}, map[*Transport][]*Stream{}}
	for _, t := range loose {
		sets.of[t] = nil
	}
	for _, s := range g.sources {
		for _, st := range s.streams {
			if st.ended || st.since == never {
				continue
			}
			k := ssrcKey{st.SSRC, st.Direction}
			sets.holders[k] = append(sets.holders[k], st.T)
			if own, ok := sets.of[st.T]; ok {
				sets.of[st.T] = append(own, st)
			}
		}
	}
	return sets
}

// match finds the one end that has what t has in the opposite direction: at least two streams of which nobody else has
// any, or one of the same kind of media. Only a client and an SFU are paired so. An SFU that reports nothing and keeps
// SSRCs as they are makes two clients, or two SFUs, look like each other's remote; and it makes a client look like the remote
// of the SFU behind it, unless that SFU says that the other end is one.
func (s *ssrcs) match(t *Transport) *Transport {
	var peer *Transport
	n, media := 0, true
	for _, st := range s.of[t] {
		holders := s.holders[ssrcKey{st.SSRC, st.Direction.opposite()}]
		if len(holders) == 0 {
			continue
		}
		rivals := s.holders[ssrcKey{st.SSRC, st.Direction}]
		if len(holders) != 1 || len(rivals) != 1 || peer != nil && holders[0] != peer {
			return nil
		}
		peer = holders[0]
		n++
		for _, o := range s.of[peer] {
			if o.SSRC == st.SSRC && o.Direction != st.Direction && (o.Media == 0 || o.Media != st.Media) {
				media = false
			}
		}
	}
	if peer == nil || peer.Owner.Kind == t.Owner.Kind || n < 2 && !media {
		return nil
	}
	if t.UfragKey != 0 && peer.UfragKey != 0 && t.UfragKey != peer.UfragKey {
		return nil
	}
	return t.accept(peer)
}
