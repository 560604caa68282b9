// The mapping: the roster with its latest statistics comes in, and the sample that says it goes out.
import { address, certificateDigest, fromAddresses, fromFingerprints, parseFingerprint } from "./linkkey.js";
import { forwards, insides, isPipe } from "./forward.js";
import {
  CANDIDATE_HOST, EVENT_ICE_RESTART, EVENT_ICE_STATE, EVENT_SELECTED_PAIR, INBOUND, OUTBOUND, RTCP_RR, RTCP_XR, dtlsState, iceState,
  mediaKind, protocol,
} from "./schema.js";

/** @typedef {import("./roster.js").End} End */
/** @typedef {import("./roster.js").Medium} Medium */
/** @typedef {import("./roster.js").RtpStat} RtpStat */
/** @typedef {{ callOf(object: any): string | undefined, remoteOf(transport: any): { ownerId?: string, transportId?: string } | undefined }} Application */

/**
 * Says what the roster holds at a time, in microseconds. Transports that have closed are said once more, and then forgotten.
 * @param {Map<unknown, End>} roster
 * @param {number} at
 * @param {Application} app
 */
export function compose(roster, at, app) {
  const ends = [...roster.values()];
  const inside = insides(ends);
  const carried = forwards(ends, inside);
  const calls = callsOf(ends, carried, app);
  /** @type {object[]} */
  const transports = [];
  /** @type {object[]} */
  const streams = [];
  /** @type {object[]} */
  const events = [];
  for (const end of ends) {
    if (end.closed) roster.delete(end.object);
    // Between two routers of one SFU nothing is measured; and what has no other end yet is no link.
    if (inside.has(end) || isPipe(end) && !tupleOf(end)?.remoteIp) continue;
    const call = calls.get(end) ?? "";
    transports.push(transport(end, call, app, at, (type, value) => events.push({ type, atUs: at, transportId: end.object.id, value })));
    for (const p of end.producers.values()) {
      for (const stat of p.stats) {
        if (stat.type === "inbound-rtp") streams.push({ ...stream(p, stat), callId: call ? "" : calls.get(p) });
      }
    }
    for (const c of end.consumers.values()) {
      for (const stat of c.stats) {
        if (stat.type !== "outbound-rtp") continue;
        const from = carried.get(c)?.get(stat.ssrc);
        streams.push({
          ...stream(c, stat), callId: call ? "" : calls.get(c),
          forwardedTransportId: from?.end.object.id, forwardedSsrc: from?.ssrc,
        });
      }
    }
  }
  return { transports, streams, events };
}

/**
 * @param {End} end
 * @returns {import("./roster.js").Tuple | undefined}
 */
export const tupleOf = (end) => end.object.iceSelectedTuple ?? end.object.tuple;

/**
 * @param {End} end
 * @param {string} call
 * @param {Application} app
 * @param {number} at
 * @param {(type: number, value?: string) => void} event
 */
function transport(end, call, app, at, event) {
  const t = end.object;
  const tuple = tupleOf(end);
  const remote = app.remoteOf(t);
  const pair = addressesOf(tuple);
  const ice = end.closed ? "closed" : t.iceState ?? "";
  if (ice !== end.ice) event(EVENT_ICE_STATE, ice);
  end.ice = ice;
  if (t.iceSelectedTuple && pair.join() !== end.tuple) {
    if (end.tuple) {
      end.changes++;
      event(EVENT_SELECTED_PAIR);
    }
    end.tuple = pair.join();
  }
  const ufrag = t.iceParameters?.usernameFragment ?? "";
  if (end.ufrag && ufrag !== end.ufrag) event(EVENT_ICE_RESTART);
  end.ufrag = ufrag;
  const { stats } = end;
  return {
    transportId: t.id,
    callId: call,
    linkKey: linkKey(end),
    remoteOwnerId: end.facts.remoteOwnerId ?? remote?.ownerId,
    remoteTransportId: end.facts.remoteTransportId ?? remote?.transportId,
    addressKey: fromAddresses(pair[0], pair[1]),
    localCandidateType: t.iceSelectedTuple ? CANDIDATE_HOST : 0, // mediasoup has no others
    protocol: protocol(tuple?.protocol),
    iceState: iceState(ice),
    dtlsState: end.closed && t.dtlsState ? dtlsState("closed") : dtlsState(t.dtlsState),
    sfuLink: isPipe(end),
    selectedPairChanges: end.changes,
    bytesSent: stats.bytesSent,
    bytesReceived: stats.bytesReceived,
    availableOutgoingBps: stats.availableOutgoingBitrate,
    availableIncomingBps: stats.availableIncomingBitrate,
    ipVersion: tuple?.remoteIp ? (/^(?!::ffff:.*\.).*:/i.test(tuple.remoteIp) ? 6 : 4) : 0,
    connectUs: end.connectUs,
  };
}

