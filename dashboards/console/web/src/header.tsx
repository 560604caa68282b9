import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { serverNow, type Call, type Overview, type Path, type Problem } from "./api";
import { duration, ms, name, total } from "./format";
import { useTheme } from "./state";

function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 30 12" width="30" height="12" aria-hidden="true">
      <rect class="up" x="0" y="1" width="8" height="10" rx="2" />
      <rect class="link" x="9" y="1" width="13" height="10" rx="2" />
      <rect class="down" x="23" y="1" width="7" height="10" rx="2" />
    </svg>
  );
}

interface Props {
  calls: Call[];
  call: string;
  overview: Overview | undefined;
  problem: Problem | undefined;
  choose: (call: string) => void;
  finding: boolean;
  find: () => void;
}

export function Header({ calls, call, overview, problem, choose, finding, find }: Props): JSX.Element {
  const [theme, turn] = useTheme();
  const listed = calls.some((c) => c.call_id === call);
  return (
    <header class="top">
      <h1>
        <Mark />
        Earshot
      </h1>
      <label class="call">
        <span class="sr">Call</span>
        <select value={call} onChange={(e) => choose(e.currentTarget.value)} disabled={calls.length === 0} data-testid="call">
          {!listed && call !== "" && <option value={call}>{call}</option>}
          {calls.map((c) => (
            <option key={c.call_id} value={c.call_id}>
              {c.call_id}
              {c.live ? " (live)" : ""} · {c.clients} clients · {c.paths} paths
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="plain" aria-expanded={finding} onClick={find} data-testid="find">
        Find a call
      </button>
      <State overview={overview} problem={problem} />
      <button type="button" class="theme" onClick={turn} aria-label={`Colours: ${theme}`}>
        {theme === "system" ? "Auto" : theme === "dark" ? "Dark" : "Light"}
      </button>
    </header>
  );
}

function State({ overview, problem }: { overview: Overview | undefined; problem: Problem | undefined }): JSX.Element | null {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => tick((n) => n + 1), 1000);
    return () => window.clearInterval(timer);
  }, []);
  if (problem?.passing === true) return <span class="state away">Not connected</span>;
  if (overview === undefined) return null;
  const age = serverNow() - Date.parse(overview.last_seen);
  if (overview.live) return <span class="state live">Live</span>;
  return <span class="state over">Ended {duration(age)} ago</span>;
}

function median(values: number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** The call in a line of figures. */
export function Summary({ overview, live }: { overview: Overview; live: Path[] }): JSX.Element {
  const sfus = overview.nodes.filter((n) => n.kind === "sfu");
  const clients = overview.nodes.filter((n) => n.kind !== "sfu");
  const regions = new Set(sfus.map((n) => n.region).filter((r) => r !== ""));
  const known = live.filter((p) => p.rtt_ms !== null);
  const slowest = known.reduce<Path | undefined>((w, p) => (w === undefined || p.rtt_ms! > w.rtt_ms! ? p : w), undefined);
  const count = (s: string): number => live.filter((p) => p.status === s).length;
  const [imputed, partial] = [count("imputed"), count("partial")];
  const silent = clients.filter((n) => n.samples === 0).length;
  return (
    <dl class="summary" data-testid="summary">
      <div>
        <dt>Typical RTT</dt>
        <dd>
          {ms(median(known.map((p) => p.rtt_ms!)), 0)} <small>ms</small>
        </dd>
        <dd class="more">median of {overview.live ? "live paths" : "the last paths"}</dd>
      </div>
      <div>
        <dt>Slowest</dt>
        <dd>
          {slowest === undefined ? "–" : ms(total(slowest).value, 0)} <small>ms</small>
        </dd>
        <dd class="more">{slowest === undefined ? "no complete path" : `${name(slowest.publisher)} → ${name(slowest.subscriber)}`}</dd>
      </div>
      <div>
        <dt>{overview.live ? "Live paths" : "Paths at the end"}</dt>
        <dd>{live.length}</dd>
        <dd class="more">
          {imputed + partial === 0 ? "all complete" : [imputed > 0 ? `${imputed} imputed` : "", partial > 0 ? `${partial} partial` : ""].filter(Boolean).join(", ")}
        </dd>
      </div>
      <div>
        <dt>Clients</dt>
        <dd>{clients.length}</dd>
        <dd class="more">{silent > 0 ? `${silent} without probe` : "all report"}</dd>
      </div>
      <div>
        <dt>SFUs</dt>
        <dd>{sfus.length}</dd>
        <dd class="more">{regions.size > 0 ? `in ${regions.size} ${regions.size === 1 ? "region" : "regions"}` : "no region named"}</dd>
      </div>
      <div>
        <dt>Samples stored</dt>
        <dd>{overview.stored.samples.toLocaleString("en")}</dd>
        <dd class="more">{overview.stored.late === 0 ? "none late" : `${overview.stored.late} late`}</dd>
      </div>
      <div>
        <dt>Duration</dt>
        <dd>{duration(Date.parse(overview.last_seen) - Date.parse(overview.first_seen))}</dd>
        <dd class="more">{overview.live ? "so far" : "in all"}</dd>
      </div>
    </dl>
  );
}
