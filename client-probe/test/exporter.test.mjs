// Samples on their way to a collector that is good, bad, slow or not there. Time and network are the test's.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exporter } from "../build/exporter.js";
import { World } from "./fakes.mjs";
import { plain, reply } from "./proto.mjs";

const KB = 1024;

function start({ token, bytes = 512 * KB } = {}) {
  const world = new World();
  const faults = [];
  const e = exporter("https://collector", token, bytes, world, (f) => faults.push(String(f)));
  return { world, e, faults, send: (sequence, fill = "") => e.send({ sessionId: "s", sequence, callId: fill }) };
}

const frames = (socket) => socket.sent.map((f) => plain("ClientFrame", f));
const samples = (socket) => frames(socket).filter((f) => f.sample).map((f) => Number(f.sample.sequence));
const say = (socket, frame) => socket.onmessage({ data: reply(frame) });
const ack = (socket, sequence, more) => say(socket, { ack: { sessionId: "s", sequence, ...more } });

/** Opens the latest socket. */
async function open(world) {
  world.socket.onopen();
  await world.pass(0);
  return world.socket;
}

/** The latest socket, opened, of a collector whose clock is `ahead` µs ahead and whose answers take so many ms each way. */
async function good(world, { ahead = 0, there = 1, back = 1 } = {}) {
  const s = world.socket;
  s.onframe = (frame) => {
    const { sample, time } = plain("ClientFrame", frame);
    world.setTimeout(() => {
      const at = world.at + ahead;
      world.setTimeout(() => {
        if (s.closed) return;
        if (sample) ack(s, Number(sample.sequence));
        if (time) say(s, { time: { sentAtUs: time.sentAtUs, receivedAtUs: at, repliedAtUs: at } });
      }, back);
    }, there);
  };
  await open(world);
  return s;
}

describe("over a WebSocket", () => {
  test("samples are sent in order and kept until they are acknowledged", async () => {
    const { world, e, send } = start();
    send(1);
    send(2);
    await world.pass(0);
    assert.equal(world.socket.url, "wss://collector/v1/stream");
    assert.equal(world.sockets.length, 1);
    const s = await open(world);
    assert.deepEqual(samples(s), [1, 2]);
    assert.equal(e.stats.queued, 2);
    ack(s, 2);
    ack(s, 2);
    ack(s, 99);
    assert.deepEqual([e.stats.acknowledged, e.stats.queued], [1, 1]);
    ack(s, 1);
    send(3);
    assert.deepEqual(samples(s), [1, 2, 3]);
    ack(s, 3);
    assert.deepEqual({ ...e.stats }, { taken: 3, acknowledged: 3, refused: 0, dropped: 0, connects: 1, queued: 0, queuedBytes: 0 });
  });

  test("what was not acknowledged is sent again after the connection broke, in order", async () => {
    const { world, send } = start();
    send(1);
    send(2);
    await world.pass(0);
    const first = await open(world);
    ack(first, 1);
    first.onclose({ code: 1006 });
    send(3);
    await world.pass(1000);
    assert.equal(world.sockets.length, 2);
    const second = await open(world);
    assert.deepEqual(samples(second), [2, 3]);
  });

  test("a sample that is refused is not sent again, and it is said why", async () => {
    const { world, e, send, faults } = start();
    send(1);
    await world.pass(0);
    const s = await open(world);
    ack(s, 1, { error: "no_call_id: a client names no call" });
    assert.deepEqual([e.stats.refused, e.stats.queued], [1, 0]);
    assert.match(faults[0], /a client names no call/);
  });

  test("a collector that asks for patience is given it", async () => {
    const { world, e, send } = start();
    send(1);
    await world.pass(0);
    const s = await open(world);
    ack(s, 1, { error: "unavailable", retryAfterMs: 60_000 });
    send(2);
    await world.pass(59_000);
    assert.deepEqual(samples(s), [1], "it said when, so it is not silent");
    await world.pass(2000);
    assert.deepEqual(samples(s), [1, 1, 2]);
    assert.equal(e.stats.refused, 0);
    assert.equal(world.sockets.length, 1);
  });

  test("the waits between attempts double, up to half a minute", async () => {
    const { world } = start();
    world.fetch = undefined;
    const at = [];
    const Native = world.WebSocket;
    world.WebSocket = class extends Native {
      constructor(...args) {
        super(...args);
        at.push(world.at);
        world.setTimeout(() => this.onclose?.({ code: 1006 }), 0);
      }
    };
    const e = exporter("https://collector", undefined, KB, world, () => {});
    e.send({ sequence: 1 });
    await world.pass(400_000);
    const waits = at.slice(1).map((t, i) => (t - at[i]) / 1e6);
    // With random() at its middle three quarters of the backoff; in between HTTP is tried, in vain.
    assert.ok(waits[0] < 0.5 && waits.at(-1) > 20 && waits.at(-1) < 50, waits.join());
    assert.ok(waits.length < 20, waits.length);
  });

  test("a collector that falls silent is left, and what it has not answered is sent to the next", async () => {
    const { world, send } = start();
    send(1);
    await world.pass(0);
    const s = await open(world);
    await world.pass(29_000);
    assert.equal(s.closed, false);
    await world.pass(4000);
    assert.equal(s.closed, true);
    await world.pass(1000);
    const next = await open(world);
    assert.notEqual(next, s);
    assert.deepEqual(samples(next), [1]);
  });

  test("a connection that takes too long to open is given up", async () => {
    const { world, send } = start();
    send(1);
    await world.pass(9000);
    assert.equal(world.sockets.length, 1);
    await world.pass(2000);
    assert.equal(world.sockets[0].closed, true);
    assert.equal(world.sockets.length, 2);
  });

  test("garbage from the collector breaks the connection and nothing else", async () => {
    const { world, e, send } = start();
    send(1);
    await world.pass(0);
    const s = await open(world);
    s.onmessage({ data: Uint8Array.of(0xff).buffer });
    assert.equal(s.closed, true);
    await world.pass(1000);
    ack(await open(world), 1);
    assert.equal(e.stats.acknowledged, 1);
  });

  test("a sample that is too big for a frame is given up", async () => {
    const { world, e, send } = start();
    send(1);
    await world.pass(0);
    (await open(world)).onclose({ code: 1009 });
    assert.deepEqual([e.stats.refused, e.stats.queued], [1, 0]);
  });

  test("a socket that the network does not empty is not filled", async () => {
    const { world, send } = start();
    send(1);
    await world.pass(0);
    const s = await open(world);
    ack(s, 1);
    s.bufferedAmount = 100 * KB;
    send(2);
    assert.deepEqual(samples(s), [1]);
    s.bufferedAmount = 0;
    await world.pass(1000);
    assert.deepEqual(samples(s), [1, 2]);
  });
});

