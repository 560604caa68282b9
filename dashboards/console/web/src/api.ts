// What the console's API answers, field for field, and how it is asked.

export type Figure = number | null;
export type Kind = "audio" | "video" | "unknown";
export type Status = "complete" | "imputed" | "partial";

export interface Call {
  call_id: string;
  first_seen: string;
  last_seen: string;
  live: boolean;
  clients: number;
  sfus: number;
  samples: number;
  paths: number;
  duration_ms: number;
  rtt_p50_ms: Figure;
  rtt_p95_ms: Figure;
  mouth_to_ear_p95_ms: Figure;
  audio_score: Figure;
  bad_ratio: Figure;
}

export interface CallPage {
  calls: Call[];
  next?: string;
}

export interface Node {
  kind: "client" | "sfu" | "unknown";
  id: string;
  region: string;
  samples: number;
  first_seen: string | null;
  last_seen: string | null;
}

export interface Overview {
  call_id: string;
  first_seen: string;
  last_seen: string;
  live: boolean;
  nodes: Node[];
  stored: { samples: number; late: number };
}

export interface Hop {
  from: string;
  to: string;
  rtt_ms: Figure;
  rtt_err_ms: Figure;
  age_ms: number;
  source: string;
  status: "measured" | "imputed" | "missing";
}

export interface Budget {
  send_ms: Figure;
  network_ms: Figure;
  residence_ms: Figure;
  jitter_buffer_ms: Figure;
  decode_ms: Figure;
  playout_ms: Figure;
  missing: string[] | null;
}

export interface Path {
  window_start: string;
  window_ms: number;
  publisher: string;
  subscriber: string;
  kind: Kind;
  track_id: string;
  epoch_start: string;
  sfu_path: string[];
  region_path: string[];
  status: Status;
  hops_expected: number;
  hops_measured: number;
  rtt_ms: Figure;
  rtt_err_ms: Figure;
  rtt_lower_ms: Figure;
  hops: Hop[];
  mouth_to_ear_ms: Figure;
  budget: Budget;
  loss_ratio: Figure;
  concealed_ratio: Figure;
  jitter_ms: Figure;
  bitrate_bps: number;
  frame_rate: Figure;
  frame_height: number;
  freeze_ratio: Figure;
  score: Figure;
  publisher_region: string;
  subscriber_region: string;
}

export interface Series {
  step_ms: number;
  routes: { sfu_path: string[]; region_path: string[]; nodes: string[] }[];
  points: Point[];
}

export interface Point {
  window_start: string;
  window_ms: number;
  route: number;
  status: Status;
  rtt_ms: Figure;
  rtt_err_ms: Figure;
  rtt_lower_ms: Figure;
  hop_rtt_ms: Figure[];
}

export interface End {
  kind: "client" | "sfu" | "unknown";
  id: string;
  transport: string;
  region: string;
}

export interface Link {
  window_start: string;
  window_ms: number;
  from: End;
  to: End;
  rtt_ms: Figure;
  rtt_err_ms: Figure;
  source: string;
  protocol: string;
  relay: boolean;
}

/** A refusal of the API in its own words; status 0 means that nobody answered. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly knownCalls: string[] = [],
  ) {
    super(message);
  }
  /** Whether asking again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

const tokenKey = "earshot-token";

function storedToken(): string {
  try {
    return sessionStorage.getItem(tokenKey) ?? "";
  } catch {
    return ""; // storage is forbidden: then a reload asks again
  }
}

let token = storedToken();

export function keepToken(given: string): void {
  token = given;
  try {
    sessionStorage.setItem(tokenKey, given);
  } catch {
    // see storedToken
  }
}

let ahead = 0;

/** The server's clock: ages are reckoned by it, since the windows are. */
export function serverNow(): number {
  return Date.now() + ahead;
}

export async function get<T>(path: string, args: Record<string, string>, signal: AbortSignal): Promise<T> {
  const query = new URLSearchParams(Object.entries(args).filter(([, v]) => v !== ""));
  const headers: Record<string, string> = { Accept: "application/json" };
  if (token !== "") headers["Authorization"] = `Bearer ${token}`;
  let response: Response;
  try {
    response = await fetch(`/api/v1/${path}?${query}`, { signal, cache: "no-cache", headers });
  } catch (err) {
    if (signal.aborted) throw err;
    throw new Problem(0, "Earshot does not answer");
  }
  const date = Date.parse(response.headers.get("Date") ?? "");
  // The header counts whole seconds; a difference below two is its rounding, not a wrong clock.
  if (!Number.isNaN(date)) ahead = Math.abs(date + 500 - Date.now()) < 2000 ? 0 : date + 500 - Date.now();
  if (response.ok) return (await response.json()) as T;
  const body = (await response.json().catch(() => ({}))) as { detail?: string; known_calls?: string[] };
  throw new Problem(response.status, body.detail ?? `Earshot answered ${response.status}`, body.known_calls ?? []);
}

export const callPath = (id: string, rest = ""): string => `calls/${encodeURIComponent(id)}${rest}`;
