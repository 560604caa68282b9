// Objects that look like those of mediasoup 3.19 (shapes: node/src/*Types.ts), and a world whose time passes when it is told to.
import { EventEmitter } from "node:events";
import { randomUUID } from "node:crypto";

class Thing {
  observer = new EventEmitter();
  closed = false;
  appData = {};
  stats = [];
  asked = 0;
  constructor(members) {
    Object.assign(this, { id: randomUUID() }, members);
  }
  async getStats() {
    this.asked++;
    if (this.closed) throw new Error("Channel closed");
    return structuredClone(this.stats);
  }
  close() {
    if (this.closed) return;
    this.closed = true;
    for (const child of this.children ?? []) child.close();
    this.observer.emit("close");
  }
}

export class Worker extends Thing {
  children = [];
  createRouter(members) {
    const router = new Router(members);
    this.children.push(router);
    this.observer.emit("newrouter", router);
    return router;
  }
}

export class Router extends Thing {
  children = [];
  createWebRtcTransport(members) {
    return this.add(new Transport({ type: "webrtc", iceState: "new", dtlsState: "new", iceParameters: { usernameFragment: "u1" }, ...members }));
  }
  createPipeTransport(members) {
    return this.add(new Transport({ type: "pipe", ...members }));
  }
  add(transport) {
    this.children.push(transport);
    this.observer.emit("newtransport", transport);
    return transport;
  }
}

export class Transport extends Thing {
  children = [];
  produce(members) {
    const producer = new Thing({ kind: "audio", type: "simple", paused: false, ...members });
    this.children.push(producer);
    this.observer.emit("newproducer", producer);
    return producer;
  }
  consume(producer, members) {
    const consumer = new Thing({
      kind: producer.kind, type: "simple", paused: false, producerPaused: false, producerId: producer.id, ...members,
    });
    this.children.push(consumer);
    this.observer.emit("newconsumer", consumer);
    return consumer;
  }
  set(members, ...events) {
    Object.assign(this, members);
    for (const e of events) this.observer.emit(e);
  }
}

/** RTP parameters with one codec and encodings. */
export const rtp = (mimeType, clockRate, ...encodings) => ({ mid: "0", codecs: [{ mimeType, clockRate, payloadType: 100 }], encodings });

const base = (kind, mimeType, ssrc, more) => ({
  timestamp: 1234567, ssrc, kind, mimeType, packetsLost: 0, fractionLost: 0, packetsDiscarded: 0, packetsRetransmitted: 0, packetsRepaired: 0,
  nackCount: 0, nackPacketCount: 0, pliCount: 0, firCount: 0, score: 10, roundTripTime: 0, packetCount: 0, byteCount: 0, bitrate: 0, ...more,
});
export const inbound = (kind, mimeType, ssrc, more) => ({ ...base(kind, mimeType, ssrc, more), type: "inbound-rtp", jitter: more?.jitter ?? 0, bitrateByLayer: {} });
export const outbound = (kind, mimeType, ssrc, more) => ({ ...base(kind, mimeType, ssrc, more), type: "outbound-rtp" });

export const tuple = (localAddress, localPort, remoteIp, remotePort, protocol = "udp") =>
  ({ localIp: localAddress, localAddress, localPort, remoteIp, remotePort, protocol });

/** Lets promises settle. */
export const settle = async () => {
  for (let i = 0; i < 30; i++) await new Promise((r) => setImmediate(r));
};

/** Time, sockets and HTTP of the test's. */
export class World {
  at = 1_795_417_420_000_000;
  timers = new Map();
  made = 0;
  sockets = [];
  requests = [];
  respond = async () => ({ status: 202, body: { accepted: 1, rejected: [] } });
  constructor() {
    const world = this;
    this.now = () => world.at;
    this.random = () => 0.5;
    this.setTimeout = (f, ms) => {
      world.timers.set(++world.made, { at: world.at + ms * 1e3, f });
      return world.made;
    };
    this.clearTimeout = (t) => void world.timers.delete(t);
    this.WebSocket = class {
      bufferedAmount = 0;
      sent = [];
      closed = false;
      constructor(url, protocols) {
        Object.assign(this, { url, protocols });
        world.sockets.push(this);
      }
      send(frame) {
        this.sent.push(frame);
      }
      close() {
        this.closed = true;
      }
    };
    this.fetch = async (url, init = {}) => {
      world.requests.push({ url, ...init });
      const { status = 200, body = {}, headers = {} } = await world.respond(url, init);
      return { status, ok: status < 300, headers: new Headers(headers), json: async () => body, text: async () => JSON.stringify(body) };
    };
  }
  get socket() {
    return this.sockets.at(-1);
  }
  /** Lets so much time pass, timer by timer. */
  async pass(ms) {
    const end = this.at + ms * 1e3;
    await settle();
    for (;;) {
      const due = [...this.timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.at = Math.max(this.at, due[1].at);
      due[1].f();
      await settle();
    }
    this.at = end;
  }
}
