// Earshot's probe for mediasoup v3: a mediasoup server's own objects come in, and samples of what they know go to a collector.
import { randomUUID } from "node:crypto";
import { steadyClock } from "./clock.js";
import { makeExporter } from "./exporter.js";
import { poll } from "./poll.js";
import { makeRoster } from "./roster.js";
import { compose } from "./sample.js";

const VERSION = "mediasoup-probe 0.1.0";
const DEFAULT_INTERVAL = 5000;
const DEFAULT_QUEUE = 8 << 20;
/** The first sample comes that soon, so that a short call leaves something behind. */
const FIRST = 1000;
/** How long after a change an early sample is taken: streams and forwards come in bursts. */
const NEWS_AFTER = 250;

/**
 * Starts a probe. See index.d.ts for the options. It throws only where an option makes no sense.
 * @param {import("./index.js").Options} options
 * @param {Partial<import("./exporter.js").World>} [outside] the outside world, for tests
 * @returns {import("./index.js").Probe}
 */
export function probe(options, outside) {
  const { sfuId, region, version, collector, token, interval = DEFAULT_INTERVAL, queueBytes = DEFAULT_QUEUE, onError, onSample } = options;
  if (!sfuId) throw new Error("earshot: sfuId is missing: give the SFU a name that is its own");
  const base = address(collector);
  if (!(interval >= 10)) throw new Error(`earshot: interval is ${interval}: give at least 10 (ms)`);

  /** @param {unknown} e */
  const fault = (e) => {
    try {
      onError?.(e instanceof Error ? e : new Error(String(e)));
    } catch {
      // Whoever wants to hear of faults must not make more of them.
    }
  };
  /**
   * @template T
   * @param {((...args: any[]) => T) | undefined} f
   */
  const careful = (f) => (/** @type {any[]} */ ...args) => {
    try {
      return f?.(...args);
    } catch (e) {
      return void fault(e);
    }
  };

  /** @type {import("./exporter.js").World} */
  const world = {
    now: steadyClock(() => exporter?.clockStepped()),
    random: Math.random,
    // None of the probe's timers keeps a process alive.
    setTimeout: (f, ms) => setTimeout(f, ms).unref(),
    clearTimeout,
    WebSocket: options.WebSocket ?? globalThis.WebSocket,
    fetch: (...args) => fetch(...args),
    ...outside,
  };
  const exporter = makeExporter(base, token, queueBytes, world, fault);
  const session = randomUUID();
  const app = {
    callOf: careful(options.callOf ?? ((object) => object.appData?.callId)),
    remoteOf: careful(options.remoteOf),
  };
  let sequence = 0;
  let skipped = 0;
  let sampling = false;
  let early = true; // an early sample has been taken since the last regular one, or none is wanted yet
  let stopped = false;
  /** @type {any} */
  let tick;
  /** @type {any} */
  let soon;
  let due = world.now() / 1e3 + Math.min(FIRST, interval);

  const roster = makeRoster(world.now, () => {
    if (early || stopped) return;
    early = true;
    soon = world.setTimeout(sample, Math.min(NEWS_AFTER, interval / 4));
  }, fault);

  async function sample() {
    if (sampling) return void skipped++;
    if (!roster.ends.size) return;
    sampling = true;
    try {
      await poll(roster.ends.values(), interval, world);
      const at = world.now();
      const { transports, streams, events } = compose(roster.ends, at, app);
      if (transports.length && !stopped) {
        const whole = {
          sfu: { sfuId, region, version, probeVersion: VERSION }, sessionId: session, sequence: ++sequence,
          sampledAtUs: at, intervalUs: interval * 1e3, clock: exporter.clock(), transports, streams, events,
        };
        careful(onSample)(whole);
        exporter.send(whole);
      }
    } catch (e) {
      fault(e);
    }
    sampling = false;
  }

  /** Samples on a steady grid: a late tick does not delay the ones after it. */
  function next() {
    tick = world.setTimeout(() => {
      while (due <= world.now() / 1e3) due += interval;
      early = false;
      void sample();
      next();
    }, Math.max(due - world.now() / 1e3, 0));
  }
  next();

  return {
    watch(object, facts = {}) {
      try {
        if (!stopped) roster.watch(object, facts);
      } catch (e) {
        fault(e);
      }
    },
    get stats() {
      return { ...exporter.stats, skipped };
    },
    async stop(ms = 5000) {
      if (!stopped) {
        stopped = true;
        world.clearTimeout(tick);
        world.clearTimeout(soon);
        roster.release();
      }
      await exporter.stop(ms);
    },
  };
}

/**
 * The collector's address without a path.
 * @param {string} collector
 */
function address(collector) {
  let url;
  try {
    url = new URL(collector);
  } catch {
    url = undefined;
  }
  if (!url || !/^(https?|wss?):$/.test(url.protocol)) {
    throw new Error(`earshot: collector is ${JSON.stringify(collector)}: give an address such as https://collector.example`);
  }
  const path = url.pathname.replace(/(\/v1\/stream)?\/*$/, "");
  return `${url.protocol.replace(/^ws/, "http")}//${url.host}${path}`;
}
