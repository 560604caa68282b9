package enrich

import "net/netip"

// placesMost bounds what is remembered, twice: addresses of about as many connections, 5 MB.
const placesMost = 32 << 10

// places remembers what was looked up in two generations: when the younger one is full, the older one goes.
type places struct {
	young, old map[netip.Addr]Place
}

func (p *places) get(a netip.Addr) (Place, bool) {
	if at, ok := p.young[a]; ok {
		return at, true
	}
	at, ok := p.old[a]
	if ok {
		p.put(a, at)
	}
	return at, ok
}

func (p *places) put(a netip.Addr, at Place) {
	if p.young == nil || len(p.young) >= placesMost {
		p.young, p.old = map[netip.Addr]Place{}, p.young
	}
	p.young[a] = at
}
