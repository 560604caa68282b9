// Carries samples to the collector: samples come in and go out over one WebSocket, again after it broke, until they are
// acknowledged (schemas/proto/earshot/v1/stream.proto); by HTTP where WebSockets do not get through.
import { exchanges } from "./clock.js";
import { ClientFrameFields, type ClockOffset, type Sample } from "./schema.js";
import { decode, encode, inner, text, type Decoded } from "./wire.js";

/** The outside world, so that tests can play it. */
export interface World {
  /** Microseconds since 1970. */
  now(): number;
  random(): number;
  setTimeout(f: () => void, ms: number): unknown;
  clearTimeout(timer: any): void;
  WebSocket?: typeof WebSocket | undefined;
  fetch?: typeof fetch | undefined;
}

export type Token = string | (() => string | undefined | Promise<string | undefined>);

/** What has become of samples. */
export interface Stats {
  /** Samples taken and put into the queue. */
  taken: number;
  /** Samples that the collector has made durable. */
  acknowledged: number;
  /** Samples that the collector would not have at all. */
  refused: number;
  /** Samples that gave way to newer ones, because the queue was full. */
  dropped: number;
  /** What waits to be acknowledged. */
  queued: number;
  queuedBytes: number;
  /** WebSockets opened. */
  connects: number;
}

export interface Exporter {
  readonly stats: Stats;
  /** Takes a sample. Where the queue is full the oldest give way. */
  send(sample: Sample): void;
  /** What to add to the probe's clock to have the collector's; undefined while that is not known. */
  clock(): ClockOffset | undefined;
  /** The probe's clock has been set. */
  clockStepped(): void;
  /** The page goes away: sends what it can, without waiting for an answer. */
  lastWords(): void;
  /** Waits for all samples to be acknowledged, but not for longer than that, and ends. */
  stop(ms: number): Promise<void>;
}

interface Entry {
  sequence: number;
  /** A ClientFrame with the sample; joined with others it is a SampleBatch, since both have their samples in field 1. */
  frame: Uint8Array<ArrayBuffer>;
  sent?: boolean;
}

const SECOND = 1e6;
const MIN_BACKOFF = SECOND / 2;
const MAX_BACKOFF = 30 * SECOND;
/** How long a connection may take to open, or an application to give a token, in ms. */
const OPEN_WITHIN = 10_000;
/** How long the collector may leave something unanswered before it is taken for dead. */
const PATIENCE = 30 * SECOND;
const CLOCK_EVERY = 30 * SECOND;
/** After so many WebSockets in a row that did not open, HTTP is tried. */
const MISSES = 2;
/** How long HTTP is stayed with. */
const HTTP_FOR = 300 * SECOND;
/** What an entry costs beside its frame, roughly. */
const OVERHEAD = 128;
/** What a socket may hold back that the network has not taken, in bytes. */
const BUFFERED = 64 << 10;
/** How many samples are posted at once. */
const PORTION = 50;
/** Browsers let a page that goes away send 64 KiB. */
const LAST_WORDS = 60 << 10;

/**
 * @param base the collector's address, http or https.
 * @param fault is told why samples are refused, or a connection cannot be made.
 */
