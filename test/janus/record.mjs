// Records what a real Janus answers at its admin API, and what its event handler posts, for the tests of the mappings:
// node record.mjs FOLDER [simulcast]. Two rounds of answers, some seconds apart, and all posts of a call from the first join to
// the last leave.
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { launch } from "../browser/probe-harness.mjs";
import { gateway, room } from "./gateway.mjs";
import { enter, relay } from "./stage.mjs";

const [folder, simulcast] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const posts = [];
const sink = createServer(async (request, response) => {
  const chunks = await request.toArray();
  posts.push(JSON.parse(Buffer.concat(chunks).toString()));
  response.end();
}).listen(0, "127.0.0.1");
await new Promise((r) => sink.once("listening", r));

const network = await relay();
const janus = await gateway({ events: `http://127.0.0.1:${sink.address().port}/` });
const browser = await launch();

/** All answers of one round, by request. */
async function answers() {
  const all = {};
  const ask = async (request, at = "") => (all[request + at] = await janus.ask(request, at));
  await ask("info");
  for (const session of (await ask("list_sessions")).sessions) {
    for (const handle of (await ask("list_handles", `/${session}`)).handles) await ask("handle_info", `/${session}/${handle}`);
  }
  return all;
}

try {
  const options = { janus: janus.api, collector: "http://127.0.0.1:19999", call: `${room}`, simulcast };
  const ana = await enter(browser, network.url, { ...options, name: "ana", delay: "30ms" });
  const ben = await enter(browser, network.url, { ...options, name: "ben", delay: "20ms", feeds: ana.id });
  const rounds = [];
  for (let i = 0; i < 2; i++) {
    await sleep(6000);
    rounds.push(await answers());
  }
  const last = (page) => page.evaluate(() => globalThis.last);
  const pages = { ana: await last(ana.page), ben: await last(ben.page) };
  for (const page of [ben, ana]) await page.close();
  await sleep(1500);
  const write = (name, content) => writeFileSync(path.join(folder, name), `${JSON.stringify(content, null, 1)}\n`);
  const kind = simulcast ? "simulcast" : "plain";
  write(`${kind}-admin.json`, rounds);
  write(`${kind}-pages.json`, pages);
  writeFileSync(path.join(folder, `${kind}-events.jsonl`), posts.map((p) => `${JSON.stringify(p)}\n`).join(""));
} finally {
  await browser.close();
  await janus.stop();
  await network.stop();
  sink.close();
}
