package callgen

import (
	"fmt"
	"time"

	"github.com/earshot-rtc/earshot/schemas/linkkey"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// How often what is measured.
const (
	everyVideoReport = time.Second
	everyAudioReport = 5 * time.Second
	everyCheck       = 2500 * time.Millisecond
)

// Next returns the next sample, and when the collector received it.
func (c *Call) Next() (*earshotv1.Sample, time.Time) {
	n := c.due()
	c.now = n.next
	n.next = n.next.Add(c.cfg.Interval + time.Duration((c.rand.Float64()-0.5)*float64(10*time.Millisecond)))
	m := c.sample(n)
	return m, c.now.Add(20*time.Millisecond + time.Duration(c.rand.Float64()*float64(20*time.Millisecond)))
}

// Until returns all samples that are taken up to a moment, as records: a value per sample and the time of its receipt.
func (c *Call) Until(end time.Time, take func(m *earshotv1.Sample, received time.Time)) {
	for !c.due().next.After(end) {
		take(c.Next())
	}
	c.now = end
}

// due is the node that samples next.
func (c *Call) due() *node {
	var first *node
	for _, list := range [][]*node{c.clients, c.sfus} {
		for _, n := range list {
			if n.probed && !n.left && (first == nil || n.next.Before(first.next)) {
				first = n
			}
		}
	}
	return first
}

func (c *Call) sample(n *node) *earshotv1.Sample {
	n.seq++
	m := &earshotv1.Sample{
		CallId: c.cfg.ID, SessionId: fmt.Sprintf("%s/%d", n.name, n.session), Sequence: n.seq,
		SampledAtUs: c.now.Add(-n.skew).UnixMicro(), IntervalUs: c.cfg.Interval.Microseconds(),
	}
	if c.cfg.SkewClocks {
		m.Clock = &earshotv1.ClockOffset{OffsetUs: n.skew.Microseconds(), ErrorUs: 500}
	}
	if n.sfu {
		m.Sfu = &earshotv1.SFUOrigin{SfuId: n.name, Region: fmt.Sprintf("region%d", n.index), Version: "1", ProbeVersion: "1"}
	} else {
		m.Client = &earshotv1.ClientOrigin{ClientId: n.name, AppVersion: "1.2.3", Browser: "chrome", Os: "linux"}
	}
	m.Receipt = &earshotv1.Receipt{ReceivedAtUs: c.now.UnixMicro(), Tenant: "acme", Country: "DE", Asn: 3320}
	m.Events, n.events = n.events, nil
	for _, l := range n.links {
		m.Transports = append(m.Transports, c.transport(n, l))
	}
	for _, g := range n.legs {
		if !g.dead {
			m.Streams = append(m.Streams, c.stream(n, g))
		}
	}
	return m
}

func (c *Call) transport(n *node, l *link) *earshotv1.Transport {
	o := l.other(n)
	side := l.side(n)
	t := &earshotv1.Transport{
		TransportId:        l.transport(n),
		LocalCandidateType: earshotv1.CandidateType_CANDIDATE_TYPE_HOST, RemoteCandidateType: earshotv1.CandidateType_CANDIDATE_TYPE_SRFLX,
		Protocol: earshotv1.Protocol_PROTOCOL_UDP, IceState: earshotv1.ICEState_ICE_STATE_CONNECTED,
		DtlsState: earshotv1.DTLSState_DTLS_STATE_CONNECTED, SfuLink: n.sfu && o.sfu,
		BytesSent: uint64(c.now.Sub(l.made).Milliseconds()) * 60, BytesReceived: uint64(c.now.Sub(l.made).Milliseconds()) * 150,
	}
	switch c.cfg.Keys {
	case LinkKeys:
		// One certificate for each node, so that several connections share it.
		t.LinkKey = linkkey.FromFingerprints([]byte(l.ends[0].name), []byte(l.ends[1].name))
		t.UfragKey = linkkey.FromUfrags(fmt.Sprint(l.id, l.restarts), "x")
	case Names:
		t.RemoteOwnerId, t.RemoteTransportId = o.name, l.transport(o)
	case UfragKeys:
		t.UfragKey = linkkey.FromUfrags(fmt.Sprint(l.id, l.restarts), "x")
	case AddressKeys:
		t.AddressKey = linkkey.FromAddresses(fmt.Sprint(l.id), "x")
	}
	l.stun[side].run(c, l, l.made, c.now, everyCheck)
	t.Rtts = append(t.Rtts, c.rtt(earshotv1.RTTSource_RTT_SOURCE_STUN, &l.stun[side], n))
	return t
}

func (c *Call) rtt(source earshotv1.RTTSource, m *meter, n *node) *earshotv1.RTT {
	r := &earshotv1.RTT{Source: source, LatestUs: m.latest, TotalUs: m.total, Count: m.count}
	if m.count > 0 {
		r.MeasuredAtUs = m.at.Add(-n.skew).UnixMicro()
	}
	return r
}

func (c *Call) stream(n *node, g *leg) *earshotv1.Stream {
	inbound := g.from != n
	seconds := c.now.Sub(g.made).Seconds()
	if g.publisher.muted {
		seconds = 0
	}
	s := &earshotv1.Stream{
		TransportId: g.link.transport(n), Direction: earshotv1.Direction_DIRECTION_OUTBOUND, Ssrc: g.ssrc, Rid: g.rid,
		Kind: earshotv1.MediaKind_MEDIA_KIND_AUDIO, Codec: "opus", ClockRate: 48000, Mid: "0",
		Packets: uint64(seconds * 50), Bytes: uint64(seconds * 4000), PacketsLost: int64(seconds / 10), JitterUs: 1500,
		Muted: g.publisher.muted,
	}
	every := everyAudioReport
	if g.video {
		every = everyVideoReport
		s.Kind, s.Codec, s.ClockRate, s.Mid = earshotv1.MediaKind_MEDIA_KIND_VIDEO, "VP8", 90000, "1"
		s.Packets, s.Bytes = uint64(seconds*60), uint64(seconds*62500)
		s.NackCount, s.PliCount, s.FirCount = uint64(seconds/2), uint64(seconds/20), 0
		s.Frames, s.KeyFrames, s.FrameWidth, s.FrameHeight = uint64(seconds*30), uint64(seconds/10), 1280, 720
		s.QpSum = uint64(seconds * 30 * 28)
	}
	if g.from == n && !n.sfu {
		s.TrackId = g.track
		s.PacketSendDelayUs = s.Packets * 400
		s.EncodeTimeUs = s.Frames * 4000
	}
	if !inbound {
		g.rr.run(c, g.link, g.made, c.now, every)
		s.Rtts = append(s.Rtts, c.rtt(earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, &g.rr, n))
		if g.source != nil {
			s.ForwardedTransportId, s.ForwardedSsrc = g.source.link.transport(n), g.source.ssrc
			s.ResidenceMeanUs, s.ResidenceMaxUs, s.ResidencePackets = 250, 900, 20
		}
		return s
	}
	s.Direction = earshotv1.Direction_DIRECTION_INBOUND
	if c.cfg.XR {
		g.xr.run(c, g.link, g.made, c.now, every)
		s.Rtts = append(s.Rtts, c.rtt(earshotv1.RTTSource_RTT_SOURCE_RTCP_XR, &g.xr, n))
	}
	if n.sfu {
		return s
	}
	s.TrackId = fmt.Sprintf("remote-%d", g.ssrc)
	s.ProcessingDelayUs = uint64(seconds * 1e6 * 0.05)
	if g.video {
		s.JitterBufferEmitted = s.Frames
		s.JitterBufferDelayUs = s.Frames * 35_000
		s.DecodeTimeUs = s.Frames * 3000
		return s
	}
	s.SamplesReceived = uint64(seconds * 48000)
	s.SamplesConcealed = uint64(seconds * 480)
	s.JitterBufferEmitted = s.SamplesReceived
	s.JitterBufferDelayUs = s.SamplesReceived * 40_000
	s.ProcessingDelayUs = s.SamplesReceived * 42_000
	s.PlayoutDelayUs, s.PlayoutCount = s.SamplesReceived*20_000, s.SamplesReceived
	return s
}
