package corpus

import (
	"time"

	"github.com/earshot-rtc/earshot/processor/regression"
)

// observe adds what a call had in a window: each direction between any two of its clients.
func (t *traffic) observe(out []regression.Observation, c *call, start time.Time) []regression.Observation {
	at := middle(start)
	homes := make([]int, len(c.clients))
	access := make([]float64, len(c.clients))
	for i, cl := range c.clients {
		homes[i], access[i] = t.access(cl, at)
	}
	var between [16][16]float64 // what this call measures of a link, the same in both directions
	for i, from := range c.clients {
		for j, to := range c.clients {
			if i == j {
				continue
			}
			o := regression.Observation{
				Call:       c.id,
				Publisher:  regression.End{Region: from.region, ASN: from.asn, Version: from.version},
				Subscriber: regression.End{Region: to.region, ASN: to.asn, Version: to.version},
			}
			route := t.route(homes[i], homes[j], at)
			o.Hops = append(make([]float64, 0, len(route)+1), access[i])
			o.RTT = access[i] + access[j]
			for n, p := range route {
				o.Path = append(o.Path, places[p].sfu)
				if n == 0 {
					continue
				}
				a, b := min(route[n-1], p), max(route[n-1], p)
				if between[a][b] == 0 {
					between[a][b] = t.link(c, a, b, at)
				}
				o.Hops = append(o.Hops, between[a][b])
				o.RTT += between[a][b]
			}
			o.Hops = append(o.Hops, access[j])
			out = append(out, o)
		}
	}
	return out
}

// access is where a client is connected, and its round-trip time there.
func (t *traffic) access(c *client, at time.Time) (home int, ms float64) {
	home, ms = c.home, c.at
	for i := range t.cases {
		k := &t.cases[i]
		size := k.size(at)
		if size == 0 {
			continue
		}
		switch {
		case k.Kind == Drain && home == k.Where:
			home = k.Via
		case k.Kind == Operator && c.asn == k.ASN, k.Kind == Rollout && c.version == k.Version:
			ms += size * k.ByMs
		}
	}
	for i := range t.cases {
		if k := &t.cases[i]; k.Kind == Site && home == k.Where {
			ms += k.size(at) * k.ByMs
		}
	}
	if home != c.place {
		ms += distance(c.place, home)
	}
	return home, ms
}

// route is the places whose SFUs a path between two takes.
func (t *traffic) route(from, to int, at time.Time) []int {
	if from == to {
		return []int{from}
	}
	for i := range t.cases {
		k := &t.cases[i]
		if k.Kind == LinkDown && k.size(at) > 0 && (k.Where == from && k.And == to || k.Where == to && k.And == from) {
			return []int{from, k.Via, to}
		}
	}
	return []int{from, to}
}

// link is what a call measures between two SFUs.
func (t *traffic) link(c *call, a, b int, at time.Time) float64 {
	ms := t.world.rtt(a, b, at) + max(t.shared[a][b], 0) + 0.3 + 0.5*t.rand.ExpFloat64()
	if t.rand.Float64() < 0.04 {
		ms += 6 * t.rand.ExpFloat64()
	}
	for i := range t.cases {
		k := &t.cases[i]
		switch k.Kind {
		case Step, SmallStep, Ramp, Spike, TwoAtOnce:
			if a == min(k.Where, k.And) && b == max(k.Where, k.And) {
				ms += k.size(at) * k.ByMs
			}
		case BadCalls:
			if c.bad && a == min(k.Where, k.And) && b == max(k.Where, k.And) {
				ms += 80
			}
		}
	}
	return ms
}

// users is how many calls have to do with a case in a window, those of its busiest pair of regions for paths.
func (k *Case) users(of []regression.Observation) map[string]bool {
	byPair := map[regression.Pair]map[string]bool{}
	for i := range of {
		o := &of[i]
		pair := regression.Pair{}
		switch k.Kind {
		case Operator:
			if o.Publisher.ASN != k.ASN && o.Subscriber.ASN != k.ASN {
				continue
			}
		case Rollout:
			if o.Publisher.Version != k.Version && o.Subscriber.Version != k.Version {
				continue
			}
		case Site:
			if sfu := places[k.Where].sfu; o.Path[0] != sfu && o.Path[len(o.Path)-1] != sfu {
				continue
			}
		case LinkDown:
			if o.Publisher.Region != places[k.Where].region || o.Subscriber.Region != places[k.And].region {
				continue
			}
		case Drain:
			if o.Publisher.Region != places[k.Where].region {
				continue
			}
			pair.Subscriber = o.Subscriber.Region
		default:
			if !k.takes(o.Path) {
				continue
			}
		}
		if byPair[pair] == nil {
			byPair[pair] = map[string]bool{}
		}
		byPair[pair][o.Call] = true
	}
	var most map[string]bool
	for _, calls := range byPair {
		if len(calls) > len(most) {
			most = calls
		}
	}
	return most
}

func (k *Case) takes(path []string) bool {
	a, b := places[k.Where].sfu, places[k.And].sfu
	for i := 1; i < len(path); i++ {
		if path[i-1] == a && path[i] == b || path[i-1] == b && path[i] == a {
			return true
		}
	}
	return false
}
