// The one table of what getStats calls things, in which unit, and where browsers differ. An entry is
//
//   dictionary.member>field
//
// The dictionary is left out where it is the stream's or transport's own, and the field where it has the member's name. Of
// several entries for one field the first that is there counts.
//
// Units follow from our fields: getStats counts time in seconds (sums of times over audio samples are in seconds as well, each
// sample counting), and so what goes into a field that ends in Us is taken a million times. Words become the enums of the
// wire. A member that a browser lacks is simply absent, and so is our field: 0 is "not known".
//
// Unless a line says otherwise, Chrome, Firefox and Safari agree. What is missing as a whole is found otherwise in peer.ts: in
// Firefox the certificates (from SDP), in older Firefox the transport (from candidate pairs) and mid (from the track).
import { candidateType, dtlsState, iceState, mediaKind, protocol, qualityLimitation } from "./schema.js";

const words: Record<string, (word: string) => number> = {
  kind: mediaKind, qualityLimitation, iceState, dtlsState, protocol, relayProtocol: protocol,
  localCandidateType: candidateType, remoteCandidateType: candidateType,
};

const value = (v: unknown) => (typeof v === "number" ? Math.round(v) : v);
const seconds = (v: number) => Math.round(v * 1e6);

interface Row {
  field: string;
  dictionary: string;
  member: string;
  read: (v: any) => unknown;
}

const table = (...lines: string[]): Row[] =>
  lines.join(" ").split(" ").map((entry) => {
    const [, dictionary = "own", member, field = member] = /^(?:(\w+)\.)?(\w+)>?(\w+)?$/.exec(entry)!;
    return { field: field!, dictionary, member: member!, read: words[field!] ?? (/Us$/.test(field!) ? seconds : value) };
  });

const RTP = "ssrc mid rid kind nackCount pliCount firCount frameWidth frameHeight qpSum";

/** inbound-rtp, and the media-playout that plays it. */
export const inbound = table(
  RTP,
  "packetsReceived>packets bytesReceived>bytes packetsLost jitter>jitterUs retransmittedPacketsReceived>packetsRetransmitted",
  "packetsDiscarded discardedPackets>packetsDiscarded", // the second is older Firefox
  "framesDecoded>frames keyFramesDecoded>keyFrames framesDropped freezeCount totalFreezesDuration>freezeDurationUs",
  "totalSamplesReceived>samplesReceived concealedSamples>samplesConcealed silentConcealedSamples>samplesConcealedSilent",
  "concealmentEvents jitterBufferEmittedCount>jitterBufferEmitted jitterBufferDelay>jitterBufferDelayUs",
  "jitterBufferTargetDelay>jitterBufferTargetUs totalProcessingDelay>processingDelayUs",
  "totalDecodeTime>decodeTimeUs", // of video alone
  "playout.totalPlayoutDelay>playoutDelayUs playout.totalSamplesCount>playoutCount", // Firefox has no media-playout
);

/** outbound-rtp, and remote-inbound-rtp: what the other end reports. */
export const outbound = table(
  RTP,
  "packetsSent>packets bytesSent>bytes retransmittedPacketsSent>packetsRetransmitted remote.packetsLost remote.jitter>jitterUs",
  "framesEncoded>frames keyFramesEncoded>keyFrames",
  "totalEncodeTime>encodeTimeUs", // of video alone
  "totalPacketSendDelay>packetSendDelayUs qualityLimitationReason>qualityLimitation", // Firefox lacks both
);

/** The RTT of an RTP stream, as sender (remote-inbound-rtp) or as receiver (remote-outbound-rtp; Firefox has none). */
export const report = table("roundTripTime>latestUs totalRoundTripTime>totalUs roundTripTimeMeasurements>count");

/** The RTT of a candidate pair; older Firefox has none. */
export const check = table("currentRoundTripTime>latestUs totalRoundTripTime>totalUs responsesReceived>count");

/** transport, its selected candidate-pair, and the pair's candidates here (near) and there (far). */
export const transport = table(
  "iceState dtlsState bytesSent pair.bytesSent bytesReceived pair.bytesReceived",
  "pair.availableOutgoingBitrate>availableOutgoingBps pair.availableIncomingBitrate>availableIncomingBps", // Firefox lacks both
  "near.candidateType>localCandidateType far.candidateType>remoteCandidateType near.protocol near.relayProtocol",
);

/** Copies what a table names out of the dictionaries into the target. */
export function fill<T extends object>(target: T, rows: Row[], from: Record<string, any>): T {
  const to = target as Record<string, unknown>;
  for (const row of rows) {
    const v = from[row.dictionary]?.[row.member];
    if (v) to[row.field] ||= row.read(v);
  }
  return target;
}
