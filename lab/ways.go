package lab

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/earshot-rtc/earshot/lab/delay"
	"github.com/earshot-rtc/earshot/lab/plan"
)

// ways is what all directions do to packets, read at every packet and changed by events.
type ways struct {
	mu sync.Mutex
	of map[string]*direction
}

// direction is one way of one link.
type direction struct{ path atomic.Pointer[delay.Path] }

func (d *direction) now() delay.Path { return *d.path.Load() }

func newWays() *ways { return &ways{of: map[string]*direction{}} }

// get finds or makes the direction from one end to another, named as the plan's hops are.
func (w *ways) get(from, to string) *direction {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := from + "\x00" + to
	d := w.of[key]
	if d == nil {
		d = &direction{}
		d.path.Store(&delay.Path{})
		w.of[key] = d
	}
	return d
}

func (w *ways) set(from, to string, oneWay time.Duration, way plan.Way) {
	w.get(from, to).path.Store(&delay.Path{Delay: oneWay, Jitter: way.Jitter, Loss: way.Loss})
}

// client ends of directions carry a mark, as a client and an SFU may have the same id.
func clientEnd(id string) string { return "client " + id }

// network is the far end of a peer-to-peer client's way.
const network = "network"

// update takes over the delays of a state.
func (w *ways) update(s *plan.State) {
	for _, l := range s.Links {
		w.set(l.A, l.B, l.Delay.There, l.Way)
		w.set(l.B, l.A, l.Delay.Back, l.Way)
	}
	for _, m := range s.Members {
		far := network
		if m.SFU != "" {
			far = m.SFU
		}
		w.set(clientEnd(m.ID), far, m.Way.Delay.There, *m.Way)
		w.set(far, clientEnd(m.ID), m.Way.Delay.Back, *m.Way)
	}
}

// path is the way from one end to another.
func (w *ways) path(from, to string) func() delay.Path { return w.get(from, to).now }

// through is the way from one peer to another: out of the first to the network, and in to the second.
func (w *ways) through(from, to string) func() delay.Path {
	out, in := w.get(clientEnd(from), network), w.get(network, clientEnd(to))
	return func() delay.Path {
		a, b := out.now(), in.now()
		return delay.Path{Delay: a.Delay + b.Delay, Jitter: a.Jitter + b.Jitter, Loss: 1 - (1-a.Loss)*(1-b.Loss)}
	}
}
