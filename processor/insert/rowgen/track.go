package rowgen

import (
	"math"
	"math/rand/v2"

	"github.com/earshot-rtc/earshot/processor/quality"
	"github.com/earshot-rtc/earshot/processor/row"
)

// published is a track as its publisher sends it.
type published struct {
	trackID string
	ssrc    uint32
	bitrate float64 // bit/s, of the walk
	now     float64
	send    float64 // ms, of the walk
	sendNow float32
}

// track is what one client receives of one track.
type track struct {
	path    *path
	epoch   int64
	ssrc    uint32
	height  uint16
	rid     string
	buffer  float64 // jitter buffer, ms
	jitter  float64
	playout float64
	decode  float64
	rate    float64
}

// path is the way from one client to another, publisher first.
type path struct {
	links         []*link
	from, to      []string
	sfus, regions []string
}

// pathOf finds the way, which the two kinds of media share.
func (c *call) pathOf(from, to *client) *path {
	if c.direct != nil {
		return &path{links: []*link{c.direct}, from: []string{from.id}, to: []string{to.id}}
	}
	p := &path{links: []*link{from.access}, from: []string{from.id}}
	route := c.day.world.route[from.region][to.region]
	for i, r := range route {
		s := c.sfuIn(r)
		p.sfus, p.regions = append(p.sfus, s.id), append(p.regions, s.region)
		p.to, p.from = append(p.to, s.id), append(p.from, s.id)
		if i > 0 {
			p.links = append(p.links, c.between(route[i-1], r))
		}
	}
	p.links, p.to = append(p.links, to.access), append(p.to, to.id)
	return p
}

// advance moves what the client sends by a window.
func (cl *client) advance(rng *rand.Rand) {
	cl.sent = 0
	for _, p := range []*published{cl.audio, cl.video} {
		if p == nil {
			continue
		}
		p.now = p.bitrate * (1 + 0.12*rng.NormFloat64())
		p.sendNow = float32(p.send * (1 + 0.1*math.Abs(rng.NormFloat64())))
		cl.sent += p.now
	}
}

func (t *track) begin(c *call, to, from *client, kind row.Media, window int) {
	rng := c.rng
	t.ssrc, t.epoch = rng.Uint32(), c.at(window)
	other := &to.tracks[0]
	for i, cl := range c.clients {
		if cl == from {
			other = &to.tracks[2*i]
		}
	}
	if t.path = other.path; t.path == nil {
		t.path = c.pathOf(from, to)
	}
	t.buffer, t.jitter, t.playout, t.decode = 35+25*rng.Float64(), 2+6*rng.Float64(), 20+15*rng.Float64(), 0.2
	if kind == row.Video {
		t.buffer, t.decode, t.rate = 50+40*rng.Float64(), 2+4*rng.Float64(), 30
		if to.weak {
			t.decode, t.rate = 20, 17
		}
		switch t.height, t.rid = 720, "h"; rng.IntN(3) {
		case 0:
			t.height, t.rid = 360, "m"
		case 1:
			t.height, t.rid = 180, "l"
		}
		if c.direct != nil {
			t.rid = ""
		}
	}
}

// writeTrack makes the row of e2e of a received track.
func (c *call) writeTrack(to, from *client, t *track, p *published, kind row.Media, window int, b *row.Batch) {
	if t.path == nil {
		t.begin(c, to, from, kind, window)
	}
	r := b.AddE2E()
	r.WindowStart, r.WindowMs, r.Tenant, r.CallID, r.EpochStart = c.at(window), windowMs, c.day.cfg.Tenant, c.id, t.epoch
	r.PublisherID, r.SubscriberID, r.Kind, r.TrackID, r.Rid, r.SSRC, r.TransportID = from.id, to.id, kind, p.trackID, t.rid, t.ssrc, to.transport
	r.PublisherRegion, r.PublisherASN, r.PublisherApp = from.end.region, from.ASN, from.App
	r.SubscriberRegion, r.SubscriberASN, r.SubscriberApp = to.end.region, to.ASN, to.App
	r.PublisherCountry, r.PublisherBrowser, r.PublisherNetwork = from.Country, from.Browser, from.Network
	r.SubscriberCountry, r.SubscriberBrowser, r.SubscriberNetwork = to.Country, to.Browser, to.Network
	t.hops(r, c.rng, b)
	t.budget(r, p, c.rng)
	t.received(r, p, c.rng)
	to.got += float64(r.BitrateBps)
	r.Blame = t.blame(r, to)
	if c.day.cfg.Streams {
		c.writeStreams(r, to, from, t, p, c.at(window)*1000+to.phase, b)
	}
}

