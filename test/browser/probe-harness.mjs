// Starts what the tests of the client probe need: the pipeline, a chain of SFUs with known delays, and pages with media.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { chromiumPath, obstacle as consoleObstacle } from "./harness.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
export const scratch = mkdtempSync(path.join(tmpdir(), "earshot-probe-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

const built = path.join(here, "..", "..", "client-probe", "dist", "earshot.js");

/** Why the probe's tests are skipped here, or false. */
export const obstacle = () => consoleObstacle() || (!existsSync(built) && "client-probe is not built: npm ci && npm run build there");

/** A folder with the scripts that pages load: the probe as a script tag gets it, and ObserveRTC's monitor. */
export async function scripts() {
  const folder = path.join(scratch, "scripts");
  mkdirSync(folder, { recursive: true });
  copyFileSync(built, path.join(folder, "earshot.js"));
  await build({ absWorkingDir: here, entryPoints: ["@observertc/client-monitor-js"], bundle: true, format: "esm", outfile: path.join(folder, "observertc.js"), logLevel: "error" });
  return folder;
}

const binaries = {};

/** Runs one of the Go commands beside this file: its first line, which is JSON, and stop(). `skip` says why it does not run. */
export async function run(command, ...args) {
  binaries[command] ??= path.join(scratch, command);
  execFileSync("go", ["build", "-o", binaries[command], `./${command}`], { cwd: here, stdio: ["ignore", "inherit", "inherit"] });
  const child = spawn(binaries[command], args, { stdio: ["pipe", "pipe", "pipe"], cwd: here });
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

/**
 * A Chromium with a camera and a microphone that are none, which takes loopback for a network. It goes before others where
 * that is permitted: a browser that waits for the processor answers late, and that is a longer round trip indeed.
 */
export function launch() {
  const first = path.join(scratch, "chromium");
  writeFileSync(first, `#!/bin/sh\nexec nice -n -10 '${chromiumPath}' "$@"\n`, { mode: 0o755 });
  return chromium.launch({
    executablePath: first,
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
