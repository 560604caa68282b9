// The client probe in real Chromium pages. Run: npm run probe (after npm run build in client-probe).
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { launch, obstacle, open, run, scratch, scripts, until } from "./probe-harness.mjs";

/** One way, in ms, of every hop from the publisher on. */
const delays = [20, 60, 15, 35];
const truth = 2 * delays.reduce((a, b) => a + b);
/** How far a hop may be off: what RTCP and STUN add at its two ends, on a machine that is busy. */
const perHop = 1.5;

const secret = randomBytes(32).toString("hex");
const sfuToken = randomBytes(24).toString("hex");

/** A participant's token as an application makes it. It names the call, and nothing else. */
function token(call) {
  const b64 = (o) => Buffer.from(JSON.stringify(o)).toString("base64url");
  const signed = `${b64({ alg: "HS256", typ: "JWT" })}.${b64({ exp: Math.floor(Date.now() / 1000) + 600, call_id: call })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

describe("client-probe in Chromium", { skip: obstacle() }, () => {
  let pipeline;
  let cascade;
  let browser;

  before(async () => {
    const file = (name, text) => (writeFileSync(path.join(scratch, name), text), path.join(scratch, name));
    pipeline = await run("pipeline", "-secrets", file("secrets", secret), "-sfu-token", file("sfu-token", sfuToken));
    if (pipeline.skip) return;
    cascade = await run("cascade", "-collector", `ws://${pipeline.collector}/v1/stream`, "-token", sfuToken,
      "-delays", delays.map((d) => `${d}ms`).join(), "-scripts", await scripts());
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await cascade?.stop();
    await pipeline?.stop();
  });

  const check = (name, f) => test(name, async (t) => (pipeline.skip ? t.skip(pipeline.skip) : f(t)));
  const ask = async (what, call) => (await fetch(`${pipeline.url}/${what}?call=${call}`)).json();

  /** A page of the call that is connected. */
  async function join(name, call, prepare, more = "") {
    const asked = [];
    const opened = await open(browser, `${cascade.url}/pages/${name}.html?call=${call}&collector=http://${pipeline.collector}${more}`, async (page) => {
      await page.exposeFunction("freshToken", () => (asked.push(Date.now()), token(call)));
      await prepare?.(page);
    });
    await until(() => opened.page.evaluate(() => globalThis.pc?.connectionState === "connected"), `${name} connects`, 30_000);
    return { ...opened, asked, stats: () => opened.page.evaluate(() => probe.stats()), last: () => opened.page.evaluate(() => globalThis.last) };
  }

  /**
   * Holds full windows of a call against the truth: the median of six in a row. The first do not count, while connections come
   * up, nor need those of a time when the machine has other things to do; but it has to come out right within two minutes.
   */
  async function measure(t, call, publisher, subscriber) {
    const full = async (kind) => (await ask("e2e", call)).filter((r) => r.kind === kind && r.status === "complete" && r.mouth_to_ear_ms && r.score).slice(1).slice(-6);
    const rtt = (rows) => median(rows.map((r) => r.rtt_ms));
    const right = (rows) => rows.length === 6 && Math.abs(rtt(rows) - truth) <= perHop * delays.length;
    await until(async () => right(await full("audio")) && right(await full("video")), "six full windows of audio and of video, near the truth", 120_000).catch(() => {});
    for (const kind of ["audio", "video"]) {
      const rows = await full(kind);
      const of = (f) => median(rows.map(f)).toFixed(1);
      t.diagnostic(`${kind}: RTT ${of((r) => r.rtt_ms)} ms (truth ${truth}), mouth to ear ${of((r) => r.mouth_to_ear_ms)} ms, score ${of((r) => r.score)}; ` +
        delays.map((d, i) => `hop ${i + 1} ${of((r) => r.hops[i].rtt_ms)} (${2 * d}, ${rows.at(-1).hops[i].source})`).join(", "));
      assert.ok(right(rows), `${rows.map((r) => r.rtt_ms)} is not ${truth} ms`);
      for (const r of rows) {
        assert.deepEqual([r.publisher, r.sfu_path, r.subscriber], [publisher, ["sfu-1", "sfu-2", "sfu-3"], subscriber]);
        assert.ok(r.mouth_to_ear_ms > truth / 2 && r.mouth_to_ear_ms < 5000, `${r.mouth_to_ear_ms}`);
        assert.ok(kind === "audio" ? r.score >= 1 && r.score <= 4.6 : r.score > 0 && r.score <= 100, `${r.score}`);
      }
    }
  }

  check("a call over three SFUs is stitched for a viewer that only receives", async (t) => {
    const publisher = await join("publish", "cascade");
    const viewer = await join("watch", "cascade");
    const ids = [await publisher.last(), await viewer.last()].map((s) => s.client.clientId);
    await measure(t, "cascade", ...ids);

    const sample = await viewer.last();
    const xr = sample.streams.filter((s) => s.rtts?.some((r) => r.source === 2));
    assert.ok(xr.length > 0, "the viewer measures by itself, though its SFU's SDP knows nothing of it");
    const [{ rtts: [{ source, count, totalUs }] }] = sample.transports;
    assert.equal(source, 3);
    assert.ok(totalUs / count > 69_000, "and by STUN; how much its page is held up is the machine's business");
    assert.ok(sample.clock.errorUs > 0);
    assert.ok(sample.transports[0].connectUs > 70_000, "it takes at least a round trip to connect");
    for (const page of [publisher, viewer]) {
      const stats = await page.stats();
      assert.ok(stats.acknowledged >= stats.taken - 2, JSON.stringify(stats));
      assert.equal(stats.refused + stats.dropped, 0);
      assert.equal(page.asked.length, 1, "one connection, one token");
      assert.deepEqual(page.warned, []);
    }
    await viewer.close();
    await publisher.close();
    const events = await until(async () => {
      const all = await ask("events", "cascade");
      return ids.every((id) => all.some((e) => e.source === id && e.type === "leave")) && all;
    }, "both say that they leave as their pages go away", 15_000);
    const types = (id) => new Set(events.filter((e) => e.source === id).map((e) => e.type));
    for (const type of ["join", "ice_state", "track_added", "leave"]) assert.ok(types(ids[0]).has(type), type);
  });

  check("the same call with ObserveRTC's monitor in the pages gives the same", async (t) => {
    const publisher = await join("publish", "observertc", undefined, "&monitor=observertc");
    const viewer = await join("watch", "observertc", undefined, "&monitor=observertc");
    const ids = await Promise.all([publisher, viewer].map((p) => p.page.evaluate(() => clientId)));
    await measure(t, "observertc", ...ids);
    for (const p of [publisher, viewer]) assert.deepEqual([...new Set(await p.page.evaluate(() => answers))], [202]);
    await viewer.close();
    await publisher.close();
  });

  check("where WebSockets are blocked, samples come by HTTP", async () => {
    const page = await join("publish", "blocked", (page) => page.routeWebSocket(/\/v1\/stream/, (ws) => ws.close()));
    const stats = await until(async () => {
      const s = await page.stats();
      return s.acknowledged > 2 && s;
    }, "samples are acknowledged", 30_000);
    assert.equal(stats.refused, 0);
    await page.close();
  });

  check("a collector that is not there costs the page nothing but a bounded queue", async () => {
    const page = await join("publish", "absent", (page) => page.route(/\/v1\//, (r) => r.abort()).then(() => page.routeWebSocket(/\/v1\/stream/, (ws) => ws.close())));
    await until(async () => (await page.stats()).queued > 5, "samples wait", 20_000);
    assert.equal(await page.page.evaluate(() => pc.connectionState), "connected");
    await page.close();
  });

  check("what a sample of twenty streams takes of the main thread is told", async (t) => {
    const { page, close } = await open(browser, `${cascade.url}/pages/bench.html?streams=20&interval=200`);
    await until(() => page.evaluate(() => globalThis.costs?.length > 60), "samples", 60_000);
    const { costs, streams } = await page.evaluate(() => ({ costs: costs.slice(10), streams: last.streams.length }));
    assert.equal(streams, 20);
    costs.sort((a, b) => a - b);
    const at = (q) => costs[Math.floor(q * (costs.length - 1))];
    t.diagnostic(`main thread: ${at(0.25).toFixed(2)} ms (first quartile), ${at(0.5).toFixed(2)} (median), ${at(0.95).toFixed(2)} (95 %)`);
    assert.ok(costs.length > 50 && costs.every((ms) => ms >= 0), `${costs}`); // how long it takes is the machine's affair
    await close();
  });

  check("the delay from capture to reception is had from abs-capture-time", async (t) => {
    const { page, close } = await open(browser, `${cascade.url}/pages/bench.html?streams=0&interval=100000`);
    const delays = await page.evaluate(async () => {
      const [a, b] = [new RTCPeerConnection(), new RTCPeerConnection()];
      a.onicecandidate = (e) => b.addIceCandidate(e.candidate);
      b.onicecandidate = (e) => a.addIceCandidate(e.candidate);
      const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 160, height: 120 } });
      for (const track of media.getTracks()) a.addTrack(track);
      const wanted = (pc) => pc.getTransceivers().forEach((t) =>
        t.setHeaderExtensionsToNegotiate(t.getHeaderExtensionsToNegotiate().map((x) => (/abs-capture-time/.test(x.uri) ? Object.assign(x, { direction: "sendrecv" }) : x))));
      wanted(a);
      await a.setLocalDescription();
      await b.setRemoteDescription(a.localDescription);
      wanted(b);
      await b.setLocalDescription();
      await a.setRemoteDescription(b.localDescription);
      for (const { track } of b.getReceivers()) {
        const player = document.createElement(track.kind);
        player.autoplay = true;
        player.srcObject = new MediaStream([track]);
        document.body.append(player);
      }
      const found = { 1: [], 2: [] };
      Earshot.monitor({
        collector: "http://127.0.0.1:9", callId: "capture", hook: false, connections: [b], interval: 500,
        onSample: ({ streams }) => streams.forEach((s) => s.captureDelayUs && found[s.kind].push(s.captureDelayUs / 1e3)),
      });
      for (let i = 0; i < 600 && (found[1].length < 4 || found[2].length < 4); i++) await new Promise((r) => setTimeout(r, 100));
      return found;
    });
    for (const [kind, ms] of Object.entries(delays)) {
      t.diagnostic(`${kind === "1" ? "audio" : "video"}: ${median(ms)} ms`);
      // Within one machine there is little but encoding, and audio comes in frames of 20 ms.
      assert.ok(ms.length >= 4 && Math.min(...ms) > 0 && Math.min(...ms) < 100, `${kind}: ${ms}`);
    }
    await close();
  });
});
