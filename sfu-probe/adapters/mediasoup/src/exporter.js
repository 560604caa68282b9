// Carries samples to the collector: samples come in and go out over one WebSocket, again after it broke, until they are
// acknowledged (schemas/proto/earshot/v1/stream.proto); by HTTP where there are no WebSockets (Node.js before 22) or they do not get
// through. Nothing that the collector does or fails to do costs more than the queue.
import { exchanges } from "./clock.js";
import { ClientFrame } from "./schema.js";
import { decode, encode, inner, text } from "./wire.js";

/**
 * The outside world, so that tests can play it. now() is in microseconds.
 * @typedef {object} World
 * @property {() => number} now
 * @property {() => number} random
 * @property {(f: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {any} [WebSocket]
 * @property {typeof fetch} fetch
 */

/** @typedef {string | (() => string | undefined | Promise<string | undefined>)} Token */

/**
 * A ClientFrame with a sample; joined with others it is a SampleBatch, since both have their samples in field 1.
 * @typedef {{ sequence: number, frame: Buffer, sent: boolean }} Entry
 */

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
/** What a socket may hold back that the network has not taken, and how much is posted at once. */
const PORTION = 1 << 20;

/**
 * @param {string} base the collector's address, http or https
 * @param {Token | undefined} token
 * @param {number} maxBytes what may wait to be acknowledged; when it is full the oldest give way
 * @param {World} world
 * @param {(e: unknown) => void} fault is told why samples are refused, or a connection cannot be made
 */
