package rtpstats

import (
	"errors"
	"math/bits"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
)

// DefaultResidenceEvery is the share of packets, one in so many, whose residence time is taken.
const DefaultResidenceEvery = 16

// XRMode says when receiver reference times (RFC 3611 section 4.4) are sent. Those that come in are always answered.
type XRMode int

const (
	// XRAlways sends them with receiver reports, whatever was negotiated.
	XRAlways XRMode = iota
	// XRNegotiated sends them with reports on streams whose codec has the feedback "rrtr" in the SDP of both ends.
	XRNegotiated
	// XRNever sends none.
	XRNever
)

// Config of a Factory. The zero value is good.
type Config struct {
	XR XRMode
	// ResidenceEvery is DefaultResidenceEvery where it is 0, and is rounded up to a power of two.
	ResidenceEvery int
	// Now is time.Now where it is nil.
	Now func() time.Time
	// Changed, where set, is called whenever a stream begins or ends. It must not block.
	Changed func()
}

// Factory makes one Interceptor for every PeerConnection.
type Factory struct {
	xr    XRMode
	shift uint // residence is taken of packets whose sequence number ends in so many zero bits
	now   func() time.Time
	// changed is never nil.
	changed func()
	// nanos is the time since the factory was made, on the monotonic clock.
	nanos func() int64
}

// NewFactory makes a factory, which is to be the first in its registry.
func NewFactory(cfg Config) *Factory {
	f := &Factory{xr: cfg.XR, now: cfg.Now, changed: cfg.Changed}
	if f.changed == nil {
		f.changed = func() {}
	}
	every := cfg.ResidenceEvery
	if every <= 0 {
		every = DefaultResidenceEvery
	}
	f.shift = min(uint(bits.Len(uint(every-1))), 15)
	if f.now == nil {
		f.now = time.Now
		epoch := time.Now()
		f.nanos = func() int64 { return int64(time.Since(epoch)) }
	} else {
		epoch := f.now()
		f.nanos = func() int64 { return int64(f.now().Sub(epoch)) }
	}
	return f
}

// NewInterceptor implements interceptor.Factory.
func (f *Factory) NewInterceptor(string) (interceptor.Interceptor, error) {
	return &Interceptor{
		factory:  f,
		made:     f.now(),
		inbound:  map[uint32]*Inbound{},
		outbound: map[uint32]*Outbound{},
		closed:   make(chan struct{}),
	}, nil
}

// RTCPWriter is what a webrtc.PeerConnection offers for sending RTCP through its interceptors.
type RTCPWriter interface {
	WriteRTCP(pkts []rtcp.Packet) error
}

// Of finds the interceptor that f made for a PeerConnection, or nil where it made none.
//
// Pion v3 gives a factory no hint for whom an interceptor is made (the id is always empty), and one API may make
// connections concurrently. So the connection is asked: a packet that is none goes down its RTCP writers, the interceptor
// of this factory takes it out and signs it, and where there is none it cannot be marshalled. It never reaches the wire.
func (f *Factory) Of(pc RTCPWriter) *Interceptor {
	q := &question{factory: f}
	_ = pc.WriteRTCP([]rtcp.Packet{q}) // The answer is in q; the error only says that there was none.
	return q.answer
}

// question is the packet that is none.
type question struct {
	factory *Factory
	answer  *Interceptor
}

var errQuestion = errors.New("rtpstats: not a packet to send")

func (*question) DestinationSSRC() []uint32 { return nil }
func (*question) MarshalSize() int          { return 0 }
func (*question) Marshal() ([]byte, error)  { return nil, errQuestion }
func (*question) Unmarshal([]byte) error    { return errQuestion }
