// How a link's two ends find each other: what both of them know goes in, and the key that both compute alike comes out, as
// schemas/linkkey lays down. Fingerprints, ufrags and addresses themselves stay here.

/** 16 hex digits; "" where a half is not known. */
export type Key = string;

export const hex = (bytes: ArrayLike<number>) => Array.from(bytes, (b) => (b + 256).toString(16).slice(1)).join("");

const utf8 = (s: string): Iterable<number> => new TextEncoder().encode(s);

async function digest(a: string, b: string, bytes: (half: string) => Iterable<number>, between: number[]): Promise<Key> {
  // Without a secure context there is no WebCrypto.
  if (!a || !b || !globalThis.crypto?.subtle) return "";
  if (a > b) [a, b] = [b, a];
  const joined = Uint8Array.of(...bytes(a), ...between, ...bytes(b));
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", joined))).slice(0, 16);
}

/** The key of two certificates, of their fingerprints as SDP and getStats write them. */
export const fromFingerprints = async (a = "", b = "") =>
  // Hex digits in lower case sort as the bytes do.
  digest(a.toLowerCase(), b.toLowerCase(), (half) => half.split(":").map((h) => parseInt(h, 16)), []);

/** The key of two ICE username fragments. */
export const fromUfrags = async (a = "", b = "") => digest(a, b, utf8, [0]);

/** The key of the two addresses of a candidate pair. */
export const fromAddresses = async (a: string, aPort: number, b: string, bPort: number) => fromUfrags(address(a, aPort), address(b, bPort));

/** An address in the one form that both ends hash: IPv4 dotted, IPv6 as RFC 5952 in brackets, names in lower case. */
export function address(host: string, port: number): string {
  host = host.toLowerCase().replace(/^::ffff:(?=\d+\.)|%.*/g, "");
  if (host.includes(":")) host = new URL(`http://[${host}]`).hostname;
  return `${host}:${port}`;
}