describe("the queue", () => {
  test("is bounded in bytes: the oldest give way", async () => {
    const { world, e, send } = start({ bytes: 10 * KB });
    for (let i = 1; i <= 100; i++) send(i, "x".repeat(900));
    assert.ok(e.stats.queuedBytes <= 10 * KB, `${e.stats.queuedBytes}`);
    assert.equal(e.stats.queued + e.stats.dropped, 100);
    await world.pass(0);
    const sent = samples(await open(world));
    assert.equal(sent.at(-1), 100);
    assert.equal(sent.length, e.stats.queued);
  });

  test("does not take what is larger than itself", () => {
    const { e, send } = start({ bytes: KB });
    send(1, "x".repeat(2 * KB));
    assert.deepEqual([e.stats.dropped, e.stats.queued, e.stats.queuedBytes], [1, 0, 0]);
  });
});

describe("the token", () => {
  test("goes with the WebSocket as a protocol, beside the one to agree on", async () => {
    const { world, send } = start({ token: "a.b-c" });
    send(1);
    await world.pass(0);
    assert.deepEqual(world.socket.protocols, ["earshot.v1", "bearer.a.b-c"]);
    assert.ok(!world.socket.url.includes("a.b-c"), "and not where logs have it");
  });

  test("is asked for anew for every connection", async () => {
    let n = 0;
    const { world, send } = start({ token: async () => `t${++n}` });
    send(1);
    await world.pass(0);
    (await open(world)).onclose({ code: 1006 });
    await world.pass(1000);
    assert.deepEqual(world.sockets.map((s) => s.protocols[1]), ["bearer.t1", "bearer.t2"]);
  });

  for (const [name, token] of [["that fails", async () => Promise.reject(new Error("no session"))], ["that never comes", () => new Promise(() => {})], ["that throws", () => { throw new Error("no session"); }]]) {
    test(`${name} costs a wait, not the application`, async () => {
      let broken = true;
      const { world, faults, send } = start({ token: () => (broken ? token() : "t") });
      send(1);
      await world.pass(15_000);
      assert.equal(world.sockets.length, 0);
      assert.ok(faults.length > 0);
      broken = false;
      await world.pass(60_000);
      assert.ok(world.sockets.length > 0);
    });
  }
});

