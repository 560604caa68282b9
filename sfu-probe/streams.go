package sfuprobe

import (
	"time"

	"github.com/earshot-rtc/earshot/sfu-probe/rtpstats"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// inbound adds an inbound stream to the sample, unless it is none that carries a track (repair, bandwidth probes).
func (s *sampler) inbound(c *Connection, in *rtpstats.Inbound) {
	info := in.Info()
	ref := c.roster.tracks[info.SSRC]
	if ref.track == nil {
		return
	}
	mime, rate := info.MimeType, info.ClockRate
	if codec := ref.track.Codec(); codec.MimeType != "" {
		mime, rate = codec.MimeType, codec.ClockRate
		in.SetClockRate(rate)
	}
	kind, codec := kindOf(mime)
	st := in.Stats()
	m := nextStream(s.message)
	m.TransportId = c.id
	m.Direction = earshotv1.Direction_DIRECTION_INBOUND
	m.Ssrc = info.SSRC
	m.Kind, m.Codec, m.ClockRate = mediaKind(kind), codec, rate
	m.Mid, m.Rid, m.TrackId = ref.mid, ref.track.RID(), ref.track.ID()
	m.CallId = s.routes[streamKey{c, m.Direction, m.Ssrc}].call
	m.Packets, m.Bytes, m.PacketsLost = st.Packets, st.Bytes, st.Lost
	m.JitterUs = micros(st.Jitter)
	m.NackCount, m.PliCount, m.FirCount = st.NACKs, st.PLIs, st.FIRs
}

// outbound adds an outbound stream to the sample.
func (s *sampler) outbound(c *Connection, out *rtpstats.Outbound) {
	info := out.Info()
	ref, ok := c.roster.senders[info.SSRC]
	if !ok {
		return
	}
	if track := ref.sender.Track(); track != nil && track.ID() != ref.trackID {
		ref.trackID = track.ID() // It was replaced.
		c.roster.senders[info.SSRC] = ref
	}
	kind, codec := kindOf(info.MimeType)
	st := out.Stats()
	m := nextStream(s.message)
	m.TransportId = c.id
	m.Direction = earshotv1.Direction_DIRECTION_OUTBOUND
	m.Ssrc = info.SSRC
	m.Kind, m.Codec, m.ClockRate = mediaKind(kind), codec, info.ClockRate
	m.Mid, m.Rid, m.TrackId = ref.mid, ref.rid, first(c.trackName(ref.sender), ref.trackID)
	from := s.routes[streamKey{c, m.Direction, m.Ssrc}]
	m.ForwardedTransportId, m.ForwardedSsrc, m.CallId = from.transport, from.ssrc, from.call
	m.Packets, m.Bytes, m.PacketsRetransmitted = st.Packets, st.Bytes, st.Retransmitted
	m.PacketsLost, m.JitterUs = st.RemoteLost, micros(st.RemoteJitter)
	m.NackCount, m.PliCount, m.FirCount = st.NACKs, st.PLIs, st.FIRs
	if r := st.RTT; r.Count > 0 {
		m.Rtts = appendRTT(m.Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, r.Latest, r.Total, r.Count, r.MeasuredAt)
	}
	if r := st.Residence; r.Packets > 0 {
		m.ResidenceMeanUs, m.ResidenceMaxUs = uint32(micros(r.Mean)), uint32(micros(r.Max)) // microseconds
		m.ResidencePackets = r.Packets
	}
}

func micros(d time.Duration) uint64 { return uint64(max(d, 0).Microseconds()) } // not negative

// The messages of a sample are kept and filled anew.

func nextStream(m *earshotv1.Sample) *earshotv1.Stream {
	n := len(m.Streams)
	if n < cap(m.Streams) {
		m.Streams = m.Streams[:n+1]
	} else {
		m.Streams = append(m.Streams, nil)
	}
	if m.Streams[n] == nil {
		m.Streams[n] = &earshotv1.Stream{}
	}
	return m.Streams[n]
}

func nextTransport(m *earshotv1.Sample) *earshotv1.Transport {
	n := len(m.Transports)
	if n < cap(m.Transports) {
		m.Transports = m.Transports[:n+1]
	} else {
		m.Transports = append(m.Transports, nil)
	}
	if m.Transports[n] == nil {
		m.Transports[n] = &earshotv1.Transport{}
	}
	return m.Transports[n]
}

func appendRTT(
	rtts []*earshotv1.RTT, source earshotv1.RTTSource, latest, total time.Duration, count uint64, at time.Time,
) []*earshotv1.RTT {
	n := len(rtts)
	if n < cap(rtts) {
		rtts = rtts[:n+1]
	} else {
		rtts = append(rtts, nil)
	}
	if rtts[n] == nil {
		rtts[n] = &earshotv1.RTT{}
	}
	r := rtts[n]
	r.Source = source
	r.LatestUs, r.TotalUs, r.Count = micros(latest), micros(total), count
	r.MeasuredAtUs = at.UnixMicro()
	return rtts
}
