// Writes pictures of the page to a folder, for people to look at: node shots.mjs FOLDER
import { mkdirSync } from "node:fs";
import path from "node:path";
import { launch, open, serve } from "./harness.mjs";

const folder = process.argv[2] ?? "shots";
mkdirSync(folder, { recursive: true });
const server = await serve();
if (server.skip) throw new Error(server.skip);
const browser = await launch();
const partial = `?path=${encodeURIComponent(JSON.stringify(["bo", "ana", "video", "bo-video", "nrt>iad>fra"]))}`;
for (const [name, query, options] of [
  ["desktop-light", "", { colorScheme: "light" }],
  ["desktop-dark", "", { colorScheme: "dark" }],
  ["partial-lines", `${partial}&lines=1&order=rtt&kind=video`, { colorScheme: "light" }],
  ["wide", "?participant=bo", { colorScheme: "dark", viewport: { width: 1800, height: 1000 } }],
  ["phone", "", { colorScheme: "light", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }],
  ["tablet", "?order=rtt", { colorScheme: "dark", viewport: { width: 900, height: 1000 } }],
  ["unknown", "?call=nope", {}],
]) {
  const { page, forgive, close } = await open(browser, server.url, query, options);
  if (name === "unknown") forgive();
  await page.getByTestId(name === "unknown" ? "empty" : "detail").waitFor();
  await page.waitForTimeout(900);
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: name !== "desktop-dark" });
  await close();
}
await browser.close();
await server.stop();
