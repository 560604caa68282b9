// What the browser says of itself: its name, its version, the system, the kind of network.
import type { ClientOrigin } from "./schema.js";

const NAMES: Record<string, string> = {
  Edg: "Edge", OPR: "Opera", FxiOS: "Firefox", CriOS: "Chrome", Version: "Safari",
  iPhone: "iOS", iPad: "iOS", Mac: "macOS", CrOS: "ChromeOS",
};

const named = (token = "") => NAMES[token] ?? token;

/** The major version is enough to tell browsers apart, and too little to tell people apart. */
export function platform({ userAgent = "", maxTouchPoints = 0 }: Partial<Navigator>): ClientOrigin {
  // Nearly everybody claims to be Chrome or Safari as well; what a browser really is stands last, and a system first.
  const browsers = userAgent.matchAll(/(Edg|OPR|Firefox|FxiOS|CriOS|Chrome|Version)[a-z]*\/(\d+)/gi);
  const [, browser, browserVersion = ""] = [...browsers].pop() ?? [];
  const [os] = /Android|iP(hone|ad)|Windows|Mac|CrOS|Linux(?!; And)/.exec(userAgent) ?? [];
  // An iPad that asks for the pages of a desktop claims to be a Mac.
  return { browser: named(browser), browserVersion, os: named(os === "Mac" && maxTouchPoints > 1 ? "iPad" : os) };
}

/** As the Network Information API says it (Chromium on Android): wifi, cellular, ethernet ... */
export const networkType = (): string => (globalThis.navigator as any)?.connection?.type ?? "";
