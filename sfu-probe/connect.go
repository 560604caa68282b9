package sfuprobe

import (
	"net/netip"
	"time"

	"github.com/pion/webrtc/v3"
)

// connect is how long a connection took to be connected.
type connect struct {
	made time.Time // with its PeerConnection
	took time.Duration
	over bool // connected, or given up
}

// lookFor is for how long a connection that does not connect is looked at.
const lookFor = time.Minute

// lookForConnected notes the time to connect of those that now are, and says whether some still are not. Pion tells the
// application alone of changes, so they are looked for.
func (p *Probe) lookForConnected(now time.Time) (more bool) {
	p.mu.Lock()
	p.sampler.connections = append(p.sampler.connections[:0], p.connections...)
	p.mu.Unlock()
	for _, c := range p.sampler.connections {
		c.connect.look(c.dtls.State(), now)
		more = more || !c.connect.over
	}
	return more
}

func (c *connect) look(state webrtc.DTLSTransportState, now time.Time) {
	if c.over {
		return
	}
	waited := now.Sub(c.made)
	switch state {
	case webrtc.DTLSTransportStateConnected:
		c.took, c.over = waited, true
	case webrtc.DTLSTransportStateClosed, webrtc.DTLSTransportStateFailed:
		c.over = true
	default:
		c.over = waited > lookFor
	}
}

// ipVersion is 4 or 6, or 0 for what is no address.
func ipVersion(address string) uint32 {
	a, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return 0
	case a.Unmap().Is4():
		return 4
	default:
		return 6
	}
}
