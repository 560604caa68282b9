package sfuprobe

import (
	"strings"

	"github.com/pion/webrtc/v3"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// Pion's words for states and kinds, in those of the schema.

func iceState(s webrtc.ICETransportState) earshotv1.ICEState {
	switch s {
	case webrtc.ICETransportStateNew:
		return earshotv1.ICEState_ICE_STATE_NEW
	case webrtc.ICETransportStateChecking:
		return earshotv1.ICEState_ICE_STATE_CHECKING
	case webrtc.ICETransportStateConnected:
		return earshotv1.ICEState_ICE_STATE_CONNECTED
	case webrtc.ICETransportStateCompleted:
		return earshotv1.ICEState_ICE_STATE_COMPLETED
	case webrtc.ICETransportStateFailed:
		return earshotv1.ICEState_ICE_STATE_FAILED
	case webrtc.ICETransportStateDisconnected:
		return earshotv1.ICEState_ICE_STATE_DISCONNECTED
	case webrtc.ICETransportStateClosed:
		return earshotv1.ICEState_ICE_STATE_CLOSED
	}
	return earshotv1.ICEState_ICE_STATE_UNSPECIFIED
}

// stateName is the state as W3C writes it.
func stateName(s earshotv1.ICEState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "ICE_STATE_"))
}

func dtlsState(s webrtc.DTLSTransportState) earshotv1.DTLSState {
	switch s {
	case webrtc.DTLSTransportStateNew:
		return earshotv1.DTLSState_DTLS_STATE_NEW
	case webrtc.DTLSTransportStateConnecting:
		return earshotv1.DTLSState_DTLS_STATE_CONNECTING
	case webrtc.DTLSTransportStateConnected:
		return earshotv1.DTLSState_DTLS_STATE_CONNECTED
	case webrtc.DTLSTransportStateClosed:
		return earshotv1.DTLSState_DTLS_STATE_CLOSED
	case webrtc.DTLSTransportStateFailed:
		return earshotv1.DTLSState_DTLS_STATE_FAILED
	}
	return earshotv1.DTLSState_DTLS_STATE_UNSPECIFIED
}

func candidateType(t webrtc.ICECandidateType) earshotv1.CandidateType {
	switch t {
	case webrtc.ICECandidateTypeHost:
		return earshotv1.CandidateType_CANDIDATE_TYPE_HOST
	case webrtc.ICECandidateTypeSrflx:
		return earshotv1.CandidateType_CANDIDATE_TYPE_SRFLX
	case webrtc.ICECandidateTypePrflx:
		return earshotv1.CandidateType_CANDIDATE_TYPE_PRFLX
	case webrtc.ICECandidateTypeRelay:
		return earshotv1.CandidateType_CANDIDATE_TYPE_RELAY
	}
	return earshotv1.CandidateType_CANDIDATE_TYPE_UNSPECIFIED
}

func protocol(name string) earshotv1.Protocol {
	switch strings.ToLower(name) {
	case "udp", "dtls":
		return earshotv1.Protocol_PROTOCOL_UDP
	case "tcp":
		return earshotv1.Protocol_PROTOCOL_TCP
	case "tls":
		return earshotv1.Protocol_PROTOCOL_TLS
	}
	return earshotv1.Protocol_PROTOCOL_UNSPECIFIED
}

func mediaKind(kind string) earshotv1.MediaKind {
	switch kind {
	case "audio":
		return earshotv1.MediaKind_MEDIA_KIND_AUDIO
	case "video":
		return earshotv1.MediaKind_MEDIA_KIND_VIDEO
	}
	return earshotv1.MediaKind_MEDIA_KIND_UNSPECIFIED
}
