// The console's page in a real Chromium, over the real engine. Run: npm test (test/browser/setup.sh first).
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { freePort, launch, obstacle, open, serve } from "./harness.mjs";

const pathParam = (...key) => `path=${encodeURIComponent(JSON.stringify(key))}`;
const boToAna = pathParam("bo", "ana", "video", "bo-video", "nrt>iad>fra");

/** Waits until check holds; the page refreshes every two seconds. */
async function eventually(check, what, timeout = 15_000) {
  const end = Date.now() + timeout;
  for (;;) {
    const got = await check().catch((e) => e);
    if (got === true) return;
    if (Date.now() > end) assert.fail(`${what}: ${got}`);
    await new Promise((r) => setTimeout(r, 100));
  }
}

describe("console", { skip: obstacle() }, () => {
  let server;
  let browser;
  let port;

  before(async () => {
    port = await freePort();
    server = await serve("-listen", `127.0.0.1:${port}`);
    if (!server.skip) browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.stop?.();
  });

  /** A test with a page of its own. */
  const onPage = (name, query, run, options) =>
    test(name, async (t) => {
      if (server.skip) return t.skip(server.skip);
      const opened = await open(browser, server.url, query, options);
      await run(opened.page, opened);
      await opened.close();
    });

  onPage("chooses the live call and shows who hears whom over which SFUs", "", async (page) => {
    await page.getByTestId("paths").waitFor();
    assert.match(await page.title(), /^demo/);
    assert.equal(await page.getByTestId("paths").getByTestId("path").count(), 24);
    const row = page.getByTestId("path").filter({ has: page.getByRole("button", { name: /^ana to chi, audio, over fra, iad, nrt/ }) });
    const text = await row.innerText();
    for (const part of ["ana", "chi", "audio", "fra", "iad", "nrt", "eu-central", "us-east", "ap-northeast", "complete"]) assert.ok(text.includes(part), `${part} in ${text}`);
    assert.match(text, /2[89]\d\.\d\s*± 1\.2/);
    assert.match(await page.getByTestId("summary").innerText(), /in 3 regions/);
  });

  onPage("draws one segment per hop, as wide as its RTT", `?${pathParam("ana", "chi", "audio", "ana-audio", "fra>iad>nrt")}`, async (page) => {
    const segments = page.getByTestId("segment");
    await segments.first().waitFor();
    assert.equal(await segments.count(), 4);
    await page.waitForTimeout(600); // the widths glide
    const shapes = [];
    for (const s of await segments.all()) {
      const label = await s.getAttribute("aria-label");
      const box = await s.boundingBox();
      shapes.push({ label, rtt: Number(/: ([\d.]+)/.exec(label)[1]), left: box.x, width: box.width });
    }
    assert.deepEqual(shapes.map((s) => s.label.split(":")[0]), ["ana → fra", "fra → iad", "iad → nrt", "nrt → chi"]);
    const scale = shapes[2].width / shapes[2].rtt;
    for (const [i, s] of shapes.entries()) {
      assert.ok(Math.abs(s.width - s.rtt * scale) < 2, `${s.label} is ${s.width} px wide`);
      if (i > 0) assert.ok(Math.abs(s.left - shapes[i - 1].left - shapes[i - 1].width) < 2, `${s.label} starts where the hop before ends`);
    }
    const bar = page.locator(".row.selected").getByTestId("bar").locator(".seg");
    assert.equal(await bar.count(), 4, "and the same in the list");
  });

  onPage("tells source and age of a hop on hover and on focus", `?${pathParam("ana", "chi", "audio", "ana-audio", "fra>iad>nrt")}`, async (page) => {
    const last = page.getByTestId("segment").nth(3);
    await last.hover();
    assert.match(await page.getByRole("tooltip").innerText(), /^nrt → chi: 1\d\.\d ± 0\.6 ms, STUN checks, 2 s old$/);
    await page.mouse.move(0, 0);
    await page.getByRole("tooltip").waitFor({ state: "detached" });
    await page.getByTestId("segment").nth(0).focus();
    assert.match(await page.getByRole("tooltip").innerText(), /^ana → fra: .* RTCP receiver reports, 1 s old$/);
    await page.keyboard.press("Escape");
    await page.getByRole("tooltip").waitFor({ state: "detached" });
  });

  onPage("marks a partial path as a lower bound and its missing hop as unknown", `?${boToAna}`, async (page) => {
    const detail = page.getByTestId("detail");
    await detail.waitFor();
    const text = await detail.innerText();
    assert.match(text, /≥\s*16\d\.\d/);
    assert.match(text, /1 of 4 hops unknown/);
    assert.match(text, /not known/, "no mouth-to-ear either");
    const missing = detail.locator(".seg.missing");
    assert.equal(await missing.getAttribute("aria-label"), "nrt → iad: unknown, nobody measured this hop");
    assert.match(await missing.evaluate((e) => getComputedStyle(e).backgroundImage), /repeating-linear-gradient/);
  });

  onPage("filters by participant and by kind, and keeps the filter in the address", "", async (page) => {
    const rows = page.getByTestId("paths").getByTestId("path");
    await rows.first().waitFor();
    await page.getByTestId("participant").selectOption("chi");
    await eventually(async () => (await rows.count()) === 6, "6 rows");
    await page.getByTestId("kind-video").click();
    await eventually(async () => (await rows.count()) === 2, "2 rows");
    assert.match(page.url(), /participant=chi&kind=video/);
    await page.reload();
    await rows.first().waitFor();
    await eventually(async () => (await rows.count()) === 2, "2 rows");
    await page.getByTestId("participant").selectOption("dee");
    await page.getByTestId("kind-all").click();
    await eventually(async () => (await rows.count()) === 4 + 5, "dee publishes to four and hears five tracks");
  });

  onPage("shows the chosen path over time with its changes marked", `?${pathParam("bo", "chi", "audio", "bo-audio", "nrt")}`, async (page) => {
    const chart = page.getByTestId("chart");
    await chart.waitFor();
    assert.match(await chart.innerText(), /path changed: iad › nrt → nrt/);
    const drawn = () =>
      chart.locator("canvas").evaluate((c) => {
        const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
        const colours = new Set();
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 40) colours.add(`${data[i] >> 5},${data[i + 1] >> 5},${data[i + 2] >> 5}`);
        return colours.size;
      });
    assert.ok((await drawn()) > 5, "areas and lines in several colours");
    const box = await chart.locator(".u-over").boundingBox();
    const last = await chart.locator("figcaption time").innerText();
    await page.mouse.move(box.x + 10, box.y + box.height / 2);
    await eventually(async () => (await chart.locator("figcaption time").innerText()) !== last, "the readout follows the pointer");
    await page.getByRole("button", { name: "Per hop" }).click();
    assert.ok((await drawn()) > 2);
  });

  onPage("refreshes itself without drawing anew", "", async (page) => {
    await page.getByTestId("paths").waitFor();
    await page.locator(".u-wrap").waitFor();
    const foot = page.locator(".foot");
    const before = await foot.innerText();
    await page.evaluate(() => {
      for (const e of document.querySelectorAll("[data-testid=paths] li, .u-wrap, .waterfall li")) e.dataset.kept = "yes";
    });
    await eventually(async () => (await foot.innerText()) !== before, "the next window shows");
    const drawnAnew = await page.evaluate(() =>
      [...document.querySelectorAll("[data-testid=paths] li, .u-wrap, .waterfall li")].filter((e) => !e.dataset.kept).map((e) => e.outerHTML.slice(0, 200)));
    assert.deepEqual(drawnAnew, []);
  });

  onPage("can be used with the keyboard alone", "", async (page) => {
    await page.getByTestId("paths").waitFor();
    const first = page.locator("button.pick").first();
    await first.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await eventually(async () => (await page.locator("button.pick").nth(2).getAttribute("aria-pressed")) === "true", "the third path is chosen");
    const client = page.getByRole("button", { name: "Only paths of dee" });
    await client.focus();
    await page.keyboard.press("Enter");
    await eventually(async () => (await page.getByTestId("participant").inputValue()) === "dee", "the client is the filter");
  });

  onPage("opens a call that ended", "?call=standup", async (page) => {
    await page.getByTestId("paths").waitFor();
    assert.match(await page.locator(".state").innerText(), /^Ended 2 h/);
    await page.getByTestId("chart").waitFor();
  });

  onPage("finds calls by id, user and figures, and opens the one that is chosen", "", async (page) => {
    await page.getByTestId("paths").waitFor();
    await page.getByTestId("find").click();
    const found = page.getByTestId("found");
    await eventually(async () => (await found.count()) === 2, "both calls");
    await page.getByTestId("find-search").fill("AND");
    await eventually(async () => (await found.count()) === 1, "standup only");
    await page.getByTestId("find-search").fill("");
    await page.getByTestId("find-live").selectOption("true");
    await eventually(async () => (await found.allInnerTexts()).join().startsWith("demo") && (await found.count()) === 1, "demo only");
    await page.getByTestId("find-live").selectOption("");
    await page.getByTestId("find-user").fill("nobody@example.org");
    await page.getByText("No call matches.").waitFor();
    await page.getByTestId("find-user").fill("ana@example.org");
    await page.getByTestId("find-sort").selectOption("score");
    await eventually(async () => (await found.count()) === 2, "ana's calls");
    await page.getByRole("button", { name: "standup", exact: true }).click();
    await page.getByTestId("finder").waitFor({ state: "detached" });
    await eventually(async () => (await page.title()).startsWith("standup"), "the call is open");
    assert.match(page.url(), /call=standup/);
  });

  onPage("says so when a call is unknown, and offers those that are known", "?call=nope", async (page, { forgive }) => {
    forgive();
    await page.getByTestId("empty").waitFor();
    assert.match(await page.getByTestId("empty").innerText(), /There is no call “nope”/);
    await page.getByRole("button", { name: "standup" }).click();
    await page.getByTestId("paths").waitFor();
  });

  onPage("shows an id as text, whatever it is", `?call=${encodeURIComponent("<img src=x onerror=alert(1)>")}`, async (page, { forgive }) => {
    forgive();
    await page.getByTestId("empty").waitFor();
    assert.equal(await page.locator("main img").count(), 0);
  });

  for (const scheme of ["light", "dark"]) {
    onPage(`is readable at phone width, ${scheme}`, "", async (page) => {
      await page.getByTestId("detail").waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, "nothing sticks out");
      const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const light = /\d+/.exec(background)[0] > 128;
      assert.equal(light, scheme === "light");
    }, { viewport: { width: 390, height: 844 }, colorScheme: scheme });
  }

  onPage("says what the store's trouble is, and does not forget what it knew", "", async (page, { forgive }) => {
    await page.getByTestId("paths").waitFor();
    forgive();
    await page.route("**/api/v1/**", (r) =>
      r.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ status: 503, detail: "the store cannot answer now" }) }));
    await page.getByTestId("away").waitFor();
    assert.match(await page.getByTestId("away").innerText(), /^the store cannot answer now\. Asking again/);
    assert.equal(await page.getByTestId("paths").getByTestId("path").count(), 24);
    await page.unroute("**/api/v1/**");
    await page.getByTestId("away").waitFor({ state: "detached", timeout: 20_000 });
  });

  // Last, since it ends the server that the others use.
  onPage("says when the server has gone, keeps what it has, and comes back by itself", "", async (page, { forgive }) => {
    await page.getByTestId("paths").waitFor();
    forgive();
    await server.stop();
    await page.getByTestId("away").waitFor();
    assert.match(await page.getByTestId("away").innerText(), /Earshot does not answer.*as of \d\d:\d\d:\d\d/);
    assert.equal(await page.getByTestId("paths").getByTestId("path").count(), 24, "the last figures stay");
    server = await serve("-listen", `127.0.0.1:${port}`);
    await page.getByTestId("away").waitFor({ state: "detached", timeout: 20_000 });
  });
});

