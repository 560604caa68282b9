// Which outbound stream carries which inbound one: transports with their producers and consumers come in.

/** @typedef {import("./roster.js").End} End */
/** @typedef {import("./roster.js").Medium} Medium */
/** @typedef {{ end: End, producer: Medium, ssrc: number }} Origin */

/**
 * Old versions of mediasoup do not say what kind of transport one is.
 * @param {End} end
 */
export const isPipe = ({ object }) => object.type === "pipe" || object.constructor?.name === "PipeTransport";

/**
 * Pipe transports whose other end is another one of these, with it: two routers of one process, or of two that one probe watches.
 * Both have the other's address for their remote.
 * @param {End[]} ends
 * @returns {Map<End, End>}
 */
export function insides(ends) {
  /** @type {Map<string, End[]>} */
  const byTuple = new Map();
  /** @param {import("./roster.js").Tuple} t */
  const local = (t) => `${t.localAddress ?? t.localIp}:${t.localPort}`;
  /** @param {import("./roster.js").Tuple} t */
  const remote = (t) => `${t.remoteIp}:${t.remotePort}`;
  const pipes = ends.filter((end) => isPipe(end) && !end.closed && end.object.tuple?.remoteIp);
  for (const end of pipes) {
    const key = `${local(end.object.tuple)} ${remote(end.object.tuple)}`;
    byTuple.set(key, [...(byTuple.get(key) ?? []), end]);
  }
  const inside = new Map();
  for (const end of pipes) {
    const others = byTuple.get(`${remote(end.object.tuple)} ${local(end.object.tuple)}`) ?? [];
    if (others.length === 1 && others[0] !== end) inside.set(end, others[0]);
  }
  return inside;
}

/** A way through so many routers of one SFU is none. */
const FAR = 16;

/**
 * What the consumers carry, by the SSRC they send: the inbound stream at the SFU's edge, behind all pipes that lie inside of it.
 * What is not known for certain is left out.
 * @param {End[]} ends
 * @param {Map<End, End>} inside
 * @returns {Map<Medium, Map<number, Origin>>}
 */
export function forwards(ends, inside) {
  /** @type {Map<string, Medium[]>} */
  const producers = new Map();
  /** @type {Map<End, Map<number, Medium>>} what comes out of pipes, by SSRC */
  const sent = new Map();
  for (const end of ends) {
    for (const p of end.producers.values()) producers.set(p.object.id, [...(producers.get(p.object.id) ?? []), p]);
    if (!inside.has(end)) continue;
    const bySSRC = new Map();
    for (const c of end.consumers.values()) for (const e of c.object.rtpParameters.encodings ?? []) bySSRC.set(e.ssrc, c);
    sent.set(end, bySSRC);
  }

  /**
   * One step: what the consumer takes from the producer in its router.
   * @param {Medium} consumer @param {number} ssrc
   * @returns {Origin | undefined}
   */
  const step = (consumer, ssrc) => {
    // A piped producer has the id of the one that it continues, in another router.
    const found = (producers.get(consumer.object.producerId) ?? []).filter((p) => p.end.router === consumer.end.router);
    if (found.length !== 1) return undefined;
    const [producer] = found;
    const from = carriedSSRC(consumer, producer, ssrc);
    return from ? { end: producer.end, producer, ssrc: from } : undefined;
  };

  const all = new Map();
  for (const end of ends) {
    for (const consumer of end.consumers.values()) {
      /** @type {Map<number, Origin>} */
      const origins = new Map();
      for (const { ssrc } of consumer.object.rtpParameters.encodings ?? []) {
        if (!ssrc) continue;
        let origin = step(consumer, ssrc);
        for (let n = 0; origin && inside.has(origin.end); n++) {
          const before = sent.get(/** @type {End} */ (inside.get(origin.end)))?.get(origin.ssrc);
          origin = before && n < FAR ? step(before, origin.ssrc) : undefined;
        }
        if (origin) origins.set(ssrc, origin);
      }
      if (origins.size) all.set(consumer, origins);
    }
  }
  return all;
}

/**
 * The SSRC of the producer's stream that a consumer's carries now; undefined where none is, or it is not known which.
 * @param {Medium} consumer @param {Medium} producer @param {number} ssrc
 * @returns {number | undefined}
 */
function carriedSSRC(consumer, producer, ssrc) {
  const { type, rtpParameters } = consumer.object;
  const received = producer.stats.filter((s) => s.type === "inbound-rtp");
  if (type === "pipe") {
    // It carries all encodings, in their order.
    const encodings = producer.object.rtpParameters.encodings ?? [];
    const encoding = encodings[rtpParameters.encodings.findIndex((/** @type {{ ssrc?: number }} */ e) => e.ssrc === ssrc)];
    if (!encoding) return undefined;
    if (encoding.ssrc) return encoding.ssrc;
    const same = received.filter((s) => (encoding.rid ? s.rid === encoding.rid : encodings.length === 1));
    return same.length === 1 ? same[0].ssrc : undefined;
  }
  // All others say in their own statistics what they take, whichever simulcast layer it is.
  const taken = consumer.stats.filter((s) => s.type === "inbound-rtp");
  return taken.length === 1 ? taken[0].ssrc : undefined;
}