/**
 * Both ends of a tuple as they are hashed, "" where one is not known.
 * @param {import("./roster.js").Tuple | undefined} tuple
 */
export function addressesOf(tuple) {
  if (!tuple?.remoteIp) return ["", ""];
  return [address(tuple.localAddress ?? tuple.localIp ?? "", tuple.localPort), address(tuple.remoteIp, tuple.remotePort ?? 0)];
}

/**
 * The link key, once the other end's certificate is known.
 * @param {End} end
 */
function linkKey(end) {
  const { dtlsRemoteCert, dtlsParameters } = end.object;
  if (dtlsRemoteCert && dtlsRemoteCert !== end.cert) {
    end.cert = dtlsRemoteCert;
    const own = dtlsParameters?.fingerprints?.find((/** @type {{ algorithm: string }} */ f) => f.algorithm === "sha-256");
    end.linkKey = own ? fromFingerprints(parseFingerprint(own.value), certificateDigest(dtlsRemoteCert)) : "";
  }
  return end.linkKey;
}

/**
 * @param {Medium} medium
 * @param {RtpStat} stat
 */
function stream({ object, end }, stat) {
  const { mid, codecs } = object.rtpParameters;
  const inbound = stat.type === "inbound-rtp";
  const mime = stat.mimeType ?? "";
  const same = (/** @type {{ mimeType: string }} */ c) => c.mimeType.toLowerCase() === mime.toLowerCase();
  const clockRate = codecs.find(same)?.clockRate ?? 0;
  const rtt = Math.round((stat.roundTripTime ?? 0) * 1e3);
  return {
    transportId: end.object.id,
    direction: inbound ? INBOUND : OUTBOUND,
    ssrc: stat.ssrc,
    kind: mediaKind(stat.kind ?? object.kind),
    mid,
    rid: stat.rid,
    codec: mime.slice(mime.indexOf("/") + 1),
    clockRate,
    trackId: object.producerId ?? object.id,
    // Without a time or a count: it counts as measured when it changes. Receivers' reports come to consumers, DLRR to producers.
    rtts: rtt > 0 ? [{ source: inbound ? RTCP_XR : RTCP_RR, latestUs: rtt }] : [],
    packets: stat.packetCount,
    bytes: stat.byteCount,
    packetsLost: stat.packetsLost,
    jitterUs: clockRate ? ((stat.jitter ?? 0) * 1e6) / clockRate : 0,
    packetsDiscarded: stat.packetsDiscarded,
    packetsRetransmitted: stat.packetsRetransmitted,
    nackCount: stat.nackCount,
    pliCount: stat.pliCount,
    firCount: stat.firCount,
    muted: Boolean(object.paused || object.producerPaused),
  };
}

/**
 * The call of every transport of which the application says one, and of what lies on the others: of its own, or of the other end
 * of a forward.
 * @param {End[]} ends
 * @param {ReturnType<typeof forwards>} carried
 * @param {Application} app
 */
function callsOf(ends, carried, app) {
  /** @type {Map<End | Medium, string>} */
  const calls = new Map();
  /** @param {End | Medium} of @param {string | undefined} call */
  const set = (of, call) => void (call && !calls.has(of) && calls.set(of, call));
  for (const end of ends) set(end, end.facts.callId ?? app.callOf(end.object));
  for (const end of ends) {
    for (const medium of [...end.producers.values(), ...end.consumers.values()]) set(medium, calls.get(end) ?? app.callOf(medium.object));
  }
  for (const [consumer, origins] of carried) {
    for (const { producer } of origins.values()) {
      set(consumer, calls.get(producer));
      set(producer, calls.get(consumer));
    }
  }
  return calls;
}
