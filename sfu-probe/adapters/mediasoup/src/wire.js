// The wire: messages of schema.js go out as protobuf, and what the collector answers comes in.

/** Messages are written from their end to their beginning: so a length is known when its place comes. */
let out = Buffer.alloc(1 << 16);
let at = 0;

/**
 * Writes a message. What is absent, zero or empty is left out, as proto3 has it.
 * @param {object} message
 * @param {import("./schema.js").Fields} fields
 * @returns {Buffer}
 */
export function encode(message, fields) {
  at = out.length;
  write(/** @type {Record<string, any>} */ (message), fields);
  return Buffer.from(out.subarray(at));
}

/**
 * Makes room for so many bytes before those that are written.
 * @param {number} bytes
 */
function room(bytes) {
  if (at < bytes) {
    const larger = Buffer.alloc(2 * out.length + bytes);
    out.copy(larger, larger.length - out.length);
    at += larger.length - out.length;
    out = larger;
  }
  at -= bytes;
}

/**
 * @param {Record<string, any>} message
 * @param {import("./schema.js").Fields} fields
 */
function write(message, fields) {
  for (let i = fields.length; i--; ) {
    const { name, type, tag } = fields[i];
    const value = message[name];
    if (!value) continue; // NaN too
    if (typeof type === "object") {
      const all = Array.isArray(value) ? value : [value];
      for (let j = all.length; j--; ) {
        const after = out.length - at;
        write(all[j], type);
        varint(out.length - at - after);
        varint(tag);
      }
      continue;
    }
    let wire = 0;
    if (type === "f") {
      room(4);
      out.writeUInt32LE(value >>> 0, at);
    } else if (type === "x") {
      room(8);
      out.writeBigUInt64LE(BigInt(`0x${value}`), at);
    } else if (type === "d") {
      room(8);
      out.writeDoubleLE(value, at);
    } else if (typeof value === "string") {
      const length = Buffer.byteLength(value);
      room(length);
      out.write(value, at, "utf8");
      varint(length);
      wire = 2;
    } else {
      varint(Number(value));
    }
    varint(tag + wire);
  }
}

/**
 * Any integer that a number holds exactly; a negative one as its two's complement of 64 bits.
 * @param {number} value
 */
function varint(value) {
  value = Math.trunc(value);
  let size = value < 0 ? 10 : 1;
  for (let rest = value; rest >= 128; rest /= 128) size++;
  room(size);
  let low = value >>> 0;
  let high = Math.floor(value / 2 ** 32) >>> 0;
  for (let i = 0; i < size; i++) {
    out[at + i] = i < size - 1 ? (low & 127) | 128 : low & 127;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
}

/**
 * What a message holds, by field number: the last value of each, bytes for what has a length.
 * @typedef {Record<number, number | Uint8Array>} Decoded
 */

/**
 * Reads the outermost layer of a message; undefined where the bytes are none.
 * @param {Uint8Array} bytes
 * @returns {Decoded | undefined}
 */
export function decode(bytes) {
  /** @type {Decoded} */
  const found = {};
  let at = 0;
  const next = () => {
    let value = 0;
    for (let scale = 1; at < bytes.length && scale < 2 ** 64; scale *= 128) {
      const byte = bytes[at++];
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
    if (!(at <= bytes.length) || Object.is(found[tag >>> 3], NaN)) return undefined;
  }
  return found;
}

/** @param {unknown} bytes */
export const text = (bytes) => (bytes instanceof Uint8Array ? Buffer.from(bytes).toString("utf8") : "");
/** @param {unknown} bytes */
export const inner = (bytes) => (bytes instanceof Uint8Array ? decode(bytes) : undefined);
