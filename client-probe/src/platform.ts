// What the browser says of itself: its name, its version, the system, the kind of network.
import type { ClientOrigin } from "./schema.js";

/** Tokens of the user agent, the telling ones first: nearly everybody claims to be Chrome or Safari as well. */
const BROWSERS = "Edg\\w*=Edge OPR=Opera Firefox|FxiOS=Firefox Chrome|HeadlessChrome|CriOS=Chrome Version=Safari";
const SYSTEMS = "Android=Android iPhone|iPad=iOS Windows=Windows Mac=macOS CrOS=ChromeOS Linux=Linux";

const find = (list: string, agent: string, tail: string) => {
  for (const entry of list.split(" ")) {
    const [token, name] = entry.split("=");
    const found = new RegExp(`\\b(?:${token})${tail}`).exec(agent);
    if (found) return [name!, found[1] ?? ""];
  }
  return ["", ""];
};

/** The major version is enough to tell browsers apart, and too little to tell people apart. */
export function platform({ userAgent = "", maxTouchPoints = 0 }: Partial<Navigator>): ClientOrigin {
  const [browser, browserVersion] = find(BROWSERS, userAgent, "/(\\d+)");
  let [os] = find(SYSTEMS, userAgent, "");
  if (os === "macOS" && maxTouchPoints > 1) os = "iOS"; // an iPad that asks for desktop pages
  return { browser: browser!, browserVersion: browserVersion!, os: os! };
}

/** As the Network Information API says it (Chromium on Android): wifi, cellular, ethernet ... */
export const networkType = (): string => (globalThis.navigator as any)?.connection?.type ?? "";
