import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "./api";

export interface Live<T> {
  data: T | undefined;
  /** Set while the last answer was a refusal; data then is the last good one. */
  problem: Problem | undefined;
  /** When the last good answer came, by this machine's clock. */
  at: number;
}

/**
 * Asks again and again, every `every` ms after an answer, more slowly while nobody answers, not at all while the page is hidden.
 * A new key starts over; the old data stays away, since it belongs to something else.
 */
export function useLive<T>(key: string | null, every: number, load: (signal: AbortSignal, last: T | undefined) => Promise<T>): Live<T> {
  const [state, setState] = useState<Live<T> & { key: string | null }>({ key: null, data: undefined, problem: undefined, at: 0 });
  const loader = useRef(load);
  loader.current = load;
  useEffect(() => {
    if (key === null) return;
    const abort = new AbortController();
    let timer = 0;
    let last: T | undefined;
    let failures = 0;
    let asking = false;
    const ask = async (): Promise<void> => {
      window.clearTimeout(timer);
      if (document.hidden || asking) return;
      asking = true;
      try {
        last = await loader.current(abort.signal, last);
        failures = 0;
        setState({ key, data: last, problem: undefined, at: Date.now() });
      } catch (err) {
        if (abort.signal.aborted) return;
        failures++;
        const problem = err instanceof Problem ? err : new Problem(0, String(err));
        setState((s) => (s.key === key ? { ...s, problem } : { key, data: undefined, problem, at: 0 }));
      }
      asking = false;
      if (!abort.signal.aborted) timer = window.setTimeout(ask, every * Math.min(1 + failures, 3));
    };
    const wake = (): void => {
      if (!document.hidden) void ask();
    };
    document.addEventListener("visibilitychange", wake);
    void ask();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [key, every]);
  return state.key === key ? state : { data: undefined, problem: undefined, at: 0 };
}
