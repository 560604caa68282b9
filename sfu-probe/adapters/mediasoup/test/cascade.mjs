// A call over two servers: a publisher at fra-1, where it comes in at one router and goes on from another; a pipe to par-1; a
// subscriber there. Audio, and video in three simulcast layers.
import { readFileSync } from "node:fs";
import { probe } from "../src/index.js";
import { Worker, World, inbound, outbound, rtp, settle, tuple } from "./fakes.mjs";

export const certificates = JSON.parse(readFileSync(new URL("../testdata/certificates.json", import.meta.url), "utf8"));
const fingerprint = (byte) => Array(32).fill(byte).join(":");
/** Of the workers' certificates. */
export const own = { "fra-1": fingerprint("a1"), "par-1": fingerprint("b2") };
export const interval = 2000;

/** What the hops take, in ms: publisher to fra-1, to par-1, to the subscriber. Small changes make new measurements of it. */
export const rtts = [21, 30, 47];
const jiggle = (ms, tick) => ms + (tick % 2) / 64;

const dtls = (sfu, client) => ({
  iceState: "completed", dtlsState: "connected", dtlsRemoteCert: certificates[client].pem,
  dtlsParameters: { role: "server", fingerprints: [{ algorithm: "sha-1", value: "00:11" }, { algorithm: "sha-256", value: own[sfu] }] },
});

function server(world, sfuId) {
  const samples = [];
  const errors = [];
  const p = probe(
    {
      sfuId, region: sfuId.slice(0, 3), version: "3.19.3", collector: "https://collector.test", interval,
      callOf: (object) => object.appData.call, onError: (e) => errors.push(e),
      onSample(s) {
        s.sessionId = `session-${sfuId}`;
        samples.push(s);
      },
    },
    world,
  );
  const router = (id) => {
    const worker = new Worker({ id: `worker-of-${id}` });
    p.watch(worker);
    return worker.createRouter({ id });
  };
  return { probe: p, router, samples, errors };
}

export async function cascade() {
  const world = new World();
  world.WebSocket = undefined; // samples are posted, and accepted
  const fra = server(world, "fra-1");
  const par = server(world, "par-1");
  const [a, b] = [fra.router("router-a"), fra.router("router-b")];
  const c = par.router("router-c");

  const publisher = a.createWebRtcTransport({ id: "pub", appData: { call: "standup" } });
  await world.pass(300);
  publisher.set({ ...dtls("fra-1", "publisher"), iceSelectedTuple: tuple("198.51.100.1", 40001, "203.0.113.7", 50001) }, "icestatechange", "dtlsstatechange");
  // Inside of fra-1, then to par-1.
  const a1 = a.createPipeTransport({ id: "inside-a", tuple: tuple("127.0.0.1", 41001, "127.0.0.1", 41002) });
  const b1 = b.createPipeTransport({ id: "inside-b", tuple: tuple("127.0.0.1", 41002, "127.0.0.1", 41001) });
  const b2 = b.createPipeTransport({ id: "to-par", tuple: tuple("198.51.100.1", 42001, "198.51.100.2", 42002) });
  const c1 = c.createPipeTransport({ id: "from-fra", tuple: tuple("198.51.100.2", 42002, "198.51.100.1", 42001) });
  const subscriber = c.createWebRtcTransport({ id: "sub", appData: { call: "standup" } });
  await world.pass(100);
  subscriber.set({ ...dtls("par-1", "subscriber"), iceSelectedTuple: tuple("198.51.100.2", 40002, "2001:db8::7", 50002, "tcp") }, "icestatechange", "dtlsstatechange");

  const media = [
    { kind: "audio", mime: "audio/opus", rate: 48000, id: "mic", first: 1000, layers: [undefined], type: "simple" },
    { kind: "video", mime: "video/VP8", rate: 90000, id: "cam", first: 1100, layers: ["q", "h", "f"], type: "simulcast" },
  ];
  const lines = media.map((m) => {
    const ssrcs = (hop) => m.layers.map((_, i) => m.first + hop * 1000 + i);
    const encodings = (hop) => ssrcs(hop).map((ssrc) => ({ ssrc }));
    const all = (hop) => rtp(m.mime, m.rate, ...encodings(hop));
    const produced = publisher.produce({ id: m.id, kind: m.kind, type: m.type, rtpParameters: rtp(m.mime, m.rate, ...m.layers.map((rid, i) => (rid ? { rid } : { ssrc: m.first + i }))) });
    const pipe = (from, to, producer, hop) => {
      const out = from.consume(producer, { id: `${m.id}-${from.id}`, type: "pipe", rtpParameters: all(hop) });
      return [out, to.produce({ id: m.id, kind: m.kind, type: m.type, rtpParameters: all(hop) })];
    };
    const [inside, across] = pipe(a1, b1, produced, 1);
    const [sent, arrived] = pipe(b2, c1, across, 2);
    const consumed = subscriber.consume(arrived, { id: `${m.id}-consumed`, type: m.type, rtpParameters: rtp(m.mime, m.rate, { ssrc: m.first + 3000 }) });
    return { m, ssrcs, produced, inside, across, sent, arrived, consumed };
  });

  /** The statistics of a tick. The subscriber takes the lowest layer, and from the fifth tick on the highest. */
  function count(n) {
    const layer = n < 5 ? 0 : 2;
    const traffic = { packetCount: 100 * n, byteCount: 90_000 * n, nackCount: n, pliCount: 1, packetsLost: n };
    for (const { m, ssrcs, ...l } of lines) {
      const each = (make, hop, more) => ssrcs(hop).map((ssrc, i) => make(m.kind, m.mime, ssrc, { ...traffic, rid: hop ? undefined : m.layers[i], ...more }));
      l.produced.stats = each(inbound, 0, { jitter: m.rate / 500, roundTripTime: jiggle(rtts[0], n) });
      l.inside.stats = each(outbound, 1, { roundTripTime: 0.1 });
      l.across.stats = each(inbound, 1);
      l.sent.stats = each(outbound, 2, { roundTripTime: jiggle(rtts[1], n) });
      l.arrived.stats = each(inbound, 2);
      l.consumed.currentLayers = m.layers[1] ? { spatialLayer: layer, temporalLayer: 0 } : undefined;
      l.consumed.stats = [
        outbound(m.kind, m.mime, ssrcs(3)[0], { ...traffic, roundTripTime: jiggle(rtts[2], n) }),
        inbound(m.kind, m.mime, ssrcs(2)[m.layers[1] ? layer : 0], traffic),
      ];
    }
    for (const t of [publisher, subscriber, b2, c1]) {
      t.stats = [{ type: "webrtc-transport", transportId: t.id, bytesReceived: 90_000 * n, bytesSent: 1000 * n, availableOutgoingBitrate: 600_000 }];
    }
  }
  return { world, fra, par, a, b, c, publisher, subscriber, lines, count, settle };
}
