package livekit

import (
	"maps"
	"slices"
	"strings"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// mapper turns what the server says into what an SFU says. LiveKit names no transports, so every participant has one that bears its
// SID, or two: one over which it publishes and one over which it receives.
type mapper struct {
	callPrefix    string
	clientID      Naming
	oneConnection bool

	transports map[string]*earshotv1.Transport // of the room at hand
	owners     map[string]string               // client ids by the participant's SID
	call       string
	out        *earshotv1.Sample
}

const (
	publishing = "/publish"
	receiving  = "/subscribe"
)

func (m *mapper) begin() { m.out = &earshotv1.Sample{} }

// room begins a room, given its participants' identities by SID.
func (m *mapper) room(name string, identities map[string]string) {
	m.call = m.callPrefix + name
	m.transports = map[string]*earshotv1.Transport{}
	m.owners = map[string]string{}
	for sid, identity := range identities {
		switch m.clientID {
		case NamedByIdentity:
			m.owners[sid] = identity
		case NamedBySID:
			m.owners[sid] = sid
		}
	}
}

// transport names one end, and reports it once.
func (m *mapper) transport(sid, way string) string {
	id := sid
	if !m.oneConnection {
		id += way
	}
	if m.transports[id] == nil {
		t := &earshotv1.Transport{TransportId: id, CallId: m.call, RemoteOwnerId: m.owners[sid]}
		m.transports[id] = t
		m.out.Transports = append(m.out.Transports, t)
	}
	return id
}

// inbound reports a stream that a participant publishes.
func (m *mapper) inbound(sid string, s *earshotv1.Stream) {
	s.TransportId, s.Direction = m.transport(sid, publishing), earshotv1.Direction_DIRECTION_INBOUND
	m.out.Streams = append(m.out.Streams, s)
}

// participants maps a room as RoomService has it: what comes in, so far as SSRCs are known.
func (m *mapper) participants(room string, all []participant) {
	identities := map[string]string{}
	for i := range all {
		identities[all[i].SID] = all[i].Identity
	}
	m.room(room, identities)
	for i := range all {
		for j := range all[i].Tracks {
			m.published(all[i].SID, &all[i].Tracks[j])
		}
	}
}

func (m *mapper) published(sid string, t *track) {
	add := func(mime, mid string, layers []layer) {
		for _, l := range layers {
			if l.SSRC == 0 {
				continue
			}
			m.inbound(sid, &earshotv1.Stream{
				Ssrc: l.SSRC, Rid: l.RID, Mid: mid, Kind: kind(t.Type), Codec: subtype(mime), TrackId: t.SID, Muted: t.Muted,
			})
		}
	}
	for _, c := range t.Codecs {
		add(c.MimeType, c.Mid, c.Layers)
	}
	if len(t.Codecs) == 0 { // servers before 1.4
		add(t.MimeType, t.Mid, t.Layers)
	}
}

// debugRoom maps a room as /debug/rooms has it: what comes in, and what becomes of it.
func (m *mapper) debugRoom(r *debugRoom) {
	identities := map[string]string{}
	for identity, p := range r.Participants {
		identities[p.ID] = identity
	}
	m.room(r.Name, identities)
	for _, identity := range slices.Sorted(maps.Keys(r.Participants)) {
		p := r.Participants[identity]
		tracks := p.UpTrackManager.PublishedTracks
		for _, sid := range slices.Sorted(maps.Keys(tracks)) {
			t := tracks[sid]
			m.debugTrack(p.ID, sid, &t)
		}
	}
}

func (m *mapper) debugTrack(publisher, sid string, t *debugTrack) {
	for _, mime := range slices.Sorted(maps.Keys(t.Receivers)) {
		r := t.Receivers[mime]
		for _, up := range r.UpTracks {
			if up.SSRC == 0 {
				continue
			}
			m.inbound(publisher, &earshotv1.Stream{
				Ssrc: up.SSRC, Rid: up.RID, Kind: kind(t.Kind), Codec: subtype(r.Mime), TrackId: sid, Muted: t.PubMuted,
			})
		}
	}
	for _, down := range t.DownTracks {
		if down.BindState != bound || down.SSRC == 0 {
			continue
		}
		s := &earshotv1.Stream{
			TransportId: m.transport(down.SubscriberID, receiving), Direction: earshotv1.Direction_DIRECTION_OUTBOUND, Ssrc: down.SSRC,
			Kind: kind(t.Kind), Codec: subtype(down.MimeType), TrackId: sid, Packets: down.Stats.PacketCount, Muted: down.Muted || down.PubMuted,
		}
		if ssrc := t.source(&down); ssrc != 0 {
			s.ForwardedTransportId, s.ForwardedSsrc = m.transport(publisher, publishing), ssrc
		}
		m.out.Streams = append(m.out.Streams, s)
	}
}

// source is the SSRC of what a stream carries now; 0 where that is not known for certain.
func (t *debugTrack) source(down *downTrack) uint32 {
	r, ok := t.Receivers[strings.ToLower(down.MimeType)]
	if !ok {
		// Opus may be taken out of RED, and put into it, so the one codec there is will do.
		if len(t.Receivers) != 1 || t.Kind != "AUDIO" {
			return 0
		}
		for _, r = range t.Receivers {
			break
		}
	}
	if t.Kind == "AUDIO" {
		if len(r.UpTracks) != 1 {
			return 0
		}
		return r.UpTracks[0].SSRC
	}
	var ssrc uint32
	for _, up := range r.UpTracks {
		if up.Layer == down.CurrentSpatialLayer {
			if ssrc != 0 {
				return 0
			}
			ssrc = up.SSRC
		}
	}
	if ssrc == 0 && down.CurrentSpatialLayer >= 0 && len(r.UpTracks) == 1 {
		ssrc = r.UpTracks[0].SSRC // layers of SVC are in one stream
	}
	return ssrc
}

func kind(k string) earshotv1.MediaKind {
	switch k {
	case "AUDIO":
		return earshotv1.MediaKind_MEDIA_KIND_AUDIO
	case "VIDEO":
		return earshotv1.MediaKind_MEDIA_KIND_VIDEO
	default:
		return earshotv1.MediaKind_MEDIA_KIND_UNSPECIFIED
	}
}

func subtype(mime string) string {
	_, sub, _ := strings.Cut(mime, "/")
	return sub
}
