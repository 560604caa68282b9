package rowgen

import "github.com/earshot-rtc/earshot/processor/row"

// writeClient makes the sample of a client, and its events.
func (c *call) writeClient(cl *client, window int, b *row.Batch) {
	at := c.at(window)*1000 + cl.phase
	cl.sequence++
	if window == cl.from {
		c.event(cl, at-200_000, row.EventType(1), b)
	}
	if window == cl.until-1 {
		c.event(cl, at+100_000, row.EventType(2), b)
	}
	link := c.direct
	if link == nil {
		link = cl.access
	}
	s := b.AddSample()
	*s = row.Sample{
		SampledAt: at, ReceivedAt: at + 20_000 + int64(c.rng.ExpFloat64()*40_000), Tenant: c.day.cfg.Tenant, CallID: c.id,
		SourceKind: row.KindClient, SourceID: cl.id, SessionID: cl.session, Sequence: cl.sequence,
		ClockOffsetUs: cl.offset + c.rng.Int64N(2000), ClockErrorUs: uint64(5000 + c.rng.IntN(20_000)),
		Transports: 1, Streams: uint16(len(cl.tracks)), Late: c.rng.Float64() < 0.002,
		Who: cl.Who, Link: link.connection, QualityLimitation: cl.limit,
	}
	if cl.sequence > 1 {
		s.SendBps, s.ReceiveBps = uint64(cl.sent*1.03), uint64(cl.got*1.03)
	}
	if cl.video == nil {
		s.QualityLimitation = row.LimitationUnknown
	}
}

func (c *call) event(cl *client, at int64, what row.EventType, b *row.Batch) {
	*b.AddEvent() = row.Event{
		At: at, Tenant: c.day.cfg.Tenant, CallID: c.id, SourceKind: row.KindClient, SourceID: cl.id, Type: what, TransportID: cl.transport,
	}
}

// writeSFU makes the sample of an SFU, as far as the call has a share in it.
func (c *call) writeSFU(s *sfu, window int, b *row.Batch) {
	at := c.at(window)*1000 + s.phase
	s.sequence++
	transports := len(c.links)
	for _, cl := range c.clients {
		if cl.present(window) && cl.access != nil && cl.access.to.id == s.id {
			transports++
		}
	}
	*b.AddSample() = row.Sample{
		SampledAt: at, ReceivedAt: at + 2000 + int64(c.rng.ExpFloat64()*3000), Tenant: c.day.cfg.Tenant, CallID: c.id,
		SourceKind: row.KindSFU, SourceID: s.id, SessionID: s.session, Sequence: s.sequence, SFURegion: s.region,
		ClockOffsetUs: s.offset + c.rng.Int64N(200), ClockErrorUs: uint64(200 + c.rng.IntN(800)),
		Transports: uint16(transports), Streams: uint16(c.tracks()), Who: row.Who{App: "sfu/2.3.0", ProbeVersion: "1.0.0"},
		Link:    row.Link{LocalCandidate: row.Host, RemoteCandidate: row.Host, Protocol: row.UDP, IPVersion: 4, ICEState: 3},
		SendBps: 8_000_000 + c.rng.Uint64N(1_000_000), ReceiveBps: 6_000_000 + c.rng.Uint64N(1_000_000),
	}
}
