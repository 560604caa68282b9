import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { address, certificateDigest, fromAddresses, fromFingerprints, parseFingerprint } from "../src/linkkey.js";
import * as schema from "../src/schema.js";
import { decode, encode, inner, text } from "../src/wire.js";
import { messages, plain } from "./proto.mjs";

// What mediasoup has nothing to say of.
const left = {
  Sample: ["client", "receipt"],
  Stream: [
    ...["frames", "keyFrames", "framesDropped", "frameWidth", "frameHeight", "qpSum", "freezeCount", "freezeDurationUs", "qualityLimitation"],
    ...["samplesReceived", "samplesConcealed", "samplesConcealedSilent", "concealmentEvents", "jitterBufferDelayUs", "jitterBufferEmitted"],
    ...["jitterBufferTargetUs", "decodeTimeUs", "processingDelayUs", "playoutDelayUs", "playoutCount", "encodeTimeUs", "packetSendDelayUs"],
    ...["residenceMeanUs", "residenceMaxUs", "residencePackets", "captureDelayUs"],
  ],
};

for (const name of ["SFUOrigin", "ClockOffset", "RTT", "Transport", "Stream", "Event", "Sample", "TimeRequest", "ClientFrame"]) {
  test(`the table of ${name} is what the .proto file says`, () => {
    const letter = { fixed32: "f", fixed64: "x", double: "d" };
    const want = Object.entries(messages[name]).filter(([, f]) => !left[name]?.includes(f.name))
      .map(([number, f]) => ({ number: Number(number), name: f.name, type: messages[f.type] ? schema[f.type] : letter[f.type] ?? "" }));
    assert.deepEqual(schema[name].map(({ number, name, type }) => ({ number, name, type })), want);
  });
}

test("every kind of value comes out as it went in", () => {
  const sample = {
    sfu: { sfuId: "fra-1", region: "Zürich" }, sequence: 2 ** 40 + 1, sampledAtUs: 1_795_417_420_000_001, clock: { offsetUs: -1234567, errorUs: 1 },
    transports: [
      { transportId: "a", linkKey: "fedcba9876543210", addressKey: "0000000000000001", sfuLink: true, rtts: [{ source: 1, latestUs: 127 }, { source: 2, latestUs: 128 }] },
      { transportId: "b" },
    ],
    streams: [{ transportId: "a", ssrc: 4294967295, packetsLost: -3, direction: 2, kind: 1, bytes: 2 ** 50 }],
    events: [{ type: 12, number: 0.5 }],
  };
  assert.deepEqual(plain("ClientFrame", encode({ sample }, schema.ClientFrame)).sample, {
    ...sample,
    transports: [
      { ...sample.transports[0], rtts: [{ source: "RTT_SOURCE_RTCP_RR", latestUs: 127 }, { source: "RTT_SOURCE_RTCP_XR", latestUs: 128 }] },
      { transportId: "b" },
    ],
    streams: [{ ...sample.streams[0], direction: "DIRECTION_OUTBOUND", kind: "MEDIA_KIND_AUDIO" }],
    events: [{ type: "EVENT_TYPE_CUSTOM", number: 0.5 }],
  });
});

test("a message larger than the room there is", () => {
  const streams = Array.from({ length: 9000 }, (_, i) => ({ transportId: `transport-${i}`, ssrc: i + 1 }));
  const got = plain("Sample", encode({ streams }, schema.Sample));
  assert.equal(got.streams.length, 9000);
  assert.deepEqual(got.streams[8999], { transportId: "transport-8999", ssrc: 9000 });
});

test("answers are read, and what is none is told apart", () => {
  const ack = Buffer.from([0x0a, 0x08, 0x0a, 0x01, 0x73, 0x10, 0xac, 0x02, 0x1a, 0x00]);
  const got = inner(decode(ack)[1]);
  assert.equal(text(got[1]), "s");
  assert.equal(got[2], 300);
  for (const bad of [[0x0a], [0x0a, 5, 1], [0x08], [0x0b]]) assert.equal(decode(Uint8Array.from(bad)), undefined);
});

const vectors = JSON.parse(readFileSync(new URL("../../../../schemas/linkkey/testdata/vectors.json", import.meta.url), "utf8"));

test("link keys are those of the vectors", () => {
  for (const { name, a, b, key } of vectors.fingerprints) {
    assert.equal(fromFingerprints(parseFingerprint(a), parseFingerprint(b)), key, name);
    assert.equal(fromFingerprints(parseFingerprint(b), parseFingerprint(a)), key, name);
  }
  for (const { name, a, b, a_text, b_text, key } of vectors.addresses) {
    assert.equal(address(a.host, a.port), a_text, name);
    assert.equal(address(b.host, b.port), b_text, name);
    assert.equal(fromAddresses(a_text, b_text), key, name);
  }
  assert.equal(fromFingerprints(Buffer.alloc(0), Buffer.alloc(32)), "");
});

test("a certificate has the fingerprint that SDP gives of it", () => {
  const { pem, fingerprint } = JSON.parse(readFileSync(new URL("../testdata/certificates.json", import.meta.url), "utf8")).publisher;
  assert.deepEqual(certificateDigest(pem), parseFingerprint(fingerprint));
  assert.equal(certificateDigest("no certificate").length, 0);
});
