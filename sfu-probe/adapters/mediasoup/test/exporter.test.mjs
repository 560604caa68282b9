import assert from "node:assert/strict";
import { test } from "node:test";
import { makeExporter } from "../src/exporter.js";
import { World, settle } from "./fakes.mjs";
import { plain } from "./proto.mjs";

const varint = (n) => {
  const out = [];
  for (; n > 127; n = Math.floor(n / 128)) out.push((n % 128) + 128);
  return [...out, n];
};
const field = (number, bytes) => [number * 8 + 2, ...varint(bytes.length), ...bytes];
const ack = (sequence, error = "", retryMs = 0) =>
  Uint8Array.from(field(1, [...field(1, [115]), 16, ...varint(sequence), ...(error ? field(3, Buffer.from(error)) : []), ...(retryMs ? [32, ...varint(retryMs)] : [])])).buffer;
const timeReply = (sent, received, replied) => Uint8Array.from(field(2, [8, ...varint(sent), 16, ...varint(received), 24, ...varint(replied)])).buffer;

function start(t, { world = new World(), token, maxBytes = 1 << 20 } = {}) {
  const faults = [];
  const exporter = makeExporter("https://collector.test", token, maxBytes, world, (e) => faults.push(e));
  t.after(() => exporter.stop(0));
  const send = (sequence, more) => exporter.send({ sessionId: "s", sequence, sfu: { sfuId: "fra-1" }, ...more });
  return { world, exporter, send, faults };
}

async function opened(t, options) {
  const s = start(t, options);
  s.send(1);
  await settle();
  s.world.socket.onopen();
  return s;
}

const samplesOf = (socket) => socket.sent.map((f) => plain("ClientFrame", f).sample?.sequence).filter(Boolean);

test("samples go over a WebSocket and are kept until they are acknowledged", async (t) => {
  const { world, exporter, send } = await opened(t, { token: "secret" });
  assert.equal(world.socket.url, "wss://collector.test/v1/stream");
  assert.deepEqual(world.socket.protocols, ["earshot.v1", "bearer.secret"]);
  send(2);
  assert.deepEqual(samplesOf(world.socket), [1, 2]);
  world.socket.onmessage({ data: ack(1) });
  assert.deepEqual([exporter.stats.acknowledged, exporter.stats.queued], [1, 1]);
  world.socket.onclose({ code: 1006, reason: "" });
  await world.pass(1000);
  assert.equal(world.sockets.length, 2);
  world.socket.onopen();
  assert.deepEqual(samplesOf(world.socket), [2], "again after the connection broke");
  world.socket.onmessage({ data: ack(2) });
  assert.equal(exporter.stats.queuedBytes, 0);
});

test("a refusal is final, a delay is not", async (t) => {
  const { world, exporter, send, faults } = await opened(t);
  send(2);
  world.socket.onmessage({ data: ack(1, "no call") });
  world.socket.onmessage({ data: ack(2, "later", 5000) });
  assert.deepEqual([exporter.stats.refused, exporter.stats.queued], [1, 1]);
  assert.match(faults.at(-1).message, /no call/);
  await world.pass(4900);
  assert.deepEqual(samplesOf(world.socket), [1, 2]);
  await world.pass(1000);
  assert.deepEqual(samplesOf(world.socket), [1, 2, 2]);
});

test("where the queue is full the oldest give way", async (t) => {
  const { exporter, send } = start(t, { maxBytes: 1000 });
  for (let n = 1; n <= 20; n++) send(n);
  const { taken, dropped, queued, queuedBytes } = exporter.stats;
  assert.equal(taken, dropped + queued);
  assert.ok(queued > 3 && queuedBytes <= 1000, `${queued} ${queuedBytes}`);
});

test("the clock's offset comes of the best exchange", async (t) => {
  const { world, exporter } = await opened(t);
  const sent = plain("ClientFrame", world.socket.sent[0]).time.sentAtUs;
  world.at += 10_000;
  world.socket.onmessage({ data: timeReply(sent, sent + 1_005_000, sent + 1_005_000) });
  assert.deepEqual(exporter.clock(), { offsetUs: 1_000_000, errorUs: 5000 });
});

test("attempts are made ever less often, and one fault is told", async (t) => {
  const { world, send, faults } = start(t);
  let attempts = 0;
  const fail = () => {
    attempts++;
    throw new Error("no route");
  };
  world.WebSocket = class {
    constructor() {
      fail();
    }
  };
  world.respond = async () => fail();
  send(1);
  await world.pass(10 * 60_000);
  assert.ok(attempts > 15 && attempts < 50, `${attempts} attempts in ten minutes`);
  assert.equal(faults.length, 1);
});

test("without WebSockets samples are posted", async (t) => {
  const world = new World();
  world.WebSocket = undefined;
  const answers = [{ status: 200, body: {} }, { status: 503, headers: { "Retry-After": "7" } }, { status: 202, body: { accepted: 1, rejected: [{ index: 1, reason: "too old" }] } }];
  world.respond = async () => answers.shift() ?? { status: 202, body: {} };
  const { exporter, send, faults } = start(t, { world, token: async () => "fresh" });
  send(1);
  send(2);
  await settle();
  assert.deepEqual(world.requests.map((r) => r.url), ["https://collector.test/v1/time", "https://collector.test/v1/samples"]);
  assert.equal(world.requests[1].headers.Authorization, "Bearer fresh");
  await world.pass(6500);
  assert.equal(world.requests.length, 2, "not before it was asked to");
  await world.pass(1000);
  assert.deepEqual(plain("SampleBatch", world.requests[2].body).samples.map((s) => s.sequence), [1, 2]);
  assert.deepEqual([exporter.stats.acknowledged, exporter.stats.refused, exporter.stats.queued], [1, 1, 0]);
  assert.match(faults.at(-1).message, /too old/);
});

test("a collector that falls silent is left", async (t) => {
  const { world, faults } = await opened(t);
  await world.pass(32_000);
  assert.match(faults.at(-1).message, /stopped answering/);
  assert.equal(world.sockets.length, 2);
});

test("stop waits for acknowledgements, but not for ever", async (t) => {
  const { world, exporter } = await opened(t);
  let done = false;
  const stopping = exporter.stop(5000).then(() => (done = true));
  await world.pass(4000);
  assert.ok(!done);
  world.socket.onmessage({ data: ack(1) });
  await stopping;
  assert.ok(world.socket.closed);
  const other = await opened(t);
  const late = other.exporter.stop(5000);
  await other.world.pass(5000);
  await late;
  assert.equal(other.exporter.stats.queued, 1);
});
