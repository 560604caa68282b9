import type { JSX } from "preact";
import { callPath, get, serverNow, type Path, type Series } from "./api";
import { Chart } from "./chart";
import { bitrate, ceiling, duration, ms, name, percent, windowEnd } from "./format";
import { Kind, Route, Status, Total } from "./list";
import { useLive } from "./live";
import { BudgetBar, Waterfall, extent } from "./waterfall";
import type { View } from "./state";

const spans: Record<string, { millis: number; every: number }> = {
  "5m": { millis: 300e3, every: 2000 },
  "15m": { millis: 900e3, every: 2000 },
  "1h": { millis: 3600e3, every: 5000 },
  "6h": { millis: 6 * 3600e3, every: 15000 },
  "24h": { millis: 24 * 3600e3, every: 30000 },
};

interface Props {
  call: string;
  path: Path;
  twin: boolean; // the publisher sends two tracks of this kind
  view: View;
  change: (part: Partial<View>) => void;
}

function Stat({ label, value, unit }: { label: string; value: string; unit?: string }): JSX.Element {
  return (
    <div class={value === "–" ? "absent" : ""}>
      <dt>{label}</dt>
      <dd>
        {value}
        {unit !== undefined && value !== "–" && <small> {unit}</small>}
      </dd>
    </div>
  );
}

export function Detail({ call, path, twin, view, change }: Props): JSX.Element {
  const span = spans[view.span] === undefined ? "15m" : view.span;
  const { millis, every } = spans[span]!;
  const ended = serverNow() - windowEnd(path) > 60e3;
  // A path of the past is shown in its own time, not in ours.
  const to = ended ? windowEnd(path) + path.window_ms : serverNow();
  const args: Record<string, string> = {
    publisher: path.publisher,
    subscriber: path.subscriber,
    kind: path.kind,
    track: twin ? path.track_id : "",
    points: "720",
  };
  const fixed: Record<string, string> = ended ? { from: new Date(to - millis).toISOString(), to: new Date(to).toISOString() } : { since: span };
  const key = JSON.stringify([call, args, fixed]);
  const series = useLive<Series>(key, every, (signal) => get<Series>(callPath(call, "/paths/series"), { ...args, ...fixed }, signal));
  // A call younger than the span fills the chart.
  const first = Date.parse(series.data?.points[0]?.window_start ?? "");
  const from = Math.min(Math.max(to - millis, Number.isNaN(first) ? 0 : first), to - 60e3);
  const score = path.kind === "audio" ? { label: "MOS", value: ms(path.score, 2) } : { label: "Video index", value: ms(path.score, 0), unit: "of 100" };
  return (
    <section class="detail panel" aria-label="The chosen path" data-testid="detail">
      <header class="detail-head">
        <h2>
          {name(path.publisher)} <i aria-hidden="true">→</i>
          <span class="sr"> to </span> {name(path.subscriber)}
          <Kind kind={path.kind} />
        </h2>
        <Status path={path} />
        <p class="big">
          <Total path={path} /> <span class="unit">ms RTT, end to end</span>
        </p>
        <Route path={path} />
        <p class="since">Path unchanged for {duration(windowEnd(path) - Date.parse(path.epoch_start))}</p>
      </header>

      <Waterfall path={path} axis={ceiling(extent(path))} />
      {path.status === "partial" && (
        <p class="notice partial-note">
          {path.hops_expected - path.hops_measured} of {path.hops_expected} hops unknown. The sum of the others is a lower bound; it enters
          no percentile and no alert.
        </p>
      )}

      <div class="section-head">
        <h3>Over time</h3>
        <div class="segmented" role="group" aria-label="How hops are drawn">
          {[
            ["", "Stacked"],
            ["1", "Per hop"],
          ].map(([v, label]) => (
            <button key={v} type="button" aria-pressed={view.lines === v} onClick={() => change({ lines: v! })}>
              {label}
            </button>
          ))}
        </div>
        <div class="segmented" role="group" aria-label="Span of the chart">
          {Object.keys(spans).map((s) => (
            <button key={s} type="button" aria-pressed={span === s} onClick={() => change({ span: s })}>
              {s}
            </button>
          ))}
        </div>
      </div>
      {series.data !== undefined ? (
        <Chart series={series.data} from={from} to={to} lines={view.lines === "1"} />
      ) : (
        <div class="chart waiting">{series.problem?.message ?? ""}</div>
      )}

      <div class="section-head">
        <h3>{path.kind === "video" ? "Glass to glass" : "Mouth to ear"}, one way</h3>
        <b class="sum">{path.mouth_to_ear_ms === null ? "not known" : `${ms(path.mouth_to_ear_ms, 0)} ms`}</b>
      </div>
      <BudgetBar path={path} />

      <dl class="stats">
        <Stat {...score} />
        <Stat label="Loss" value={percent(path.loss_ratio)} />
        <Stat label="Jitter" value={ms(path.jitter_ms)} unit="ms" />
        <Stat label="Bitrate" value={bitrate(path.bitrate_bps)} />
        {path.kind === "video" ? (
          <Stat label="Frames" value={ms(path.frame_rate, 0)} unit={path.frame_height > 0 ? `/s, ${path.frame_height}p` : "/s"} />
        ) : (
          <Stat label="Concealed" value={percent(path.concealed_ratio)} />
        )}
      </dl>
    </section>
  );
}
