// LiveKit's real server with two Chromium clients, and its adapter. Run: ./run.sh
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, obstacle, run, until } from "../browser/probe-harness.mjs";
import { adapter, join, livekitPath, node, pages } from "./stage.mjs";

const skip = obstacle() || (!livekitPath && "no livekit-server: run test/livekit/setup.sh, or name one with EARSHOT_LIVEKIT");
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

describe("LiveKit", { skip }, () => {
  let pipeline;
  let site;
  let browser;

  before(async () => {
    pipeline = await run("pipeline");
    if (pipeline.skip) return;
    site = await pages();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    site?.stop();
    await pipeline?.stop();
  });

  const rows = async (call) => (await fetch(`${pipeline.url}/e2e?call=${call}`)).json();

  /** Ana and Bob publish and see each other, until the rows of their call are as wanted. */
  async function play(call, development, connections, enough) {
    const server = await node(development);
    const reporter = adapter(server.url, pipeline.collector, connections);
    const open = [];
    try {
      for (const name of ["ana", "bob"]) open.push(await join(browser, site.url, server.url, pipeline.collector, name, call, connections));
      return await until(async () => {
        const got = await rows(call);
        return enough(got) && got;
      }, `rows of ${call}`, 70_000).catch((e) => {
        throw new Error(`${e.message}\nadapter: ${reporter.said()}\nserver: ${server.said().slice(-2000)}`);
      });
    } finally {
      for (const o of open) await o.close();
      await reporter.stop();
      await server.stop();
    }
  }

  for (const connections of [1, 2]) {
    test(`a node in development, clients with connections: ${connections}`, async (t) => {
      if (pipeline.skip) return t.skip(pipeline.skip);
      const of = (all, kind, publisher) => all.filter((r) => r.kind === kind && r.status === "complete" && r.publisher === publisher);
      const each = (f) => ["audio", "video"].every((kind) => ["ana", "bob"].every((name) => f(kind, name)));
      const got = await play(`standup-${connections}`, true, connections, (all) => each((kind, name) => of(all, kind, name).length >= 2));
      each((kind, name) => {
        const complete = of(got, kind, name);
        for (const r of complete) {
          assert.deepEqual([r.sfu_path, r.subscriber], [["livekit-1"], name === "ana" ? "bob" : "ana"]);
          assert.equal(r.hops.length, 2);
          assert.ok(r.rtt_ms > 0 && r.rtt_ms < 1000, `${r.rtt_ms} ms on loopback`);
        }
        t.diagnostic(`${name}'s ${kind}: RTT ${median(complete.map((r) => r.rtt_ms)).toFixed(1)} ms by ${complete[0].hops.map((h) => h.source).join(" and ")}`);
        return true;
      });
    });
  }

  test("a node in production: the path stays partial, and nothing is guessed", async (t) => {
    if (pipeline.skip) return t.skip(pipeline.skip);
    const got = await play("retro", false, 1, (all) => all.filter((r) => r.kind === "video").length >= 4);
    for (const r of got) {
      assert.equal(r.status, "partial");
      assert.ok(!r.publisher, r.publisher);
    }
  });
});
