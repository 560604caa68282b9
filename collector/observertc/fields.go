package observertc

import "bytes"

// fields are the field numbers of one schema's protobuf: the name at index i has number i+1. ObserveRTC's generator numbers
// fields anew with each schema, repeated ones first, then required and optional ones by the alphabet.
type fields struct {
	schema                                 string
	client, connection                     [][]byte
	inbound, outbound, remoteIn, remoteOut [][]byte
	codec, source, playout, certificate    [][]byte
	transport, candidate, pair             [][]byte
	event, issue, meta                     [][]byte
}

// Schemas lists those whose protobuf can be read.
func Schemas() []string { return []string{"3.0", "3.3", "3.4", "3.5"} }

func fieldsOf(schema string) *fields {
	switch schema {
	case "3.0", "3.0.0":
		return &schema30
	case "3.3", "3.3.0":
		return &schema33
	case "", "3.4", "3.4.0", "3.5", "3.5.0":
		return &schema35
	}
	return nil
}

func words(s string) [][]byte { return bytes.Fields([]byte(s)) }

var schema35 = fields{
	schema: "3.5",
	client: words(`clientEvents clientIssues clientMetaItems extensionStats peerConnections scoreReasons timestamp attachments
		callId clientId score`),
	connection: words(`certificates codecs dataChannels iceCandidatePairs iceCandidates iceTransports inboundRtps inboundTracks
		mediaPlayouts mediaSources outboundRtps outboundTracks peerConnectionTransports remoteInboundRtps remoteOutboundRtps
		scoreReasons peerConnectionId attachments score`),
	inbound: words(`id kind ssrc timestamp trackIdentifier attachments audioLevel bytesReceived codecId concealedSamples
		concealmentEvents corruptionMeasurements decoderImplementation estimatedPlayoutTimestamp fecBytesReceived
		fecPacketsDiscarded fecPacketsReceived fecSsrc firCount frameHeight frameWidth framesAssembledFromMultiplePackets
		framesDecoded framesDropped framesPerSecond framesReceived framesRendered freezeCount headerBytesReceived
		insertedSamplesForDeceleration jitter jitterBufferDelay jitterBufferEmittedCount jitterBufferMinimumDelay
		jitterBufferTargetDelay keyFramesDecoded lastPacketReceivedTimestamp mid nackCount packetsDiscarded packetsLost
		packetsReceived packetsReceivedWithCe packetsReceivedWithEct1 packetsReportedAsLost packetsReportedAsLostButRecovered
		pauseCount playoutId pliCount powerEfficientDecoder qpSum remoteId removedSamplesForAcceleration
		retransmittedBytesReceived retransmittedPacketsReceived rtxSsrc silentConcealedSamples totalAssemblyTime
		totalAudioEnergy totalCorruptionProbability totalDecodeTime totalFreezesDuration totalInterFrameDelay
		totalPausesDuration totalProcessingDelay totalSamplesDuration totalSamplesReceived totalSquaredCorruptionProbability
		totalSquaredInterFrameDelay transportId`),
	outbound: words(`id kind ssrc timestamp active attachments bytesSent codecId encoderImplementation encodingIndex firCount
		frameHeight frameWidth framesEncoded framesPerSecond framesSent headerBytesSent hugeFramesSent keyFramesEncoded
		mediaSourceId mid nackCount packetsSent packetsSentWithEct1 pliCount powerEfficientEncoder psnrMeasurements psnrSum
		qpSum qualityLimitationDurations qualityLimitationReason qualityLimitationResolutionChanges remoteId
		retransmittedBytesSent retransmittedPacketsSent rid rtxSsrc scalabilityMode targetBitrate totalEncodeTime
		totalEncodedBytesTarget totalPacketSendDelay transportId`),
	remoteIn: words(`id kind ssrc timestamp attachments codecId fractionLost jitter localId packetsLost packetsReceived
		packetsReceivedWithCe packetsReceivedWithEct1 packetsReportedAsLost packetsReportedAsLostButRecovered
		packetsWithBleachedEct1Marking roundTripTime roundTripTimeMeasurements totalRoundTripTime transportId`),
	remoteOut: remoteOutbound,
	codec:     codecFields, source: sourceFields, playout: playoutFields, certificate: certificateFields,
	transport: words(`id timestamp attachments bytesReceived bytesSent ccfbMessagesReceived ccfbMessagesSent dtlsCipher dtlsRole
		dtlsState iceLocalUsernameFragment iceRole iceState localCertificateId packetsReceived packetsSent
		remoteCertificateId selectedCandidatePairChanges selectedCandidatePairId srtpCipher tlsVersion`),
	candidate: candidateFields, pair: pairFields,
	event: eventFields, issue: words(`type key payload timestamp`), meta: metaFields,
}

// 3.3 is as 3.5, but for score reasons, which were one text then.
var schema33 = func() fields {
	f := schema35
	f.schema = "3.3"
	f.client, f.connection = clientUpTo33, connectionUpTo33
	return f
}()

