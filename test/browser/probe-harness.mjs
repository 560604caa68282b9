// Starts what the tests of the client probe need: the pipeline, a chain of SFUs with known delays, and pages with media.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { chromiumPath } from "./harness.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
export const scratch = mkdtempSync(path.join(tmpdir(), "earshot-probe-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

/** The probe as a script tag gets it. */
export const probe = path.join(here, "..", "..", "client-probe", "dist", "earshot.js");

const built = {};

/** Runs one of the Go commands beside this file: its first line, which is JSON, and stop(). `skip` says why it does not run. */
export async function run(command, ...args) {
  built[command] ??= path.join(scratch, command);
  execFileSync("go", ["build", "-o", built[command], `./${command}`], { cwd: here, stdio: ["ignore", "inherit", "inherit"] });
  const child = spawn(built[command], args, { stdio: ["pipe", "pipe", "pipe"], cwd: here });
  let said = "";
  child.stderr.on("data", (d) => (said += d));
  const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
  const line = await Promise.race([new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve)), ended]);
  if (line === 3 && !process.env.CI) return { skip: said.trim(), stop() {} };
  if (typeof line !== "string" || !line.startsWith("{")) throw new Error(`${command} ended with ${line}: ${said}`);
  return {
    ...JSON.parse(line),
    said: () => said,
    async stop() {
      child.stdin.end();
      const code = await ended;
      if (code !== 0) throw new Error(`${command} ended with ${code}: ${said}`);
    },
  };
}

/** A Chromium with a camera and a microphone that are none, which takes loopback for a network. */
export function launch() {
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
      "--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns",
      // Pages that nobody looks at are measured too.
      "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
    ],
  });
}

/** A page that fails the test on a script error. `warned` is what it said on its console. */
export async function open(browser, url, prepare) {
  const context = await browser.newContext({ permissions: ["camera", "microphone"] });
  const page = await context.newPage();
  const faults = [];
  const warned = [];
  page.on("pageerror", (e) => faults.push(`error: ${e.message}`));
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && warned.push(m.text()));
  await prepare?.(page);
  await page.goto(url);
  return {
    page, warned,
    /** Leaves the page as a person does. */
    async close() {
      await page.goto("about:blank");
      await context.close();
      if (faults.length > 0) throw new Error(faults.join("\n"));
    },
  };
}

export async function until(check, what, timeout) {
  const end = Date.now() + timeout;
  for (;;) {
    const got = await check();
    if (got) return got;
    if (Date.now() > end) throw new Error(`${what}: not within ${timeout / 1000} s`);
    await new Promise((r) => setTimeout(r, 250));
  }
}
