// The wire: messages of schema.ts go out as protobuf, and what the collector answers comes in.
import type { Fields } from "./schema.js";

/** Writes a message. What is absent, zero or empty is left out, as proto3 has it. */
export const encode = (message: object, fields: Fields) => new Uint8Array(write(message as Record<string, unknown>, fields));

const utf8 = new TextEncoder();

function write(message: Record<string, any>, fields: Fields): number[] {
  const out: number[] = [];
  for (const [name, number, type] of fields) {
    const given = message[name];
    for (const value of Array.isArray(given) ? given : [given]) {
      if (!value) continue; // NaN too
      const tag = (wireType: number) => varint(out, number * 8 + wireType);
      if (type === "v") {
        tag(0);
        varint(out, +value);
      } else if (type === "f") {
        tag(5);
        fixed(out, value);
      } else if (type === "x") {
        tag(1);
        fixed(out, parseInt(value.slice(8), 16));
        fixed(out, parseInt(value.slice(0, 8), 16));
      } else if (type === "d") {
        tag(1);
        out.push(...new Uint8Array(Float64Array.of(value).buffer)); // every browser's machine is little-endian
      } else {
        const inner = type === "s" ? utf8.encode(value) : write(value, type as Fields);
        tag(2);
        varint(out, inner.length);
        for (const byte of inner) out.push(byte);
      }
    }
  }
  return out;
}

function fixed(out: number[], value: number) {
  for (let i = 0; i < 32; i += 8) out.push((value >>> i) & 255);
}

/** Any integer that a number holds exactly; a negative one as its two's complement of 64 bits. */
function varint(out: number[], value: number) {
  value = Math.trunc(value);
  let low = value >>> 0;
  let high = Math.floor(value / 2 ** 32) >>> 0;
  while (high || low > 127) {
    out.push((low & 127) | 128);
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  out.push(low);
}

/** What a message holds, by field number: the last value of each, bytes for what has a length. */
export type Decoded = Record<number, number | Uint8Array>;

/** Reads the outermost layer of a message; undefined where the bytes are none. */
export function decode(bytes: Uint8Array): Decoded | undefined {
  const found: Decoded = {};
  let at = 0;
  const next = () => {
    let value = 0;
    for (let scale = 1; at < bytes.length && scale < 2 ** 64; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return NaN;
  };
  while (at < bytes.length) {
    const tag = next();
    const type = tag & 7;
    if (type === 0) {
      found[tag >>> 3] = next();
    } else {
      const length = type === 2 ? next() : type === 1 ? 8 : type === 5 ? 4 : NaN;
      found[tag >>> 3] = bytes.subarray(at, (at += length));
    }
    if (!(at <= bytes.length) || Object.is(found[tag >>> 3], NaN)) return;
  }
  return found;
}

export const text = (bytes: unknown) => (bytes ? new TextDecoder().decode(bytes as Uint8Array) : "");
export const inner = (bytes: unknown) => (bytes instanceof Uint8Array ? decode(bytes) : undefined);
