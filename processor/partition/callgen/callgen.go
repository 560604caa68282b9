// Package callgen makes the samples of calls that never took place. The shape of a call and a seed go in; the samples that
// its clients and SFUs would have sent come out, in order of receipt, with the true round-trip time of every path at every
// moment. The same configuration gives the same samples. Tests, benchmarks and `earshot bench stitch` use it.
package callgen

import (
	"fmt"
	"math/rand/v2"
	"time"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Shape is how SFUs are connected.
type Shape int

// Shapes.
const (
	Line Shape = iota
	Star       // all to the first
	Mesh       // all to all
)

// Config describes a call. Zero values have the defaults given.
type Config struct {
	ID       string // call
	Clients  int    // 6
	SFUs     int    // 3; with P2P none
	Shape    Shape  // of the SFUs
	P2P      bool   // two clients and no SFU
	Start    time.Time
	Interval time.Duration // between samples: 5 s
	Seed     uint64
	// Publishers is how many of the clients publish: all.
	Publishers int
	// Layers is how many simulcast layers a publisher sends beside audio: 3. SFUs relay those that somebody takes.
	Layers int
	// AudioOnly leaves video out.
	AudioOnly bool
	// ClientRTT and SFURTT give the true round-trip time of the link of client i, and between SFUs i and j: 20 to 60 ms, and 40 to 150 ms.
	ClientRTT func(i int) time.Duration
	SFURTT    func(i, j int) time.Duration
	// Noise is what an endpoint adds to one measurement: EndpointNoise.
	Noise func(r *rand.Rand) time.Duration
	// Lose says whether a measurement is lost: none is.
	Lose func(r *rand.Rand) bool
	// Unprobed SFUs send no samples.
	Unprobed map[int]bool
	// XR lets receivers measure too, as with RTCP XR.
	XR bool
	// Keys says what ends know of one another: LinkKeys.
	Keys Keys
	// SkewClocks sets every source's clock off by up to an hour, with a time exchange that says so.
	SkewClocks bool
}

// Keys is what the ends of a link know of one another.
type Keys int

// What ends may know.
const (
	LinkKeys    Keys = iota // certificates and ufrags
	Names                   // the owner and id of the remote
	UfragKeys               // ufrags alone
	AddressKeys             // addresses alone
	NoKeys                  // nothing: SSRCs remain
)

// EndpointNoise is what two busy cores add: 0.3 ms, half a millisecond more on average, and now and then much more.
func EndpointNoise(r *rand.Rand) time.Duration {
	ms := 0.3 + 0.5*r.ExpFloat64()
	if r.Float64() < 0.04 {
		ms += 6 * r.ExpFloat64()
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// Jitter is noise of a network whose delay varies evenly by as much around its mean, on top of EndpointNoise.
func Jitter(by time.Duration) func(*rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration {
		return EndpointNoise(r) + time.Duration((2*r.Float64()-1)*float64(by))
	}
}

func (c *Config) defaults() {
	if c.ID == "" {
		c.ID = "call"
	}
	if c.Clients == 0 {
		c.Clients = 6
	}
	if c.SFUs == 0 {
		c.SFUs = 3
	}
	if c.P2P {
		c.Clients, c.SFUs, c.Layers = 2, 0, 1
	}
	if c.Start.IsZero() {
		c.Start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	}
	if c.Interval == 0 {
		c.Interval = 5 * time.Second
	}
	if c.Publishers == 0 {
		c.Publishers = c.Clients
	}
	if c.Layers == 0 {
		c.Layers = 3
	}
	if c.ClientRTT == nil {
		c.ClientRTT = func(i int) time.Duration { return time.Duration(20+i*13%41) * time.Millisecond }
	}
	if c.SFURTT == nil {
		c.SFURTT = func(i, j int) time.Duration { return time.Duration(40+(i*37+j*53)%111) * time.Millisecond }
	}
	if c.Noise == nil {
		c.Noise = EndpointNoise
	}
	if c.Lose == nil {
		c.Lose = func(*rand.Rand) bool { return false }
	}
}

// node is a client or an SFU.
type node struct {
	name    string
	sfu     bool
	index   int
	home    int // a client's SFU
	left    bool
	muted   bool
	probed  bool
	session int
	seq     uint64
	next    time.Time // when it samples next
	skew    time.Duration
	links   []*link            // in order of making
	legs    []*leg             // that it sends or receives, in order of making
	events  []*earshotv1.Event // for its next sample
}

// link connects two nodes.
type link struct {
	ends     [2]*node
	id       int
	rtt      time.Duration
	made     time.Time
	stun     [2]meter // by end
	dead     bool
	restarts int
}

func (l *link) other(n *node) *node {
	if l.ends[0] == n {
		return l.ends[1]
	}
	return l.ends[0]
}

func (l *link) side(n *node) int {
	if l.ends[0] == n {
		return 0
	}
	return 1
}

func (l *link) transport(n *node) string { return fmt.Sprintf("t%d-%s", l.id, n.name) }

// leg is one RTP stream over one link.
type leg struct {
	link      *link
	from      *node
	ssrc      uint32
	video     bool
	rid       string
	publisher *node
	track     string
	source    *leg // what it forwards
	made      time.Time
	rr, xr    meter
	dead      bool
}

// meter counts the measurements of one source.
type meter struct {
	total, count, latest uint64
	at, next             time.Time
}

// run takes the measurements that are due by now.
func (m *meter) run(c *Call, l *link, made, now time.Time, every time.Duration) {
	if m.next.IsZero() {
		m.next = made.Add(time.Duration(c.rand.Float64() * float64(every)))
	}
	for !m.next.After(now) {
		if !c.cfg.Lose(c.rand) {
			us := uint64(max((c.rttAt(l, m.next) + c.cfg.Noise(c.rand)).Microseconds(), 1))
			m.total, m.count, m.latest, m.at = m.total+us, m.count+1, us, m.next
		}
		m.next = m.next.Add(time.Duration((0.9 + 0.2*c.rand.Float64()) * float64(every)))
	}
}
