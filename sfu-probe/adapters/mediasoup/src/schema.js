// What an SFU says of schemas/proto/earshot/v1, as tables for the encoder; test/schema.test.mjs holds them against the .proto
// files.

/**
 * A message's fields: how the value is written (a letter, or the fields of the message that it is; "" is a text or a varint),
 * and the tag before it, which is that of a varint where the value may be either.
 * @typedef {{ name: string, type: string | Fields, number: number, tag: number }[]} Fields
 */

/**
 * name:type@number, where numbers count on from the one before. Types: f fixed32, x fixed64 in 16 hex digits, d double,
 * m a message; without one the value says whether it is a text or a varint.
 * @param {string} text
 * @param {...Fields} inner the fields of those that are messages, in order
 * @returns {Fields}
 */
const fields = (text, ...inner) => {
  let last = 0;
  return text.split(" ").map((field) => {
    const [, name, type, at] = /** @type {string[]} */ (/** @type {unknown} */ (/^(\w+):?(\w?)@?(\d*)$/.exec(field)));
    const number = (last = Number(at) || last + 1);
    const kind = /** @type {Record<string, number>} */ ({ f: 5, x: 1, d: 1, m: 2 })[type] ?? 0;
    return { name, type: type === "m" ? /** @type {Fields} */ (inner.shift()) : type, number, tag: number * 8 + kind };
  });
};

export const SFUOrigin = fields("sfuId region version probeVersion");
export const ClockOffset = fields("offsetUs errorUs");
export const RTT = fields("source latestUs totalUs count measuredAtUs");
export const Transport = fields(
  "transportId callId linkKey:x remoteOwnerId remoteTransportId ufragKey:x addressKey:x localCandidateType " +
    "remoteCandidateType protocol relayProtocol iceState dtlsState sfuLink selectedPairChanges rtts:m bytesSent bytesReceived " +
    "availableOutgoingBps availableIncomingBps ipVersion connectUs",
  RTT,
);
export const Stream = fields(
  "transportId direction ssrc:f kind mid rid codec clockRate trackId callId forwardedTransportId forwardedSsrc:f rtts:m " +
    "packets bytes packetsLost jitterUs packetsDiscarded packetsRetransmitted nackCount pliCount firCount muted",
  RTT,
);
export const Event = fields("type atUs transportId trackId value number:d");
export const Sample = fields(
  "sfu:m@2 callId sessionId sequence sampledAtUs intervalUs clock:m transports:m@10 streams:m events:m",
  SFUOrigin, ClockOffset, Transport, Stream, Event,
);
export const TimeRequest = fields("sentAtUs");
export const ClientFrame = fields("sample:m time:m", Sample, TimeRequest);

/** @param {string} text */
const words = (text) => (/** @type {string | undefined} */ word) => text.split(" ").indexOf(String(word)) + 1;

// The numbers of the words that mediasoup uses; 0 where a word is none.
export const protocol = words("udp tcp tls");
export const iceState = words("new checking connected completed disconnected failed closed");
export const dtlsState = words("new connecting connected closed failed");
export const mediaKind = words("audio video");

export const CANDIDATE_HOST = 1;
export const INBOUND = 1;
export const OUTBOUND = 2;
export const RTCP_RR = 1;
export const RTCP_XR = 2;
export const EVENT_ICE_STATE = 3;
export const EVENT_ICE_RESTART = 4;
export const EVENT_SELECTED_PAIR = 5;
