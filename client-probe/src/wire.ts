// The wire: messages of schema.ts go out as protobuf, and what the collector answers comes in.
import type { Fields } from "./schema.js";

/** Messages are written from their end to their beginning: so a length is known when its place comes. */
let out = new Uint8Array(4096);
let at = 0;
const utf8 = new TextEncoder();
/** The same few texts are in every sample. */
const texts = new Map<string, Uint8Array>();

/** Sees to it that so many bytes, and what goes before them, have room before those that are written. */
function room(bytes: number) {
  bytes += 32;
  if (at > bytes) return;
  const larger = new Uint8Array(2 * out.length + bytes);
  at += larger.length - out.length;
  larger.set(out, larger.length - out.length);
  out = larger;
}

/** Writes a message. What is absent, zero or empty is left out, as proto3 has it. */
export function encode(message: object, fields: Fields): Uint8Array<ArrayBuffer> {
  at = out.length;
  write(message, fields);
  return out.slice(at);
}

function write(message: Record<string, any>, fields: Fields): void {
  for (let i = fields.length; i--; ) {
    const field = fields[i]!;
    const value = message[field.name];
    if (!value) continue; // NaN too
    const { type, tag } = field;
    room(0);
    if (type === "v") {
      varint(+value);
    } else if (type === "f") {
      fixed(value);
    } else if (type === "x") {
      fixed(parseInt(value.slice(0, 8), 16));
      fixed(parseInt(value.slice(8), 16));
    } else if (type === "d") {
      bytes(new Uint8Array(Float64Array.of(value).buffer)); // every browser's machine is little-endian
    } else if (type === "s") {
      let text = texts.get(value);
      if (!text) {
        if (texts.size > 500) texts.clear();
        texts.set(value, (text = utf8.encode(value)));
      }
      bytes(text);
      varint(text.length);
    } else {
      const all: object[] = [].concat(value);
      for (let one; (one = all.pop()); ) {
        const after = out.length - at;
        write(one, type as Fields);
        varint(out.length - at - after);
        varint(tag);
      }
      continue;
    }
    varint(tag);
  }
}

function bytes(b: Uint8Array) {
  room(b.length);
  out.set(b, (at -= b.length));
}

function fixed(value: number) {
  for (let i = 32; i; ) out[--at] = value >>> (i -= 8);
}

/** Any integer that a number holds exactly; a negative one as its two's complement of 64 bits. */
function varint(value: number) {
  let size = value < 0 ? 10 : 1;
  for (let rest = value; rest >= 128; rest /= 128) size++;
  if (size < 3) {
    // As most are, and all tags.
    if (size > 1) out[--at] = value >>> 7;
    out[--at] = size > 1 ? value | 128 : value;
    return;
  }
  at -= size;
  let low = value >>> 0;
  let high = Math.floor(value / 2 ** 32) >>> 0;
  for (let i = 0; i < size; i++) {
    out[at + i] = low | 128;
    low = (low >>> 7) | (high << 25);
    high >>>= 7;
  }
  out[at + size - 1]! &= 127;
}

/** What a message holds, by field number: the last value of each, bytes for what has a length. */
export type Decoded = Record<number, number | Uint8Array>;

/** Reads the outermost layer of a message. It throws where the bytes are none. */
export function decode(bytes: Uint8Array): Decoded {
  const found: Decoded = {};
  let at = 0;
  const next = () => {
    let value = 0;
    for (let scale = 1; scale < 2 ** 64; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new RangeError("earshot: no message");
  };
  while (at < bytes.length) {
    const tag = next();
    const type = tag & 7;
    const value = type === 0 || type === 2 ? next() : type === 1 ? 8 : type === 5 ? 4 : NaN;
    found[tag >>> 3] = type ? bytes.subarray(at, (at += value)) : value;
    if (!(at <= bytes.length)) next(); // which finds nothing there
  }
  return found;
}

export const text = (bytes: unknown) => new TextDecoder().decode(bytes as Uint8Array);
export const inner = (bytes: unknown) => (bytes ? decode(bytes as Uint8Array) : undefined);