export function exporter(base: string, token: Token | undefined, maxBytes: number, world: World, fault: (e: unknown) => void): Exporter {
  const { now, setTimeout, clearTimeout } = world;
  const clock = exchanges();
  let queue: Entry[] = [];
  const size = (e: Entry) => e.frame.length + OVERHEAD;
  const stats = {
    taken: 0, acknowledged: 0, refused: 0, dropped: 0, connects: 0,
    get queued() {
      return queue.length;
    },
    get queuedBytes() {
      return queue.reduce((sum, e) => sum + size(e), 0);
    },
  };
  let socket: WebSocket | undefined;
  let open = false;
  let busy = false; // connecting, or posting
  let misses = 0;
  let backoff = MIN_BACKOFF;
  let until = 0; // before then nothing is sent, no connection made, and none given up that is not open yet
  let http = 0; // until then posts take the place of the WebSocket
  let clockDue = 0;
  let asked = 0; // the request for the time that waits for its reply
  let quiet = 0; // since when the collector has said nothing to what it was sent
  let alarm: unknown;
  let flushed: (() => void) | undefined;
  let stopped = false;
  let bearer: string | undefined;

  function remove(entry: Entry | undefined, why: "acknowledged" | "refused" | "dropped") {
    if (!entry || !queue.includes(entry)) return; // it had to give way in the meantime, or was answered twice
    queue = queue.filter((e) => e !== entry);
    stats[why]++;
    if (!queue.length) flushed?.();
  }

  /** Does whatever can be done now, and sets the alarm for the next time. */
  function step() {
    if (stopped || busy) return;
    const at = now();
    if (at >= until) {
      if (open) write(at);
      else if (socket) lost();
      else if (at > http) return void (world.WebSocket && misses < MISSES ? connect() : post());
      else if (queue.length) return void post();
    }
    clearTimeout(alarm);
    alarm = setTimeout(step, at < until ? (until - at) / 1e3 : 1000);
  }

  function write(at: number) {
    const waiting = asked || queue.some((e) => e.sent);
    if (!waiting) quiet = at;
    else if (at - quiet > PATIENCE) return lost();
    const put = (frame: Uint8Array<ArrayBuffer>) => socket!.send(frame);
    if (!asked && at >= clockDue) {
      clockDue = at + CLOCK_EVERY;
      asked = at;
      put(encode({ time: { sentAtUs: at } }, ClientFrameFields));
    }
    for (const entry of queue) {
      if (entry.sent || socket!.bufferedAmount > BUFFERED) continue;
      entry.sent = true;
      put(entry.frame);
    }
  }

  /** The token as it is now. */
  async function freshen() {
    bearer = typeof token === "function" ? await within(world, token(), OPEN_WITHIN) : token;
  }

  async function connect() {
    busy = true;
    let made: WebSocket | undefined;
    try {
      await freshen();
      // A page cannot set headers of a WebSocket; the protocol beside the token is the one that is agreed on.
      const protocols = bearer ? ["earshot.v1", `bearer.${bearer}`] : [];
      if (!stopped) made = new world.WebSocket!(`${base.replace(/^http/, "ws")}/v1/stream`, protocols);
    } catch (e) {
      fault(e);
    }
    busy = false;
    if (!made) return retry(0);
    socket = made;
    made.binaryType = "arraybuffer";
    made.onopen = () => {
      open = true;
      until = misses = clockDue = asked = 0;
      stats.connects++;
      clock.connected();
      for (const entry of queue) entry.sent = false;
      step();
    };
    made.onmessage = ({ data }) => {
      try {
        take(decode(new Uint8Array(data)));
      } catch (e) {
        fault(e);
        lost();
      }
    };
    made.onclose = ({ code }) => {
      // Too big: sent again, it would break the next connection too.
      if (code === 1009) remove(queue.find((e) => e.sent), "refused");
      lost();
    };
    until = now() + OPEN_WITHIN * 1e3;
    step();
  }

  /** Takes in one frame of the collector's. */
  function take(frame: Decoded) {
    const at = (quiet = now());
    backoff = MIN_BACKOFF;
    const time = inner(frame[2]);
    if (time && time[1] === asked) {
      if (clock.add(asked, +time[2]!, +time[3]!, at)) clockDue = at;
      asked = 0;
    }
    const ack = inner(frame[1]);
    if (ack) {
      const entry = queue.find((e) => e.sequence === ack[2]);
      if (!ack[3]) remove(entry, "acknowledged");
      else if (ack[4]) {
        if (entry) entry.sent = false;
        until = quiet = at + +ack[4] * 1e3; // it is not silent, it said when
      } else {
        remove(entry, "refused");
        fault(new Error(`earshot: refused: ${text(ack[3])}`));
      }
    }
    step();
  }

  /** Lets go of the socket. */
  function drop() {
    const old = socket;
    socket = undefined;
    open = false;
    if (old) {
      old.onopen = old.onmessage = old.onclose = null;
      old.close();
    }
  }

  /** The connection is broken, or was never there. */
  function lost() {
    if (!open) misses++;
    drop();
    retry(0);
  }

  function retry(after: number) {
    until = now() + Math.max(backoff * (0.5 + world.random() / 2), after * SECOND);
    backoff = Math.min(2 * backoff, MAX_BACKOFF);
    step();
  }

  const ask = (path: string, init?: RequestInit): Promise<Response> =>
    within(world, world.fetch!(base + path, { credentials: "omit", ...init }), PATIENCE / 1e3);

  /** Posts entries. A page that goes away has no time for the question of CORS that headers of one's own entail. */
  function request(entries: Entry[], last?: boolean): Promise<Response> {
    const headers: Record<string, string> = { "Content-Type": last ? "text/plain;proto=earshot.v1.SampleBatch" : "application/x-protobuf" };
    if (bearer && !last) headers.Authorization = `Bearer ${bearer}`;
    return ask("/v1/samples" + (bearer && last ? `?access_token=${bearer}` : ""), {
      method: "POST", headers, body: new Uint8Array(entries.flatMap((e) => [...e.frame])), keepalive: !!last,
    });
  }

  /** Posts what there is; where there is nothing it asks for the time, to see whether HTTP gets through. */
  async function post() {
    busy = true;
    let retryAfter = 0;
    let through = false;
    try {
      await freshen();
      const sent = now();
      if (sent >= clockDue) {
        clockDue = sent + CLOCK_EVERY;
        const answer = await ask("/v1/time");
        const at = now();
        const { received_at_us, replied_at_us } = await answer.json();
        clock.add(sent, received_at_us, replied_at_us, at);
      }
      const entries = queue.slice(0, PORTION);
      if (entries.length) {
        const answer = await request(entries);
        retryAfter = +answer.headers.get("Retry-After")!;
        // What is too large, or bad as a whole, will not be better the next time.
        if (!answer.ok && !/400|413/.test(`${answer.status}`)) throw new Error(`earshot: ${answer.status}`);
        const rejected: { index: number }[] = answer.ok ? ((await answer.json()).rejected ?? []) : entries.map((_, index) => ({ index }));
        entries.forEach((e, i) => remove(e, rejected.some((r) => r.index === i) ? "refused" : "acknowledged"));
      }
      through = true;
    } catch (e) {
      fault(e);
    }
    busy = false;
    misses = 0; // after this, WebSockets get another chance
    if (!through) return retry(retryAfter);
    if (now() >= http) http = now() + HTTP_FOR;
    backoff = MIN_BACKOFF;
    step();
  }

  return {
    stats,
    send(sample) {
      const entry: Entry = { sequence: sample.sequence!, frame: encode({ sample }, ClientFrameFields) };
      stats.taken++;
      queue.push(entry);
      while (stats.queuedBytes > maxBytes) remove(queue[0], "dropped");
      step();
    },
    clock: () => clock.best(now()),
    clockStepped() {
      clock.forget();
      clockDue = until = asked = 0;
      quiet = now();
    },
    lastWords() {
      let words = 0;
      const last = queue.slice().reverse().filter((e) => (words += size(e)) < LAST_WORDS).reverse();
      if (last.length) request(last, true).catch(fault);
    },
    async stop(ms) {
      if (queue.length) {
        await new Promise<void>((done) => {
          flushed = done;
          setTimeout(done, ms);
          step();
        });
      }
      stopped = true;
      clearTimeout(alarm);
      drop();
    },
  };
}

/** The outcome of a promise, if it comes in time. */
export const within = <T>(world: Pick<World, "setTimeout">, promise: T | Promise<T>, ms: number): Promise<T> =>
  Promise.race([promise, new Promise<never>((_, late) => world.setTimeout(() => late(new Error("earshot: late")), ms))]);
