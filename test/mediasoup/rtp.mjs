// The two ends of a call without browsers: a socket that sends RTP and one that receives it, which answer RTCP as RFC 3550 has it.
import { createSocket } from "node:dgram";

const NTP_EPOCH = 2_208_988_800;

async function socket() {
  const s = createSocket("udp4");
  await new Promise((r) => s.bind(0, "127.0.0.1", r));
  return s;
}

/** The reports of a compound RTCP packet: [type, body]. */
function* reports(packet) {
  for (let at = 0; at + 4 <= packet.length; ) {
    const length = 4 * (packet.readUInt16BE(at + 2) + 1);
    yield [packet[at + 1], packet.subarray(at, at + length)];
    at += length;
  }
}

/** Sends 50 packets a second of 80 bytes, and a sender report a second. */
export async function sender({ port, ssrc, payloadType }) {
  const s = await socket();
  let sequence = 0;
  const tick = setInterval(() => {
    const packet = Buffer.alloc(12 + 80);
    packet[0] = 0x80;
    packet[1] = payloadType;
    packet.writeUInt16BE(sequence & 0xffff, 2);
    packet.writeUInt32BE((sequence * 960) >>> 0, 4);
    packet.writeUInt32BE(ssrc, 8);
    s.send(packet, port, "127.0.0.1");
    if (sequence++ % 50 === 25) s.send(senderReport(ssrc, sequence), port, "127.0.0.1");
  }, 20);
  return { close: () => (clearInterval(tick), s.close()) };
}

function senderReport(ssrc, packets) {
  const sr = Buffer.alloc(28);
  sr[0] = 0x80;
  sr[1] = 200;
  sr.writeUInt16BE(6, 2);
  sr.writeUInt32BE(ssrc, 4);
  const now = Date.now() / 1000 + NTP_EPOCH;
  sr.writeUInt32BE(Math.floor(now), 8);
  sr.writeUInt32BE(Math.floor((now % 1) * 2 ** 32), 12);
  sr.writeUInt32BE((packets * 960) >>> 0, 16);
  sr.writeUInt32BE(packets, 20);
  sr.writeUInt32BE(packets * 80, 24);
  return sr;
}

/** Receives, and answers every sender report with a receiver report, so many ms later than that says: a link that is so long. */
export async function receiver(late) {
  const s = await socket();
  const seen = { packets: 0 };
  s.on("message", (packet, from) => {
    if (packet[1] < 192 || packet[1] > 223) return void seen.packets++;
    for (const [type, body] of reports(packet)) {
      if (type !== 200) continue;
      const ssrc = body.readUInt32BE(4);
      const lastSR = ((body.readUInt32BE(8) & 0xffff) * 65536 + (body.readUInt32BE(12) >>> 16)) >>> 0;
      const came = Date.now();
      setTimeout(() => {
        const rr = Buffer.alloc(32);
        rr[0] = 0x81;
        rr[1] = 201;
        rr.writeUInt16BE(7, 2);
        rr.writeUInt32BE(99, 4);
        rr.writeUInt32BE(ssrc, 8);
        rr.writeUInt32BE(lastSR, 24);
        // It says that it answered so much sooner than it does: the link seems to be longer by that.
        rr.writeUInt32BE(Math.round(((Date.now() - came - late) / 1000) * 65536), 28);
        s.send(rr, from.port, from.address);
      }, 200 + late);
    }
  });
  return { port: s.address().port, seen, close: () => s.close() };
}

