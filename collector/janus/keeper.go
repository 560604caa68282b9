package janus

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// How long what is silent is remembered.
const (
	idleInstance   = 10 * time.Minute
	idleConnection = 2 * time.Minute
	idleHandle     = time.Hour
	tidyEvery      = 30 * time.Second
	// maxAhead is by how much a gateway's clock may run ahead of the collector's.
	maxAhead = 5 * time.Minute
)

// Keeper keeps the states of gateways, each under its tenant and name. It is safe for concurrent use.
type Keeper struct {
	limits  Limits
	metrics *metrics

	mu     sync.Mutex
	states map[Instance]*kept
}

// Instance names a gateway.
type Instance struct{ Tenant, SFUID string }

type kept struct {
	mu      sync.Mutex
	state   *State
	refused uint64 // as counted already
	handles int    // as counted already

	used, tidied time.Time // of receipt; under the Keeper's lock
}

// NewKeeper makes a Keeper. registerer may be nil.
func NewKeeper(limits Limits, registerer prometheus.Registerer) *Keeper {
	return &Keeper{limits: limits, metrics: newMetrics(registerer), states: map[Instance]*kept{}}
}

// Take gives the events of one post, in order, to the gateway's state, and what follows from them to each. Events whose time
// lies ahead of the clock are given to refuse, by their place.
func (k *Keeper) Take(in Instance, received time.Time, events []*Event, o *Options, refuse func(i int, err *Error), each func(*earshotv1.Sample)) {
	kp, tidy := k.borrow(in, received)
	kp.mu.Lock()
	defer kp.mu.Unlock()
	s := kp.state
	s.Lobby(o.CallID != "")
	latest := int64(0)
	for i, e := range events {
		if e.At > received.Add(maxAhead).UnixMicro() {
			refuse(i, fail(Malformed, "the event's timestamp lies more than %v ahead of the collector's clock", maxAhead))
			continue
		}
		k.metrics.events.WithLabelValues(typeName(e.Type)).Inc()
		s.Apply(e)
		latest = max(latest, e.At)
	}
	if tidy {
		s.forget(latest-idleConnection.Microseconds(), latest-idleHandle.Microseconds())
	}
	if latest > 0 {
		for _, m := range s.Samples(latest, o) {
			each(m)
		}
	}
	k.metrics.refused.Add(float64(s.Refused() - kp.refused))
	k.metrics.handles.Add(float64(s.Handles() - kp.handles))
	kp.refused, kp.handles = s.Refused(), s.Handles()
}

// borrow finds or makes a state, and forgets those that are idle, or the longest idle one where there are too many.
func (k *Keeper) borrow(in Instance, received time.Time) (kp *kept, tidy bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kp = k.states[in]
	if kp == nil {
		k.evict(received)
		kp = &kept{state: NewState(k.limits), tidied: received}
		k.states[in] = kp
		k.metrics.instances.Inc()
	}
	kp.used = received
	if tidy = received.Sub(kp.tidied) > tidyEvery; tidy {
		kp.tidied = received
	}
	return kp, tidy
}

func (k *Keeper) evict(now time.Time) {
	var oldest Instance
	var since time.Time
	for in, kp := range k.states {
		if now.Sub(kp.used) > idleInstance {
			k.forget(in)
		} else if since.IsZero() || kp.used.Before(since) {
			oldest, since = in, kp.used
		}
	}
	if len(k.states) >= k.limits.Instances {
		k.forget(oldest)
	}
}

func (k *Keeper) forget(in Instance) {
	kp := k.states[in]
	delete(k.states, in)
	k.metrics.instances.Dec()
	kp.mu.Lock()
	k.metrics.handles.Sub(float64(kp.handles))
	kp.handles = 0
	kp.mu.Unlock()
}
