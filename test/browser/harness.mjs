// Starts what the tests need: the test server (real engine, seeded calls, the console) and a Chromium of the system.
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), "earshot-browser-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

export const chromiumPath = [process.env.EARSHOT_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .find((p) => p && existsSync(p));

/** Why the tests are skipped here, or false. In CI nothing is skipped. */
export function obstacle() {
  if (chromiumPath || process.env.CI) return false;
  return "no Chromium: run test/browser/setup.sh, or name one with EARSHOT_CHROMIUM";
}

let binary;
function build() {
  if (!binary) {
    binary = path.join(scratch, "server");
    execFileSync("go", ["build", "-o", binary, "./server"], { cwd: here, stdio: ["ignore", "inherit", "inherit"] });
  }
  return binary;
}

/** A port of this machine that is free now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const s = createServer();
    s.on("error", reject);
    s.listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

/** Runs the test server; stop() ends it and waits. `skip` says why there is none. */
export async function serve(...args) {
  const child = spawn(build(), args, { stdio: ["pipe", "pipe", "pipe"], cwd: here });
  let said = "";
  child.stderr.on("data", (d) => (said += d));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const first = new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
  const line = await Promise.race([first, ended]);
  if (typeof line !== "string") {
    if (line === 3 && !process.env.CI) return { skip: said.trim() };
    throw new Error(`test server ended with ${line}: ${said}`);
  }
  return {
    url: JSON.parse(line).url,
    stop: async () => {
      child.stdin.end();
      const code = await ended;
      if (code !== 0) throw new Error(`test server ended with ${code}: ${said}`);
    },
  };
}

export function launch() {
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
}

/** A page that fails the test on a script error, a console error or a request to anywhere else. */
export async function open(browser, base, query = "", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  let forgiving = false;
  page.on("pageerror", (e) => faults.push(`error: ${e.message}`));
  page.on("console", (m) => m.type() === "error" && !forgiving && faults.push(`console: ${m.text()}`));
  page.on("request", (r) => new URL(r.url()).origin !== new URL(base).origin && faults.push(`foreign request: ${r.url()}`));
  await page.goto(base + query);
  return {
    page,
    /** From here on the browser may log that requests fail. */
    forgive: () => (forgiving = true),
    close: async () => {
      await context.close();
      if (faults.length > 0) throw new Error(faults.join("\n"));
    },
  };
}
