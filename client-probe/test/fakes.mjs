// A connection that says what it is told to say, and a world whose time passes when it is told to.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const data = (name) => readFileSync(new URL(`testdata/${name}`, import.meta.url));
export const json = (name) => JSON.parse(data(name));
export const lines = (name) => gunzipSync(data(name)).toString().trim().split("\n").map((l) => JSON.parse(l));

/** The statistics of a recording: the one member of it that is a list. */
export const recorded = (name) => Object.values(json(name)).find(Array.isArray);

export class FakePC extends EventTarget {
  connectionState = "new";
  iceConnectionState = "new";
  signalingState = "stable";
  localDescription = null;
  remoteDescription = null;
  transceivers = [];
  stats = [];
  listeners = 0;
  async getStats() {
    return new Map(this.stats.map((s) => [s.id, s]));
  }
  getTransceivers() {
    return this.transceivers;
  }
  addEventListener(...args) {
    this.listeners++;
    super.addEventListener(...args);
  }
  removeEventListener(...args) {
    this.listeners--;
    super.removeEventListener(...args);
  }
  /** Changes members and tells whoever listens. */
  turn(change, ...events) {
    Object.assign(this, change);
    for (const e of events) this.dispatchEvent(new Event(e));
  }
}

/** A peer's surroundings, whose events are kept. */
export function host(now = 1_795_416_740_000_000) {
  const h = { at: now, events: [], early: 0, now: () => h.at, event: (e) => h.events.push({ atUs: h.at, ...e }), soon: () => h.early++ };
  return h;
}

/** Lets promises settle. */
export const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((r) => setImmediate(r));
};

/** Time that passes when a test says so, in microseconds since 1970, and what waits for it. */
export class Time {
  at = 1_700_000_000_000_000;
  timers = new Map();
  made = 0;
  setTimeout = (f, ms = 0) => {
    this.timers.set(++this.made, { at: this.at + ms * 1e3, f });
    return this.made;
  };
  clearTimeout = (t) => void this.timers.delete(t);
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

/** A world for the exporter: time, sockets and HTTP are the test's. */
export class World extends Time {
  sockets = [];
  requests = [];
  respond = async () => ({ status: 202, body: { accepted: 1, rejected: [] } });
  constructor() {
    super();
    const world = this;
    this.now = () => world.at;
    this.random = () => 0.5;
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
        this.onframe?.(frame);
      }
      close() {
        this.closed = true;
      }
    };
    this.fetch = async (url, init = {}) => {
      world.requests.push({ url, ...init });
      const { status = 200, body = {}, headers = {} } = await world.respond(url, init);
      return { status, ok: status < 300, headers: new Headers(headers), json: async () => body };
    };
  }
  get socket() {
    return this.sockets.at(-1);
  }
}
