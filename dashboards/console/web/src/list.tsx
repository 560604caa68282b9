import type { JSX } from "preact";
import type { Path } from "./api";
import { clock, ms, name, total, windowEnd } from "./format";
import { pathKey } from "./paths";
import { Axis, Bar } from "./waterfall";

const shownAtOnce = 300;

const statusText: Record<Path["status"], string> = { complete: "complete", imputed: "imputed", partial: "lower bound" };

export function Status({ path }: { path: Path }): JSX.Element {
  const hint = {
    complete: "Every hop was measured.",
    imputed: "A hop carries over its value from an earlier window; the error band is wider.",
    partial: `${path.hops_expected - path.hops_measured} of ${path.hops_expected} hops unknown: the sum of the others is a lower bound.`,
  }[path.status];
  return (
    <span class={`status ${path.status}`} title={hint}>
      {statusText[path.status]}
    </span>
  );
}

export function Total({ path }: { path: Path }): JSX.Element {
  const { value, bound } = total(path);
  return (
    <span class="total">
      <span>
        {bound && value !== null && <span class="bound">≥</span>}
        <b>{ms(value)}</b>
      </span>
      {path.rtt_err_ms !== null && <small>± {ms(path.rtt_err_ms)}</small>}
    </span>
  );
}

export function Kind({ kind }: { kind: string }): JSX.Element {
  return <span class={`kind ${kind}`}>{kind}</span>;
}

/** The SFUs on the way, and below them where they stand. */
export function Route({ path }: { path: Path }): JSX.Element {
  if (path.sfu_path.length === 0) return <span class="route direct">direct, no SFU</span>;
  const regions = path.region_path.some((r) => r !== "") ? path.region_path.map((r) => (r === "" ? "?" : r)).join(" › ") : "";
  return (
    <span class="route" title={regions}>
      {path.sfu_path.map((sfu, i) => (
        <span key={i}>
          {i > 0 && <i>›</i>}
          {name(sfu)}
        </span>
      ))}
      {regions !== "" && <small>{regions}</small>}
    </span>
  );
}

interface Props {
  title: string;
  paths: Path[];
  axis: number;
  selected: string;
  ended: boolean;
  choose: (p: Path, e: MouseEvent) => void;
}

export function List({ title, paths, axis, selected, ended, choose }: Props): JSX.Element {
  const move = (e: KeyboardEvent): void => {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const rows = [...(e.currentTarget as Element).querySelectorAll<HTMLButtonElement>("button.pick")];
    const at = rows.indexOf(document.activeElement as HTMLButtonElement);
    const next = rows[at + (e.key === "ArrowDown" ? 1 : -1)];
    if (at < 0 || next === undefined) return;
    e.preventDefault();
    next.focus();
    next.click();
  };
  return (
    <section class={`list ${ended ? "ended" : ""}`} aria-label={title}>
      <div class="list-head" aria-hidden="true">
        <span>Publisher → subscriber</span>
        <span>Over</span>
        <span class="num">RTT, ms</span>
        <Axis axis={axis} />
        <span class="num">One way</span>
        <span>{ended ? "Until" : "Status"}</span>
      </div>
      <ul onKeyDown={move} data-testid={ended ? "ended-paths" : "paths"}>
        {paths.slice(0, shownAtOnce).map((p) => {
          const key = pathKey(p);
          const t = total(p);
          const label = `${name(p.publisher)} to ${name(p.subscriber)}, ${p.kind}, over ${p.sfu_path.map(name).join(", ") || "no SFU"}: ${
            t.value === null ? "no value" : `${t.bound ? "at least " : ""}${ms(t.value)} ms`
          }, ${ended ? "ended" : statusText[p.status]}`;
          return (
            <li key={key} class={`row ${key === selected ? "selected" : ""}`} data-testid="path" onClick={(e) => choose(p, e)}>
              <button type="button" class="pick" aria-pressed={key === selected} aria-label={label} />
              <span class="who" title={`${name(p.publisher)} → ${name(p.subscriber)}`}>
                <b>{name(p.publisher)}</b>
                <i aria-hidden="true">→</i>
                <b>{name(p.subscriber)}</b>
                <Kind kind={p.kind} />
              </span>
              <Route path={p} />
              <Total path={p} />
              <Bar path={p} axis={axis} />
              <span class="oneway">{p.mouth_to_ear_ms === null ? "–" : ms(p.mouth_to_ear_ms, 0)}</span>
              {ended ? <time class="until">{clock(windowEnd(p))}</time> : <Status path={p} />}
            </li>
          );
        })}
      </ul>
      {paths.length > shownAtOnce && (
        <p class="more">
          {paths.length - shownAtOnce} more paths are not drawn; choose a participant to narrow the list.
        </p>
      )}
    </section>
  );
}
