// Builds dist/: ESM and CommonJS with their types, and earshot.js for a script tag. For the tests build/ has the modules one by
// one.
import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const at = (...parts) => path.join(root, ...parts);
const { version } = JSON.parse(readFileSync(at("package.json"), "utf8"));
const common = { absWorkingDir: root, target: ["es2022"], define: { VERSION: JSON.stringify(version) }, charset: "utf8", logLevel: "warning" };
const sources = readdirSync(at("src"));

for (const dir of ["dist", "build"]) rmSync(at(dir), { recursive: true, force: true });
const [, , script] = await Promise.all([
  build({ ...common, entryPoints: ["src/index.ts"], bundle: true, format: "esm", outfile: "dist/esm/index.js" }),
  build({ ...common, entryPoints: ["src/index.ts"], bundle: true, format: "cjs", outfile: "dist/cjs/index.js" }),
  build({ ...common, entryPoints: ["src/script.ts"], bundle: true, format: "iife", minify: true, write: false, outfile: "earshot.js" }),
  build({ ...common, entryPoints: sources.map((f) => `src/${f}`), outdir: "build" }),
]);
const small = await minify(script.outputFiles[0].text, {
  ecma: 2020,
  compress: { passes: 5, unsafe_arrows: true, unsafe_methods: true, unsafe: true },
});
writeFileSync(at("dist", "earshot.js"), small.code);

execFileSync(at("node_modules", ".bin", "tsc"), ["-p", "tsconfig.json", "--declaration", "--emitDeclarationOnly", "--outDir", "dist/esm"], { cwd: root, stdio: "inherit" });
rmSync(at("dist", "esm", "script.d.ts"));
for (const f of readdirSync(at("dist", "esm"))) if (f.endsWith(".d.ts")) copyFileSync(at("dist", "esm", f), at("dist", "cjs", f));
writeFileSync(at("dist", "cjs", "package.json"), '{"type":"commonjs"}\n');

console.log(`dist/earshot.js: ${small.code.length} bytes, ${gzipSync(small.code, { level: 9 }).length} gzipped`);
