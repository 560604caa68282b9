package observertc

import (
	"strings"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// stream adds the stream to the sample, and fills in what it has in either direction. It is nil where the stream's transport
// cannot be told.
func stream(out *earshotv1.Sample, pc *peerConnection, ts []*earshotv1.Transport, r *rtp) *earshotv1.Stream {
	id := ""
	for i := range pc.transports {
		if pc.transports[i].id == r.transportID {
			id = ts[i].TransportId
			break
		}
	}
	if id == "" && len(ts) == 1 {
		id = ts[0].TransportId
	}
	if id == "" || r.ssrc == 0 {
		return nil
	}
	st := earshotv1.StreamFromVTPool()
	out.Streams = append(out.Streams, st)
	st.TransportId, st.Ssrc, st.Kind, st.Mid, st.Rid = id, r.ssrc, mediaKind(r.kind), r.mid, r.rid
	for i := range pc.codecs {
		if c := &pc.codecs[i]; c.id == r.codecID && r.codecID != "" {
			st.Codec, st.ClockRate = subtype(c.mime), c.rate
			break
		}
	}
	st.Packets, st.Bytes, st.PacketsLost, st.JitterUs = r.packets, r.bytes, r.lost, r.jitter
	st.PacketsDiscarded, st.PacketsRetransmitted = r.discarded, r.retransmitted
	st.NackCount, st.PliCount, st.FirCount = r.nack, r.pli, r.fir
	st.Muted = r.inactive
	st.Frames, st.KeyFrames, st.FramesDropped = r.frames, r.keys, r.dropped
	st.FrameWidth, st.FrameHeight, st.QpSum = r.width, r.height, r.qp
	return st
}

func inbound(out *earshotv1.Sample, pc *peerConnection, ts []*earshotv1.Transport, r *rtp) {
	st := stream(out, pc, ts, r)
	if st == nil {
		return
	}
	st.Direction = earshotv1.Direction_DIRECTION_INBOUND
	st.TrackId = r.trackID
	st.FreezeCount, st.FreezeDurationUs = r.freezes, r.freeze
	st.SamplesReceived, st.SamplesConcealed, st.SamplesConcealedSilent = r.samples, r.concealed, r.silent
	st.ConcealmentEvents = r.concealments
	st.JitterBufferDelayUs, st.JitterBufferEmitted, st.JitterBufferTargetUs = r.buffer, r.emitted, r.target
	st.DecodeTimeUs, st.ProcessingDelayUs = r.decode, r.processing
	st.PlayoutDelayUs, st.PlayoutCount = r.playoutDelay, r.playedCount
	for i := range pc.playouts {
		if p := &pc.playouts[i]; p.id == r.playoutID && p.id != "" {
			st.PlayoutDelayUs, st.PlayoutCount = p.delay, p.count
			break
		}
	}
	other := find(pc.remoteOut, r, &r.remote)
	st.Rtts = appendRTT(st.Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_XR, &other.rtt)
}

func outbound(out *earshotv1.Sample, pc *peerConnection, ts []*earshotv1.Transport, r *rtp) {
	st := stream(out, pc, ts, r)
	if st == nil {
		return
	}
	st.Direction = earshotv1.Direction_DIRECTION_OUTBOUND
	st.TrackId = r.trackID
	for i := range pc.sources {
		if s := &pc.sources[i]; s.id == r.mediaSourceID && s.id != "" {
			st.TrackId = s.trackID
			break
		}
	}
	st.EncodeTimeUs, st.PacketSendDelayUs = r.encode, r.sendDelay
	st.QualityLimitation = limitation(r.limitation)
	other := find(pc.remoteIn, r, &r.remote)
	if other.hasLost {
		st.PacketsLost, st.JitterUs = other.lost, other.jitter
	}
	st.Rtts = appendRTT(st.Rtts, earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, &other.rtt)
}

// find gives what the other end says of the stream.
func find(all []remote, r *rtp, otherwise *remote) *remote {
	for i := range all {
		if o := &all[i]; o.ssrc == r.ssrc || o.localID != "" && o.localID == r.id {
			return o
		}
	}
	return otherwise
}

// subtype is opus of audio/opus.
func subtype(mime string) string {
	if i := strings.IndexByte(mime, '/'); i >= 0 {
		return mime[i+1:]
	}
	return mime
}
