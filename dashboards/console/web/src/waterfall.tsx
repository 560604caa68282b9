import type { JSX } from "preact";
import type { Hop, Path } from "./api";
import { duration, ms, name, source, total } from "./format";
import { role } from "./paths";
import { tip } from "./tip";

/** A missing hop has no width of its own; it is drawn this wide, as a share of the axis. */
const unknownWidth = 0.08;

export function describe(h: Hop): string {
  const ends = `${name(h.from)} → ${name(h.to)}`;
  if (h.rtt_ms === null) return `${ends}: unknown, nobody measured this hop`;
  const err = h.rtt_err_ms === null ? "" : ` ± ${ms(h.rtt_err_ms)}`;
  const kept = h.status === "imputed" ? ", carried over from an earlier window" : "";
  return `${ends}: ${ms(h.rtt_ms)}${err} ms, ${source(h.source)}, ${duration(h.age_ms)} old${kept}`;
}

interface Segment {
  hop: Hop;
  index: number;
  left: number; // shares of the axis
  width: number;
}

function segments(p: Path, axis: number): Segment[] {
  let left = 0;
  return p.hops.map((hop, index) => {
    const width = hop.rtt_ms === null ? unknownWidth : hop.rtt_ms / axis;
    const s = { hop, index, left, width };
    left += width;
    return s;
  });
}

/** The room that a path takes on an axis in ms. */
export function extent(p: Path): number {
  const known = (total(p).value ?? 0) + (p.rtt_err_ms ?? 0);
  const missing = p.hops.filter((h) => h.rtt_ms === null).length;
  return known / Math.max(1 - missing * unknownWidth, 0.3);
}

const share = (v: number): string => `${(v * 100).toFixed(2)}%`;

/** All hops of a path in one bar, on an axis shared with the bars above and below. */
export function Bar({ path, axis }: { path: Path; axis: number }): JSX.Element {
  const segs = segments(path, axis);
  const end = segs.reduce((sum, s) => sum + s.width, 0);
  const err = (path.rtt_err_ms ?? 0) / axis;
  return (
    <div class="bar" data-testid="bar">
      {segs.map((s) => (
        <span
          key={s.index}
          class={`seg ${role(s.index, segs.length)} ${s.hop.status}`}
          style={{ left: share(s.left), width: share(s.width) }}
          {...tip(describe(s.hop))}
        />
      ))}
      {path.rtt_ms !== null && err > 0 && (
        <span class="whisker" style={{ left: share(Math.max(end - err, 0)), width: share(2 * err) }} {...tip(`± ${ms(path.rtt_err_ms)} ms`)} />
      )}
      {path.rtt_ms === null && <span class="onward" style={{ left: share(end) }} aria-hidden="true" />}
    </div>
  );
}

/** The hops of a path one below the other, each where the one before it ends. */
export function Waterfall({ path, axis }: { path: Path; axis: number }): JSX.Element {
  const segs = segments(path, axis);
  return (
    <ol class="waterfall" aria-label="Hops, publisher first">
      {segs.map((s) => (
        <li key={s.index}>
          <span class="hop-name">
            {name(s.hop.from)}
            <i aria-hidden="true">→</i>
            <span class="sr">to</span>
            {name(s.hop.to)}
          </span>
          <span class="track">
            <span
              class={`seg ${role(s.index, segs.length)} ${s.hop.status}`}
              style={{ left: share(s.left), width: share(s.width) }}
              tabIndex={0}
              role="img"
              data-testid="segment"
              aria-label={describe(s.hop)}
              {...tip(describe(s.hop))}
            />
          </span>
          <span class="hop-value">
            {s.hop.rtt_ms === null ? (
              <em>unknown</em>
            ) : (
              <>
                <b>{ms(s.hop.rtt_ms)}</b>
                {s.hop.rtt_err_ms !== null && <small> ± {ms(s.hop.rtt_err_ms)}</small>}
              </>
            )}
          </span>
          <span class="hop-source" title={source(s.hop.source)}>
            {s.hop.rtt_ms === null ? (
              "not measured"
            ) : (
              <>
                {s.hop.status === "imputed" ? <span class="tag imputed">imputed</span> : s.hop.source.replace("_", " ").toUpperCase()} · {duration(s.hop.age_ms)}
              </>
            )}
          </span>
        </li>
      ))}
      <li class="scale" aria-hidden="true">
        <Axis axis={axis} />
        <span>ms</span>
      </li>
    </ol>
  );
}

/** The marks of an axis from 0 to its end in ms. */
export function Axis({ axis }: { axis: number }): JSX.Element {
  const marks = [0, 0.25, 0.5, 0.75, 1];
  return (
    <div class="axis" aria-hidden="true">
      {marks.map((m) => (
        <span key={m} style={{ left: share(m) }}>
          {Number((m * axis).toFixed(1))}
        </span>
      ))}
    </div>
  );
}

const parts: [keyof Path["budget"], string, string][] = [
  ["send_ms", "Send", "send"],
  ["network_ms", "Network", "network"],
  ["residence_ms", "SFUs", "residence"],
  ["jitter_buffer_ms", "Jitter buffer", "jitter_buffer"],
  ["decode_ms", "Decode", "decode"],
  ["playout_ms", "Playout", "playout"],
];

/** Where the one-way time from mouth to ear, or from glass to glass, goes. */
export function BudgetBar({ path }: { path: Path }): JSX.Element {
  const rows = parts.map(([key, label, part]) => ({
    label,
    part,
    value: path.budget[key] as number | null,
    missing: (path.budget.missing ?? []).includes(part),
  }));
  const sum = rows.reduce((s, r) => s + (r.value ?? 0), 0);
  return (
    <div class="budget">
      <div class="budget-bar" role="img" aria-label={rows.map((r) => `${r.label} ${r.value === null ? "not reported" : `${ms(r.value)} ms`}`).join(", ")}>
        {rows.map((r) =>
          r.value === null || sum === 0 ? null : (
            <span key={r.part} class={`part ${r.part}`} style={{ width: share(r.value / sum) }} {...tip(`${r.label}: ${ms(r.value)} ms`)} />
          ),
        )}
      </div>
      <dl>
        {rows.map((r) => (
          <div key={r.part} class={r.value === null ? "absent" : ""}>
            <dt>
              <span class={`swatch part ${r.part}`} />
              {r.label}
            </dt>
            <dd>{r.value === null ? "not reported" : `${ms(r.value)} ms`}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