describe("the clock", () => {
  test("is that of the best of several exchanges", async () => {
    const { world, e, send } = start();
    send(1);
    await world.pass(0);
    assert.equal(e.clock(), undefined);
    const ahead = 1_234_567;
    let n = 0;
    const s = world.socket;
    s.onframe = (frame) => {
      const { time } = plain("ClientFrame", frame);
      if (!time) return;
      // 100 ms there, but for the third, which takes 2 ms either way.
      const [there, back] = ++n === 3 ? [2, 2] : [100, 0];
      world.setTimeout(() => {
        const at = world.at + ahead;
        world.setTimeout(() => say(s, { time: { sentAtUs: time.sentAtUs, receivedAtUs: at, repliedAtUs: at } }), back);
      }, there);
    };
    await open(world);
    await world.pass(1000);
    assert.equal(n, 4, "a burst, since the first is often the slowest");
    assert.equal(e.clock().offsetUs, ahead);
    assert.ok(Math.abs(e.clock().errorUs - 2000) < 60, `${e.clock().errorUs}`);
    ack(s, 1);
    await world.pass(30_000);
    assert.equal(n, 5, "and every half minute");
    assert.ok(e.clock().errorUs > 3000, "its error grows with its age");
    e.clockStepped();
    assert.equal(e.clock(), undefined);
    await world.pass(5000);
    assert.ok(n >= 6, "and a clock that was set is compared at once");
  });

  for (const [name, change] of Object.entries({
    "to another request": (r) => ({ ...r, sentAtUs: r.sentAtUs + 1 }),
    "sent before it was received": (r) => ({ ...r, repliedAtUs: r.receivedAtUs - 1 }),
    "longer at the collector than on the way": (r) => ({ ...r, repliedAtUs: r.receivedAtUs + 1e6 }),
  })) {
    test(`a reply that cannot be is ignored: ${name}`, async () => {
      const { world, e, send } = start();
      send(1);
      await world.pass(0);
      const s = await open(world);
      const sentAtUs = Number(frames(s).find((f) => f.time).time.sentAtUs);
      await world.pass(5);
      say(s, { time: change({ sentAtUs, receivedAtUs: sentAtUs + 10, repliedAtUs: sentAtUs + 20 }) });
      assert.equal(e.clock(), undefined);
    });
  }
});

