package rowgen

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/earshot-rtc/earshot/processor/row"
)

// call is a call that is running.
type call struct {
	plan
	day     *Day
	id      string
	rng     *rand.Rand
	clients []*client
	sfus    []*sfu // by region; nil where the call has none
	links   map[[2]int]*link
	direct  *link // between two clients without an SFU
}

// sfu is a call's share of an SFU.
type sfu struct {
	end
	session  string
	sequence uint64
	phase    int64 // µs, of its samples in the window
	offset   int64 // of its clock, µs
}

type client struct {
	end
	row.Who
	region      int
	from, until int // windows
	session     string
	sequence    uint64
	phase       int64
	offset      int64
	transport   string
	access      *link
	connectMs   uint32
	audio       *published
	video       *published
	tracks      []track // received, two for each of the call's clients
	weak        bool    // a slow device
	limit       row.Limitation
	sent, got   float64 // bit/s in the window before
}

// newCall draws everything of a call that does not change while it runs.
func (d *Day) newCall(p plan) *call {
	c := &call{plan: p, day: d, rng: rand.New(rand.NewPCG(p.seed, d.cfg.Seed)), links: map[[2]int]*link{}}
	c.id = uuid(c.rng)
	c.sfus = make([]*sfu, len(regions))
	home := drawRegion(c.rng)
	app := pick(c.rng, apps)
	for i := range p.clients {
		c.clients = append(c.clients, c.newClient(i, home, app))
	}
	if p.clients == 2 && c.rng.Float64() < 0.25 {
		c.direct = c.newDirect()
		return c
	}
	for _, cl := range c.clients {
		cl.access = c.newAccess(cl)
	}
	return c
}

func drawRegion(rng *rand.Rand) int {
	x := rng.Float64()
	for i, r := range regions {
		if x < r.share {
			return i
		}
	}
	return len(regions) - 1
}

func (c *call) newClient(i, home int, app string) *client {
	rng, w := c.rng, c.day.world
	cl := &client{
		end: end{kind: row.KindClient, id: uuid(rng)}, region: home, session: uuid(rng)[:8],
		phase: rng.Int64N(windowMs * 1000), offset: int64(2e5 * rng.NormFloat64()),
		transport: fmt.Sprintf("T%02d", 1+rng.IntN(3)), connectMs: uint32(120 + 400*math.Exp(0.6*rng.NormFloat64())),
		from: c.first, until: c.first + c.windows, weak: rng.Float64() < 0.04,
	}
	if rng.Float64() < 0.3 {
		cl.region = drawRegion(rng)
	}
	if i > 1 && rng.Float64() < 0.5 {
		cl.from += rng.IntN(1 + min(c.windows/10, 60))
	}
	if i > 1 && rng.Float64() < 0.2 {
		cl.until -= rng.IntN(1 + c.windows/4)
	}
	country := pick(rng, regions[cl.region].country)
	operators := w.asns[cl.region][country]
	operator := operators[int(float64(len(operators))*math.Pow(rng.Float64(), 3))] // a few have most of the clients
	cl.Who = row.Who{
		UserID: fmt.Sprintf("%016x", hash(c.day.cfg.Seed, rng.Uint64N(200_000))), App: app, Browser: pick(rng, browsers), OS: pick(rng, systems),
		Network: pick(rng, networks), ProbeVersion: "1.0.0", Country: country, ASN: operator.number, ISP: operator.isp,
	}
	if rng.Float64() < 0.2 {
		cl.App = pick(rng, apps)
	}
	cl.end.region = fmt.Sprintf("%s-%02d", cl.Country, 1+rng.IntN(12))
	cl.Region = cl.end.region
	cl.limit = row.LimitationNone
	if i < c.speakers() {
		cl.audio = &published{trackID: uuid(rng), ssrc: rng.Uint32(), bitrate: 30_000 + 4000*rng.Float64(), send: 0.3}
	}
	if i < c.videos() {
		cl.video = &published{trackID: uuid(rng), ssrc: rng.Uint32(), bitrate: 1_100_000 + 700_000*rng.Float64(), send: 4 + 8*rng.Float64()}
		if x := rng.Float64(); x < 0.1 {
			cl.limit = row.LimitationCPU
		} else if x < 0.2 {
			cl.limit = row.LimitationBandwidth
		}
	}
	cl.tracks = make([]track, 2*c.plan.clients)
	return cl
}

