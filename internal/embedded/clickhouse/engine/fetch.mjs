// Installs the ClickHouse engine (libchdb.so) of this platform into .cache/engine and checks it. `make engine` runs it; a
// second run finds the engine in place and does nothing.
//
// npm compares the package with the sha512 in package-lock.json, and this script the library inside with checksums.txt. The
// lock holds linux-x64 only, the platform it could be made on; for the other platforms the exact version is asked for and npm
// compares with the sum that the registry names.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const version = "26.7.3-stable.1";
const unpackedMB = 570; // about, for the progress
const packages = {
  "linux/x64": "lib-linux-x64-gnu",
  "linux/arm64": "lib-linux-arm64-gnu",
  "darwin/x64": "lib-darwin-x64",
  "darwin/arm64": "lib-darwin-arm64",
};

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../../../../.cache/engine");

class Refusal extends Error {}

function platformPackage() {
  const platform = `${process.platform}/${process.arch}`;
  const musl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  if (!packages[platform] || musl) {
    throw new Refusal(
      `there is no ClickHouse engine for ${platform}${musl ? " with musl" : ""}; use a ClickHouse of your own with --clickhouse HOST:9000`,
    );
  }
  return packages[platform];
}

function knownSum(name) {
  const lines = readFileSync(join(here, "checksums.txt"), "utf8").split("\n");
  return lines.map((l) => l.split(/\s+/)).find((f) => f.length === 2 && f[1] === name)?.[0];
}

function sha256(path) {
  return new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    createReadStream(path, { highWaterMark: 1 << 20 }).on("data", (d) => hash.update(d)).on("end", () => resolve(hash.digest("hex"))).on("error", reject);
  });
}

// The same line that the program itself writes (verify.go): the sum, and the size and time of change it was found at.
function stampOf(lib, sum) {
  const s = statSync(lib, { bigint: true });
  return `${sum} ${s.size} ${s.mtimeNs / 1000000n}\n`;
}

async function inPlace(lib, name) {
  if (!existsSync(lib)) return false;
  const want = knownSum(name);
  const stamp = `${lib}.verified`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === stampOf(lib, want ?? readFileSync(stamp, "utf8").split(" ")[0])) return true;
  if (!want) return false;
  say("checking the library that is there ...");
  if ((await sha256(lib)) !== want) return false;
  writeFileSync(stamp, stampOf(lib, want));
  return true;
}

function say(text) {
  console.log(`engine: ${text}`);
}

function megabytes(dir) {
  let bytes = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    try {
      bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
    } catch {
      // npm has moved it in the meantime
    }
  }
  return Math.round(bytes / 1e6);
}

// npm says nothing while it fetches, so this tells how much has arrived: in place on a terminal, now and then elsewhere.
function showProgress() {
  const begin = Date.now();
  const tty = process.stdout.isTTY;
  const timer = setInterval(
    () => {
      const seconds = Math.round((Date.now() - begin) / 1000);
      const text = `engine: ${megabytes(target)} of about ${unpackedMB} MB unpacked after ${seconds} s`;
      process.stdout.write(tty ? `\r${text}` : `${text}\n`);
    },
    tty ? 500 : 5000,
  );
  return () => {
    clearInterval(timer);
    if (tty) process.stdout.write("\n");
  };
}

function npm(args) {
  return new Promise((resolve, reject) => {
    const child = spawn("npm", args, { cwd: target, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (d) => (output += d));
    child.stderr.on("data", (d) => (output += d));
    child.on("error", (e) => reject(new Refusal(`npm cannot be started (${e.message}); install Node.js with npm`)));
    child.on("close", (code) => (code === 0 ? resolve() : reject(new Refusal(`npm ${args[0]} ended with ${code}:\n${output.trim()}`))));
  });
}

async function install(name) {
  mkdirSync(target, { recursive: true });
  const lock = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8"));
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund"];
  let args = ["ci", ...quiet];
  if (lock.packages[`node_modules/@chdb/${name}`]) {
    for (const f of ["package.json", "package-lock.json"]) copyFileSync(join(here, f), join(target, f));
  } else {
    rmSync(join(target, "package-lock.json"), { force: true });
    writeFileSync(join(target, "package.json"), JSON.stringify({ private: true }));
    args = ["install", `@chdb/${name}@${version}`, "--save-exact", ...quiet];
  }
  say(`fetching @chdb/${name} ${version} with npm (some 180 MB, once) into .cache/engine`);
  const done = showProgress();
  try {
    await npm(args);
  } finally {
    done();
  }
}

async function main() {
  const name = platformPackage();
  const lib = join(target, "node_modules", "@chdb", name, "libchdb.so");
  if (await inPlace(lib, name)) {
    say("ClickHouse is in place");
    return;
  }
  await install(name);
  say("checking the library ...");
  const sum = await sha256(lib);
  const want = knownSum(name);
  if (want && sum !== want) throw new Refusal(`${lib} has sha256 ${sum}, want ${want}; remove .cache/engine and try again`);
  if (!want) say(`no checksum is known for this platform yet; the line for checksums.txt is\n${sum} ${name}`);
  writeFileSync(`${lib}.verified`, stampOf(lib, sum));
  say("ClickHouse is ready");
}

main().catch((e) => {
  console.error(e instanceof Refusal ? `engine: ${e.message}` : e);
  process.exit(1);
});
