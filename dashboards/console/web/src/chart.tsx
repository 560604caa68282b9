import uPlot from "uplot";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Point, Series } from "./api";
import { ceiling, clock, ms, name } from "./format";
import { role } from "./paths";

type Column = (number | null)[];

/** A route's columns; the others hold nulls where the track went another way. */
interface RouteColumns {
  total: Column;
  high: Column;
  low: Column;
  bound: Column;
  hops: Column[]; // stacked: each is the sum up to and with that hop
}

interface Frame {
  x: number[]; // seconds
  points: (Point | undefined)[]; // what the readout shows
  routes: RouteColumns[];
  changes: { x: number; text: string }[];
  top: number;
}

export const routeText = (s: Series, i: number): string => (s.routes[i]?.sfu_path ?? []).join(" › ") || "direct";

function frame(s: Series, lines: boolean): Frame {
  const hops = s.routes.map((r) => r.nodes.length - 1);
  const f: Frame = { x: [], points: [], changes: [], top: 0, routes: hops.map((n) => ({ total: [], high: [], low: [], bound: [], hops: Array.from({ length: n }, () => []) })) };
  const push = (x: number, p: Point | undefined): void => {
    f.x.push(x);
    f.points.push(p);
    for (const r of f.routes) for (const c of [r.total, r.high, r.low, r.bound, ...r.hops]) c.push(null);
  };
  let before: Point | undefined;
  for (const p of s.points) {
    const x = Date.parse(p.window_start) / 1000;
    const last = f.x.at(-1);
    // A hole in time is a hole in the line, not a slope across it.
    if (last !== undefined && x - last > (2.5 * Math.max(s.step_ms, p.window_ms)) / 1000) push((last + x) / 2, undefined);
    if (f.x.at(-1) !== x) push(x, p);
    const at = f.x.length - 1;
    const r = f.routes[p.route];
    if (r === undefined) continue;
    const err = p.rtt_err_ms ?? 0;
    r.total[at] = p.rtt_ms;
    r.high[at] = p.rtt_ms === null ? null : p.rtt_ms + err;
    r.low[at] = p.rtt_ms === null ? null : p.rtt_ms - err;
    r.bound[at] = p.rtt_ms === null ? p.rtt_lower_ms : null;
    let sum = 0;
    p.hop_rtt_ms.forEach((v, i) => {
      sum += v ?? 0; // a missing hop has no height: the stack then ends at the lower bound
      const column = r.hops[i];
      if (column !== undefined) column[at] = lines ? v : sum;
      if (lines) f.top = Math.max(f.top, v ?? 0);
    });
    if (!lines) f.top = Math.max(f.top, (p.rtt_ms ?? p.rtt_lower_ms ?? 0) + err);
    if (before !== undefined && before.route !== p.route && before.window_start !== p.window_start) {
      f.changes.push({ x, text: `${routeText(s, before.route)} → ${routeText(s, p.route)}` });
    }
    before = p;
  }
  return f;
}

const columns = (f: Frame): uPlot.AlignedData =>
  [f.x, ...f.routes.flatMap((r) => [...r.hops, r.high, r.low, r.total, r.bound])] as uPlot.AlignedData;

function colours(): Record<string, string> {
  const style = getComputedStyle(document.documentElement);
  const read = (v: string): string => style.getPropertyValue(v).trim();
  return { up: read("--up"), link: read("--link"), down: read("--down"), direct: read("--link"), text: read("--text"), muted: read("--muted"), grid: read("--grid"), band: read("--band") };
}

function fade(hex: string, alpha: number): string {
  const n = Number.parseInt(hex.slice(1), 16);
  return `rgba(${(n >> 16) & 255}, ${(n >> 8) & 255}, ${n & 255}, ${alpha})`;
}

