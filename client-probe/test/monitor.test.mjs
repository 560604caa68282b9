// The one call that starts everything, in a page that is played.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { monitor } from "../build/index.js";
import { FakePC, recorded, Time } from "./fakes.mjs";
import { plain, reply } from "./proto.mjs";

const settings = { collector: "https://collector.example", callId: "call", clientId: "ana", interval: 100 };
const publisher = recorded("getstats-publisher.json");
/** A collector at the end of every WebSocket, which acknowledges what it gets. */
class Socket {
  static all = [];
  static mute = false;
  bufferedAmount = 0;
  frames = [];
  constructor(url) {
    this.url = url;
    Socket.all.push(this);
    setTimeout(() => this.onopen?.());
  }
  send(bytes) {
    const frame = plain("ClientFrame", bytes);
    this.frames.push(frame);
    if (frame.sample && !Socket.mute) setTimeout(() => this.onmessage?.({ data: reply({ ack: { sessionId: frame.sample.sessionId, sequence: frame.sample.sequence } }) }));
  }
  close() {}
}

const samples = () => Socket.all.flatMap((s) => s.frames).filter((f) => f.sample).map((f) => f.sample);
async function until(check, what) {
  for (let i = 0; i < 500; i++) {
    const found = check();
    if (found) return found;
    await time.pass(10);
  }
  assert.fail(what);
}

let time;
let probes;
let real;
let now;
const globals = ["setTimeout", "clearTimeout", "performance", "crypto", "RTCPeerConnection", "WebSocket", "fetch", "document", "navigator", "addEventListener", "removeEventListener"];

