// What is published: that it loads in every way it says it does, and how small it is.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (name) => readFileSync(root + name, "utf8");
const names = ["enableReceiverRTT", "monitor"];
const most = 8 * 1024;

test("the script tag's file has at most 8 KB gzipped", () => {
  const bytes = gzipSync(read("dist/earshot.js"), { level: 9 }).length;
  assert.ok(bytes <= most, `${bytes} bytes`);
});

test("bundled and minified into an application it has at most 8 KB gzipped", async () => {
  const { outputFiles: [out] } = await build({ stdin: { contents: 'import { monitor } from "@earshot/client-probe"; monitor({})', resolveDir: root }, bundle: true, minify: true, format: "esm", write: false, target: "es2022" });
  const bytes = gzipSync((await minify(out.text, { module: true, ecma: 2020 })).code, { level: 9 }).length;
  assert.ok(bytes <= most, `${bytes} bytes`);
});

test("it is an ES module, a CommonJS module and a script", async () => {
  assert.deepEqual(Object.keys(await import("@earshot/client-probe")).sort(), names);
  assert.deepEqual(Object.keys(createRequire(import.meta.url)("@earshot/client-probe")).sort(), names);
  const page = vm.createContext({ TextEncoder });
  vm.runInContext(read("dist/earshot.js"), page);
  assert.deepEqual(Object.keys(page.Earshot).sort(), names);
});

test("an application that does not use it carries nothing of it", async () => {
  const { outputFiles: [out] } = await build({ stdin: { contents: 'import { monitor } from "@earshot/client-probe"; console.log(1)', resolveDir: root }, bundle: true, minify: true, format: "esm", write: false });
  assert.equal(out.text.trim(), "console.log(1);");
});

test("it brings nothing along, and its types", () => {
  const pkg = JSON.parse(read("package.json"));
  assert.equal(pkg.dependencies, undefined);
  assert.equal(pkg.sideEffects, false);
  const files = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, stdio: ["ignore", "pipe", "ignore"] }))[0].files.map((f) => f.path);
  for (const f of ["LICENSE", "README.md", "dist/earshot.js", "dist/esm/index.js", "dist/esm/index.d.ts", "dist/cjs/index.js", "dist/cjs/index.d.ts", "dist/cjs/package.json"]) assert.ok(files.includes(f), f);
  assert.ok(!files.some((f) => /test|build\//.test(f)), files.join());
});

test("the schema is that of the .proto files", () => {
  execFileSync(process.execPath, ["scripts/schema.mjs", "--check"], { cwd: root, stdio: "pipe" });
});