function options(s: Series, now: () => Frame, lines: boolean, size: { width: number; height: number }, point: (i: number | null) => void): uPlot.Options {
  const c = colours();
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const plain = { points: { show: false } };
  for (const route of s.routes) {
    const n = route.nodes.length - 1;
    for (let i = 0; i < n; i++) {
      const colour = c[role(i, n)] ?? c["link"]!;
      const at = series.length;
      series.push({ ...plain, stroke: colour, width: lines ? 1.75 : 1, ...(!lines && i === 0 ? { fill: fade(colour, 0.32), fillTo: 0 } : {}) });
      if (!lines && i > 0) bands.push({ series: [at, at - 1], fill: fade(colour, 0.32) });
    }
    const at = series.length;
    series.push({ ...plain, show: !lines, width: 0 }, { ...plain, show: !lines, width: 0 });
    if (!lines) bands.push({ series: [at, at + 1], fill: c["band"]! });
    series.push({ ...plain, show: !lines, stroke: c["text"]!, width: 1.75 });
    series.push({ ...plain, show: !lines, stroke: c["muted"]!, width: 1.5, dash: [4, 4] });
  }
  const font = '11px "Inter", system-ui, sans-serif';
  const axis = { stroke: c["muted"]!, font, ticks: { show: false }, grid: { stroke: c["grid"]!, width: 1 } };
  return {
    ...size,
    series,
    bands,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    padding: [10, 8, 0, 0],
    scales: { x: { time: true, auto: false }, y: { range: () => [0, ceiling(now().top * 1.04 || 10)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 70, values: (_u, splits, _a, _s, step) => splits.map((t) => clock(t * 1000).slice(0, step < 60 ? 8 : 5)) },
      { ...axis, size: 44, values: (_u, splits) => splits.map((v) => String(v)) },
    ],
    hooks: {
      setCursor: [(u) => point(u.cursor.idx ?? null)],
      draw: [
        (u) => {
          const { ctx, bbox } = u;
          ctx.save();
          ctx.strokeStyle = c["text"]!;
          ctx.globalAlpha = 0.7;
          ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
          ctx.lineWidth = devicePixelRatio;
          for (const change of now().changes) {
            const x = Math.round(u.valToPos(change.x, "x", true));
            if (x < bbox.left || x > bbox.left + bbox.width) continue;
            ctx.beginPath();
            ctx.moveTo(x, bbox.top);
            ctx.lineTo(x, bbox.top + bbox.height);
            ctx.stroke();
          }
          ctx.restore();
        },
      ],
    },
  };
}

interface Props {
  series: Series;
  from: number; // ms
  to: number;
  lines: boolean;
}

/** A track over time: its hops stacked under the total with its error band, or a line per hop. */
export function Chart({ series, from, to, lines }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = useMemo(() => frame(series, lines), [series, lines]);
  const latest = useRef(data);
  latest.current = data;
  const [at, setAt] = useState<number | null>(null);
  const [theme, setTheme] = useState(0);
  const shape = JSON.stringify([series.routes.map((r) => r.nodes), lines, theme]);

  useEffect(() => {
    const turn = (): void => setTheme((n) => n + 1);
    const media = matchMedia("(prefers-color-scheme: dark)");
    window.addEventListener("themechange", turn);
    media.addEventListener("change", turn);
    return () => {
      window.removeEventListener("themechange", turn);
      media.removeEventListener("change", turn);
    };
  }, []);

  useEffect(() => {
    const host = box.current;
    if (host === null) return;
    const size = (): { width: number; height: number } => ({ width: host.clientWidth, height: host.clientHeight });
    const u = new uPlot(options(series, () => latest.current, lines, size(), setAt), columns(latest.current), host);
    plot.current = u;
    const watch = new ResizeObserver(() => u.setSize(size()));
    watch.observe(host);
    return () => {
      watch.disconnect();
      u.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.batch(() => {
      plot.current?.setData(columns(data), false);
      plot.current?.setScale("x", { min: from / 1000, max: to / 1000 });
    });
  }, [data, from, to, shape]);

  const shown = (at === null ? undefined : data.points[at]) ?? data.points.findLast((p) => p !== undefined);
  return (
    <figure class="chart" data-testid="chart">
      <figcaption aria-live="off">{shown === undefined ? "No window in this span" : <Readout series={series} point={shown} />}</figcaption>
      <div ref={box} class="plot" role="img" aria-label={`Round-trip time over time, ${data.points.length} windows`} />
      {data.changes.length > 0 && (
        <ul class="changes" aria-label="Path changes">
          {data.changes.slice(-4).map((c) => (
            <li key={c.x}>
              <time>{clock(c.x * 1000)}</time> path changed: {c.text}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

function Readout({ series, point }: { series: Series; point: Point }): JSX.Element {
  const nodes = series.routes[point.route]?.nodes ?? [];
  const n = point.hop_rtt_ms.length;
  return (
    <>
      <time>{clock(Date.parse(point.window_start))}</time>
      <b>{point.rtt_ms === null ? `≥ ${ms(point.rtt_lower_ms)}` : ms(point.rtt_ms)} ms</b>
      {point.rtt_err_ms !== null && <span>± {ms(point.rtt_err_ms)}</span>}
      {point.hop_rtt_ms.map((v, i) => (
        <span key={i} class="read-hop" title={`${name(nodes[i] ?? "")} → ${name(nodes[i + 1] ?? "")}`}>
          <span class={`swatch ${role(i, n)}`} />
          {v === null ? "?" : ms(v)}
        </span>
      ))}
    </>
  );
}
