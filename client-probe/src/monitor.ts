// The probe of one page: peer connections go in, samples go out at a steady pace.
import { watch, type Host, type Part, type Peer, type Remote } from "./peer.js";
import { steadyClock } from "./clock.js";
import { exporter, within, type Stats, type Token } from "./exporter.js";
import { changeDescriptions, hook } from "./hook.js";
import { hex } from "./linkkey.js";
import { networkType, platform } from "./platform.js";
import { EventType, type ClientOrigin, type Event, type Sample } from "./schema.js";
import { enableReceiverRTT } from "./sdp.js";

declare const VERSION: string;

export interface Options {
  /** The collector's address: `https://collector.example`, or `wss://collector.example/v1/stream`. */
  collector: string;
  /** The call: the one id that all its participants and SFUs share. */
  callId: string;
  /** This participant in this call. A re-join is a new one. Default: a random id. */
  clientId?: string;
  /** Who it is, across calls. Nothing by default; the collector can turn it into a pseudonym. */
  userId?: string;
  /** The application's version, to compare calls before and after a release. */
  appVersion?: string;
  /** The bearer token, or a function that gives one; it is called for every connection, so the token may be short-lived. */
  token?: Token;
  /** Report these connections, made already. */
  connections?: RTCPeerConnection[];
  /** Report the connections that are made later, by wrapping `RTCPeerConnection`. Default: true. */
  hook?: boolean;
  /** Milliseconds between samples. Default: 5000. A hidden page, or a slow device, takes more. */
  interval?: number;
  /** Have connections that only receive measure their round-trip time: see enableReceiverRTT. Default: false. */
  receiverRTT?: boolean;
  /** The most bytes that wait for the collector. Default: 512 KiB. */
  queueBytes?: number;
  /** Sees, and may change, every sample before it goes out; what it returns as false does not go out. */
  onSample?: (sample: Sample) => void | boolean;
  /** Hears of faults of the probe. Without it they are silent. */
  onError?: (error: unknown) => void;
}

/** What the probe has done so far. */
export interface ProbeStats extends Stats {
  /** Connections watched now. */
  connections: number;
  /** Milliseconds of the page's main thread that the last sample took. */
  lastMs: number;
  /** getStats that had not answered when the next sample was due. */
  hung: number;
}

export interface Monitor {
  /** This participant, as reported. */
  readonly clientId: string;
  /** Reports a connection from now on; says who is at its other end where the application knows. */
  watch(pc: RTCPeerConnection, remote?: Remote): void;
  /** Reports an event of the application's own: milliseconds, or whatever the number stands for. */
  event(name: string, number?: number): void;
  /** Reports how the user found the call, and what they say of it. */
  rate(score: number, comment?: string): void;
  stats(): ProbeStats;
  /** Says that the participant has left, sends what there is, and undoes everything. It waits two seconds at most. */
  stop(): Promise<void>;
}

/** The first sample comes soon, so that a short call leaves something behind. */
const FIRST = 1000;
/** How long after a change an early sample is taken: tracks come in bursts. */
const SOON = 250;
const MAX_EVENTS = 500;

