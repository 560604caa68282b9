package rowgen

import "github.com/earshot-rtc/earshot/processor/row"

// writeStreams makes the rows of streams that one received track leads to in a window: at the client that receives it, at its
// SFU that sends it there, and, when the first client receives it, at the publisher and its SFU.
func (c *call) writeStreams(e *row.E2E, to, from *client, t *track, p *published, at int64, b *row.Batch) {
	add := func(kind row.Kind, id, transport string, direction row.Direction, ssrc uint32) *row.Stream {
		s := b.AddStream()
		s.SampledAt, s.Tenant, s.CallID, s.SourceKind, s.SourceID, s.TransportID = at, e.Tenant, e.CallID, kind, id, transport
		s.Direction, s.Kind, s.SSRC, s.Rid, s.TrackID, s.IntervalMs = direction, e.Kind, ssrc, e.Rid, p.trackID, windowMs
		s.BitrateBps = e.BitrateBps * (0.99 + 0.02*c.rng.Float32())
		s.Codec, s.PacketRate = "opus", 50
		if e.Kind == row.Video {
			s.Codec, s.PacketRate = "VP8", s.BitrateBps/8/1100
			s.FrameRate, s.FrameWidth, s.FrameHeight = e.FrameRate.Value, e.FrameHeight*16/9, e.FrameHeight
		}
		s.JitterMs, s.LossRatio = e.JitterMs.Value*(0.9+0.2*c.rng.Float32()), e.LossRatio
		return s
	}
	s := add(row.KindClient, to.id, to.transport, row.Inbound, t.ssrc)
	s.JitterBufferMs, s.ConcealedRatio, s.FreezeRatio = e.JitterBufferMs, e.ConcealedRatio.Value, e.FreezeRatio.Value
	if e.LossRatio.Value > 0 {
		s.NackRate = 3 * c.rng.Float32()
	}
	if to.access != nil {
		s = add(row.KindSFU, to.access.to.id, to.access.toTransport, row.Outbound, t.ssrc)
		s.RTTMs, s.RTTSource, s.ResidenceMs = row.Some(to.access.mean), row.RTCPRR, e.ResidenceMs
	}
	first := c.clients[0]
	if from == first {
		first = c.clients[1]
	}
	if to != first {
		return
	}
	s = add(row.KindClient, from.id, from.transport, row.Outbound, p.ssrc)
	if from.access != nil {
		s.RTTMs, s.RTTSource = row.Some(from.access.mean), row.RTCPRR
		add(row.KindSFU, from.access.to.id, from.access.toTransport, row.Inbound, p.ssrc)
	}
}
