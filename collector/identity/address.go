package identity

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the reverse proxies whose word is taken for where a request comes from.
type proxies []netip.Prefix

func newProxies(list []string) (proxies, error) {
	var out proxies
	for i, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			addr, single := netip.ParseAddr(s)
			if single != nil {
				return nil, fmt.Errorf("auth.trusted_proxies[%d]: %q is not an address or a prefix such as 10.0.0.0/8", i, s)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("auth.trusted_proxies[%d]: %q trusts everybody, who could then give any address", i, s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p proxies) trust(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// Trusted says whether an address is a reverse proxy's.
func (a *Authenticator) Trusted(addr netip.Addr) bool { return a.proxies.trust(addr) }

// address is where a request comes from: the nearest address on its way that is no trusted proxy's. What stands before it
// in X-Forwarded-For anybody may have written.
func (p proxies) address(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	from := at.Addr().Unmap().WithZone("")
	if len(p) == 0 || !p.trust(from) {
		return from
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		next, ok := parseHop(hops[i])
		if !ok {
			return from
		}
		if from = next; !p.trust(from) {
			return from
		}
	}
	return from
}

// parseHop reads an address that may have a port.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}
