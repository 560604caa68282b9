// An independent reader of the wire: messages are taken apart as the .proto files say.
import { readFileSync } from "node:fs";

/** The messages and enums of the schema, by name. */
export const messages = {};
const enums = {};
for (const file of ["sample", "stream"]) {
  let fields;
  for (const line of readFileSync(new URL(`../../../../schemas/proto/earshot/v1/${file}.proto`, import.meta.url), "utf8").split("\n")) {
    const open = /^(message|enum) (\w+) \{$/.exec(line);
    const field = /^ {2}(repeated )?(\w+) (\w+) = (\d+);/.exec(line);
    const value = /^ {2}(\w+) = (\d+);/.exec(line);
    if (open) (open[1] === "message" ? messages : enums)[open[2]] = fields = {};
    else if (field) fields[field[4]] = { name: field[3].replace(/_(.)/g, (_, c) => c.toUpperCase()), type: field[2], repeated: Boolean(field[1]) };
    else if (value) fields[value[2]] = value[1];
  }
}

/** What the bytes say, in plain words: enums as names, 64-bit keys as hex digits. What the schema does not know is an error. */
export function plain(name, bytes) {
  const out = {};
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = bytes[at++];
      if (b === undefined) throw new Error(`${name} is cut off`);
      value |= BigInt(b & 127) << shift;
      if (b < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = messages[name][tag >>> 3];
    if (!field) throw new Error(`${name} has no field ${tag >>> 3}`);
    let value;
    const view = () => Buffer.from(bytes.buffer, bytes.byteOffset + at);
    switch (`${tag & 7} ${messages[field.type] ? "message" : enums[field.type] ? "enum" : field.type}`) {
      case "2 message": {
        const end = Number(varint()) + at;
        value = plain(field.type, bytes.subarray(at, end));
        at = end;
        break;
      }
      case "2 string": {
        const end = Number(varint()) + at;
        value = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(at, end));
        at = end;
        break;
      }
      case "0 enum": value = enums[field.type][Number(varint())]; break;
      case "0 bool": value = varint() === 1n; break;
      case "0 int64": value = Number(BigInt.asIntN(64, varint())); break;
      case "0 uint64": case "0 uint32": value = Number(varint()); break;
      case "5 fixed32": value = view().readUInt32LE(); at += 4; break;
      case "1 fixed64": value = view().readBigUInt64LE().toString(16).padStart(16, "0"); at += 8; break;
      case "1 double": value = view().readDoubleLE(); at += 8; break;
      default: throw new Error(`${name}.${field.name} has wire type ${tag & 7}`);
    }
    if (field.repeated) (out[field.name] ??= []).push(value);
    else out[field.name] = value;
  }
  return out;
}
