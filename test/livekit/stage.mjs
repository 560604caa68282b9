// What a call needs: a LiveKit node, the adapter beside it, and a web server with the pages.
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../browser/harness.mjs";
import { open, scratch, until } from "../browser/probe-harness.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..", "..");
export const livekitPath = [process.env.EARSHOT_LIVEKIT, path.join(root, ".cache", "livekit", "server"), "/usr/local/bin/livekit-server", "/usr/bin/livekit-server"]
  .find((p) => p && existsSync(p));

const key = "earshot";
const secret = "0123456789abcdef0123456789abcdef";

/** A participant's token. */
function token(identity, room) {
  const b64 = (o) => Buffer.from(JSON.stringify(o)).toString("base64url");
  const claims = { iss: key, sub: identity, nbf: 0, exp: Math.floor(Date.now() / 1000) + 600, video: { roomJoin: true, room } };
  const signed = `${b64({ alg: "HS256", typ: "JWT" })}.${b64(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** Runs a command until stop(); `said` is what it wrote. */
function run(command, args, env = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let said = "";
  for (const out of [child.stdout, child.stderr]) out.on("data", (d) => (said = (said + d).slice(-50_000)));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  return {
    said: () => said,
    async stop() {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** A LiveKit node on ports of its own: its url and stop(). */
export async function node(development) {
  const [port, tcp, udp] = [await freePort(), await freePort(), await freePort()];
  const config = {
    port, bind_addresses: ["127.0.0.1"], keys: { [key]: secret }, development, logging: { level: "warn" },
    rtc: { udp_port: udp, tcp_port: tcp, node_ip: "127.0.0.1", use_external_ip: false, enable_loopback_candidate: true, interfaces: { includes: ["lo"] } },
  };
  const process = run(livekitPath, ["--config-body", JSON.stringify(config)]);
  const url = `http://127.0.0.1:${port}`;
  await until(() => fetch(url).then(() => true, () => false), "livekit-server answers", 20_000).catch((e) => {
    throw new Error(`${e.message}: ${process.said()}`);
  });
  return { ...process, url };
}

/** The adapter as `earshot livekit` runs it. */
export function adapter(url, collector, connections) {
  const binary = path.join(scratch, "earshot");
  if (!existsSync(binary)) execFileSync("go", ["build", "-o", binary, "./cmd/earshot"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  return run(binary, ["livekit", "--url", url, "--collector", `ws://${collector}/v1/stream`, "--sfu-id", "livekit-1", "--region", "loopback", "--client-id", "identity", "--connections", `${connections}`, "--interval", "1s"],
    { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret });
}

/** Serves the page and its scripts. */
export async function pages() {
  const files = {
    "/page.html": path.join(here, "pages", "page.html"), "/earshot.js": path.join(root, "client-probe", "dist", "earshot.js"),
    "/livekit-client.js": path.join(here, "node_modules", "livekit-client", "dist", "livekit-client.umd.js"),
  };
  const server = createServer((req, res) => {
    const file = files[new URL(req.url, "http://page").pathname];
    if (!file) return res.writeHead(404).end();
    res.setHeader("Content-Type", file.endsWith(".js") ? "text/javascript" : "text/html");
    res.end(readFileSync(file));
  });
  await new Promise((r) => server.listen(0, "127.0.0.1", r));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Somebody's page in a room. */
export async function join(browser, base, url, collector, name, call, connections) {
  const query = new URLSearchParams({ url: url.replace("http", "ws"), token: token(name, call), call, name, collector: `http://${collector}`, connections });
  const opened = await open(browser, `${base}/page.html?${query}`);
  await opened.page.evaluate(() => globalThis.joined);
  return opened;
}
