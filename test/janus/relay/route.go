package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/earshot-rtc/earshot/lab/delay"
)

// relays are the routes by name: one per page.
type relays struct {
	line *delay.Line
	own  *net.UDPAddr // any port of the machine's address

	mu     sync.Mutex
	routes map[string]*route
}

// route is a page's way to Janus and back: each end sends to a socket that the other's packets come from. What comes from
// elsewhere, such as the browser's sockets at other interfaces, is no part of it.
type route struct {
	page, janus end
}

type end struct {
	conn *delay.Conn                 // what this end sends to, and receives from
	at   atomic.Pointer[net.UDPAddr] // where the end is
}

// serve takes the address of one end, as in its ICE candidate, and gives the one to tell the other: POST
// /relay/<name>?delay=20ms&address=1.2.3.4:5&end=page or janus, whoever is to be told.
func (r *relays) serve(w http.ResponseWriter, q *http.Request) {
	address, err := netip.ParseAddrPort(q.FormValue("address"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	oneWay, err := time.ParseDuration(q.FormValue("delay"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	rt, err := r.route(q.PathValue("name"), oneWay)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	told, other := &rt.page, &rt.janus
	if q.FormValue("end") == "janus" {
		told, other = other, told
	}
	// With BUNDLE the first m-line's candidate is the one that is used.
	other.at.CompareAndSwap(nil, net.UDPAddrFromAddrPort(address))
	_, _ = fmt.Fprint(w, told.conn.LocalAddr())
}

func (r *relays) route(name string, oneWay time.Duration) (*route, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rt := r.routes[name]; rt != nil {
		return rt, nil
	}
	path := func() delay.Path { return delay.Path{Delay: oneWay} }
	page, err := r.line.Listen(r.own, path)
	if err != nil {
		return nil, err
	}
	janus, err := r.line.Listen(r.own, path)
	if err != nil {
		_ = page.Close()
		return nil, err
	}
	rt := &route{page: end{conn: page}, janus: end{conn: janus}}
	go carry(&rt.page, &rt.janus)
	go carry(&rt.janus, &rt.page)
	r.routes[name] = rt
	return rt, nil
}

func (r *relays) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rt := range r.routes {
		_, _ = rt.page.conn.Close(), rt.janus.conn.Close()
	}
}

// carry ends when the sockets close.
func carry(from, to *end) {
	buf := make([]byte, 1500)
	for {
		n, sender, err := from.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if at := to.at.Load(); at != nil && known(from.at.Load(), sender) {
			_, _ = to.conn.WriteToUDP(buf[:n], at)
		}
	}
}

func known(at *net.UDPAddr, sender netip.AddrPort) bool { return at != nil && at.AddrPort() == sender }

// own is the machine's address on some network. Janus uses no loopback addresses, not even to talk to; the kernel takes
// packets to this one over the loopback interface all the same.
func own() (*net.UDPAddr, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return &net.UDPAddr{IP: n.IP.To4()}, nil
		}
	}
	return nil, errors.New("the machine has no IPv4 address but that of the loopback interface, which Janus does not use")
}