describe("where WebSockets do not get through", () => {
  const blocked = (options) => {
    const all = start(options);
    const Native = all.world.WebSocket;
    all.world.WebSocket = class extends Native {
      constructor(...args) {
        super(...args);
        all.world.setTimeout(() => this.onclose?.({ code: 1006 }), 5);
      }
    };
    return all;
  };
  const posts = (world) => world.requests.filter((r) => r.url.endsWith("/v1/samples"));
  const time = (world, url) => url.endsWith("/v1/time") && { body: { received_at_us: world.at + 777, replied_at_us: world.at + 777 } };

  test("samples are posted, with the token in the header", async () => {
    const { world, e, send } = blocked({ token: "t" });
    world.respond = async (url) => time(world, url) || { status: 202, body: { accepted: 1, rejected: [] } };
    send(1);
    send(2);
    await world.pass(5000);
    assert.equal(world.sockets.length, 2, "two WebSockets were tried");
    assert.equal(e.stats.acknowledged, 2);
    send(3);
    await world.pass(10);
    assert.equal(e.stats.acknowledged, 3, "and from then on at once");
    const [post, next] = posts(world);
    assert.deepEqual([post.url, post.method, post.headers.Authorization, post.headers["Content-Type"], post.credentials], ["https://collector/v1/samples", "POST", "Bearer t", "application/x-protobuf", "omit"]);
    assert.deepEqual(plain("SampleBatch", post.body).samples.map((s) => s.sequence), ["1", "2"]);
    assert.deepEqual(plain("SampleBatch", next.body).samples.map((s) => s.sequence), ["3"]);
    assert.equal(e.clock().offsetUs, 777, "and the time is asked for");
    assert.equal(world.sockets.length, 2);
    await world.pass(310_000);
    assert.ok(world.sockets.length > 2, "after some minutes WebSockets get another chance");
  });

  test("samples that are rejected are given up, the others are acknowledged", async () => {
    const { world, e, send } = blocked();
    world.respond = async (url) => time(world, url) || { status: 202, body: { accepted: 1, rejected: [{ index: 1, reason: "bad_time" }] } };
    send(1);
    send(2);
    await world.pass(5000);
    assert.deepEqual([e.stats.acknowledged, e.stats.refused, e.stats.queued], [1, 1, 0]);
  });

  for (const [name, status, queued, refused] of [["503", 503, 1, 0], ["401", 401, 1, 0], ["429", 429, 1, 0], ["400", 400, 0, 1], ["413", 413, 0, 1]]) {
    test(`an answer of ${name} ${queued ? "is waited out" : "gives the samples up"}`, async () => {
      const { world, e, send } = blocked();
      world.respond = async (url) => time(world, url) || { status, headers: queued ? { "Retry-After": "100" } : {} };
      send(1);
      await world.pass(5000);
      assert.deepEqual([e.stats.queued, e.stats.refused], [queued, refused]);
      const before = posts(world).length;
      assert.equal(before, 1);
      await world.pass(90_000);
      assert.equal(posts(world).length, 1);
      world.respond = async (url) => time(world, url) || { status: 202 };
      await world.pass(100_000);
      assert.equal(posts(world).length, 1 + queued, "until the time that the collector named");
    });
  }

  test("a network that is away is tried again and again, without end and without haste", async () => {
    const { world, e, send } = blocked();
    world.respond = async () => Promise.reject(new TypeError("Failed to fetch"));
    send(1);
    await world.pass(600_000);
    assert.equal(e.stats.queued, 1);
    assert.ok(world.requests.length < 40 && world.sockets.length < 60, `${world.requests.length} ${world.sockets.length}`);
    world.respond = async (url) => time(world, url) || { status: 202 };
    await world.pass(200_000);
    assert.equal(e.stats.acknowledged, 1);
  });

  test("a browser without WebSockets posts at once", async () => {
    const all = start();
    all.world.WebSocket = undefined;
    all.world.respond = async (url) => time(all.world, url) || { status: 202 };
    all.send(1);
    await all.world.pass(10);
    assert.equal(all.e.stats.acknowledged, 1);
  });
});

describe("at the end", () => {
  test("what is left is sent with a page that goes away, in a request that needs no leave", async () => {
    const { world, e, send } = start({ token: async () => "a.b" });
    send(1);
    await world.pass(0);
    await open(world);
    send(2);
    e.lastWords();
    const [last] = world.requests;
    assert.deepEqual([last.url, last.keepalive, last.headers], ["https://collector/v1/samples?access_token=a.b", true, { "Content-Type": "text/plain;proto=earshot.v1.SampleBatch" }]);
    assert.deepEqual(plain("SampleBatch", last.body).samples.map((s) => s.sequence), ["1", "2"]);
  });

  test("of more than a browser sends then, the newest", () => {
    const { world, e, send } = start();
    for (let i = 1; i <= 100; i++) send(i, "x".repeat(2000));
    e.lastWords();
    const [{ body }] = world.requests;
    assert.ok(body.length < 61_440);
    const sent = plain("SampleBatch", body).samples.map((s) => Number(s.sequence));
    assert.deepEqual([sent.at(-1), sent.length > 20, sent[0] < sent[1]], [100, true, true]);
  });

  test("nothing is sent where nothing is left", () => {
    const { world, e } = start();
    e.lastWords();
    assert.equal(world.requests.length, 0);
  });

  test("a stop waits for the acknowledgements", async () => {
    const { world, e, send } = start();
    send(1);
    await world.pass(0);
    const s = await good(world, { there: 300, back: 300 });
    send(2);
    let done = false;
    e.stop(2000).then(() => (done = true));
    await world.pass(500);
    assert.equal(done, false);
    await world.pass(200);
    assert.equal(done, true);
    assert.equal(s.closed, true);
    assert.deepEqual([e.stats.acknowledged, e.stats.queued], [2, 0]);
    await world.pass(100_000);
    assert.equal(world.sockets.length, 1, "and nothing goes on");
  });

  test("but not for ever", async () => {
    const { world, e, send } = start();
    send(1);
    let done = false;
    e.stop(2000).then(() => (done = true));
    await world.pass(1900);
    assert.equal(done, false);
    await world.pass(200);
    assert.equal(done, true);
  });
});
