// Two real mediasoup servers with the probe in them: RTP comes in at the one by a socket and goes out at the other. Run: ./run.sh
import assert from "node:assert/strict";
import { test } from "node:test";
import * as mediasoup from "mediasoup";
import { probe } from "../../sfu-probe/adapters/mediasoup/src/index.js";
import { receiver, sender } from "./rtp.mjs";

const mediaCodecs = [{ kind: "audio", mimeType: "audio/opus", clockRate: 48000, channels: 2, preferredPayloadType: 100 }];
const listenInfo = { protocol: "udp", ip: "127.0.0.1" };
const rtpParameters = { mid: "0", codecs: [{ mimeType: "audio/opus", payloadType: 100, clockRate: 48000, channels: 2 }], encodings: [{ ssrc: 1234 }] };
/** What the receiver makes its link take, in ms. */
const late = 80;

async function until(check, what, ms) {
  const end = Date.now() + ms;
  for (;;) {
    const got = check();
    if (got) return got;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms / 1000} s`);
    await new Promise((r) => setTimeout(r, 100));
  }
}

test("samples of two servers with a pipe between them and another one inside", async (t) => {
  const samples = { "fra-1": [], "par-1": [] };
  const faults = [];
  const watch = (sfuId) =>
    probe({ sfuId, collector: "http://127.0.0.1:9", interval: 500, callOf: (o) => o.appData.call, onError: (e) => faults.push(e), onSample: (s) => samples[sfuId].push(structuredClone(s)) });
  const probes = { "fra-1": watch("fra-1"), "par-1": watch("par-1") };
  const first = [await mediasoup.createWorker(), await mediasoup.createWorker()];
  for (const w of first) probes["fra-1"].watch(w);
  const [a, b] = [await first[0].createRouter({ mediaCodecs }), await first[1].createRouter({ mediaCodecs })];
  const other = await mediasoup.createWorker();
  const c = await other.createRouter({ mediaCodecs });
  t.after(async () => {
    for (const w of [...first, other]) w.close();
    await Promise.all(Object.values(probes).map((p) => p.stop(0)));
  });
  probes["par-1"].watch(c);

  const comes = await a.createPlainTransport({ listenInfo, rtcpMux: true, comedia: true, appData: { call: "standup" } });
  const producer = await comes.produce({ kind: "audio", rtpParameters });
  const source = await sender({ port: comes.tuple.localPort, ssrc: 1234, payloadType: 100 });
  t.after(() => source.close());
  await a.pipeToRouter({ producerId: producer.id, router: b });
  const [out, into] = [await b.createPipeTransport({ listenInfo }), await c.createPipeTransport({ listenInfo })];
  await out.connect({ ip: "127.0.0.1", port: into.tuple.localPort });
  await into.connect({ ip: "127.0.0.1", port: out.tuple.localPort });
  const sent = await out.consume({ producerId: producer.id });
  await into.produce({ id: producer.id, kind: "audio", rtpParameters: sent.rtpParameters });
  const sink = await receiver(late);
  t.after(() => sink.close());
  const goes = await c.createPlainTransport({ listenInfo, rtcpMux: true, appData: { call: "standup" } });
  await goes.connect({ ip: "127.0.0.1", port: sink.port });
  const consumer = await goes.consume({ producerId: producer.id, rtpCapabilities: c.rtpCapabilities });
  assert.ok(await until(() => sink.seen.packets > 50, "RTP arrives", 20_000));

  const stream = (sfuId, transport, ssrc) => samples[sfuId].at(-1)?.streams.find((s) => s.transportId === transport.id && s.ssrc === ssrc);
  const ssrc = consumer.rtpParameters.encodings[0].ssrc;
  const piped = sent.rtpParameters.encodings[0].ssrc;
  const measured = (sfuId, of) =>
    new Set(samples[sfuId].flatMap((s) => s.streams.filter((x) => x.direction === 2 && x.ssrc === of).flatMap((x) => x.rtts.map((r) => r.latestUs))));
  await until(() => measured("par-1", ssrc).size >= 3 && measured("fra-1", piped).size, "round trips on the pipe and to the receiver", 40_000);
  // The least of some, as the machine may be busy.
  const least = Math.min(...measured("par-1", ssrc)) / 1000;
  t.diagnostic(`to the receiver ${least} ms (made to be ${late}), on the pipe ${Math.min(...measured("fra-1", piped)) / 1000} ms`);
  assert.ok(least > late - 5 && least < late + 40, `${least} ms is not ${late} ms`);

  // Who forwards what, from the receiver back.
  const last = stream("par-1", goes, ssrc);
  assert.deepEqual([last.forwardedTransportId, last.forwardedSsrc], [into.id, piped]);
  const over = stream("fra-1", out, piped);
  assert.deepEqual([over.forwardedTransportId, over.forwardedSsrc, over.callId], [comes.id, 1234, "standup"], "behind the pipe inside");
  assert.equal(stream("par-1", into, piped).callId, "standup");
  const came = stream("fra-1", comes, 1234);
  assert.ok(came.packets > 50 && came.bytes >= 92 * came.packets && came.jitterUs < 100_000, JSON.stringify(came));
  assert.deepEqual([came.codec, came.clockRate, came.kind], ["opus", 48000, 1]);
  // The pipe's two ends find each other, and the one inside is not told.
  const ends = (sfuId) => samples[sfuId].at(-1).transports;
  assert.deepEqual(ends("fra-1").map((x) => x.transportId), [comes.id, out.id]);
  const [one, two] = [ends("fra-1")[1], ends("par-1").find((x) => x.transportId === into.id)];
  assert.ok(one.addressKey && one.addressKey === two.addressKey && one.sfuLink && two.sfuLink);
  assert.ok(one.bytesSent > 1000 && two.bytesReceived > 1000);

  // All goes, and the samples say so.
  first[0].close();
  await until(() => !ends("fra-1").some((x) => x.transportId === comes.id), "the publisher's transport goes", 5000);
  assert.deepEqual(faults.filter((e) => !/fetch failed|collector/.test(e.message)), []);
});
