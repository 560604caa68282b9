/** How the specs run: one after the other, signed in, in the Chromium that the machine has. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { defineConfig } from "@playwright/test";

const here = path.dirname(fileURLToPath(import.meta.url));
const chromium = [process.env["EARSHOT_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => p && existsSync(p));

export default defineConfig({
  testDir: here,
  outputDir: path.join(here, "results"),
  globalSetup: path.join(here, "signin.ts"),
  workers: 1,
  timeout: 240_000,
  expect: { timeout: 60_000 },
  reporter: [["list"]],
  use: {
    baseURL: process.env["GRAFANA_URL"] ?? "",
    storageState: path.join(here, "results/session.json"),
    viewport: { width: 1600, height: 1000 },
    screenshot: "only-on-failure",
    launchOptions: { ...(chromium ? { executablePath: chromium } : {}), args: ["--no-sandbox"] },
  },
});