export function makeExporter(base, token, maxBytes, world, fault) {
  const { now, setTimeout, clearTimeout } = world;
  const clock = exchanges();
  /** @type {Entry[]} */
  let queue = [];
  let queuedBytes = 0;
  const stats = { taken: 0, acknowledged: 0, refused: 0, dropped: 0, queued: 0, queuedBytes: 0, connects: 0 };
  /** @type {any} */
  let socket;
  let open = false;
  let busy = false; // connecting, or posting
  let misses = 0;
  let backoff = MIN_BACKOFF;
  let until = 0; // before then nothing is sent, no connection made, and none given up that is not open yet
  let http = 0; // until then posts take the place of the WebSocket
  let clockDue = 0;
  let asked = 0; // the request for the time that waits for its reply
  let quiet = 0; // since when the collector has said nothing to what it was sent
  /** @type {any} */
  let alarm;
  /** @type {(() => void) | undefined} */
  let flushed;
  let stopped = false;
  let reported = false; // one fault for a collector that went away, not one for every attempt
  /** @type {string | undefined} */
  let bearer;

  /** @param {Entry} entry */
  const size = (entry) => entry.frame.length + OVERHEAD;

  /**
   * @param {Entry | undefined} entry @param {"acknowledged" | "refused" | "dropped"} why
   */
  function remove(entry, why) {
    if (!entry || !queue.includes(entry)) return; // it had to give way in the meantime, or was answered twice
    queue = queue.filter((e) => e !== entry);
    queuedBytes -= size(entry);
    stats[why]++;
    if (!queue.length) flushed?.();
  }

  /** Does whatever can be done now, and sets the alarm for the next time. */
  function step() {
    if (stopped || busy) return;
    const at = now();
    if (at >= until) {
      if (open) write(at);
      else if (socket) return lost(new Error("the collector cannot be reached"));
      else if (at > http) return void (world.WebSocket && misses < MISSES ? connect() : post());
      else if (queue.length) return void post();
    }
    clearTimeout(alarm);
    alarm = setTimeout(step, at < until ? (until - at) / 1e3 : 1000);
  }

  /** @param {number} at */
  function write(at) {
    const waiting = asked || queue.some((e) => e.sent);
    if (!waiting) quiet = at;
    else if (at - quiet > PATIENCE) return lost(new Error("the collector has stopped answering"));
    if (!asked && at >= clockDue) {
      clockDue = at + CLOCK_EVERY;
      asked = at;
      socket.send(encode({ time: { sentAtUs: at } }, ClientFrame));
    }
    for (const entry of queue) {
      if (entry.sent || socket.bufferedAmount > PORTION) continue;
      entry.sent = true;
      socket.send(entry.frame);
    }
  }

  /** The token as it is now. */
  async function freshen() {
    bearer = typeof token === "function" ? await within(world, token(), OPEN_WITHIN) : token;
  }

  async function connect() {
    busy = true;
    let made;
    /** @type {unknown} */
    let why;
    try {
      await freshen();
      // The WebSocket of the web platform sets no headers; the protocol beside the token is the one that is agreed on.
      const protocols = bearer ? ["earshot.v1", `bearer.${bearer}`] : [];
      if (!stopped) made = new world.WebSocket(`${base.replace(/^http/, "ws")}/v1/stream`, protocols);
    } catch (e) {
      why = e;
    }
    busy = false;
    if (!made) return stopped ? undefined : lost(why);
    socket = made;
    made.binaryType = "arraybuffer";
    made.onopen = () => {
      open = true;
      reported = false;
      until = misses = clockDue = asked = 0;
      quiet = now();
      stats.connects++;
      clock.connected();
      for (const entry of queue) entry.sent = false;
      step();
    };
    made.onmessage = (/** @type {{ data: ArrayBuffer }} */ { data }) => take(new Uint8Array(data));
    made.onclose = (/** @type {{ code: number, reason: string }} */ { code, reason }) => {
      // Too big: sent again, it would break the next connection too.
      if (code === 1009) remove(queue.filter((e) => e.sent).sort((a, b) => size(b) - size(a))[0], "refused");
      lost(new Error(`the connection to the collector has ended (${code}) ${reason}`));
    };
    made.onerror = () => {}; // onclose follows
    until = now() + OPEN_WITHIN * 1e3;
    step();
  }

  /**
   * Takes in one frame of the collector's.
   * @param {Uint8Array} bytes
   */
  function take(bytes) {
    const frame = decode(bytes);
    if (!frame) return lost(new Error("the collector sent a frame that cannot be read"));
    const at = (quiet = now());
    backoff = MIN_BACKOFF;
    const time = inner(frame[2]);
    if (time && asked && time[1] === asked) {
      asked = 0;
      if (clock.add(Number(time[1]), Number(time[2]), Number(time[3]), at)) clockDue = at;
    }
    const ack = inner(frame[1]);
    if (ack) {
      const entry = queue.find((e) => e.sequence === ack[2]);
      if (!ack[3]) remove(entry, "acknowledged");
      else if (ack[4]) {
        if (entry) entry.sent = false;
        until = quiet = at + Number(ack[4]) * 1e3; // it is not silent, it said when
      } else {
        remove(entry, "refused");
        fault(new Error(`refused: ${text(ack[3])}`));
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
      old.onerror = () => {};
      old.close();
    }
  }

  /**
   * The connection is broken, or was never there.
   * @param {unknown} why
   */
  function lost(why) {
    if (!open) misses++;
    drop();
    report(why);
    retry(0);
  }

  /** @param {unknown} why */
  function report(why) {
    if (!reported) fault(why);
    reported = true;
  }

  /** @param {number} after seconds */
  function retry(after) {
    until = now() + Math.max(backoff * (0.5 + world.random() / 2), after * SECOND);
    backoff = Math.min(2 * backoff, MAX_BACKOFF);
    step();
  }

  /** Posts what there is; where there is nothing it asks for the time, to see whether HTTP gets through. */
  async function post() {
    busy = true;
    let retryAfter = 0;
    let through = false;
    try {
      await freshen();
      if (now() >= clockDue) await within(world, exchange(), PATIENCE / 1e3);
      let portion = 0;
      const entries = queue.filter((e) => (portion += size(e)) < PORTION || portion === size(e));
      through = !entries.length;
      if (entries.length) {
        const answer = await within(world, request(entries), PATIENCE / 1e3);
        const { ok, status, headers } = answer;
        retryAfter = Number(headers.get("Retry-After")) || 0;
        const body = await within(world, answer.text(), PATIENCE / 1e3);
        if (!ok) report(new Error(`the collector answers ${status}: ${body.slice(0, 200)}`));
        // What is too large, or bad as a whole, will not be better the next time.
        if (ok || status === 400 || status === 413) {
          /** @type {{ index: number, reason?: string }[]} */
          const rejected = (ok && JSON.parse(body).rejected) || [];
          entries.forEach((e, i) => remove(e, ok && !rejected.some((r) => r.index === i) ? "acknowledged" : "refused"));
          if (rejected[0]) fault(new Error(`refused: ${rejected[0].reason}`));
          through = true;
          reported = reported && !ok;
        }
      }
    } catch (e) {
      report(e);
    }
    busy = false;
    misses = 0; // after this, WebSockets get another chance
    if (!through) return retry(retryAfter);
    if (now() >= http) http = now() + HTTP_FOR;
    backoff = MIN_BACKOFF;
    step();
  }

  /** @param {Entry[]} entries */
  function request(entries) {
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": "application/x-protobuf" };
    if (bearer) headers.Authorization = `Bearer ${bearer}`;
    return world.fetch(`${base}/v1/samples`, { method: "POST", headers, body: Buffer.concat(entries.map((e) => e.frame)) });
  }

  async function exchange() {
    const sent = now();
    clockDue = sent + CLOCK_EVERY;
    const answer = await world.fetch(`${base}/v1/time`);
    const at = now();
    const { received_at_us: received, replied_at_us: replied } = /** @type {any} */ (await answer.json());
    clock.add(sent, received, replied, at);
  }

  return {
    /** What has become of samples. */
    get stats() {
      return { ...stats, queued: queue.length, queuedBytes };
    },

    /**
     * Takes a sample.
     * @param {{ sequence: number }} sample
     */
    send(sample) {
      if (stopped) return;
      const entry = { sequence: sample.sequence, frame: encode({ sample }, ClientFrame), sent: false };
      stats.taken++;
      queue.push(entry);
      queuedBytes += size(entry);
      while (queuedBytes > maxBytes) remove(queue[0], "dropped");
      step();
    },

    /** What to add to the probe's clock to have the collector's; undefined while that is not known. */
    clock: () => clock.best(now()),

    /** The probe's clock has been set. */
    clockStepped() {
      clock.forget();
      clockDue = until = asked = 0;
      quiet = now();
    },

    /**
     * Waits for all samples to be acknowledged, but not for longer than that, and ends.
     * @param {number} ms
     */
    async stop(ms) {
      if (queue.length && !stopped && ms > 0) {
        /** @type {any} */
        let timer;
        await new Promise((done) => {
          flushed = () => done(undefined);
          timer = setTimeout(flushed, ms);
          step();
        });
        clearTimeout(timer);
      }
      stopped = true;
      clearTimeout(alarm);
      drop();
    },
  };
}

/**
 * The outcome of a promise, if it comes in time.
 * @template T
 * @param {Pick<World, "setTimeout" | "clearTimeout">} world @param {T | Promise<T>} promise @param {number} ms
 * @returns {Promise<T>}
 */
async function within(world, promise, ms) {
  /** @type {any} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = world.setTimeout(() => reject(new Error("the collector has not answered in time")), ms);
  });
  try {
    return /** @type {T} */ (await Promise.race([promise, late]));
  } finally {
    world.clearTimeout(timer);
  }
}
