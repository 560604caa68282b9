import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fromAddresses, fromFingerprints, parseFingerprint } from "../src/linkkey.js";
import { ClientFrame } from "../src/schema.js";
import { encode } from "../src/wire.js";
import { cascade, certificates, interval, own, rtts } from "./cascade.mjs";
import { plain } from "./proto.mjs";

/** Holds what is made against a file of testdata; UPDATE=1 writes it. */
function golden(name, made) {
  const file = new URL(`../testdata/${name}`, import.meta.url);
  if (process.env.UPDATE) writeFileSync(file, made);
  assert.equal(made, readFileSync(file, "utf8"), `testdata/${name} differs; UPDATE=1 writes it anew`);
}

const frame = (sample) => encode({ sample }, ClientFrame);
const said = (sample) => plain("ClientFrame", frame(sample)).sample;

/** Plays the cascade and gives what both servers said: 12 samples each. */
async function play() {
  const c = await cascade();
  c.count(1);
  await c.world.pass(700); // the first tick
  for (let n = 2; n <= 12; n++) {
    c.count(n);
    await c.world.pass(interval);
  }
  return c;
}

test("a cascade of two servers with a pipe inside of one", async () => {
  const { fra, par } = await play();
  assert.deepEqual([fra.errors, par.errors], [[], []]);
  assert.deepEqual([fra.samples.length, par.samples.length], [12, 12]);
  golden("cascade.golden", JSON.stringify([fra, par].map((s) => [said(s.samples[1]), said(s.samples[7])]), null, 1) + "\n");
  // The same for test/formats, as it goes over the wire.
  golden("cascade.samples", JSON.stringify({
    rtts, interval, fingerprints: { ...own, publisher: certificates.publisher.fingerprint, subscriber: certificates.subscriber.fingerprint },
    samples: [fra, par].flatMap((s) => s.samples.map((m) => frame(m).toString("base64"))),
  }, null, 1) + "\n");
});

test("what pairs the ends, and what SFUs forward, in a few words", async () => {
  const { fra, par } = await play();
  const [f, p] = [said(fra.samples[3]), said(par.samples[3])];
  const key = (sfu, client) => fromFingerprints(parseFingerprint(own[sfu]), parseFingerprint(certificates[client].fingerprint));
  const ids = (s) => s.transports.map((t) => [t.transportId, t.callId, t.linkKey, Boolean(t.sfuLink)]);
  assert.deepEqual(ids(f), [["pub", "standup", key("fra-1", "publisher"), false], ["to-par", undefined, undefined, true]]);
  assert.deepEqual(ids(p), [["from-fra", undefined, undefined, true], ["sub", "standup", key("par-1", "subscriber"), false]]);
  const pipe = fromAddresses("198.51.100.1:42001", "198.51.100.2:42002");
  assert.deepEqual([f.transports[1].addressKey, p.transports[0].addressKey], [pipe, pipe]);
  const way = (s) => s.streams.filter((st) => st.forwardedTransportId).map((st) => [st.transportId, st.ssrc, st.forwardedTransportId, st.forwardedSsrc, st.callId]);
  assert.deepEqual(way(f), [
    ["to-par", 3000, "pub", 1000, "standup"],
    ["to-par", 3100, "pub", 1100, "standup"], ["to-par", 3101, "pub", 1101, "standup"], ["to-par", 3102, "pub", 1102, "standup"],
  ]);
  assert.deepEqual(way(p), [["sub", 4000, "from-fra", 3000, undefined], ["sub", 4100, "from-fra", 3100, undefined]]);
  assert.deepEqual(way(said(par.samples[6]))[1], ["sub", 4100, "from-fra", 3102, undefined], "another layer");
  // Streams on the shared pipe name the call.
  assert.deepEqual(p.streams.filter((s) => s.transportId === "from-fra").map((s) => s.callId), Array(4).fill("standup"));
  const mic = f.streams.find((s) => s.ssrc === 1000);
  assert.deepEqual(mic.rtts, [{ source: "RTT_SOURCE_RTCP_XR", latestUs: 21000 }]);
  assert.equal(mic.jitterUs, 2000, "96 units of 48 kHz");
});

test("no round trip yet is none, and a pause is said", async () => {
  const c = await cascade();
  c.count(1);
  const { produced, consumed } = c.lines[0];
  produced.stats[0].roundTripTime = consumed.stats[0].roundTripTime = 0;
  produced.paused = consumed.producerPaused = true;
  await c.world.pass(700);
  const at = (s, ssrc) => said(s.samples.at(-1)).streams.find((st) => st.ssrc === ssrc);
  assert.deepEqual([at(c.fra, 1000).rtts, at(c.par, 4000).rtts], [undefined, undefined]);
  assert.deepEqual([at(c.fra, 1000).muted, at(c.par, 4000).muted, at(c.fra, 1100).muted], [true, true, undefined]);
});

test("a consumer without a layer forwards nothing that is known", async () => {
  const c = await cascade();
  c.count(1);
  c.lines[1].consumed.stats.pop();
  await c.world.pass(700);
  assert.equal(said(c.par.samples.at(-1)).streams.find((st) => st.ssrc === 4100).forwardedTransportId, undefined);
});

test("a pipe whose other end is not connected yet is no link", async () => {
  const c = await cascade();
  c.b.createPipeTransport({ id: "half", tuple: { localAddress: "198.51.100.1", localPort: 42009, protocol: "udp" } });
  c.count(1);
  await c.world.pass(700);
  assert.ok(!said(c.fra.samples.at(-1)).transports.some((t) => t.transportId === "half"));
});

test("another pair, an ICE restart and the end are told", async () => {
  const c = await cascade();
  c.count(1);
  await c.world.pass(700);
  const first = said(c.fra.samples.at(-1));
  assert.deepEqual(first.events.map((e) => [e.type, e.transportId, e.value]), [["EVENT_TYPE_ICE_STATE", "pub", "completed"]]);
  assert.equal(first.transports[0].connectUs, 300_000);
  c.publisher.set({ iceSelectedTuple: { ...c.publisher.iceSelectedTuple, remotePort: 50009 }, iceParameters: { usernameFragment: "u2" } }, "iceselectedtuplechange");
  await c.world.pass(250);
  const second = said(c.fra.samples.at(-1));
  assert.deepEqual(second.events.map((e) => e.type), ["EVENT_TYPE_SELECTED_PAIR", "EVENT_TYPE_ICE_RESTART"]);
  assert.equal(second.transports[0].selectedPairChanges, 1);
  assert.notEqual(second.transports[0].addressKey, first.transports[0].addressKey);
  c.publisher.close();
  await c.world.pass(interval);
  const last = said(c.fra.samples.at(-1));
  assert.deepEqual([last.transports[0].iceState, last.transports[0].dtlsState], ["ICE_STATE_CLOSED", "DTLS_STATE_CLOSED"]);
  assert.ok(!last.streams.some((s) => s.transportId === "pub"));
  await c.world.pass(interval);
  assert.ok(!said(c.fra.samples.at(-1)).transports.some((t) => t.transportId === "pub"));
});
