// Starts a real Janus with the VideoRoom plugin, on loopback and ports of its own.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../browser/harness.mjs";
import { until } from "../browser/probe-harness.mjs";

const janusPath = [process.env.EARSHOT_JANUS, "/usr/bin/janus", "/opt/janus/bin/janus"].find((p) => p && existsSync(p));

/** Why the tests are skipped here, or false. In CI nothing is skipped. */
export const obstacle = !janusPath && !process.env.CI && "no Janus: run test/janus/setup.sh, or name one with EARSHOT_JANUS";

export const secret = "overlord";
export const room = 1234;

// A test that runs out of time is ended by a signal, and Janus would stay.
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => process.exit(1));

/** A gateway; `events` is where its event handler posts to, if anywhere, one by one where not `grouping`. */
export async function gateway({ name = "janus", events, grouping = true } = {}) {
  const [api, admin] = [await freePort(), await freePort()];
  const folder = mkdtempSync(path.join(tmpdir(), "earshot-janus-"));
  const files = {
    "janus.jcfg": `
general: {
  server_name = "${name}"
  admin_secret = "${secret}"
  event_stats_period = 1
  debug_level = 2
}
media: { ipv6 = false }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }
events: {
  disable = "libjanus_gelfevh.so,libjanus_mqttevh.so,libjanus_nanomsgevh.so,libjanus_rabbitmqevh.so,libjanus_wsevh.so"
  broadcast = ${Boolean(events)}
  stats_period = 1
}
`,
    "janus.plugin.videoroom.jcfg": `
room-${room}: {
  description = "test"
  publishers = 6
  bitrate = 512000
  audiocodec = "opus"
  videocodec = "vp8"
}
`,
    "janus.transport.websockets.jcfg": `general: { ws = true, ws_port = ${api}, ws_ip = "127.0.0.1" }\nadmin: { admin_ws = false }\n`,
    "janus.transport.http.jcfg": `general: { http = false }\nadmin: { admin_http = true, admin_port = ${admin}, admin_ip = "127.0.0.1" }\n`,
    "janus.eventhandler.sampleevh.jcfg": events ? `
general: {
  enabled = true
  events = "sessions,handles,jsep,webrtc,media,plugins,core"
  grouping = ${grouping}
  backend = "${events}"
}
` : "general: { enabled = false }\n",
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  const child = spawn(janusPath, ["-F", folder], { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let said = "";
  for (const out of [child.stdout, child.stderr]) out.on("data", (d) => (said = (said + d).slice(-20000)));
  const ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
  let gone = false;
  ended.then(() => {
    gone = true;
    running.delete(child);
  });
  const ask = async (janus, at = "") => {
    const body = JSON.stringify({ janus, transaction: "t", admin_secret: secret });
    return (await fetch(`http://127.0.0.1:${admin}/admin${at}`, { method: "POST", body })).json();
  };
  try {
    await until(() => {
      if (gone) throw new Error("janus ended");
      return ask("ping").then((a) => a.janus === "pong", () => false);
    }, "janus answers", 20_000);
  } catch (e) {
    throw new Error(`${e.message}: ${said}`);
  }
  return {
    api: `ws://127.0.0.1:${api}`, admin: `http://127.0.0.1:${admin}/admin`, ask, said: () => said,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