test("an empty store says how calls come", { skip: obstacle() }, async (t) => {
  const server = await serve("-empty");
  if (server.skip) return t.skip(server.skip);
  const browser = await launch();
  const { page, close } = await open(browser, server.url);
  await page.getByTestId("empty").waitFor();
  assert.match(await page.getByTestId("empty").innerText(), /No call has reported.*earshot demo/s);
  await close();
  await browser.close();
  await server.stop();
});

test("asks for a token where the API wants one, and keeps it for the tab", { skip: obstacle() }, async (t) => {
  const server = await serve("-token", "open sesame");
  if (server.skip) return t.skip(server.skip);
  const browser = await launch();
  const { page, forgive, close } = await open(browser, server.url);
  forgive();
  await page.getByTestId("token").waitFor();
  assert.match(await page.getByTestId("token").innerText(), /no token is given/);
  await page.getByPlaceholder("token").fill("wrong");
  await page.keyboard.press("Enter");
  await eventually(async () => /not known here/.test(await page.getByTestId("token").innerText()), "refused");
  await page.getByPlaceholder("token").fill("open sesame");
  await page.keyboard.press("Enter");
  await page.getByTestId("paths").waitFor();
  await page.reload();
  await page.getByTestId("paths").waitFor();
  assert.ok(!page.url().includes("sesame"), "the token is not in the address");
  await close();
  await browser.close();
  await server.stop();
});
