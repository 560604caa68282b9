package observertc

import (
	"strings"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// addEvent adds what happened to the sample, if it is of interest. Payloads stay behind, and so do labels of devices: what
// an application puts there nobody knows.
func addEvent(out *earshotv1.Sample, s *clientSample, e *event) {
	typ, value := kindOf(e)
	if typ == 0 {
		return
	}
	n := earshotv1.EventFromVTPool()
	out.Events = append(out.Events, n)
	n.Type, n.Value, n.TrackId = typ, value, e.track
	n.AtUs = int64(e.at)
	if n.AtUs == 0 {
		n.AtUs = out.SampledAtUs
	}
	if pc := s.find(e.pc, 0); pc != nil && e.pc != "" {
		switch len(pc.transports) {
		case 0:
			n.TransportId = pc.id
		case 1:
			n.TransportId = join(pc.id, pc.transports[0].id)
		}
	}
}

// kindOf is 0 for what is no event here.
func kindOf(e *event) (earshotv1.EventType, string) {
	if e.isMeta {
		switch e.typ {
		case "MEDIA_DEVICE":
			return earshotv1.EventType_EVENT_TYPE_DEVICE, e.kind
		case "USER_MEDIA_ERROR":
			return earshotv1.EventType_EVENT_TYPE_CUSTOM, e.typ
		}
		return 0, ""
	}
	if e.issue {
		return earshotv1.EventType_EVENT_TYPE_CUSTOM, e.typ
	}
	switch e.typ {
	case "":
		return 0, ""
	case "CLIENT_JOINED":
		return earshotv1.EventType_EVENT_TYPE_JOIN, ""
	case "CLIENT_LEFT":
		return earshotv1.EventType_EVENT_TYPE_LEAVE, ""
	case "ICE_CONNECTION_STATE_CHANGED":
		return earshotv1.EventType_EVENT_TYPE_ICE_STATE, strings.ToLower(e.state)
	case "MEDIA_TRACK_ADDED":
		return earshotv1.EventType_EVENT_TYPE_TRACK_ADDED, ""
	case "MEDIA_TRACK_REMOVED":
		return earshotv1.EventType_EVENT_TYPE_TRACK_REMOVED, ""
	case "MEDIA_TRACK_MUTED":
		return earshotv1.EventType_EVENT_TYPE_TRACK_MUTED, ""
	case "MEDIA_TRACK_UNMUTED":
		return earshotv1.EventType_EVENT_TYPE_TRACK_UNMUTED, ""
	case "ICE_CANDIDATE", "ICE_GATHERING_STATE_CHANGED", "NEGOTIATION_NEEDED", "SIGNALING_STATE_CHANGE":
		return 0, "" // many, and of use to nobody who asks for delay
	}
	return earshotv1.EventType_EVENT_TYPE_CUSTOM, e.typ
}

// connected gives the transports of a peer connection the time that it took, where the sample tells of both its making and
// its success: the first one mostly does.
func (s *clientSample) connected(pc string, transports []*earshotv1.Transport) {
	var opened, up uint64
	for i := range s.events {
		e := &s.events[i]
		switch {
		case e.pc != pc || e.isMeta || e.issue:
		case e.typ == "PEER_CONNECTION_OPENED":
			opened = e.at
		case e.typ == "PEER_CONNECTION_STATE_CHANGED" && e.state == "connected" && up == 0:
			up = e.at
		}
	}
	if opened == 0 || up <= opened {
		return
	}
	for _, t := range transports {
		t.ConnectUs = up - opened
	}
}
