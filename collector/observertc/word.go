package observertc

import earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"

// The words of getStats. Those that are not known are "unspecified".

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
	case "relay", "relayed":
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
	case "tls":
		return earshotv1.Protocol_PROTOCOL_TLS
	}
	return 0
}

func iceState(s string) earshotv1.ICEState {
	switch s {
	case "new":
		return earshotv1.ICEState_ICE_STATE_NEW
	case "checking", "connecting":
		return earshotv1.ICEState_ICE_STATE_CHECKING
	case "connected":
		return earshotv1.ICEState_ICE_STATE_CONNECTED
	case "completed":
		return earshotv1.ICEState_ICE_STATE_COMPLETED
	case "disconnected":
		return earshotv1.ICEState_ICE_STATE_DISCONNECTED
	case "failed":
		return earshotv1.ICEState_ICE_STATE_FAILED
	case "closed":
		return earshotv1.ICEState_ICE_STATE_CLOSED
	}
	return 0
}

func dtlsState(s string) earshotv1.DTLSState {
	switch s {
	case "new":
		return earshotv1.DTLSState_DTLS_STATE_NEW
	case "connecting":
		return earshotv1.DTLSState_DTLS_STATE_CONNECTING
	case "connected":
		return earshotv1.DTLSState_DTLS_STATE_CONNECTED
	case "closed":
		return earshotv1.DTLSState_DTLS_STATE_CLOSED
	case "failed":
		return earshotv1.DTLSState_DTLS_STATE_FAILED
	}
	return 0
}

func limitation(s string) earshotv1.QualityLimitation {
	switch s {
	case "none":
		return earshotv1.QualityLimitation_QUALITY_LIMITATION_NONE
	case "cpu":
		return earshotv1.QualityLimitation_QUALITY_LIMITATION_CPU
	case "bandwidth":
		return earshotv1.QualityLimitation_QUALITY_LIMITATION_BANDWIDTH
	case "other":
		return earshotv1.QualityLimitation_QUALITY_LIMITATION_OTHER
	}
	return 0
}
