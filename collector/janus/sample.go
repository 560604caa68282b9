package janus

import (
	"strconv"
	"strings"

	"github.com/earshot-rtc/earshot/schemas/linkkey"
	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Options is what is said of a gateway beside its events.
type Options struct {
	// SFUID names it; by default its emitter does, which is the server_name of its configuration.
	SFUID, Region string
	// CallID is the call of handles whose room is not known, and CallPrefix stands before the room where it is: rooms of
	// different gateways may have the same name.
	CallID, CallPrefix string
}

// spacing is the least time between two samples of a call of which nothing changes but counters, and hurry that where its
// shape does, in µs: each tells of all handles, and when many join, each of them makes a dozen events.
const (
	spacing = 1_000_000
	hurry   = 200_000
)

// defaultPeriod is how often stats are taken to come before that is known, in µs.
const defaultPeriod = 5_000_000

// Samples makes a sample of every call of which there is something to tell by the time: soon what has changed in shape, and
// counters once a second. Each is all that is known of the call.
func (s *State) Samples(at int64, o *Options) []*earshotv1.Sample {
	var out []*earshotv1.Sample
	later := s.changed[:0]
	for _, r := range s.changed {
		wait := int64(spacing)
		if r.due {
			wait = hurry
		}
		if at <= r.told || at-r.told < wait && len(r.handles) > 0 {
			later = append(later, r)
			continue
		}
		r.due, r.listed, r.told = false, false, at
		if m := s.sample(r, at, o); m != nil {
			out = append(out, m)
		}
		r.events = nil
		if len(r.handles) == 0 {
			delete(s.rooms, r.id)
		}
	}
	clear(s.changed[len(later):])
	s.changed = later
	return out
}

func (s *State) sample(r *room, at int64, o *Options) *earshotv1.Sample {
	m := earshotv1.SampleFromVTPool()
	m.Sfu = earshotv1.SFUOriginFromVTPool()
	m.Sfu.SfuId, m.Sfu.Region = o.SFUID, o.Region
	m.CallId = o.CallPrefix + r.id
	if r.id == lobby {
		m.CallId = o.CallID
	}
	m.SessionId = "janus-" + strconv.FormatInt(s.started/1_000_000, 10)
	// In ms: two samples are never closer, and the same events make the same numbers again.
	m.Sequence = uint64(at/1000) + 1
	m.SampledAtUs = at
	m.IntervalUs = defaultPeriod
	if s.period > 0 {
		m.IntervalUs = max(s.period, spacing)
	}
	for _, h := range r.handles {
		s.transport(m, h)
	}
	m.Events = append(m.Events, r.events...)
	return m
}

// transport adds the handle's peer connection, if it has one.
func (s *State) transport(m *earshotv1.Sample, h *handle) {
	if !h.up && h.begun == 0 && h.ice == "" && !h.counted() {
		return
	}
	t := earshotv1.TransportFromVTPool()
	m.Transports = append(m.Transports, t)
	t.TransportId = h.transportID()
	t.LinkKey, t.UfragKey = h.keys()
	t.IceState, t.DtlsState = iceState(h.ice), dtlsState(h.dtls)
	if h.upAt > h.begun && h.begun > 0 {
		t.ConnectUs = uint64(h.upAt - h.begun)
	}
	if p := h.pair; p != nil {
		t.AddressKey, t.IpVersion = p.key(), p.ipVersion()
		t.LocalCandidateType, t.RemoteCandidateType = candidateType(p.Local.Type), candidateType(p.Remote.Type)
		t.Protocol = protocol(p.Local.Transport)
	}
	if h.pairChanges > 1 {
		t.SelectedPairChanges = h.pairChanges - 1
	}
	var loose *medium
	for _, d := range h.media {
		t.BytesSent += d.stats.BytesSent
		t.BytesReceived += d.stats.BytesReceived
		t.AvailableOutgoingBps = max(t.AvailableOutgoingBps, d.stats.REMB)
		in := h.stream(m, t, d, earshotv1.Direction_DIRECTION_INBOUND)
		out := h.stream(m, t, d, earshotv1.Direction_DIRECTION_OUTBOUND)
		if in != nil {
			in.TrackId = h.track(d)
		}
		if out != nil {
			s.forward(out, h, d)
			out.Rtts = d.appendRTT(out.Rtts)
		} else if d.rtt > 0 && (loose == nil || d.measured > loose.measured) {
			loose = d
		}
	}
	if loose != nil {
		// Of a stream whose SSRC is not known, but the round trip is that of the transport.
		t.Rtts = loose.appendRTT(t.Rtts)
	}
}

// transportID is the handle's, and of when its peer connection began: a handle that hangs up may have another, and an id is
// not used twice.
func (h *handle) transportID() string {
	if h.begun == 0 {
		return h.id
	}
	return h.id + "-" + strconv.FormatInt(h.begun, 36)
}

// keys are those of the link: both descriptions have to be known.
func (h *handle) keys() (link, ufrag uint64) {
	return linkkey.FromFingerprints(h.local.fingerprint, h.remote.fingerprint), linkkey.FromUfrags(h.local.ufrag, h.remote.ufrag)
}

func (h *handle) counted() bool {
	for _, m := range h.media {
		if m.at > 0 {
			return true
		}
	}
	return false
}

func (d *medium) appendRTT(to []*earshotv1.RTT) []*earshotv1.RTT {
	if d.rtt == 0 {
		return to
	}
	r := earshotv1.RTTFromVTPool()
	r.Source, r.LatestUs, r.MeasuredAtUs = earshotv1.RTTSource_RTT_SOURCE_RTCP_RR, d.rtt, d.measured
	return append(to, r)
}

// track names what a publisher publishes.
func (h *handle) track(d *medium) string {
	if h.user == "" {
		return d.mid
	}
	return h.user + "/" + d.mid
}

// ssrc finds the SSRC of a medium: what the client sends its SDP says, what Janus sends Janus' does.
func (h *handle) ssrc(d *medium, direction earshotv1.Direction) uint32 {
	from := &h.local
	if direction == earshotv1.Direction_DIRECTION_INBOUND {
		from = &h.remote
	}
	for i := range from.media {
		if m := &from.media[i]; m.mid == d.mid && m.sends {
			return m.ssrc
		}
	}
	return 0
}

// stream adds one direction of a medium; nil where its SSRC is not known.
func (h *handle) stream(m *earshotv1.Sample, t *earshotv1.Transport, d *medium, direction earshotv1.Direction) *earshotv1.Stream {
	ssrc := h.ssrc(d, direction)
	if ssrc == 0 {
		return nil
	}
	st := earshotv1.StreamFromVTPool()
	m.Streams = append(m.Streams, st)
	st.TransportId, st.Direction, st.Ssrc, st.Mid = t.TransportId, direction, ssrc, d.mid
	st.Kind, st.Codec, st.ClockRate = mediaKind(d.kind), d.codec, uint32(min(d.stats.Base, 1<<31))
	if st.Kind == earshotv1.MediaKind_MEDIA_KIND_VIDEO {
		st.Codec = strings.ToUpper(st.Codec) // as MIME types and SDP write them
	}
	n := &d.stats
	if direction == earshotv1.Direction_DIRECTION_INBOUND {
		st.Packets, st.Bytes, st.PacketsLost, st.JitterUs = n.PacketsReceived, n.BytesReceived, n.Lost, n.Jitter*1000
		st.NackCount, st.PacketsRetransmitted = n.NACKsSent, n.Retransmissions
	} else {
		st.Packets, st.Bytes, st.PacketsLost, st.JitterUs = n.PacketsSent, n.BytesSent, n.LostByRemote, n.JitterRemote*1000
		st.NackCount = n.NACKsReceived
	}
	return st
}

// forward says which publisher's stream is sent on.
func (s *State) forward(out *earshotv1.Stream, h *handle, d *medium) {
	feed := d.feed
	if feed == "" {
		feed = h.feed
	}
	p := s.publisher(h.room.id, feed)
	if p == nil || p == h {
		return
	}
	for _, from := range p.media {
		// Old versions have one feed per subscriber, with at most one medium of a kind.
		if d.feedMID != "" && from.mid != d.feedMID || d.feedMID == "" && from.kind != d.kind {
			continue
		}
		if ssrc := p.ssrc(from, earshotv1.Direction_DIRECTION_INBOUND); ssrc != 0 {
			out.ForwardedTransportId, out.ForwardedSsrc = p.transportID(), ssrc
			out.TrackId = p.track(from)
		}
		return
	}
}
