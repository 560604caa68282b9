import type { Figure, Path } from "./api";

export const ms = (v: Figure, digits = 1): string => (v === null ? "–" : v.toFixed(digits));

export const percent = (v: Figure): string => (v === null ? "–" : `${(v * 100).toFixed(v < 0.1 ? 1 : 0)} %`);

export function bitrate(bps: number): string {
  if (bps <= 0) return "–";
  return bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bps / 1e3)} kbit/s`;
}

/** An id for the eye; an empty one is an end that does not report. */
export const name = (id: string): string => (id === "" ? "unknown" : id);

export function duration(millis: number): string {
  const s = Math.max(0, Math.round(millis / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

export function clock(at: number): string {
  const d = new Date(at);
  return [d.getHours(), d.getMinutes(), d.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}

const sources: Record<string, string> = {
  rtcp_rr: "RTCP receiver reports",
  rtcp_xr: "RTCP XR",
  stun: "STUN checks",
  sctp: "SCTP",
  probe: "SFU probe",
  none: "no measurement",
};
export const source = (s: string): string => sources[s] ?? s;

/** What a row shows as its end-to-end RTT: the value, or the lower bound of a path with a missing hop. */
export function total(p: Pick<Path, "rtt_ms" | "rtt_lower_ms">): { value: Figure; bound: boolean } {
  return p.rtt_ms !== null ? { value: p.rtt_ms, bound: false } : { value: p.rtt_lower_ms, bound: true };
}

/** The next round number, so that an axis does not move with every refresh. */
export function ceiling(v: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(v, 1)));
  for (const m of [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]) if (m * power >= v) return m * power;
  return 10 * power;
}

export const windowEnd = (r: { window_start: string; window_ms: number }): number => Date.parse(r.window_start) + r.window_ms;