func (t *track) hops(r *row.E2E, rng *rand.Rand, b *row.Batch) {
	p := t.path
	n := len(p.links)
	r.SFUPath, r.RegionPath, r.HopFrom, r.HopTo = p.sfus, p.regions, p.from, p.to
	r.HopRTTMs, r.HopErrMs, r.HopAgeMs = b.Floats(n), b.Floats(n), b.Ages(n)
	r.HopSource, r.HopStatus = b.Sources(n), b.HopStatuses(n)
	r.HopsExpected, r.Instants, r.Status = uint8(n), 5, row.Complete
	var sum, squares, spread float32
	for i, l := range p.links {
		if l.missing {
			r.HopRTTMs[i], r.HopErrMs[i], r.HopStatus[i], r.Status = nan, nan, row.HopMissing, row.Partial
			continue
		}
		r.HopRTTMs[i], r.HopErrMs[i], r.HopAgeMs[i], r.HopSource[i], r.HopStatus[i] = l.rtt, l.err, l.age, l.source, row.HopMeasured
		if l.imputed {
			r.HopStatus[i] = row.HopImputed
			r.Status = max(r.Status, row.Imputed)
		} else {
			r.HopsMeasured++
		}
		sum += l.rtt
		squares += l.err * l.err
		spread += l.high - l.rtt
	}
	if r.Status == row.Partial {
		r.RTTLowerMs = row.Some(sum)
		return
	}
	r.RTTMs, r.RTTErrMs = row.Some(sum), row.Some(math.Sqrt(float64(squares)))
	r.RTTMinMs = row.Some(sum - spread*0.4*rng.Float32())
	r.RTTMaxMs = row.Some(sum + spread*rng.Float32())
}

var nan = float32(math.NaN())

var missingEncode = []string{"encode"}

func (t *track) budget(r *row.E2E, p *published, rng *rand.Rand) {
	t.buffer = max(t.buffer+0.1*(50-t.buffer)+3*rng.NormFloat64(), 10)
	r.SendMs = row.Some(p.sendNow)
	r.JitterBufferMs = row.Some(t.buffer)
	r.DecodeMs = row.Some(t.decode * (1 + 0.05*rng.NormFloat64()))
	sum := p.sendNow + r.JitterBufferMs.Value + r.DecodeMs.Value
	if len(t.path.sfus) > 0 {
		r.ResidenceMs = row.Some(float32(len(t.path.sfus)) * (0.15 + 0.05*rng.Float32()))
		sum += r.ResidenceMs.Value
	}
	if r.Kind == row.Audio {
		r.BudgetMissing = missingEncode
		r.PlayoutMs = row.Some(t.playout + 0.8*rng.NormFloat64())
		sum += r.PlayoutMs.Value
	}
	if r.RTTMs.Valid {
		r.NetworkMs = row.Some(r.RTTMs.Value / 2)
		r.MouthToEarMs = row.Some(sum + r.NetworkMs.Value)
	}
}

// received draws what the subscriber got. Loss comes in bursts of some windows, with the loss of the last hop.
func (t *track) received(r *row.E2E, p *published, rng *rand.Rand) {
	last := t.path.links[len(t.path.links)-1]
	loss := last.loss[0].Value
	for _, l := range t.path.links[:len(t.path.links)-1] {
		loss += l.loss[1].Value
	}
	t.jitter = max(t.jitter+0.2*(4-t.jitter)+0.8*rng.NormFloat64(), 0.2)
	r.JitterMs, r.LossRatio = row.Some(t.jitter), row.Some(loss)
	r.BitrateBps = float32(p.now * (0.995 + 0.01*rng.Float64()))
	var s quality.Score
	if r.Kind == row.Audio {
		concealed := 0.0
		if loss > 0 || rng.Float64() < 0.1 {
			concealed = float64(rng.IntN(4800)) * float64(1+20*loss) / 240_000
		}
		r.ConcealedRatio = row.Some(concealed)
		s = quality.Audio(quality.AudioInput{OneWayMs: r.MouthToEarMs.OrNaN(), LossRatio: concealed, Codec: "opus"})
	} else {
		scale := map[uint16]float32{720: 1, 360: 0.35, 180: 0.12}[t.height]
		r.BitrateBps *= scale
		frozen := 0.0
		if loss > 0.02 || rng.Float64() < 0.01 {
			frozen = rng.Float64() * 0.3
		}
		r.FrameHeight, r.FreezeRatio = t.height, row.Some(frozen)
		r.FrameRate = row.Some(math.Round(5*(t.rate+0.3*rng.NormFloat64())) / 5)
		s = quality.Video(quality.VideoInput{
			OneWayMs: r.MouthToEarMs.OrNaN(), FreezeRatio: frozen, FrameRate: r.FrameRate.OrNaN(), FrameHeight: float64(t.height),
			QP: 28 + 4*rng.NormFloat64(), Codec: "VP8",
		})
	}
	r.ScoreParts, r.ScoreVersion = s.Parts, s.Version
	if s.Known {
		r.Score, r.ScoreR = row.Some(s.Value), row.Some(s.R)
	}
}

func (t *track) blame(r *row.E2E, to *client) row.Blame {
	bad := r.LossRatio.Value > 0.05 || r.FreezeRatio.Value > 0.1 || r.ConcealedRatio.Value > 0.05 || r.MouthToEarMs.Value > 400
	n := len(t.path.links)
	switch {
	case !bad:
		return row.BlameNone
	case to.weak && r.Kind == row.Video:
		return row.BlameReceiver
	case t.path.links[n-1].loss[0].Value > 0.02 || t.path.links[n-1].walk > 150:
		return row.BlameDownlink
	case t.path.links[0].loss[1].Value > 0.02 || t.path.links[0].walk > 150:
		return row.BlameUplink
	case n > 2:
		return row.BlameSFULink
	default:
		return row.BlameSender
	}
}
