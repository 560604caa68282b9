// Asks for statistics: the roster comes in, and its entries have their latest `stats` afterwards.

/** How many questions a worker is asked at a time: it answers one after another, and has media to forward. */
const AT_ONCE = 32;

/**
 * Asks every transport, producer and consumer once, and waits until all have answered, but not for longer than that. Who has
 * not answered keeps what it said before, and is not asked again until it has.
 * @param {Iterable<import("./roster.js").End>} ends
 * @param {number} ms
 * @param {{ setTimeout(f: () => void, ms: number): unknown, clearTimeout(t: any): void }} world
 */
export async function poll(ends, ms, world) {
  /** @type {(() => Promise<void>)[]} */
  const questions = [];
  for (const end of ends) {
    if (end.closed) continue;
    questions.push(() => ask(end, (stats) => (end.stats = stats[0] ?? {})));
    for (const list of [end.producers, end.consumers]) {
      for (const medium of list.values()) questions.push(() => ask(medium, (stats) => (medium.stats = stats)));
    }
  }
  let late = false;
  const turn = async () => {
    for (let question; !late && (question = questions.pop()); ) await question();
  };
  /** @type {unknown} */
  let timer;
  const alarm = new Promise((done) => {
    timer = world.setTimeout(() => {
      late = true;
      done(undefined);
    }, ms);
  });
  questions.reverse();
  await Promise.race([Promise.all(Array.from({ length: AT_ONCE }, turn)), alarm]);
  world.clearTimeout(timer);
}

/**
 * @param {{ object: any, asked: boolean }} entry
 * @param {(stats: any[]) => void} answer
 */
async function ask(entry, answer) {
  if (entry.asked) return;
  entry.asked = true;
  try {
    answer(await entry.object.getStats());
  } catch {
    // It has closed, or its worker has died; its observer tells.
  }
  entry.asked = false;
}