/** Starts the probe. It never throws, and nothing that the collector does or fails to do costs more than `queueBytes`. */
export function monitor(options: Options): Monitor {
  const { collector, callId, interval = 5000 } = (options ??= {} as Options);
  const undo: (() => void)[] = [];
  const peers = new Map<RTCPeerConnection, Peer>();
  const session = random();
  const clientId = options.clientId || random();
  const origin: ClientOrigin = {
    clientId, userId: options.userId!, appVersion: options.appVersion!, probeVersion: VERSION, ...platform(globalThis.navigator ?? {}),
  };
  let events: Event[] = [];
  let sequence = 0;
  let made = 0;
  let slow = 1;
  let running = false;
  let taking = false;
  let early = true; // an early sample was taken, or is due, in this interval
  let timer: any;
  let due = 0;
  const own = { lastMs: 0, hung: 0 };

  const fault = (e: unknown) => {
    try {
      options.onError?.(e);
    } catch {
      // What reports faults has one itself.
    }
  };
  /** Nothing that goes wrong in here may be seen by the application. */
  const safe = <A extends unknown[]>(f: (...args: A) => unknown) => async (...args: A): Promise<void> => {
    try {
      await f(...args);
    } catch (e) {
      fault(e);
    }
  };

  const now = steadyClock(() => carrier.clockStepped());
  const carrier = exporter(
    `${collector}`.replace(/^ws/, "http").replace(/(\/v1\/stream)?\/*$/, ""), options.token, options.queueBytes ?? 512 << 10,
    {
      now,
      random: Math.random,
      setTimeout: (f, ms) => setTimeout(safe(f), ms),
      clearTimeout: (t) => clearTimeout(t),
      WebSocket: globalThis.WebSocket,
      fetch: globalThis.fetch?.bind(globalThis),
    },
    fault,
  );

  const event = (e: Event) => {
    if (running && events.length < MAX_EVENTS) events.push({ atUs: now(), ...e });
  };

  const host: Host = { now, event, soon };

  function watchOne(pc: RTCPeerConnection, remote?: Remote) {
    if (!running) return;
    const known = peers.get(pc);
    if (known) return remote && known.name(remote);
    if (options.receiverRTT) changeDescriptions(pc, enableReceiverRTT);
    peers.set(pc, watch(pc, `${session.slice(0, 8)}-${++made}`, host, remote));
    soon();
  }

  function listen(target: EventTarget | undefined, name: string, f: () => void) {
    const listener = safe(f);
    target?.addEventListener(name, listener);
    undo.push(() => target?.removeEventListener(name, listener));
  }

  /** What is between two samples now. A page that nobody sees, and a device that is slow, are asked less often. */
  const pace = () => interval * (globalThis.document?.hidden ? 2 : 1) * slow;

  function next(ms: number) {
    due = performance.now() + ms;
    timer = setTimeout(tick, ms);
  }

  function tick() {
    // On a steady grid: a late tick does not delay the ones after it.
    next(Math.max(pace() + due - performance.now(), interval / 2));
    early = false;
    sample();
  }

  function soon() {
    if (early || due - performance.now() < 2 * SOON) return;
    early = true;
    setTimeout(sample, SOON);
  }

  const sample = safe(async () => {
    if (taking || !running) return;
    taking = true;
    try {
      await take();
    } finally {
      taking = false;
    }
  });

  async function take() {
    const began = performance.now();
    const part: Part = { transports: [], streams: [], ms: 0 };
    await Promise.all(Array.from(peers, async ([pc, peer]) => {
      try {
        if (await within(globalThis, peer.take(part), Math.min(interval / 2, 2000))) peers.delete(pc);
      } catch (e) {
        own.hung++;
        fault(e);
      }
    }));
    slow = performance.now() - began > interval / 10 ? Math.min(slow * 2, 4) : Math.max(slow / 2, 1);
    send(part);
  }

  function send({ transports, streams, ms }: Part) {
    const began = performance.now();
    if (!transports[0] && !events[0]) return;
    const s: Sample = {
      client: { ...origin, networkType: networkType() },
      callId, sessionId: session, sequence: ++sequence, sampledAtUs: now(), intervalUs: pace() * 1e3, clock: carrier.clock()!,
      transports, streams, events,
    };
    events = [];
    if (options.onSample?.(s) !== false) carrier.send(s);
    own.lastMs = ms + performance.now() - began;
  }

  safe(() => {
    if (!callId || !/^(http|ws)s?:/.test(collector)) {
      console.warn("earshot: monitor needs callId, and collector: https://...");
      return;
    }
    if (!globalThis.RTCPeerConnection) return; // on a server, say
    running = true;
    event({ type: EventType.Join });
    if (options.hook !== false) undo.push(hook(safe(watchOne)));
    for (const pc of options.connections ?? []) watchOne(pc);
    listen(globalThis, "pagehide", () => {
      // Perhaps for good, and there is no time to ask for statistics.
      event({ type: EventType.Leave });
      send({ transports: [], streams: [], ms: 0 });
      carrier.lastWords();
    });
    listen(globalThis.document, "visibilitychange", soon);
    next(Math.min(FIRST, interval));
  })();

  return {
    clientId,
    watch: safe(watchOne),
    event: safe((name, number = 0) => event({ type: EventType.Custom, value: name, number })),
    rate: safe((score, comment = "") => event({ type: EventType.Feedback, number: score, value: comment })),
    stats: () => ({ ...carrier.stats, ...own, connections: peers.size }),
    stop: safe(async () => {
      if (!running) return;
      clearTimeout(timer);
      undo.forEach((f) => f());
      event({ type: EventType.Leave });
      await safe(take)();
      await carrier.stop(2000);
      running = false;
      for (const peer of peers.values()) peer.leave();
      peers.clear();
    }),
  };
}

const random = () => hex(crypto.getRandomValues(new Uint8Array(8)));
