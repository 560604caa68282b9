package janus

import earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"

// The words of Janus and libnice. Those that are not known are "unspecified".

func mediaKind(s string) earshotv1.MediaKind {
	switch s {
	case "audio":
		return earshotv1.MediaKind_MEDIA_KIND_AUDIO
	case "video":
		return earshotv1.MediaKind_MEDIA_KIND_VIDEO
	}
	return 0
}

func candidateType(s string) earshotv1.CandidateType {
	switch s {
	case "host":
		return earshotv1.CandidateType_CANDIDATE_TYPE_HOST
	case "srflx":
		return earshotv1.CandidateType_CANDIDATE_TYPE_SRFLX
	case "prflx":
		return earshotv1.CandidateType_CANDIDATE_TYPE_PRFLX
	case "relay":
		return earshotv1.CandidateType_CANDIDATE_TYPE_RELAY
	}
	return 0
}

func protocol(s string) earshotv1.Protocol {
	switch s {
	case "udp":
		return earshotv1.Protocol_PROTOCOL_UDP
	case "tcp":
		return earshotv1.Protocol_PROTOCOL_TCP
	}
	return 0
}

// iceState reads libnice's states: ready is what completed is.
func iceState(s string) earshotv1.ICEState {
	switch s {
	case "gathering":
		return earshotv1.ICEState_ICE_STATE_NEW
	case "connecting":
		return earshotv1.ICEState_ICE_STATE_CHECKING
	case "connected":
		return earshotv1.ICEState_ICE_STATE_CONNECTED
	case "ready":
		return earshotv1.ICEState_ICE_STATE_COMPLETED
	case "disconnected":
		return earshotv1.ICEState_ICE_STATE_DISCONNECTED
	case "failed":
		return earshotv1.ICEState_ICE_STATE_FAILED
	}
	return 0
}

// iceWord is a state as W3C calls it.
func iceWord(s string) string {
	switch s {
	case "gathering":
		return "new"
	case "connecting":
		return "checking"
	case "ready":
		return "completed"
	}
	return s
}

// dtlsState leaves out failed: Janus says so of attempts that it repeats, and says of the end of a connection that it hung up.
func dtlsState(s string) earshotv1.DTLSState {
	switch s {
	case "created":
		return earshotv1.DTLSState_DTLS_STATE_NEW
	case "trying":
		return earshotv1.DTLSState_DTLS_STATE_CONNECTING
	case "connected":
		return earshotv1.DTLSState_DTLS_STATE_CONNECTED
	}
	return 0
}
