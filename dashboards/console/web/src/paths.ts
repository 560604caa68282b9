// What the list of paths means: which rows are live, which is chosen, what a hop is to its path.
import type { Path } from "./api";
import { total, windowEnd } from "./format";

export type Role = "up" | "link" | "down" | "direct";

/** The first hop is the publisher's uplink, the last the subscriber's downlink, what lies between links SFUs. */
export function role(index: number, hops: number): Role {
  if (hops === 1) return "direct";
  if (index === 0) return "up";
  return index === hops - 1 ? "down" : "link";
}

export const pathKey = (p: Path): string => JSON.stringify([p.publisher, p.subscriber, p.kind, p.track_id, p.sfu_path.join(">")]);

const sameTrack = (p: Path, q: Path): boolean =>
  p.publisher === q.publisher && p.subscriber === q.subscriber && p.kind === q.kind;

export interface Split {
  live: Path[];
  ended: Path[];
}

/** A path has ended when the call has gone on for three windows without it. */
export function split(paths: Path[]): Split {
  const newest = Math.max(0, ...paths.map(windowEnd));
  const out: Split = { live: [], ended: [] };
  for (const p of paths) (newest - windowEnd(p) < 3 * p.window_ms ? out.live : out.ended).push(p);
  return out;
}

export function filter(paths: Path[], participant: string, kind: string): Path[] {
  return paths.filter(
    (p) => (participant === "" || p.publisher === participant || p.subscriber === participant) && (kind === "" || p.kind === kind),
  );
}

export function order(paths: Path[], by: string): Path[] {
  if (by !== "rtt") return paths;
  return [...paths].sort((a, b) => (total(b).value ?? -1) - (total(a).value ?? -1));
}

/**
 * The path to show in detail: the chosen one; where that has ended since it was chosen live, the one by which the same track
 * now goes; without a choice the slowest.
 */
export function chosen(key: string, { live, ended }: Split, pinned: boolean): Path | undefined {
  const all = [...live, ...ended];
  const found = all.find((p) => pathKey(p) === key);
  if (found !== undefined && (live.includes(found) || pinned)) return found;
  if (found !== undefined) return live.find((p) => sameTrack(p, found)) ?? found;
  if (key !== "") {
    const [publisher, subscriber, kind] = JSON.parse(key) as string[];
    const again = all.find((p) => p.publisher === publisher && p.subscriber === subscriber && p.kind === kind);
    if (again !== undefined) return again;
  }
  return order(live, "rtt").find((p) => p.rtt_ms !== null) ?? all[0];
}
