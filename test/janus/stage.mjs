// What a call needs beside the gateway: the relay with the pages, and Chromium.
import { spawn, execFileSync } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { open, scratch, scripts, until } from "../browser/probe-harness.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Builds a command of the module; its path. */
export function build(name, pkg) {
  const to = path.join(scratch, name);
  execFileSync("go", ["build", "-o", to, pkg], { cwd: here, stdio: ["ignore", "inherit", "inherit"] });
  return to;
}

/** Runs the relay: its url and stop(). */
export async function relay() {
  const child = spawn(build("relay", "./relay"), ["-pages", path.join(here, "pages"), "-scripts", await scripts()],
    { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const line = await Promise.race([new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve)), ended]);
  if (typeof line !== "string") throw new Error(`the relay ended with ${line}`);
  return {
    ...JSON.parse(line),
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Opens a page of the call and waits until it is connected. With `feeds` it watches, else it publishes. */
export async function enter(browser, url, options) {
  const given = Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined));
  const at = await open(browser, `${url}/pages/page.html?${new URLSearchParams(given)}`);
  const connected = () => at.page.evaluate(() => globalThis.part?.pc.connectionState === "connected");
  await until(connected, `${options.name} is connected`, 20_000).catch((e) => {
    throw new Error(`${e.message}; its console: ${at.warned.join("; ")}`);
  });
  return { ...at, id: await at.page.evaluate(() => globalThis.part.id) };
}
