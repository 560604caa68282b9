// How a link's two ends find each other: what both of them know goes in, and the key that both compute alike comes out, as
// schemas/linkkey lays down. Certificates and addresses themselves stay here. A key is 16 hex digits, "" where a half is not known.
import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";

/**
 * @param {Buffer} a @param {Buffer} b @param {string} between
 */
function digest(a, b, between) {
  if (!a.length || !b.length) return "";
  if (Buffer.compare(a, b) > 0) [a, b] = [b, a];
  return createHash("sha256").update(a).update(between).update(b).digest("hex").slice(0, 16);
}

/**
 * The key of two certificates, of their SHA-256 digests.
 * @param {Buffer} a @param {Buffer} b
 */
export const fromFingerprints = (a, b) => digest(a, b, "");

/**
 * The key of the two addresses of an association, as `address` writes them.
 * @param {string} a @param {string} b
 */
export const fromAddresses = (a, b) => digest(Buffer.from(a), Buffer.from(b), "\0");

/**
 * An address in the one form that both ends hash: IPv4 dotted, also where it came mapped into IPv6; IPv6 as RFC 5952 in brackets,
 * without a zone; names in lower case.
 * @param {string} host @param {number} port
 */
export function address(host, port) {
  host = host.toLowerCase().replace(/^::ffff:(?=\d+\.)|%.*/g, "");
  if (isIPv6(host)) host = new URL(`http://[${host}]`).hostname;
  return `${host}:${port}`;
}

/**
 * The digest that an SDP fingerprint spells.
 * @param {string} value
 */
export const parseFingerprint = (value) => Buffer.from(value.replaceAll(":", ""), "hex");

/**
 * The SHA-256 digest of a certificate in PEM.
 * @param {string} pem
 */
export function certificateDigest(pem) {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(pem)?.[1] ?? "";
  const der = Buffer.from(base64, "base64");
  return der.length ? createHash("sha256").update(der).digest() : der;
}
