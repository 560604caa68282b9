// Firefox and Safari. These reports are no recordings (of Firefox 153 there are, see mapping.test.mjs): they have the members
// that the browsers' own definitions have (Firefox: dom/webidl/RTCStatsReport.webidl; Safari: WebKit's RTCStatsReport.h), with
// the values of a recording of Chromium.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { watch } from "../build/peer.js";
import { platform } from "../build/platform.js";
import { FakePC, host, recorded } from "./fakes.mjs";

const keep = (text) => new Set(text.split(" "));

/** A recording as another browser would have told it: members that it lacks are gone, some have other names. */
function as(browser, name) {
  return recorded(name).flatMap((s) => {
    const known = browser[s.type];
    if (!known) return [];
    const out = Object.fromEntries(Object.entries(s).filter(([k]) => ["id", "type", "timestamp"].includes(k) || known.has(k)));
    return [browser.change?.(out, s) ?? out];
  });
}

const rtp = "ssrc kind mediaType transportId codecId";
const firefox = {
  "codec": keep("payloadType codecType transportId mimeType clockRate channels sdpFmtpLine"),
  "inbound-rtp": keep(`${rtp} packetsReceived packetsLost jitter packetsDiscarded trackIdentifier mid remoteId framesDecoded keyFramesDecoded framesDropped frameWidth frameHeight framesPerSecond qpSum totalDecodeTime freezeCount totalFreezesDuration bytesReceived nackCount firCount pliCount totalProcessingDelay jitterBufferDelay jitterBufferEmittedCount jitterBufferTargetDelay totalSamplesReceived concealedSamples silentConcealedSamples concealmentEvents`),
  "outbound-rtp": keep(`${rtp} packetsSent bytesSent mid remoteId rid retransmittedPacketsSent frameWidth frameHeight framesEncoded keyFramesEncoded qpSum totalEncodeTime nackCount firCount pliCount`),
  "remote-inbound-rtp": keep(`${rtp} packetsReceived packetsLost jitter localId roundTripTime totalRoundTripTime fractionLost roundTripTimeMeasurements`),
  "remote-outbound-rtp": keep(`${rtp} packetsSent bytesSent localId remoteTimestamp`),
  "media-source": keep("trackIdentifier kind width height frames framesPerSecond"),
  "candidate-pair": keep("transportId localCandidateId remoteCandidateId state priority nominated writable readable packetsSent packetsReceived bytesSent bytesReceived totalRoundTripTime currentRoundTripTime responsesReceived"),
  "local-candidate": keep("transportId address port protocol candidateType priority relayProtocol foundation usernameFragment tcpType"),
  "remote-candidate": keep("transportId address port protocol candidateType priority foundation usernameFragment tcpType"),
  "transport": keep("packetsSent packetsReceived bytesSent bytesReceived iceRole iceLocalUsernameFragment dtlsState iceState selectedCandidatePairId localCertificateId remoteCertificateId selectedCandidatePairChanges"),
  "certificate": keep("fingerprint fingerprintAlgorithm base64Certificate"),
  change: (out, s) => (s.type === "candidate-pair" ? { ...out, selected: s.nominated && s.state === "succeeded" } : undefined),
};

/** Before transport, certificate, mid and the RTT of candidate pairs came. */
const olderFirefox = {
  ...firefox, transport: undefined, certificate: undefined,
  "inbound-rtp": keep("ssrc kind mediaType packetsReceived packetsLost jitter trackIdentifier remoteId framesDecoded bytesReceived nackCount firCount pliCount codecId"),
  "outbound-rtp": keep("ssrc kind mediaType packetsSent bytesSent remoteId framesEncoded qpSum totalEncodeTime nackCount firCount pliCount codecId"),
  "candidate-pair": keep("transportId localCandidateId remoteCandidateId state priority nominated bytesSent bytesReceived"),
  change: (out, s) => (s.type === "candidate-pair" ? { ...out, selected: s.nominated && s.state === "succeeded" } : s.type === "inbound-rtp" ? { ...out, discardedPackets: 3 } : undefined),
};

/** libwebrtc's, but with addresses withheld and another clock. */
const safari = {
  ...Object.fromEntries(Object.keys(firefox).map((t) => [t, { has: (k) => !["ip", "address", "networkType", "mediaType", "isRemote"].includes(k) }])),
  "media-playout": { has: () => true },
  change: (out) => ({ ...out, timestamp: out.timestamp - 1.7e12 }),
};

const sdp = (ufrag, print) => ({ sdp: `v=0\r\na=ice-ufrag:${ufrag}\r\na=fingerprint:sha-256 ${print}\r\n` });

