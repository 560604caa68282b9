// The probe's clock and the four-timestamp exchange with the collector (RFC 5905 section 8).

/**
 * Microseconds since 1970: as fine as performance.now() and, unlike Date, without steps. When the two drift apart by more than a
 * second (the machine slept, or was set), it is set by Date again, and `stepped` is called.
 * @param {() => void} stepped
 */
export function steadyClock(stepped) {
  let base = Date.now() - performance.now();
  return () => {
    const off = Date.now() - base - performance.now();
    if (Math.abs(off) > 1000) {
      base += off;
      stepped();
    }
    return Math.round((base + performance.now()) * 1e3);
  };
}

/** How many exchanges are looked through for the best. */
const KEPT = 8;
/** How many follow one another on a new connection, since the first is often the slowest. */
const BURST = 4;
/** How far two clocks are taken to run apart: 50 µs a second. */
const DRIFT = 50e-6;

/** Keeps the outcomes of exchanges. */
export function exchanges() {
  /** @type {{ offset: number, error: number, at: number }[]} */
  let kept = [];
  let fresh = false;
  let rounds = 0;
  return {
    /** A new connection, perhaps to another collector. What is known stays until something newer is. */
    connected() {
      fresh = true;
      rounds = 0;
    },

    /** Forgets everything: the clock has been set. */
    forget() {
      kept = [];
    },

    /**
     * Takes in an exchange, and says whether another one should follow at once.
     * @param {number} sent @param {number} received @param {number} replied @param {number} now
     */
    add(sent, received, replied, now) {
      const there = replied - received;
      const trip = now - sent - there;
      if (there >= 0 && trip >= 0) {
        if (fresh) kept = [];
        fresh = false;
        kept = [...kept.slice(1 - KEPT), { offset: (received - sent + replied - now) / 2, error: trip / 2, at: now }];
      }
      return ++rounds < BURST;
    },

    /**
     * The exchange with the smallest error: half its round trip, and what the clocks may have drifted since.
     * @param {number} now
     */
    best(now) {
      return kept
        .map(({ offset, error, at }) => ({ offsetUs: Math.round(offset), errorUs: Math.ceil(error + Math.max(now - at, 0) * DRIFT) || 1 }))
        .sort((a, b) => a.errorUs - b.errorUs)[0];
    },
  };
}