beforeEach(() => {
  probes = [];
  Socket.all = [];
  Socket.mute = false;
  real = globals.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  const page = new EventTarget();
  const put = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  time = new Time();
  put("setTimeout", time.setTimeout);
  put("clearTimeout", time.clearTimeout);
  put("performance", { now: () => time.at / 1e3 - 1_699_999_000_000 });
  now = Date.now;
  Date.now = () => Math.floor(time.at / 1e3);
  const { getRandomValues } = crypto;
  put("crypto", { getRandomValues: getRandomValues.bind(crypto), subtle: { digest: async () => new ArrayBuffer(32) } });
  put("RTCPeerConnection", class RTCPeerConnection extends FakePC {
    static made = 0;
    static generateCertificate() {
      return "a certificate";
    }
    constructor(config) {
      super();
      RTCPeerConnection.made++;
      this.config = config;
      this.stats = publisher;
    }
    async createOffer() {
      return { type: "offer", sdp: "m=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\n" };
    }
    async createAnswer() {
      return { type: "answer", sdp: "m=audio 9 X 96\r\na=rtpmap:96 VP8/90000\r\n" };
    }
    async setLocalDescription(d) {
      this.localDescription = d;
    }
    async setRemoteDescription(d) {
      this.remoteDescription = d;
    }
  });
  put("WebSocket", Socket);
  put("document", Object.assign(new EventTarget(), { hidden: false }));
  put("navigator", { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36", mediaDevices: new EventTarget(), connection: { type: "wifi" } });
  put("addEventListener", page.addEventListener.bind(page));
  put("removeEventListener", page.removeEventListener.bind(page));
  globalThis.page = page;
});

afterEach(async () => {
  Socket.mute = false;
  const stopped = Promise.all(probes.map((p) => p.stop()));
  await time.pass(5000);
  await stopped;
  Date.now = now;
  for (const [name, d] of real) d ? Object.defineProperty(globalThis, name, d) : delete globalThis[name];
});

const start = (more) => {
  const p = monitor({ ...settings, ...more });
  probes.push(p);
  return p;
};

/** Stops a probe, which may take its time. */
async function end(p) {
  const done = p.stop();
  await time.pass(3000);
  await done;
}

describe("a started probe", () => {
  test("reports connections that are made later", async () => {
    start({ userId: "u", appVersion: "1.2", interval: 200 });
    const pc = new RTCPeerConnection({ iceServers: [] });
    assert.deepEqual(pc.config, { iceServers: [] });
    const s = await until(() => samples().find((s) => s.streams), "a sample with streams");
    assert.deepEqual(s.client, { clientId: "ana", userId: "u", appVersion: "1.2", browser: "Chrome", browserVersion: "156", os: "Linux", networkType: "wifi", probeVersion: "0.1.0" });
    assert.equal(s.callId, "call");
    assert.match(s.sessionId, /^[\da-f]{16}$/);
    assert.equal(s.intervalUs, "200000");
    assert.ok(Math.abs(Number(s.sampledAtUs) - time.at) < 20_000);
    assert.equal(s.transports[0].transportId, `${s.sessionId.slice(0, 8)}-1`);
    assert.equal(s.streams.length, 2);
    assert.deepEqual(samples()[0].events[0].type, "EVENT_TYPE_JOIN");
    assert.equal(Socket.all[0].url, "wss://collector.example/v1/stream");
  });

  test("numbers its samples from 1 and samples on a steady grid", async () => {
    start({ interval: 100 });
    new RTCPeerConnection();
    await time.pass(1060);
    const all = samples();
    assert.equal(all.length, 10, "samples in a second");
    assert.deepEqual(all.map((s) => Number(s.sequence)), all.map((_, i) => i + 1));
  });

  test("is not seen by whoever makes connections", () => {
    const Native = RTCPeerConnection;
    const p = start();
    const pc = new RTCPeerConnection();
    assert.ok(pc instanceof Native && pc instanceof RTCPeerConnection);
    assert.equal(Object.getPrototypeOf(pc), Native.prototype);
    assert.equal(pc.constructor, Native);
    assert.equal(RTCPeerConnection.generateCertificate(), "a certificate");
    assert.equal(RTCPeerConnection.name, "RTCPeerConnection");
    class Mine extends RTCPeerConnection {
      mine = 1;
    }
    const mine = new Mine();
    assert.ok(mine instanceof Mine && mine instanceof Native && mine.mine === 1);
    assert.equal(p.stats().connections, 2);
    assert.throws(() => RTCPeerConnection(), TypeError);
  });

  test("takes back what it has wrapped", async () => {
    const Native = RTCPeerConnection;
    const p = start();
    assert.notEqual(RTCPeerConnection, Native);
    const pc = new RTCPeerConnection();
    await end(p);
    assert.equal(RTCPeerConnection, Native);
    assert.equal(pc.listeners, 0);
  });

  test("does nothing more where somebody else has wrapped its wrapping", async () => {
    const p = start();
    const Ours = RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Ours {};
    await end(p);
    const pc = new RTCPeerConnection();
    assert.equal(pc.listeners, 0);
    assert.equal(p.stats().connections, 0);
  });

  test("leaves the constructor alone where that is asked for, and takes given connections", async () => {
    const Native = RTCPeerConnection;
    const given = new RTCPeerConnection();
    const p = start({ hook: false, connections: [given] });
    assert.equal(RTCPeerConnection, Native);
    const later = new RTCPeerConnection();
    assert.equal(p.stats().connections, 1);
    p.watch(later, { ownerId: "sfu-1" });
    p.watch(later);
    assert.equal(p.stats().connections, 2);
    const s = await until(() => samples().find((s) => s.transports?.length === 2), "both transports");
    assert.equal(s.transports[1].remoteOwnerId, "sfu-1");
  });

  test("carries the application's own events and what users think", async () => {
    const p = start();
    p.event("layout", 3);
    p.event("raised hand");
    p.rate(4, "a bit slow");
    const events = await until(() => samples().find((s) => s.events?.length >= 4)?.events, "events");
    assert.deepEqual(events.slice(1).map(({ type, value, number }) => [type, value, number]), [
      ["EVENT_TYPE_CUSTOM", "layout", 3], ["EVENT_TYPE_CUSTOM", "raised hand", undefined], ["EVENT_TYPE_FEEDBACK", "a bit slow", 4],
    ]);
  });

  test("says that it leaves when it is stopped, and when the page goes away", async () => {
    const posted = [];
    globalThis.fetch = async (url, init) => {
      posted.push(...plain("SampleBatch", init.body).samples);
      return new Response("{}", { status: 202 });
    };
    Socket.mute = true;
    start();
    new RTCPeerConnection();
    await until(() => samples().length > 1, "samples");
    page.dispatchEvent(new Event("pagehide"));
    assert.ok(posted.length > 1, "what was not acknowledged goes too");
    assert.equal(posted.at(-1).events.at(-1).type, "EVENT_TYPE_LEAVE");
    Socket.mute = false;
    await end(probes[0]);
    const p = start();
    await until(() => p.stats().acknowledged, "an acknowledged sample");
    await end(p);
    assert.equal(samples().at(-1).events.at(-1).type, "EVENT_TYPE_LEAVE");
    const { taken, queued } = p.stats();
    assert.equal(queued, 0);
    p.event("too late");
    await time.pass(250);
    assert.equal(p.stats().taken, taken, "and then no more");
    await end(p);
  });

  test("asks less often while nobody looks", async () => {
    document.hidden = true;
    start({ interval: 100 });
    new RTCPeerConnection();
    await time.pass(1050);
    assert.equal(samples().length, 5);
    assert.equal(samples().at(-1).intervalUs, "200000");
  });

  test("takes a sample before its time when a connection comes up", async () => {
    start({ interval: 3000 });
    const pc = new RTCPeerConnection();
    await until(() => samples().length === 1, "the first sample");
    pc.turn({ connectionState: "connected" }, "connectionstatechange");
    pc.turn({}, "track");
    await time.pass(700);
    assert.equal(samples().length, 2, "one, whatever happens");
  });

  test("shows every sample to the application, which may hold it back", async () => {
    const seen = [];
    start({ onSample: (s) => (seen.push(s), (s.callId = "renamed"), s.sequence !== 2) });
    new RTCPeerConnection();
    await until(() => samples().length > 2, "samples");
    assert.deepEqual(samples().slice(0, 2).map((s) => [s.sequence, s.callId]), [["1", "renamed"], ["3", "renamed"]]);
    assert.equal(seen[0].transports[0].linkKey.length, 16);
  });

  test("offers receiver reports of time only when it is told to", async () => {
    start({ receiverRTT: true });
    const pc = new RTCPeerConnection();
    assert.match((await pc.createOffer()).sdp, /a=rtcp-fb:111 rrtr/);
    assert.match((await pc.createAnswer()).sdp, /a=rtcp-fb:96 rrtr/);
    await pc.setLocalDescription();
    assert.match(pc.localDescription.sdp, /a=rtcp-fb:111 rrtr/);
    pc.signalingState = "have-remote-offer";
    await pc.setLocalDescription();
    assert.match(pc.localDescription.sdp, /a=rtcp-fb:96 rrtr/);
    await pc.setLocalDescription({ type: "rollback" });
    assert.deepEqual(pc.localDescription, { type: "rollback" });
    await pc.setRemoteDescription({ type: "answer", sdp: "a=rtpmap:96 VP8/90000\r\n" });
    assert.match(pc.remoteDescription.sdp, /a=rtcp-fb:96 rrtr/);
    await end(probes[0]);
    start();
    const plainPC = new RTCPeerConnection();
    assert.ok(!Object.hasOwn(plainPC, "createOffer"));
  });
});

describe("nothing reaches the application:", () => {
  test("an error of getStats, of the application's own callbacks, of the browser", async () => {
    const faults = [];
    const p = start({ onError: (e) => { faults.push(String(e)); throw new Error("twice"); }, onSample: () => { throw new Error("onSample"); } });
    const pc = new RTCPeerConnection();
    pc.getStats = async () => { throw new Error("getStats"); };
    const thrower = new RTCPeerConnection();
    thrower.getStats = () => { throw new Error("at once"); };
    await until(() => ["getStats", "at once", "onSample"].every((t) => faults.some((f) => f.includes(t))), "all faults told");
    p.watch(null);
    p.watch({});
    p.event(undefined);
    p.rate("x");
  });

  test("a getStats that hangs costs its own connection's figures and nothing else", async () => {
    const p = start();
    const pc = new RTCPeerConnection();
    pc.getStats = () => new Promise(() => {});
    new RTCPeerConnection();
    await until(() => samples().length > 2, "samples of the other one");
    assert.equal(samples()[1].transports.length, 1);
    assert.ok(p.stats().hung > 0);
  });

  test("a collector that is not there", async () => {
    globalThis.WebSocket = class {
      constructor() { throw new Error("SecurityError"); }
    };
    globalThis.fetch = async () => { throw new TypeError("Failed to fetch"); };
    const p = start();
    new RTCPeerConnection();
    await until(() => p.stats().queued > 2, "samples that wait");
  });

  for (const [name, options] of Object.entries({
    "nothing given": undefined, "no call": { collector: "https://c" }, "no collector": { callId: "c" }, "no address": { callId: "c", collector: "collector:4480" },
  })) {
    test(`wrong options: ${name}`, async (t) => {
      const warn = t.mock.method(console, "warn", () => {});
      const Native = RTCPeerConnection;
      const p = monitor(options);
      assert.equal(warn.mock.callCount(), 1);
      assert.equal(RTCPeerConnection, Native);
      p.watch(new RTCPeerConnection());
      p.event("x");
      p.rate(1);
      assert.equal(p.stats().taken, 0);
      await end(p);
    });
  }

  test("a page that is rendered on a server", async () => {
    delete globalThis.RTCPeerConnection;
    delete globalThis.document;
    delete globalThis.navigator;
    const p = start();
    p.event("x");
    await end(p);
  });
});
