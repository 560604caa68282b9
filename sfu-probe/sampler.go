package sfuprobe

import (
	"time"

	"github.com/earshot-rtc/earshot/sfu-probe/rtpstats"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// sampler turns the state of all connections into one sample. It belongs to the probe's goroutine and reuses its memory.
type sampler struct {
	probe       *Probe
	message     *earshotv1.Sample
	connections []*Connection
	live, ended rtpstats.Streams
	perConn     []streams
	routes      map[streamKey]origin
}

// streamKey names a stream among all of the probe.
type streamKey struct {
	c         *Connection
	direction earshotv1.Direction
	ssrc      uint32
}

// origin is what forwards say of a stream: where an outbound one comes from, and the call of either.
type origin struct {
	transport string
	ssrc      uint32
	call      string
}

// streams are the streams of one connection on their way into the sample.
type streams struct {
	c    *Connection
	live rtpstats.Streams
	last bool
}

func newSampler(p *Probe) *sampler {
	return &sampler{probe: p, message: &earshotv1.Sample{}, routes: map[streamKey]origin{}}
}

// take reads everything once. It returns nil where there is nothing to say. The sample is good until the next take.
func (s *sampler) take(now time.Time) *earshotv1.Sample {
	p, m := s.probe, s.message
	m.Sfu, m.Client, m.Clock = nil, nil, nil // not the sample's own: they must not go to a pool
	m.ResetVT()
	p.mu.Lock()
	s.connections = append(s.connections[:0], p.connections...)
	m.Events = append(m.Events, p.events...)
	clear(p.events)
	p.events = p.events[:0]
	p.mu.Unlock()

	// First all rosters, then the forwards between them, then the streams.
	s.perConn = s.perConn[:0]
	s.live = rtpstats.Streams{Inbound: s.live.Inbound[:0], Outbound: s.live.Outbound[:0]}
	for _, c := range s.connections {
		s.readStreams(c, now)
	}
	s.readForwards()
	for _, st := range s.perConn {
		for _, in := range st.live.Inbound {
			s.inbound(st.c, in)
		}
		for _, out := range st.live.Outbound {
			s.outbound(st.c, out)
		}
		if st.last {
			p.remove(st.c)
		}
	}
	if len(m.Transports) == 0 && len(m.Events) == 0 {
		return nil
	}
	m.Sfu, m.Client, m.CallId = p.cfg.SFU, p.cfg.Client, p.cfg.CallID
	m.SessionId = p.session
	m.SampledAtUs = now.UnixMicro()
	m.IntervalUs = p.cfg.Interval.Microseconds()
	return m
}

// readStreams reads the transport of a connection and finds its streams: those there are, and those that ended since the
// last sample, which are reported once more.
func (s *sampler) readStreams(c *Connection, now time.Time) {
	last := c.closed() // before the streams are read: what ends later is in the next sample
	version := c.stats.Version()
	from := len(s.live.Inbound)
	to := len(s.live.Outbound)
	s.ended = rtpstats.Streams{Inbound: s.ended.Inbound[:0], Outbound: s.ended.Outbound[:0]}
	s.live, s.ended = c.stats.Streams(s.live, s.ended)
	// Streams that ended are known by the roster before them.
	for _, in := range s.ended.Inbound {
		s.inbound(c, in)
	}
	for _, out := range s.ended.Outbound {
		s.outbound(c, out)
	}
	if !last && !c.roster.current(version, s.live.Inbound[from:]) {
		c.readRoster(version)
	}
	s.perConn = append(s.perConn, streams{c, rtpstats.Streams{
		Inbound:  s.live.Inbound[from:len(s.live.Inbound):len(s.live.Inbound)],
		Outbound: s.live.Outbound[to:len(s.live.Outbound):len(s.live.Outbound)],
	}, last})
	c.readTransport(nextTransport(s.message), now, func(e *earshotv1.Event) { s.message.Events = append(s.message.Events, e) })
}

// readForwards finds out which streams come of which.
func (s *sampler) readForwards() {
	clear(s.routes)
	p := s.probe
	p.mu.Lock()
	defer p.mu.Unlock()
	for f := range p.forwards {
		r, ok := f.resolve()
		if !ok {
			continue
		}
		out := origin{transport: r.from.id, ssrc: r.ssrcIn}
		call := f.call
		if r.to.callID == "" {
			out.call = first(call, r.from.callID)
		}
		s.routes[streamKey{r.to, earshotv1.Direction_DIRECTION_OUTBOUND, r.ssrcTo}] = out
		if r.from.callID == "" {
			s.routes[streamKey{r.from, earshotv1.Direction_DIRECTION_INBOUND, r.ssrcIn}] = origin{call: first(call, r.to.callID)}
		}
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
