package janus

import (
	"strings"

	earshotv1 "github.com/earshot-rtc/earshot/schemas/proto/earshot/v1"
)

// The words of Janus and libnice. Those that are not known are "unspecified".

var mediaKinds = map[string]earshotv1.MediaKind{
	"audio": earshotv1.MediaKind_MEDIA_KIND_AUDIO,
	"video": earshotv1.MediaKind_MEDIA_KIND_VIDEO,
}

var candidateTypes = map[string]earshotv1.CandidateType{
	"host":  earshotv1.CandidateType_CANDIDATE_TYPE_HOST,
	"srflx": earshotv1.CandidateType_CANDIDATE_TYPE_SRFLX,
	"prflx": earshotv1.CandidateType_CANDIDATE_TYPE_PRFLX,
	"relay": earshotv1.CandidateType_CANDIDATE_TYPE_RELAY,
}

var protocols = map[string]earshotv1.Protocol{
	"udp": earshotv1.Protocol_PROTOCOL_UDP,
	"tcp": earshotv1.Protocol_PROTOCOL_TCP,
}

// iceStates are libnice's: ready is what W3C calls completed.
var iceStates = map[string]earshotv1.ICEState{
	"gathering":    earshotv1.ICEState_ICE_STATE_NEW,
	"connecting":   earshotv1.ICEState_ICE_STATE_CHECKING,
	"connected":    earshotv1.ICEState_ICE_STATE_CONNECTED,
	"ready":        earshotv1.ICEState_ICE_STATE_COMPLETED,
	"disconnected": earshotv1.ICEState_ICE_STATE_DISCONNECTED,
	"failed":       earshotv1.ICEState_ICE_STATE_FAILED,
}

var dtlsStates = map[string]earshotv1.DTLSState{
	"created":   earshotv1.DTLSState_DTLS_STATE_NEW,
	"trying":    earshotv1.DTLSState_DTLS_STATE_CONNECTING,
	"connected": earshotv1.DTLSState_DTLS_STATE_CONNECTED,
	"failed":    earshotv1.DTLSState_DTLS_STATE_FAILED,
}

// stateName is the state as W3C writes it.
func stateName(s earshotv1.ICEState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "ICE_STATE_"))
}
