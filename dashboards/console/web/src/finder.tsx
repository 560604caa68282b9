import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, Problem, type Call, type CallPage } from "./api";
import { duration, ms } from "./format";

const pageSize = "20";

interface Filter {
  search: string;
  user: string;
  version: string;
  country: string;
  live: string;
  turn: string;
  min_rtt_ms: string;
  sort: string;
  since: string;
}

const empty: Filter = { search: "", user: "", version: "", country: "", live: "", turn: "", min_rtt_ms: "", sort: "", since: "24h" };

const sorts: [string, string][] = [
  ["", "Newest"],
  ["bad", "Most bad windows"],
  ["rtt", "Slowest"],
  ["score", "Lowest MOS"],
  ["duration", "Longest"],
  ["clients", "Largest"],
];

function args(f: Filter, cursor: string): Record<string, string> {
  return { ...f, order: f.sort === "score" ? "asc" : "", limit: pageSize, cursor };
}

interface Found {
  calls: Call[];
  next: string;
  problem: string;
}

/** Looks for calls, page by page; what is typed is asked a moment later. */
export function Finder({ choose, close }: { choose: (call: string) => void; close: () => void }): JSX.Element {
  const [filter, setFilter] = useState(empty);
  const [found, setFound] = useState<Found | undefined>(undefined);
  const asking = useRef<AbortController | undefined>(undefined);

  const ask = async (f: Filter, cursor: string, before: Call[]): Promise<void> => {
    asking.current?.abort();
    const abort = (asking.current = new AbortController());
    try {
      const page = await get<CallPage>("calls", args(f, cursor), abort.signal);
      setFound({ calls: [...before, ...page.calls], next: page.next ?? "", problem: "" });
    } catch (err) {
      if (abort.signal.aborted) return;
      setFound({ calls: before, next: cursor, problem: err instanceof Problem ? err.message : String(err) });
    }
  };
  useEffect(() => {
    const timer = window.setTimeout(() => void ask(filter, "", []), 200);
    return () => window.clearTimeout(timer);
  }, [filter]);
  useEffect(() => () => asking.current?.abort(), []);

  const set = (part: Partial<Filter>): void => setFilter((f) => ({ ...f, ...part }));
  const text = (key: keyof Filter, label: string, hint: string): JSX.Element => (
    <label>
      <span>{label}</span>
      <input type="text" value={filter[key]} placeholder={hint} onInput={(e) => set({ [key]: e.currentTarget.value })} data-testid={`find-${key}`} />
    </label>
  );
  const pick = (key: keyof Filter, label: string, options: [string, string][]): JSX.Element => (
    <label>
      <span>{label}</span>
      <select value={filter[key]} onChange={(e) => set({ [key]: e.currentTarget.value })} data-testid={`find-${key}`}>
        {options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <section class="finder" aria-label="Find a call" data-testid="finder" onKeyDown={(e) => e.key === "Escape" && close()}>
      <div class="fields">
        <label>
          <span>Call</span>
          <input type="search" autofocus value={filter.search} placeholder="a part of its id" onInput={(e) => set({ search: e.currentTarget.value })} data-testid="find-search" />
        </label>
        {text("user", "User", "id")}
        {text("version", "Version", "of the app")}
        {text("country", "Country", "DE")}
        {text("min_rtt_ms", "RTT p95 from", "ms")}
        {pick("live", "State", [["", "Any"], ["true", "Live"], ["false", "Over"]])}
        {pick("turn", "TURN", [["", "Any"], ["true", "With"], ["false", "Without"]])}
        {pick("since", "In the last", [["1h", "hour"], ["24h", "day"], ["7d", "week"], ["31d", "month"]])}
        {pick("sort", "Order", sorts)}
        <button type="button" class="plain" onClick={close}>
          Close
        </button>
      </div>
      {found?.problem && (
        <p class="none" role="alert">
          {found.problem}
        </p>
      )}
      {found !== undefined && found.calls.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>Call</th>
              <th>Last seen</th>
              <th class="num">Duration</th>
              <th class="num">Clients</th>
              <th class="num">RTT p50 / p95, ms</th>
              <th class="num">One way p95, ms</th>
              <th class="num">MOS</th>
              <th class="num">Bad</th>
            </tr>
          </thead>
          <tbody>
            {found.calls.map((c) => (
              <tr key={c.call_id} data-testid="found">
                <td>
                  <button type="button" class="link" onClick={() => choose(c.call_id)}>
                    {c.call_id}
                  </button>
                </td>
                <td>{c.live ? "live" : new Date(c.last_seen).toLocaleString()}</td>
                <td class="num">{duration(c.duration_ms)}</td>
                <td class="num">{c.clients}</td>
                <td class="num">
                  {ms(c.rtt_p50_ms, 0)} / {ms(c.rtt_p95_ms, 0)}
                </td>
                <td class="num">{ms(c.mouth_to_ear_p95_ms, 0)}</td>
                <td class="num">{c.audio_score === null ? "–" : c.audio_score.toFixed(2)}</td>
                <td class="num">{c.bad_ratio === null ? "–" : `${(c.bad_ratio * 100).toFixed(1)} %`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {found !== undefined && found.calls.length === 0 && found.problem === "" && <p class="none">No call matches.</p>}
      {found !== undefined && found.next !== "" && (
        <button type="button" class="plain" onClick={() => void ask(filter, found.next, found.calls)} data-testid="more">
          More
        </button>
      )}
    </section>
  );
}

/** Asks for the token where the API wants one; it is kept for this tab only. */
export function TokenForm({ message, done }: { message: string; done: (token: string) => void }): JSX.Element {
  const [token, setToken] = useState("");
  return (
    <form
      class="empty token"
      data-testid="token"
      onSubmit={(e) => {
        e.preventDefault();
        done(token.trim());
      }}
    >
      <h2>Earshot asks who you are</h2>
      <p role="alert">{message}.</p>
      <label>
        <span class="sr">Token</span>
        <input type="password" autocomplete="off" value={token} placeholder="token" onInput={(e) => setToken(e.currentTarget.value)} />
      </label>
      <button type="submit" class="plain">
        Show the calls
      </button>
    </form>
  );
}
