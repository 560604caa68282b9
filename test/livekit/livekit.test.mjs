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

  /** Ana publishes, Bob receives, until the rows of their call are as wanted. */
  async function play(call, development, enough) {
    const server = await node(development);
    const reporter = adapter(server.url, pipeline.collector);
    const open = [];
    try {
      for (const [name, publish] of [["ana", true], ["bob", false]]) open.push(await join(browser, site.url, server.url, pipeline.collector, name, call, publish));
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

  test("a node in development: both hops, and who publishes to whom", async (t) => {
    if (pipeline.skip) return t.skip(pipeline.skip);
    const complete = (all, kind) => all.filter((r) => r.kind === kind && r.status === "complete");
    const all = await play("standup", true, (got) => complete(got, "audio").length >= 3 && complete(got, "video").length >= 3);
    for (const kind of ["audio", "video"]) {
      const of = complete(all, kind);
      for (const r of of) {
        assert.deepEqual([r.publisher, r.sfu_path, r.subscriber], ["ana", ["livekit-1"], "bob"]);
        assert.equal(r.hops.length, 2);
        assert.ok(r.rtt_ms > 0 && r.rtt_ms < 1000, `${r.rtt_ms} ms on loopback`);
      }
      t.diagnostic(`${kind}: RTT ${median(of.map((r) => r.rtt_ms)).toFixed(1)} ms by ${of[0].hops.map((h) => h.source).join(" and ")}, ${of.length} windows`);
    }
  });

  test("a node in production: the path stays partial, and nothing is guessed", async (t) => {
    if (pipeline.skip) return t.skip(pipeline.skip);
    const all = await play("retro", false, (got) => got.filter((r) => r.kind === "video").length >= 4);
    for (const r of all) {
      assert.equal(r.status, "partial");
      assert.ok(!r.publisher, r.publisher);
      assert.equal(r.subscriber, "bob");
    }
  });
});
