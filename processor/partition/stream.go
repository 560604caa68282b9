package partition

import (
	"github.com/earshot-rtc/earshot/processor/graph"
	"github.com/earshot-rtc/earshot/processor/row"
	"github.com/earshot-rtc/earshot/processor/stitch"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// stream takes in what a sample says of one stream, and writes its row.
func (a *arrival) stream(m *earshotv1.Stream) {
	if m.Direction != earshotv1.Direction_DIRECTION_INBOUND && m.Direction != earshotv1.Direction_DIRECTION_OUTBOUND {
		return
	}
	e := a.endOf(m.TransportId)
	if e == nil {
		a.p.counts.Orphans++
		return
	}
	st := a.call.graph.Stream(a.source.node, e.of, &graph.StreamFacts{
		Direction: graph.Direction(m.Direction), SSRC: m.Ssrc, Media: media(m.Kind),
		FromTransport: m.ForwardedTransportId, FromSSRC: m.ForwardedSsrc,
	})
	s := strandOf(st)
	s.name(a.p, m)

	r := a.out.AddStream()
	r.SampledAt, r.Tenant, r.CallID = a.at, a.call.tenant, a.call.id
	r.SourceKind, r.SourceID, r.TransportID = row.Kind(a.source.kind), a.source.id, e.of.ID
	r.Direction, r.Kind, r.SSRC = row.Direction(m.Direction), s.media, m.Ssrc
	r.Mid, r.Rid, r.Codec, r.TrackID = s.mid, s.rid, s.codec, s.track
	r.JitterMs, r.FrameWidth, r.FrameHeight, r.Muted = float32(m.JitterUs)/1e3, small(m.FrameWidth), small(m.FrameHeight), m.Muted

	if m.Direction == earshotv1.Direction_DIRECTION_OUTBOUND && s.media == row.Video {
		s.limit = limited(row.LimitationUnknown, m.QualityLimitation)
		a.row.QualityLimitation = limited(a.row.QualityLimitation, m.QualityLimitation)
	}
	for _, m := range m.Rtts {
		v, ok := a.read(m)
		if !ok {
			continue
		}
		var got stitch.Measurement
		if s.counters, got, ok = next(s.counters, v); ok {
			e.merge.Add(v.Source, got, s.media == row.Audio)
			r.RTTMs, r.RTTSource = row.Some(float32(got.Us)/1e3), row.RTTSource(v.Source)
		}
	}
	if m.ResidencePackets > 0 {
		s.residence, s.residenceAt = float32(m.ResidenceMeanUs), a.at
		r.ResidenceMs = row.Some(s.residence / 1e3)
	}
	var d share
	if s.at > 0 && s.at < a.at && m.Packets >= s.packets && m.Bytes >= s.bytes {
		d = a.rates(m, s, e, r)
	}
	s.at, s.packets, s.bytes, s.lost, s.frames = a.at, m.Packets, m.Bytes, m.PacketsLost, m.Frames
	s.nack, s.pli = uint32(m.NackCount), uint32(m.PliCount)
	if a.source.kind == graph.Client {
		a.play(m, s, r, &d)
	}
}

// endOf finds the end of a transport that this sample has named.
func (a *arrival) endOf(id string) *end {
	// Streams of one transport mostly come together.
	for i := a.p.near; i < len(a.p.touched) && i < a.p.near+2; i++ {
		if e := a.p.touched[i]; e.of.ID == id {
			a.p.near = i
			return e
		}
	}
	for i, e := range a.p.touched {
		if e.of.ID == id {
			a.p.near = i
			return e
		}
	}
	return nil
}

// rates fills in what the counters of all streams did since the sample before, and returns it.
func (a *arrival) rates(m *earshotv1.Stream, s *strand, e *end, r *row.Stream) share {
	d := share{
		from: s.at, seconds: float32(a.at-s.at) / 1e6, packets: float32(m.Packets - s.packets),
		bytes: float32(m.Bytes - s.bytes), frames: float32(since(m.Frames, s.frames)),
		lost: float32(max(m.PacketsLost-s.lost, 0)), // duplicates can make it fall (RFC 3550 section 6.4.1)
	}
	r.IntervalMs = uint32(min((a.at-s.at+500)/1e3, 1<<32-1))
	r.PacketRate = d.packets / d.seconds
	r.BitrateBps = d.bytes * 8 / d.seconds
	r.FrameRate = d.frames / d.seconds
	seconds := d.seconds
	r.NackRate = float32(since32(uint32(m.NackCount), s.nack)) / seconds
	r.PliRate = float32(since32(uint32(m.PliCount), s.pli)) / seconds
	all := d.packets + d.lost
	inbound := m.Direction == earshotv1.Direction_DIRECTION_INBOUND
	if !inbound {
		all = d.packets // sent, of which the other end misses some
	}
	if all <= 0 {
		return d
	}
	missing := min(d.lost, all)
	r.LossRatio = row.Some(missing / all)
	for _, w := range a.windows(s.at) {
		l := e.lostIn(w.index, a.call.next)
		if inbound {
			l.inPackets, l.in = l.inPackets+all*w.part, l.in+missing*w.part
		} else {
			l.outPackets, l.out = l.outPackets+all*w.part, l.out+missing*w.part
		}
	}
	return d
}

// portion is the part, 0 to 1, of what a sample's counters gained that falls to a window.
type portion struct {
	index int64
	part  float32
}

// windows are those, of the open ones, that the span from the time to this sample touches. The streams of a sample mostly
// have one such time in common: that of the sample before.
func (a *arrival) windows(from int64) []portion {
	if from == a.from {
		return a.portions
	}
	g, last := &a.p.grid, a.p.grid.Index(a.at)
	a.from, a.portions = from, a.p.work.portions[:0]
	for index := max(g.Index(from), a.call.next, last-maxOpen); index <= last; index++ {
		if part := g.Share(index, from, a.at); part > 0 {
			a.portions = append(a.portions, portion{index, float32(part)})
		}
	}
	a.p.work.portions = a.portions
	return a.portions
}

// maxOpen is over how many windows back one sample's counters are spread.
const maxOpen = 16

// since is what a counter gained, nothing where it began anew.
func since(now, before uint64) uint64 {
	if now < before {
		return 0
	}
	return now - before
}

func since32(now, before uint32) uint32 {
	if now < before {
		return 0
	}
	return now - before
}

func small(v uint32) uint16 { return uint16(min(v, 1<<16-1)) }

func media(k earshotv1.MediaKind) graph.Media {
	if k == earshotv1.MediaKind_MEDIA_KIND_AUDIO || k == earshotv1.MediaKind_MEDIA_KIND_VIDEO {
		return graph.Media(k)
	}
	return 0
}