/** What a browser's version of a recording becomes. */
async function sample(browser, name) {
  const original = recorded(name);
  const pc = new FakePC();
  pc.stats = browser ? as(browser, name) : original;
  const transport = original.find((s) => s.type === "transport");
  const print = (id) => original.find((s) => s.id === id).fingerprint;
  pc.localDescription = sdp(transport.iceLocalUsernameFragment, print(transport.localCertificateId));
  pc.remoteDescription = sdp(original.find((s) => s.type === "remote-candidate").usernameFragment, print(transport.remoteCertificateId));
  pc.connectionState = pc.iceConnectionState = "connected";
  pc.transceivers = original.filter((s) => s.mid).map((s) => {
    const source = original.find((m) => m.id === s.mediaSourceId);
    const track = { id: source?.trackIdentifier ?? s.trackIdentifier, enabled: true, muted: false };
    return { mid: s.mid, sender: { track: source ? track : null }, receiver: { track: source ? { id: `r${s.mid}` } : track } };
  });
  const part = { transports: [], streams: [], ms: 0 };
  await watch(pc, "id", host()).take(part);
  return part;
}

/** What of a Chromium's part another browser's has not, by field. */
function missing(have, want) {
  const names = new Set();
  for (const kind of ["transports", "streams"]) {
    assert.equal(have[kind].length, want[kind].length);
    want[kind].forEach((w, i) => {
      for (const [k, v] of Object.entries(w)) {
        if (JSON.stringify(have[kind][i][k]) === JSON.stringify(v)) continue;
        assert.ok(!have[kind][i][k], `${k} is ${JSON.stringify(have[kind][i][k])} and not ${JSON.stringify(v)}`);
        names.add(k);
      }
    });
  }
  return [...names].sort();
}

describe("of what Chrome tells, other browsers tell", () => {
  for (const [name, browser, recording, lacks] of [
    ["Firefox, publisher", firefox, "getstats-publisher.json", ["availableOutgoingBps", "packetSendDelayUs", "qualityLimitation"]],
    ["Firefox, viewer", firefox, "getstats-subscriber-rrtr.json", ["availableOutgoingBps", "playoutCount", "playoutDelayUs", "rtts"]],
    ["Safari, publisher", safari, "getstats-publisher.json", ["ipVersion"]],
    ["Safari, viewer", safari, "getstats-subscriber-rrtr.json", ["ipVersion"]],
  ]) {
    test(`${name}: all but ${lacks.join(", ")}`, async () => {
      assert.deepEqual(missing(await sample(browser, recording), await sample(null, recording)), lacks);
    });
  }

  test("older Firefox: the link, the streams and the sender's round-trip times", async () => {
    const chrome = await sample(null, "getstats-publisher.json");
    const { transports: [t], streams } = await sample(olderFirefox, "getstats-publisher.json");
    for (const key of ["linkKey", "ufragKey", "iceState", "dtlsState", "localCandidateType", "protocol", "bytesSent", "ipVersion"]) assert.equal(t[key], chrome.transports[0][key], key);
    assert.equal(t.rtts, undefined, "candidate pairs have none");
    streams.forEach((s, i) => {
      for (const key of ["transportId", "ssrc", "packets", "codec", "rtts", "jitterUs"]) assert.deepEqual(s[key], chrome.streams[i][key], key);
    });
    const viewer = await sample(olderFirefox, "getstats-subscriber.json");
    for (const s of viewer.streams) {
      assert.equal(s.packetsDiscarded, 3, "under its former name");
      assert.equal(s.trackId, recorded("getstats-subscriber.json").find((r) => r.ssrc === s.ssrc && r.type === "inbound-rtp").trackIdentifier);
    }
  });
});

test("a browser is known by its user agent, to the major version", () => {
  for (const [agent, browser, browserVersion, os, maxTouchPoints] of [
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "Chrome", "131", "Windows"],
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36", "Chrome", "156", "Linux"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.86", "Edge", "131", "Windows"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0", "Opera", "115", "macOS"],
    ["Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox", "133", "Linux"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15", "Safari", "18", "macOS", 0],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15", "Safari", "18", "iOS", 5],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.103 Mobile/15E148 Safari/604.1", "Chrome", "131", "iOS"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/133.0 Mobile/15E148 Safari/605.1.15", "Firefox", "133", "iOS"],
    ["Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36", "Chrome", "131", "Android"],
    ["Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36 EdgA/130.0.2849.80", "Edge", "130", "Android"],
    ["Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "Chrome", "131", "ChromeOS"],
    ["something new", "", "", ""],
  ]) assert.deepEqual(platform({ userAgent: agent, maxTouchPoints }), { browser, browserVersion, os }, agent);
});
