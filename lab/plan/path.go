package plan

import (
	"slices"
	"time"

	"github.com/earshot-rtc/earshot/lab/topology"
)

// Hop is one link as a path uses it.
type Hop struct {
	From, To string
	RTT      time.Duration
}

// Path is the way of one track from its publisher to a subscriber.
type Path struct {
	// Publisher and Subscriber are client ids.
	Publisher, Subscriber string
	Kind                  topology.Kind
	// SFUs in the order of travel; empty peer to peer.
	SFUs []string
	Hops []Hop
	// Muted tracks are silent; the path is there all the same.
	Muted bool
	// Instance tells apart paths over the same SFUs whose transports differ (a move away and back, a restarted SFU).
	Instance Instance
}

// Instance counts what renews a path's transports.
type Instance struct{ Publisher, Subscriber, Starts int }

// RTT is the sum of the hops'.
func (p *Path) RTT() time.Duration {
	var sum time.Duration
	for _, h := range p.Hops {
		sum += h.RTT
	}
	return sum
}

// Paths gives all paths there should be now, in the order of the topology.
func (s *State) Paths() []Path {
	trees := map[string]Tree{}
	var paths []Path
	for _, sub := range s.Members {
		for _, pub := range s.Members {
			if !sub.Client.SubscribesTo(pub.Client.ID) {
				continue
			}
			path := Path{Publisher: pub.ID, Subscriber: sub.ID, Instance: Instance{Publisher: pub.Incarnation, Subscriber: sub.Incarnation}}
			if s.Topology.P2P {
				path.Hops = []Hop{{pub.ID, sub.ID, pub.Way.Delay.RTT() + sub.Way.Delay.RTT()}}
			} else {
				tree, ok := trees[pub.SFU]
				if !ok {
					tree = s.TreeFrom(pub.SFU)
					trees[pub.SFU] = tree
				}
				path.SFUs = tree.Route(sub.SFU)
				if slices.ContainsFunc(path.SFUs, func(id string) bool { return s.down[id] }) {
					continue
				}
				path.Hops = s.hops(pub, sub, path.SFUs)
				for _, id := range path.SFUs {
					path.Instance.Starts += s.starts[id]
				}
			}
			for _, k := range pub.Client.Publish {
				path.Kind, path.Muted = k, pub.Muted[k]
				paths = append(paths, path)
			}
		}
	}
	return paths
}

func (s *State) hops(pub, sub *Member, sfus []string) []Hop {
	hops := []Hop{{pub.ID, sfus[0], pub.Way.Delay.RTT()}}
	for i := 1; i < len(sfus); i++ {
		l := s.Links[s.Topology.Link(sfus[i-1], sfus[i])]
		hops = append(hops, Hop{sfus[i-1], sfus[i], l.Delay.RTT()})
	}
	return append(hops, Hop{sfus[len(sfus)-1], sub.ID, sub.Way.Delay.RTT()})
}
