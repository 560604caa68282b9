import { render, type JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { callPath, get, keepToken, type Call, type CallPage, type Link, type Overview, type Path } from "./api";
import { Detail } from "./detail";
import { ceiling, clock, name, windowEnd } from "./format";
import { Finder, TokenForm } from "./finder";
import { Header, Summary } from "./header";
import { List } from "./list";
import { useLive } from "./live";
import { chosen, filter, order, pathKey, split } from "./paths";
import { useView } from "./state";
import { Tips } from "./tip";
import { Topology } from "./topology";
import { extent } from "./waterfall";

interface CallData {
  overview: Overview;
  paths: Path[];
  hops: Link[];
}

async function loadCall(call: string, signal: AbortSignal): Promise<CallData> {
  const [overview, paths, hops] = await Promise.all([
    get<Overview>(callPath(call), {}, signal),
    get<{ paths: Path[] }>(callPath(call, "/paths"), {}, signal),
    get<{ hops: Link[] }>(callPath(call, "/hops"), {}, signal),
  ]);
  return { overview, paths: paths.paths, hops: hops.hops };
}

function App(): JSX.Element {
  const [view, change] = useView();
  const list = useLive<Call[]>("calls", view.call === "" ? 2000 : 6000, async (signal) => (await get<CallPage>("calls", {}, signal)).calls);
  const [finding, find] = useState(false);
  const calls = list.data ?? [];
  // Without a choice: the call that runs, or else the last one. Of two that run it stays with the one that it has.
  const given = useRef("");
  const kept = calls.find((c) => c.call_id === given.current && c.live);
  const call = view.call !== "" ? view.call : ((kept ?? calls.find((c) => c.live) ?? calls[0])?.call_id ?? "");
  given.current = call;
  const current = useLive<CallData>(call === "" ? null : call, 2000, (signal) => loadCall(call, signal));
  const problem = current.problem ?? list.problem;
  const choose = (id: string): void => {
    find(false);
    change({ call: id, path: "", pin: "", participant: "" });
  };
  useEffect(() => {
    document.title = call === "" ? "Earshot" : `${call} · Earshot`;
  }, [call]);

  return (
    <>
      <Header calls={calls} call={call} overview={current.data?.overview} problem={problem} choose={choose} finding={finding} find={() => find(!finding)} />
      {finding && <Finder choose={choose} close={() => find(false)} />}
      {problem?.passing === true && (
        <p class="notice away" role="status" data-testid="away">
          {problem.status === 0 ? "Earshot does not answer." : `${problem.message}.`} Asking again every few seconds
          {current.data === undefined ? "." : `; what you see is as of ${clock(current.at)}.`}
        </p>
      )}
      <main>
        {problem?.status === 401 || problem?.status === 403 ? <TokenForm message={problem.message} done={enter} /> : <Body {...{ view, change, call, current, list }} />}
      </main>
      <Tips />
    </>
  );
}

/** Begins anew with the token: whatever was asked without it is void. */
function enter(token: string): void {
  keepToken(token);
  location.reload();
}

type Hooks = ReturnType<typeof useView>;
interface BodyProps {
  view: Hooks[0];
  change: Hooks[1];
  call: string;
  current: ReturnType<typeof useLive<CallData>>;
  list: ReturnType<typeof useLive<Call[]>>;
}

function Body({ view, change, call, current, list }: BodyProps): JSX.Element | null {
  if (current.data !== undefined) return <CallPage {...{ view, change, call, data: current.data }} />;
  if (current.problem !== undefined && !current.problem.passing) {
    const known = current.problem.knownCalls;
    return (
      <div class="empty" data-testid="empty">
        <h2>{current.problem.status === 404 ? `There is no call “${call}” in the last 24 hours` : current.problem.message}</h2>
        {known.length > 0 && <p>Calls that are known:</p>}
        <ul>
          {known.map((id) => (
            <li key={id}>
              <button type="button" class="link" onClick={() => change({ call: id, path: "", pin: "", participant: "" })}>
                {id}
              </button>
            </li>
          ))}
        </ul>
      </div>
    );
  }
  if (list.data?.length === 0) {
    return (
      <div class="empty" data-testid="empty">
        <h2>No call has reported in the last 24 hours</h2>
        <p>
          As soon as a probe sends its first sample the call shows up here. To see one now, run <code>earshot demo</code>.
        </p>
      </div>
    );
  }
  return current.problem === undefined && list.problem === undefined ? <div class="empty waiting" aria-busy="true" /> : null;
}

function CallPage({ view, change, call, data }: { view: Hooks[0]; change: Hooks[1]; call: string; data: CallData }): JSX.Element {
  const all = split(data.paths);
  const shown = {
    live: order(filter(all.live, view.participant, view.kind), view.order),
    ended: filter(all.ended, view.participant, view.kind),
  };
  // What was chosen for the user stays chosen: the slowest of today may be second in two seconds.
  const given = useRef({ call, key: "" });
  if (given.current.call !== call) given.current = { call, key: "" };
  const selected = chosen(view.path || given.current.key, shown, view.pin === "1");
  if (view.path === "" && selected !== undefined) given.current.key = pathKey(selected);
  const axis = (paths: Path[]): number => ceiling(Math.max(10, ...paths.map(extent)));
  const people = [...new Set(data.paths.flatMap((p) => [p.publisher, p.subscriber]))].filter((id) => id !== "").sort();
  const newest = shown.live.reduce<Path | undefined>((n, p) => (n === undefined || windowEnd(p) > windowEnd(n) ? p : n), undefined);
  const twins = (p: Path): boolean =>
    all.live.some((q) => q.track_id !== p.track_id && q.publisher === p.publisher && q.subscriber === p.subscriber && q.kind === p.kind);
  const choose = (ended: boolean) => (p: Path, e: MouseEvent) => {
    change({ path: pathKey(p), pin: ended ? "1" : "" });
    // Where the columns stand one below the other, a tap (not an arrow key) leads on to what it chose.
    if (e.detail > 0 && matchMedia("(max-width: 1120px)").matches) {
      requestAnimationFrame(() => document.querySelector(".detail")?.scrollIntoView({ block: "start", behavior: "smooth" }));
    }
  };
  const key = selected === undefined ? "" : pathKey(selected);
  return (
    <>
      <Summary overview={data.overview} live={all.live} />
      <div class="columns">
        <div class="panel paths">
          <div class="toolbar">
            <label>
              <span class="sr">Participant</span>
              <select value={view.participant} onChange={(e) => change({ participant: e.currentTarget.value })} data-testid="participant">
                <option value="">All participants</option>
                {people.map((id) => (
                  <option key={id} value={id}>
                    {id}
                  </option>
                ))}
              </select>
            </label>
            <div class="segmented" role="group" aria-label="Kind">
              {[
                ["", "All"],
                ["audio", "Audio"],
                ["video", "Video"],
              ].map(([v, label]) => (
                <button key={v} type="button" aria-pressed={view.kind === v} onClick={() => change({ kind: v! })} data-testid={`kind-${v || "all"}`}>
                  {label}
                </button>
              ))}
            </div>
            <div class="segmented" role="group" aria-label="Order">
              {[
                ["", "Name"],
                ["rtt", "Slowest"],
              ].map(([v, label]) => (
                <button key={v} type="button" aria-pressed={view.order === v} onClick={() => change({ order: v! })}>
                  {label}
                </button>
              ))}
            </div>
            <span class="legend" aria-hidden="true">
              <span class="swatch up" /> uplink <span class="swatch link" /> SFU link <span class="swatch down" /> downlink <span class="swatch missing" /> unknown
            </span>
          </div>
          {shown.live.length > 0 ? (
            <List title="Live paths" paths={shown.live} axis={axis(shown.live)} selected={key} ended={false} choose={choose(false)} />
          ) : (
            <p class="none" data-testid="none">
              {all.live.length === 0
                ? "No path yet: the first window closes about 15 s after the first sample."
                : `No live path ${view.participant === "" ? "" : `of ${name(view.participant)} `}matches the filter.`}
            </p>
          )}
          {shown.ended.length > 0 && (
            <details class="earlier" open={view.pin === "1" || shown.live.length === 0}>
              <summary>Earlier paths ({shown.ended.length})</summary>
              <List title="Earlier paths" paths={shown.ended} axis={axis(shown.ended)} selected={key} ended choose={choose(true)} />
            </details>
          )}
          {newest !== undefined && (
            <p class="foot">
              Window {clock(Date.parse(newest.window_start))} to {clock(windowEnd(newest))}, {newest.window_ms / 1000} s
            </p>
          )}
        </div>
        <div class="side">
          {selected !== undefined && <Detail {...{ call, view, change }} path={selected} twin={twins(selected)} />}
          {data.hops.length > 0 && (
            <section class="panel map" aria-label="Topology">
              <div class="section-head">
                <h3>Topology</h3>
                <span class="hint">RTT per link in ms; click a client to filter</span>
              </div>
              <Topology nodes={data.overview.nodes} links={data.hops} path={selected} participant={view.participant} choose={(id) => change({ participant: id })} />
            </section>
          )}
        </div>
      </div>
    </>
  );
}

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
