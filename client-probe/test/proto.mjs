// An independent encoder and decoder of the wire: protobufjs over the .proto files of schemas/.
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const folder = fileURLToPath(new URL("../../schemas/proto/", import.meta.url));
const root = new protobuf.Root();
root.resolvePath = (_, target) => folder + target;
await root.load("earshot/v1/stream.proto");

export const type = (name) => root.lookupType(`earshot.v1.${name}`);
export const ClientFrame = type("ClientFrame");
export const ServerFrame = type("ServerFrame");

/** What a frame holds, in plain words: enums as names, 64-bit keys as hex digits, as in the goldens. */
export function plain(name, bytes) {
  const object = type(name).toObject(type(name).decode(bytes), { longs: String, enums: String });
  for (const t of object.transports ?? object.sample?.transports ?? []) {
    for (const key of ["linkKey", "ufragKey", "addressKey"]) if (key in t) t[key] = BigInt(t[key]).toString(16).padStart(16, "0");
  }
  return object;
}

export const reply = (frame) => {
  const bytes = ServerFrame.encode(ServerFrame.fromObject(frame)).finish();
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
};
