import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { probe } from "../src/index.js";
import { Router, World, inbound, outbound, rtp } from "./fakes.mjs";
import { plain } from "./proto.mjs";

const options = { sfuId: "fra-1", collector: "https://collector.test" };

function start(more) {
  const world = new World();
  world.WebSocket = undefined;
  const samples = [];
  const errors = [];
  const p = probe({ ...options, onSample: (s) => samples.push(s), onError: (e) => errors.push(e), ...more }, world);
  return { world, p, samples, errors };
}

for (const [name, bad, says] of [
  ["no name", { sfuId: "" }, /sfuId/], ["no address", { collector: "collector:4480" }, /https:\/\/collector/], ["no interval", { interval: NaN }, /interval/],
]) {
  test(`options that make no sense: ${name}`, () => assert.throws(() => probe({ ...options, ...bad }), says));
}

test("nothing that goes wrong reaches the server", async () => {
  const { world, p, errors } = start({ callOf: () => { throw new Error("mine"); }, onError: undefined });
  p.watch(undefined);
  p.watch({});
  p.watch({ rtpParameters: {} }, { transport: {} });
  const router = new Router();
  p.watch(router);
  p.watch(router); // twice is once
  const transport = router.createWebRtcTransport({ id: "t", iceSelectedTuple: { localPort: "?", remoteIp: 17 } });
  transport.getStats = () => { throw new Error("no worker"); };
  transport.produce({ rtpParameters: undefined, getStats: async () => [{ type: "inbound-rtp" }] });
  await world.pass(20_000);
  transport.close();
  await world.pass(20_000);
  await p.stop();
  assert.deepEqual(errors, []);
  assert.equal(transport.observer.listenerCount("newproducer") + router.observer.listenerCount("newtransport"), 0);
});

test("the samples of a server that has nothing to do are none", async () => {
  const { world, p, samples } = start();
  p.watch(new Router());
  await world.pass(60_000);
  assert.equal(samples.length, 0);
  await p.stop();
});

test("a worker that does not answer costs a wait, and what it said before stands", async () => {
  const { world, p, samples } = start();
  const router = new Router();
  p.watch(router);
  const transport = router.createWebRtcTransport({ id: "t" });
  const stats = [inbound("audio", "audio/opus", 7, { packetCount: 5 })];
  const producer = transport.produce({ rtpParameters: rtp("audio/opus", 48000, { ssrc: 7 }), stats });
  await world.pass(1000);
  let asked = 0;
  producer.getStats = () => new Promise(() => asked++);
  await world.pass(20_000);
  assert.equal(asked, 1, "it is not asked again");
  assert.ok(samples.length >= 3);
  assert.equal(samples.at(-1).streams[0].packets, 5);
  await p.stop(0);
});

test("what comes and goes is told early, once between two ticks", async () => {
  const { world, p, samples } = start();
  const router = new Router();
  p.watch(router);
  const transport = router.createWebRtcTransport({ id: "t" });
  await world.pass(1500);
  assert.equal(samples.length, 1);
  transport.produce({ rtpParameters: rtp("audio/opus", 48000, { ssrc: 7 }), stats: [inbound("audio", "audio/opus", 7)] });
  await world.pass(300);
  assert.equal(samples.length, 2);
  transport.produce({ rtpParameters: rtp("audio/opus", 48000, { ssrc: 8 }), stats: [inbound("audio", "audio/opus", 8)] });
  await world.pass(300);
  assert.equal(samples.length, 2);
  await world.pass(5000);
  assert.equal(samples.length, 3);
  await p.stop(0);
});

test("transports, producers and consumers that were there before are watched one by one", async () => {
  const { world, p, samples, errors } = start({ remoteOf: (t) => ({ ownerId: "par-1", transportId: `${t.id}-there` }) });
  const router = new Router();
  const [from, to] = [router.createWebRtcTransport({ id: "from" }), router.createWebRtcTransport({ id: "to" })];
  const producer = from.produce({ rtpParameters: rtp("audio/opus", 48000, { ssrc: 7 }), stats: [inbound("audio", "audio/opus", 7)] });
  const consumer = to.consume(producer, {
    rtpParameters: rtp("audio/opus", 48000, { ssrc: 8 }), stats: [outbound("audio", "audio/opus", 8), inbound("audio", "audio/opus", 7)],
  });
  p.watch(from, { callId: "standup" });
  p.watch(to, { remoteOwnerId: "client-9" });
  p.watch(producer, { transport: from });
  p.watch(consumer, { transport: to });
  await world.pass(1500);
  assert.deepEqual(errors, []);
  const [a, b] = samples[0].transports;
  assert.deepEqual([a.callId, a.remoteOwnerId, a.remoteTransportId], ["standup", "par-1", "from-there"]);
  assert.equal(b.remoteOwnerId, "client-9");
  const out = samples[0].streams[1];
  assert.deepEqual([out.forwardedTransportId, out.forwardedSsrc, out.callId], ["from", 7, "standup"]);
  await p.stop(0);
});

test("against a server, with the world as it is", async (t) => {
  const got = [];
  const server = createServer((req, res) => {
    const body = [];
    req.on("data", (d) => body.push(d)).on("end", () => {
      if (req.url === "/v1/stream") return res.writeHead(404).end();
      const now = Date.now() * 1e3;
      if (req.url === "/v1/time") return res.end(JSON.stringify({ received_at_us: now, replied_at_us: now }));
      got.push(...plain("SampleBatch", Buffer.concat(body)).samples);
      res.writeHead(202).end(JSON.stringify({ accepted: 1, rejected: [] }));
    });
  });
  await new Promise((r) => server.listen(0, "127.0.0.1", r));
  t.after(() => server.close());
  const p = probe({ sfuId: "fra-1", collector: `http://127.0.0.1:${server.address().port}/`, interval: 20, callOf: () => "standup" });
  const router = new Router();
  p.watch(router);
  router.createWebRtcTransport({ id: "t" });
  while (!got.at(-1)?.clock) await new Promise((r) => setTimeout(r, 10));
  await p.stop();
  server.closeAllConnections();
  assert.equal(got[0].sfu.sfuId, "fra-1");
  assert.deepEqual(got.slice(0, 2).map((s) => s.sequence), [1, 2]);
  assert.ok(got.at(-1).clock.errorUs > 0);
});

test("a probe that is not stopped does not keep the process", () => {
  const index = fileURLToPath(new URL("../src/index.js", import.meta.url));
  const script = `import { probe } from ${JSON.stringify(index)}; probe({ sfuId: "x", collector: "http://127.0.0.1:9" });`;
  execFileSync(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 });
});
