// A call over a real Janus with two Chromium clients: publisher -> VideoRoom -> receive-only viewer. The viewer's round trip to the
// publisher comes out of ClickHouse, whichever way the gateway is reported: by the adapter at its admin API, or by its events.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { launch, obstacle as noBrowser, run, until } from "../browser/probe-harness.mjs";
import { gateway, obstacle as noJanus, room, secret } from "./gateway.mjs";
import { build, enter, relay } from "./stage.mjs";

const skip = noBrowser() || noJanus;

let pipeline, network, browser;
before(async () => {
  if (skip) return;
  pipeline = await run("pipeline");
  if (pipeline.skip) return;
  network = await relay();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await network?.stop();
  await pipeline?.stop();
});

/** Runs the adapter, as `earshot janus` does; stop() ends it and fails where it complained. */
function adapter(janus, ...flags) {
  const child = spawn(build("earshot", "../../cmd/earshot"), ["janus", "--admin", janus.admin, "--collector", `ws://${pipeline.collector}/v1/stream`,
    "--interval", "1s", "--log-level", "warn", ...flags], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, EARSHOT_JANUS_SECRET: secret } });
  let said = "";
  child.stderr.on("data", (d) => (said += d));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  return async () => {
    child.kill("SIGTERM");
    assert.equal(await ended, 0, said);
    assert.equal(said, "");
  };
}

/**
 * How far the round trip may be off, in ms: per hop 1.5 for what the two ends add, as in the browser tests, and 0.5 either way for a
 * gateway that gives whole ms. A busy machine adds more, but it only ever adds: so the lowest of some windows is held against the truth.
 */
const perHop = 2;

const complete = (rows, kind) => rows.filter((r) => r.kind === kind && r.status === "complete");
const lowest = (rows, kind) => Math.min(...complete(rows, kind).map((r) => r.rtt_ms));

/** Has two pages talk over the gateway until ClickHouse has `windows` complete windows of every kind and the round trip is right. */
async function talk(t, janus, { call, delays: [publisher, viewer] = [0, 0], simulcast, windows, kinds = ["audio", "video"] }) {
  const options = { janus: janus.api, collector: `http://${pipeline.collector}`, call, simulcast };
  const way = (delay) => (delay ? `${delay}ms` : undefined);
  const ana = await enter(browser, network.url, { ...options, name: "ana", delay: way(publisher) });
  const ben = await enter(browser, network.url, { ...options, name: "ben", delay: way(viewer), feeds: ana.id });
  const truth = 2 * (publisher + viewer);
  let rows = [];
  try {
    await until(async () => {
      rows = await (await fetch(`${pipeline.url}/e2e?call=${call}`)).json();
      return kinds.every((k) => complete(rows, k).length >= windows && Math.abs(lowest(rows, k) - truth) <= 2 * perHop);
    }, `${windows} complete windows of ${call}, the lowest within ${2 * perHop} ms of ${truth} ms`, 60_000);
  } finally {
    for (const r of rows) {
      const hops = r.hops?.map((h) => `${h.rtt_ms?.toFixed(1)} (${h.source})`).join(" + ");
      t.diagnostic(`${r.kind} ${r.status}: ${r.rtt_ms?.toFixed(1)} ±${r.rtt_err_ms?.toFixed(1)} ms = ${hops}; truth ${truth}`);
    }
  }
  for (const r of kinds.flatMap((k) => complete(rows, k))) {
    assert.deepEqual([r.publisher, r.sfu_path, r.region_path, r.subscriber], ["ana", ["janus"], ["lab"], "ben"]);
    assert.equal(r.hops.length, 2);
  }
  await ana.close();
  await ben.close();
  return rows;
}

const delays = [30, 20]; // ms one way, between publisher and gateway and between gateway and viewer

for (const { name, how, ...call } of [
  { name: "the adapter, without delays, in simulcast", how: { adapter: true }, windows: 2, simulcast: true },
  { name: "the adapter", how: { adapter: true }, windows: 3, delays },
  { name: "its events", how: { grouping: true }, windows: 3, delays },
  { name: "its events one by one, without delays", how: { grouping: false }, windows: 2 },
]) {
  test(`publisher and viewer over a gateway reported by ${name}`, { skip }, async (t) => {
    if (pipeline.skip) return t.skip(pipeline.skip);
    const prefix = `${name.replaceAll(/[ ,]+/g, "-")}-`; // a call of its own
    const events = `http://${pipeline.collector}/v1/janus?region=lab&call_prefix=${prefix}`;
    const janus = await gateway(how.adapter ? {} : { events, grouping: how.grouping });
    const stop = how.adapter && adapter(janus, "--region", "lab", "--call-prefix", prefix);
    try {
      await talk(t, janus, { call: `${prefix}${room}`, ...call });
    } finally {
      await stop?.();
      await janus.stop();
    }
  });
}
