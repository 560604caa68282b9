// A call over a real Janus with two Chromium clients: publisher -> VideoRoom -> receive-only viewer. The viewer's round trip to the
// publisher comes out of ClickHouse, whichever way the gateway is reported: by the adapter at its admin API, or by its events.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import { obstacle as noBrowser } from "../browser/harness.mjs";
import { launch, run, until } from "../browser/probe-harness.mjs";
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

/** Has two pages talk over the gateway until ClickHouse has `windows` complete windows of either kind of media; returns all rows. */
async function call(t, janus, { call, publisher, viewer, simulcast, windows = 3 }) {
  const options = { janus: janus.api, collector: `http://${pipeline.collector}`, call };
  const ana = await enter(browser, network.url, { ...options, name: "ana", delay: publisher, simulcast });
  const ben = await enter(browser, network.url, { ...options, name: "ben", delay: viewer, feeds: ana.id });
  let rows = [];
  try {
    await until(async () => {
      rows = await (await fetch(`${pipeline.url}/e2e?call=${call}`)).json();
      return ["audio", "video"].every((kind) => rows.filter((r) => r.kind === kind && r.status === "complete").length >= windows);
    }, `${windows} complete windows of ${call}`, 60_000);
  } finally {
    for (const r of rows) {
      t.diagnostic(`${r.kind} ${r.status} ${r.rtt_ms?.toFixed(1)} ±${r.rtt_err_ms?.toFixed(1)} ms over ${r.sfu_path?.join(">")}: ` +
        r.hops?.map((h) => `${h.rtt_ms?.toFixed(1)} ${h.source} ${h.side ?? ""}`).join(", "));
    }
  }
  await ana.close();
  await ben.close();
  return rows;
}

for (const [name, report] of [
  ["the adapter", { flags: ["--region", "lab"] }],
  ["its events", { grouping: true }],
  ["its events one by one", { grouping: false }],
]) {
  test(`publisher and viewer over a Janus reported by ${name}`, { skip }, async (t) => {
    if (pipeline.skip) return t.skip(pipeline.skip);
    const prefix = `${name.replaceAll(" ", "-")}-`;
    const byEvents = `http://${pipeline.collector}/v1/janus?region=lab&call_prefix=${prefix}`;
    const janus = await gateway(report.flags ? {} : { events: byEvents, grouping: report.grouping });
    const stop = report.flags && adapter(janus, "--call-prefix", prefix, ...report.flags);
    try {
      const rows = await call(t, janus, { call: `${prefix}${room}`, publisher: "30ms", viewer: "20ms" });
      const complete = rows.filter((r) => r.status === "complete");
      for (const r of complete) assert.deepEqual(r.sfu_path, ["janus"]);
    } finally {
      await stop?.();
      await janus.stop();
    }
  });
}
