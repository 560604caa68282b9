import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ClientFrameFields, SampleFields } from "../build/schema.js";
import { decode, encode, inner, text } from "../build/wire.js";
import { ClientFrame, plain, reply, type } from "./proto.mjs";

/** Values of protobuf enums: small ones. */
const ENUM = /^(source|type|direction|kind|protocol|relayProtocol|iceState|dtlsState|qualityLimitation|\w+CandidateType)$/;

/** A sample with something in every field, by the tables of the encoder itself. */
function full(fields) {
  const message = {};
  for (const { name, tag, type: t } of fields) {
    const number = tag >> 3;
    if (typeof t !== "string") message[name] = [full(t), full(t)];
    else if (t === "s") message[name] = `${name} – ${number} 😀`;
    else if (t === "x") message[name] = `${(number * 0x1234567).toString(16).padStart(8, "f")}0123cdef`;
    else if (t === "d") message[name] = -number / 7;
    else if (t === "f") message[name] = 2 ** 32 - number;
    else message[name] = name === "muted" || (ENUM.test(name) ? (number % 2) + 1 : number ** 5);
  }
  return message;
}

/** The same with 64-bit keys as protobufjs wants them. */
const forProtobufjs = (m) =>
  Object.fromEntries(Object.entries(m).map(([k, v]) => [
    k, Array.isArray(v) ? v.map(forProtobufjs) : v && typeof v === "object" ? forProtobufjs(v) : /Key$/.test(k) ? BigInt(`0x${v}`).toString() : k === "muted" ? Boolean(v) : v,
  ]));

const one = (m) => ({ ...m, client: m.client[0], clock: m.clock[0] });

describe("the encoder", () => {
  test("writes every field as protobufjs does, byte for byte", () => {
    const sample = one(full(SampleFields));
    const Sample = type("Sample");
    const message = Sample.fromObject(forProtobufjs(sample));
    assert.equal(Buffer.from(encode(sample, SampleFields)).toString("hex"), Buffer.from(Sample.encode(message).finish()).toString("hex"));
  });

  test("knows every field that a client sends", () => {
    const left = (name, fields) => {
      const have = new Map(fields.map((f) => [f.name, f.tag >> 3]));
      return Object.values(type(name).fields).filter((f) => have.get(f.name) !== f.id).map((f) => `${name}.${f.name}`);
    };
    const of = Object.fromEntries(SampleFields.filter((f) => typeof f.type !== "string").map((f) => [f.name, f.type]));
    assert.deepEqual(
      [...left("Sample", SampleFields), ...left("Transport", of.transports), ...left("Stream", of.streams), ...left("Event", of.events), ...left("ClientOrigin", of.client), ...left("ClockOffset", of.clock)],
      ["Sample.sfu", "Sample.receipt", "Transport.callId", "Transport.sfuLink", "Stream.callId", "Stream.forwardedTransportId", "Stream.forwardedSsrc", "Stream.residenceMeanUs", "Stream.residenceMaxUs", "Stream.residencePackets"],
    );
  });

  for (const [name, value] of Object.entries({
    "a time in microseconds": 1_795_416_738_326_217, "the largest safe integer": Number.MAX_SAFE_INTEGER, one: 1,
    "127": 127, "128": 128, "2^32 - 1": 2 ** 32 - 1, "2^32": 2 ** 32, "minus one": -1, "a negative time": -1_795_416_738_326_217,
    "minus 2^32": -(2 ** 32), "the smallest safe integer": Number.MIN_SAFE_INTEGER,
  })) {
    test(`writes integers: ${name}`, () => {
      const frame = { sample: { clock: { offsetUs: value } } };
      const back = ClientFrame.toObject(ClientFrame.decode(encode(frame, ClientFrameFields)), { longs: Number });
      assert.equal(back.sample.clock.offsetUs, value);
    });
  }

  test("leaves out what is not known", () => {
    const stream = { transportId: "", ssrc: 0, packets: undefined, packetsLost: NaN, muted: false, rtts: [] };
    assert.equal(encode({ streams: [] }, SampleFields).length, 0);
    assert.deepEqual(plain("Sample", encode({ streams: [stream] }, SampleFields)), { streams: [{}] });
  });

  test("joined frames are a batch", () => {
    const frames = [1, 2].map((sequence) => encode({ sample: { sequence } }, ClientFrameFields));
    assert.deepEqual(plain("SampleBatch", Buffer.concat(frames)), { samples: [{ sequence: "1" }, { sequence: "2" }] });
  });
});

describe("the decoder", () => {
  test("reads an ack", () => {
    const ack = inner(decode(new Uint8Array(reply({ ack: { sessionId: "s", sequence: 70_000, error: "nein – no", retryAfterMs: 1500 } })))[1]);
    assert.deepEqual([text(ack[1]), ack[2], text(ack[3]), ack[4]], ["s", 70_000, "nein – no", 1500]);
  });

  test("reads a reply to a question of time", () => {
    const time = inner(decode(new Uint8Array(reply({ time: { sentAtUs: 1_795_416_738_326_217, receivedAtUs: 5, repliedAtUs: 6 } })))[2]);
    assert.deepEqual([time[1], time[2], time[3]], [1_795_416_738_326_217, 5, 6]);
  });

  test("passes over fields of a later version", () => {
    const later = Uint8Array.of(0x49, 1, 2, 3, 4, 5, 6, 7, 8, 0x55, 1, 2, 3, 4, 0x5a, 2, 1, 2, ...new Uint8Array(reply({ ack: { sequence: 3 } })));
    assert.equal(inner(decode(later)[1])[2], 3);
  });

  for (const [name, bytes] of Object.entries({
    "a length beyond the end": [0x0a, 5, 1], "a varint cut off": [0x08, 0x80], "a varint without end": [0x08, ...Array(11).fill(0xff)],
    "a group": [0x0b], "a fixed value cut off": [0x09, 1, 2], "a tag without a value": [0x08],
  })) {
    test(`takes ${name} for no message`, () => assert.throws(() => decode(Uint8Array.from(bytes)), RangeError));
  }

  test("comes to an end with whatever it is given", () => {
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647);
    let read = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from({ length: random() % 40 }, () => random() & 255);
      try {
        decode(bytes);
        read++;
      } catch (e) {
        assert.ok(e instanceof RangeError, `${e} of ${bytes}`);
      }
    }
    assert.ok(read > 0);
  });
});