var schema30 = fields{
	schema: "3.0",
	client: clientUpTo33, connection: connectionUpTo33,
	inbound: words(`id kind ssrc timestamp trackIdentifier attachments audioLevel bytesReceived codecId concealedSamples
		concealmentEvents corruptionMeasurements decoderImplementation estimatedPlayoutTimestamp fecBytesReceived
		fecPacketsDiscarded fecPacketsReceived fecSsrc firCount frameHeight frameWidth framesAssembledFromMultiplePackets
		framesDecoded framesDropped framesPerSecond framesReceived framesRendered freezeCount headerBytesReceived
		insertedSamplesForDeceleration jitter jitterBufferDelay jitterBufferEmittedCount jitterBufferMinimumDelay
		jitterBufferTargetDelay keyFramesDecoded lastPacketReceivedTimestamp mid nackCount packetsDiscarded packetsLost
		packetsReceived pauseCount playoutId pliCount powerEfficientDecoder qpSum remoteId removedSamplesForAcceleration
		retransmittedBytesReceived retransmittedPacketsReceived rtxSsrc silentConcealedSamples totalAssemblyTime
		totalAudioEnergy totalCorruptionProbability totalDecodeTime totalFreezesDuration totalInterFrameDelay
		totalPausesDuration totalProcessingDelay totalSamplesDuration totalSamplesReceived totalSquaredCorruptionProbability
		totalSquaredInterFrameDelay transportId`),
	outbound: words(`id kind ssrc timestamp active attachments bytesSent codecId encoderImplementation firCount frameHeight
		frameWidth framesEncoded framesPerSecond framesSent headerBytesSent hugeFramesSent keyFramesEncoded mediaSourceId mid
		nackCount packetsSent pliCount powerEfficientEncoder qpSum qualityLimitationDurations qualityLimitationReason
		qualityLimitationResolutionChanges remoteId retransmittedBytesSent retransmittedPacketsSent rid rtxSsrc
		scalabilityMode targetBitrate totalEncodeTime totalEncodedBytesTarget totalPacketSendDelay transportId`),
	remoteIn: words(`id kind ssrc timestamp attachments codecId fractionLost jitter localId packetsLost packetsReceived
		roundTripTime roundTripTimeMeasurements totalRoundTripTime transportId`),
	remoteOut: remoteOutbound,
	codec:     codecFields, source: sourceFields, playout: playoutFields, certificate: certificateFields,
	transport: words(`id timestamp attachments bytesReceived bytesSent dtlsCipher dtlsRole dtlsState iceLocalUsernameFragment
		iceRole iceState localCertificateId packetsReceived packetsSent remoteCertificateId selectedCandidatePairChanges
		selectedCandidatePairId srtpCipher tlsVersion`),
	candidate: candidateFields, pair: pairFields,
	event: eventFields, issue: words(`type payload timestamp`), meta: metaFields,
}

// What all schemas number alike.
var (
	clientUpTo33 = words(`clientEvents clientIssues clientMetaItems extensionStats peerConnections timestamp attachments callId
		clientId score scoreReasons`)
	connectionUpTo33 = words(`certificates codecs dataChannels iceCandidatePairs iceCandidates iceTransports inboundRtps
		inboundTracks mediaPlayouts mediaSources outboundRtps outboundTracks peerConnectionTransports remoteInboundRtps
		remoteOutboundRtps peerConnectionId attachments score scoreReasons`)
	remoteOutbound = words(`id kind ssrc timestamp attachments bytesSent codecId localId packetsSent remoteTimestamp reportsSent
		roundTripTime roundTripTimeMeasurements totalRoundTripTime transportId`)
	codecFields  = words(`id mimeType timestamp attachments channels clockRate payloadType sdpFmtpLine transportId`)
	sourceFields = words(`id kind timestamp attachments audioLevel echoReturnLoss echoReturnLossEnhancement frames framesPerSecond
		height totalAudioEnergy totalSamplesDuration trackIdentifier width`)
	playoutFields = words(`id kind timestamp attachments synthesizedSamplesDuration synthesizedSamplesEvents totalPlayoutDelay
		totalSamplesCount totalSamplesDuration`)
	certificateFields = words(`id timestamp attachments base64Certificate fingerprint fingerprintAlgorithm issuerCertificateId`)
	candidateFields   = words(`id timestamp address attachments candidateType foundation port priority protocol relatedAddress
		relatedPort relayProtocol tcpType transportId url usernameFragment`)
	pairFields = words(`id timestamp attachments availableIncomingBitrate availableOutgoingBitrate bytesDiscardedOnSend
		bytesReceived bytesSent consentRequestsSent currentRoundTripTime lastPacketReceivedTimestamp lastPacketSentTimestamp
		localCandidateId nominated packetsDiscardedOnSend packetsReceived packetsSent remoteCandidateId requestsReceived
		requestsSent responsesReceived responsesSent state totalRoundTripTime transportId`)
	eventFields = words(`type payload timestamp`)
	metaFields  = words(`type payload peerConnectionId ssrc timestamp trackId`)
)
