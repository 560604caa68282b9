// What there is: objects of mediasoup come in, are followed by their `observer`s until they close, and stand in the roster
// meanwhile. Nothing here changes them, and nothing throws into whoever emits.

/**
 * Objects of mediasoup v3, as far as the probe looks at them: its own types are not needed to use it.
 * @typedef {{ on(event: string, listener: (...args: any[]) => void): unknown, off(event: string, listener: (...args: any[]) => void): unknown }} Emitter
 * @typedef {{ localIp?: string, localAddress?: string, localPort: number, remoteIp?: string, remotePort?: number, protocol?: string }} Tuple
 * @typedef {{ ssrc?: number, rid?: string }} Encoding
 * @typedef {{ mid?: string, codecs: { mimeType: string, clockRate: number }[], encodings?: Encoding[] }} RtpParameters
 */

/**
 * One RTP stream's statistics, as producers and consumers give them.
 * @typedef {object} RtpStat
 * @property {string} type "inbound-rtp" or "outbound-rtp"
 * @property {number} ssrc
 * @property {string} [rid]
 * @property {string} [kind]
 * @property {string} [mimeType]
 * @property {number} [packetCount]
 * @property {number} [byteCount]
 * @property {number} [packetsLost]
 * @property {number} [packetsDiscarded]
 * @property {number} [packetsRetransmitted]
 * @property {number} [nackCount]
 * @property {number} [pliCount]
 * @property {number} [firCount]
 * @property {number} [jitter] of inbound ones, in units of the codec's clock
 * @property {number} [roundTripTime] in ms; 0 where there is none yet
 */

/**
 * A producer or a consumer, which belongs to one transport.
 * @typedef {object} Medium
 * @property {any} object
 * @property {End} end its transport
 * @property {RtpStat[]} stats the latest
 * @property {boolean} asked stats have been asked for and not come yet
 */

/**
 * A transport.
 * @typedef {object} End
 * @property {any} object
 * @property {unknown} router where it was made, so far as that is known
 * @property {Facts} facts
 * @property {Map<unknown, Medium>} producers
 * @property {Map<unknown, Medium>} consumers
 * @property {Record<string, any>} stats the latest
 * @property {boolean} asked
 * @property {boolean} closed it is reported once more
 * @property {number} madeAt on the probe's clock
 * @property {number} connectUs from then until ICE and DTLS were first connected
 * @property {string} ice the state that has been reported
 * @property {string} tuple the selected one that has been counted
 * @property {number} changes of it
 * @property {string} ufrag
 * @property {string} cert of the other end
 * @property {string} linkKey made of it
 */

/**
 * What the application knows of a transport, given to `watch`.
 * @typedef {object} Facts
 * @property {string} [callId] the call, where all of the transport belongs to one
 * @property {string} [remoteOwnerId] the client_id or sfu_id at the other end
 * @property {string} [remoteTransportId] the other end's transport
 */

/**
 * @param {() => number} now microseconds
 * @param {() => void} news something has come or gone, or is forwarded otherwise
 * @param {(e: unknown) => void} fault
 */
export function makeRoster(now, news, fault) {
  /** @type {Map<unknown, End>} */
  const ends = new Map();
  /** @type {Set<unknown>} */
  const known = new Set();
  /** @type {(() => void)[]} */
  let undo = [];

  /**
   * @param {Emitter} emitter @param {string} event @param {(...args: any[]) => void} listener
   */
  function on(emitter, event, listener) {
    /** @param {any[]} args */
    const safe = (...args) => {
      try {
        listener(...args);
      } catch (e) {
        fault(e);
      }
    };
    emitter.on(event, safe);
    return () => emitter.off(event, safe);
  }

  /**
   * Follows an object until it closes. `once` says what to do when it comes for the first time.
   * @param {any} object @param {Record<string, (...args: any[]) => void>} events @param {() => void} [closed]
   */
  function follow(object, events, closed) {
    if (known.has(object) || object.closed) return false;
    known.add(object);
    /** @type {(() => void)[]} */
    const offs = [];
    const release = () => {
      for (const off of offs) off();
      undo = undo.filter((u) => u !== release);
      known.delete(object);
    };
    for (const [event, listener] of Object.entries(events)) offs.push(on(object.observer, event, listener));
    offs.push(
      on(object.observer, "close", () => {
        release();
        closed?.();
        news();
      }),
    );
    undo.push(release);
    return true;
  }

  /** @param {any} router */
  const watchRouter = (router) => follow(router, { newtransport: (/** @type {any} */ t) => watchTransport(t, router, {}) });

  /**
   * @param {any} transport @param {unknown} router @param {Facts} facts
   */
  function watchTransport(transport, router, facts) {
    const there = ends.get(transport);
    if (there) {
      Object.assign(there.facts, facts);
      return;
    }
    /** @type {End} */
    const end = {
      object: transport, router, facts: { ...facts }, producers: new Map(), consumers: new Map(), stats: {}, asked: false,
      closed: false, madeAt: now(), connectUs: 0, ice: "", tuple: "", changes: 0, ufrag: "", cert: "", linkKey: "",
    };
    const followed = follow(
      transport,
      {
        newproducer: (/** @type {any} */ p) => watchMedium(p, end, end.producers),
        newconsumer: (/** @type {any} */ c) => watchMedium(c, end, end.consumers),
        icestatechange: () => connected(end),
        dtlsstatechange: () => connected(end),
        iceselectedtuplechange: news,
      },
      () => {
        end.closed = true;
        end.producers.clear();
        end.consumers.clear();
      },
    );
    if (followed) {
      ends.set(transport, end);
      news();
    }
  }

  /** @param {End} end */
  function connected(end) {
    const { iceState, dtlsState } = end.object;
    if (!end.connectUs && dtlsState === "connected" && (iceState === "connected" || iceState === "completed")) {
      end.connectUs = Math.max(now() - end.madeAt, 1);
    }
    news();
  }

  /**
   * @param {any} object @param {End} end @param {Map<unknown, Medium>} list
   */
  function watchMedium(object, end, list) {
    const followed = follow(object, { pause: news, resume: news, layerschange: news }, () => list.delete(object));
    if (!followed) return;
    list.set(object, { object, end, stats: [], asked: false });
    news();
  }

  return {
    ends,

    /**
     * Takes an object, by what it can do.
     * @param {any} object @param {Facts & { transport?: any }} facts
     */
    watch(object, facts) {
      if (typeof object?.createWorker === "function") {
        // The module itself, which never closes.
        undo.push(on(object.observer, "newworker", (w) => this.watch(w, {})));
      } else if (typeof object?.createRouter === "function") {
        follow(object, { newrouter: watchRouter });
      } else if (typeof object?.createWebRtcTransport === "function") {
        watchRouter(object);
      } else if (typeof object?.consume === "function" && typeof object?.getStats === "function") {
        watchTransport(object, undefined, facts);
      } else if (object?.rtpParameters) {
        const end = ends.get(facts.transport);
        if (!end) throw new Error("earshot: a producer or a consumer is watched with its transport, which is watched before: watch(it, { transport })");
        watchMedium(object, end, object.producerId === undefined ? end.producers : end.consumers);
      } else {
        throw new Error("earshot: what is to be watched is none of mediasoup's workers, routers, transports, producers or consumers");
      }
    },

    /** Lets go of everything. */
    release() {
      for (const off of undo.slice()) off();
      ends.clear();
      known.clear();
    },
  };
}
