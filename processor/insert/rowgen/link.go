package rowgen

import (
	"math"
	"math/rand/v2"

	"github.com/earshot-rtc/earshot/processor/row"
)

// link is one hop of a call: what the two ends are, and its state in the window at hand.
type link struct {
	from, to      end
	fromTransport string
	toTransport   string
	base          float64 // of the walk, ms; a link between SFUs has none
	walk          float64
	regions       [2]int
	source        row.RTTSource
	measuredBy    row.End
	every         float64 // ms between two measurements
	lossy         float64 // share of windows with loss
	connection    row.Link
	// in this window
	rtt, err, low, mean, high float32
	age                       uint32
	count                     uint32
	loss                      [2]row.Float
	imputed, missing          bool
}

type end struct {
	kind   row.Kind
	id     string
	region string
}

// advance moves the link by a window.
func (l *link) advance(w *world, window int, rng *rand.Rand) {
	var rtt float64
	spread := 0.4
	if l.base > 0 {
		// A walk that is drawn back to its base, with bursts: a shared access line.
		l.walk += 0.12*(l.base-l.walk) + 0.06*l.base*rng.NormFloat64()
		if rng.Float64() < 0.004 {
			l.walk += l.base * (1 + 2*rng.Float64())
		}
		l.walk = max(l.walk, 0.4*l.base)
		rtt, spread = l.walk, 0.05*l.base
	} else {
		rtt = max(w.backbone(l.regions[0], l.regions[1], window), 0.3)
	}
	lean := spread * math.Abs(rng.NormFloat64())
	l.rtt = float32(rtt)
	l.low = float32(max(rtt-lean, 0.2))
	l.high = float32(rtt + lean*(1+2*rng.Float64()))
	l.mean = float32(rtt + 0.3*lean*rng.NormFloat64())
	l.err = float32(math.Sqrt(0.64 + lean*lean/4 + 0.01*rng.Float64()))
	l.age = uint32(rng.Float64() * l.every)
	l.count = uint32(windowMs/l.every) + rng.Uint32N(2)
	x := rng.Float64()
	l.missing, l.imputed = x < 0.004, x >= 0.004 && x < 0.012
	if l.imputed {
		l.age += 15_000
		l.err *= 4
	}
	for i := range l.loss {
		l.loss[i] = row.Some(float32(0))
		if rng.Float64() < l.lossy {
			packets := 250 + rng.IntN(2000)
			l.loss[i] = row.Some(float32(1+rng.IntN(30)) / float32(packets))
		}
	}
}

func (l *link) write(c *call, window int, b *row.Batch) {
	h := b.AddHop()
	*h = row.Hop{
		WindowStart: c.at(window), WindowMs: windowMs, Tenant: c.day.cfg.Tenant, CallID: c.id,
		FromKind: l.from.kind, FromID: l.from.id, FromTransport: l.fromTransport, FromRegion: l.from.region,
		ToKind: l.to.kind, ToID: l.to.id, ToTransport: l.toTransport, ToRegion: l.to.region, PairedBy: row.ByLinkKey,
		LossFromTo: l.loss[0], LossToFrom: l.loss[1],
		LocalCandidate: l.connection.LocalCandidate, RemoteCandidate: l.connection.RemoteCandidate,
		Protocol: l.connection.Protocol, Relay: l.connection.Relay, IPVersion: l.connection.IPVersion,
	}
	if l.missing {
		return
	}
	h.RTTMs, h.RTTErrMs, h.RTTSource, h.RTTEnd = row.Some(l.rtt), row.Some(l.err), l.source, l.measuredBy
	if !l.imputed {
		h.RTTMinMs, h.RTTMeanMs, h.RTTMaxMs, h.RTTCount = row.Some(l.low), row.Some(l.mean), row.Some(l.high), l.count
		h.RTTBiasMs = 0.9
	}
}