// connection draws how a client is connected.
func connection(rng *rand.Rand, connectMs uint32) row.Link {
	l := row.Link{
		LocalCandidate: row.Srflx, RemoteCandidate: row.Host, Protocol: row.UDP, IPVersion: 4, ICEState: 3, ConnectMs: connectMs,
		AvailableSendBps: uint64(1.5e6 + 3e6*rng.Float64()),
	}
	switch x := rng.Float64(); {
	case x < 0.12:
		l.LocalCandidate, l.Relay, l.RelayProtocol = row.Relay, true, row.UDP
		if x < 0.04 {
			l.RelayProtocol = row.TLS
		}
	case x < 0.16:
		l.Protocol = row.TCP
	case x < 0.3:
		l.LocalCandidate = row.Prflx
	case x < 0.4:
		l.LocalCandidate = row.Host
	}
	if rng.Float64() < 0.35 {
		l.IPVersion = 6
	}
	return l
}

// accessMs is the median round trip of an access line.
var accessMs = map[string]float64{"wifi": 17, "ethernet": 8, "cellular": 48, "": 22}

func (c *call) newAccess(cl *client) *link {
	s := c.sfuIn(cl.region)
	base := accessMs[cl.Network] * math.Exp(0.5*c.rng.NormFloat64())
	l := &link{
		from: cl.end, to: s.end, fromTransport: cl.transport, toTransport: uuid(c.rng)[:8], base: base, walk: base,
		source: row.RTCPRR, measuredBy: row.FromEnd, every: 1000, lossy: 0.05 + 0.25*c.rng.Float64()*c.rng.Float64(),
		connection: connection(c.rng, cl.connectMs),
	}
	if cl.audio == nil { // only receives: the SFU measures, or STUN does
		l.source, l.every = row.STUN, 2500
	}
	return l
}

func (c *call) newDirect() *link {
	a, b := c.clients[0], c.clients[1]
	base := accessMs[a.Network] + accessMs[b.Network] + c.day.world.base[a.region][b.region]
	return &link{
		from: a.end, to: b.end, fromTransport: a.transport, toTransport: b.transport, base: base, walk: base, source: row.RTCPRR,
		measuredBy: row.FromEnd, every: 1000, lossy: 0.1, connection: connection(c.rng, a.connectMs),
	}
}

func (c *call) sfuIn(region int) *sfu {
	if c.sfus[region] == nil {
		r := regions[region].name
		c.sfus[region] = &sfu{
			end:     end{kind: row.KindSFU, id: pick(c.rng, c.day.world.sfus[region]), region: r},
			session: uuid(c.rng)[:8], phase: c.rng.Int64N(windowMs * 1000), offset: int64(300 * c.rng.NormFloat64()),
		}
	}
	return c.sfus[region]
}

// between is the link of two regions' SFUs in this call.
func (c *call) between(from, to int) *link {
	key := [2]int{min(from, to), max(from, to)}
	l := c.links[key]
	if l == nil {
		a, b := c.sfuIn(key[0]), c.sfuIn(key[1])
		if a.id > b.id {
			a, b = b, a
		}
		l = &link{
			from: a.end, to: b.end, fromTransport: uuid(c.rng)[:8], toTransport: uuid(c.rng)[:8], regions: key, source: row.Probe,
			measuredBy: row.FromEnd, every: 1000, lossy: 0.02,
			connection: row.Link{LocalCandidate: row.Host, RemoteCandidate: row.Host, Protocol: row.UDP, IPVersion: 4},
		}
		l.advance(c.day.world, c.first, c.rng)
		c.links[key] = l
	}
	return l
}

// at is the start of a window, ms.
func (c *call) at(window int) int64 { return c.day.cfg.Start.UnixMilli() + int64(window)*windowMs }

// write makes the rows of one window.
func (c *call) write(window int, b *row.Batch) {
	if window >= c.first+c.windows {
		return
	}
	world := c.day.world
	if c.direct != nil {
		c.direct.advance(world, window, c.rng)
		c.direct.write(c, window, b)
	}
	for _, from := range c.sfus {
		if from != nil {
			c.writeSFU(from, window, b)
		}
	}
	for i := range regions { // in an order of its own, as a map has none
		for j := range i {
			if l := c.links[[2]int{j, i}]; l != nil {
				l.advance(world, window, c.rng)
				l.write(c, window, b)
			}
		}
	}
	for _, cl := range c.clients {
		if !cl.present(window) {
			continue
		}
		if cl.access != nil {
			cl.access.advance(world, window, c.rng)
			cl.access.write(c, window, b)
		}
		cl.advance(c.rng)
	}
	for i, to := range c.clients {
		if !to.present(window) {
			continue
		}
		c.writeClient(to, window, b)
		to.got = 0
		for j, from := range c.clients {
			if i == j || !from.present(window) {
				continue
			}
			if from.audio != nil {
				c.writeTrack(to, from, &to.tracks[2*j], from.audio, row.Audio, window, b)
			}
			if from.video != nil {
				c.writeTrack(to, from, &to.tracks[2*j+1], from.video, row.Video, window, b)
			}
		}
	}
}

func (cl *client) present(window int) bool { return window >= cl.from && window < cl.until }
