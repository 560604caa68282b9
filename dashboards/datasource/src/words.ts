/** The words of queries: those that the back end knows (model/words.json, written from the Go model), and how a person reads them. */
import generated from "../model/words.json";
import type { EarshotQuery, FilterField } from "./types";

/** What a query of one type may say (model.Words). */
export interface Words {
  type: string;
  title: string;
  help: string;
  metrics?: string[];
  /** The first is the default. */
  formats?: string[];
  stats?: string[];
  defaultStats?: string[];
  /** Besides "", all together. */
  by?: string[];
  sort?: string[];
  /** Names of fields of a query. */
  filters?: string[];
  needs?: string[];
}

/** The type that template variables ask with; no panel does. */
export const VARIABLE_TYPE = "variable";
export const SQL_TYPE = "sql";
export const DEFAULT_TYPE = "latency";

const types: Words[] = generated.types;

/** What a panel can ask, in the order in which it is offered. */
export const questions: Words[] = types.filter((w) => w.type !== VARIABLE_TYPE);

/** What template variables can list. */
export const variables: string[] = generated.variables;

/** Variables that list things of one call. */
export const ofCall: readonly string[] = ["participants", "publishers", "tracks"];

/** The words of a type; undefined where there is no such type. */
export function wordsOf(type: string | undefined): Words | undefined {
  return types.find((w) => w.type === type);
}

/** The fields that a query of a type is narrowed down by, those that it needs first. */
export function fieldsOf(words: Words): FilterField[] {
  const needed = (words.needs ?? []).filter((name) => name in FIELDS);
  const rest = (words.filters ?? []).filter((name) => name in FIELDS && !needed.includes(name));
  return [...needed, ...rest] as FilterField[];
}

/** Of the fields that a query needs, those that it leaves empty. */
export function missing(query: Partial<EarshotQuery>): string[] {
  const needs = wordsOf(query.queryType)?.needs ?? [];
  return needs.filter((name) => String(query[name as keyof EarshotQuery] ?? "").trim() === "");
}

/** How a word is read. `help` stands below it in a list. */
export interface Label {
  label: string;
  help?: string;
}

/** A field that narrows a query down, with what lists its values. */
interface FieldLabel extends Label {
  variable?: string;
}

export const FIELDS: Record<FilterField, FieldLabel> = {
  kind: { label: "Media", help: "Audio, video or both." },
  call: { label: "Call", variable: "calls", help: "Id of a call." },
  publisher: { label: "Who speaks", variable: "publishers", help: "Client id of who sends." },
  participant: { label: "Who listens", variable: "participants", help: "Client id of who receives." },
  publisherRegion: { label: "From region", variable: "regions", help: "Where the sender meets the service." },
  subscriberRegion: { label: "To region", variable: "regions", help: "Where the receiver meets the service." },
  path: { label: "Path", variable: "paths", help: "Regions of the SFUs on the way, such as eu-central>us-east; p2p without an SFU." },
  sfu: { label: "SFU", variable: "sfus", help: "At either end of a link." },
  version: { label: "App version", variable: "versions", help: "Version of the receiver's application." },
  asn: { label: "Operator", variable: "asns", help: "Number of the receiver's network operator, such as AS3320." },
  country: { label: "Country", variable: "countries", help: "Of the receiver, two letters." },
  browser: { label: "Browser", variable: "browsers", help: "Of the receiver: name and major version." },
  network: { label: "Network", variable: "networks", help: "Of the receiver: wifi, cellular, ethernet ..." },
};

export const KINDS: Record<string, Label> = { audio: { label: "Audio" }, video: { label: "Video" } };

export const METRICS: Record<string, Label> = {
  rtt: { label: "Round trip", help: "End to end and back: the hops of the path, summed at one instant." },
  mouth_to_ear: { label: "Mouth to ear", help: "One way, from who speaks to who hears: with buffers, decoding and playout." },
};

export const FORMATS: Record<string, Label> = {
  timeseries: { label: "Over time" },
  table: { label: "Table", help: "One row per group, over the whole range." },
  long: { label: "Long table", help: "One row per pair of regions." },
  graph: { label: "Graph", help: "Nodes and edges for the node graph panel." },
  alert: { label: "For alert rules", help: "One row per open regression; none when all is well." },
  annotations: { label: "Annotations", help: "Time, end, title, text and tags." },
};

export const GROUPS: Record<string, Label> = {
  publisher_region: { label: "Sender's region" },
  subscriber_region: { label: "Receiver's region" },
  path: { label: "Path" },
  version: { label: "App version" },
  asn: { label: "Network operator" },
  isp: { label: "Provider" },
  os: { label: "Operating system" },
  country: { label: "Country" },
  browser: { label: "Browser" },
  network: { label: "Network" },
  access: { label: "Links with clients", help: "Those of SFUs with their clients, rather than those between SFUs." },
  source_kind: { label: "Kind of source" },
  probe_version: { label: "Probe version" },
};

export const SORTS: Record<string, Label> = {
  last_seen: { label: "Latest first" },
  first_seen: { label: "Began last" },
  duration: { label: "Longest" },
  clients: { label: "Most participants" },
  rtt: { label: "Highest round trip" },
  mouth_to_ear: { label: "Highest mouth to ear" },
  score: { label: "Highest score" },
  bad: { label: "Most bad windows" },
};

export const STATS: Record<string, Label> = {
  p50: { label: "p50", help: "Half are below." },
  p95: { label: "p95", help: "One in twenty is above." },
  p99: { label: "p99", help: "One in a hundred is above." },
  max: { label: "Maximum" },
  over_150: { label: "Over 150 ms", help: "Share of the windows." },
  over_300: { label: "Over 300 ms", help: "Share of the windows." },
  over_400: { label: "Over 400 ms", help: "Share of the windows." },
  windows: { label: "Windows", help: "Received tracks times windows." },
  send: { label: "Sender", help: "Capture, encoding and pacing." },
  network: { label: "Network", help: "Half of each hop." },
  residence: { label: "SFUs", help: "From receiving to sending." },
  jitter_buffer: { label: "Jitter buffer" },
  decode: { label: "Decoding" },
  playout: { label: "Playout" },
  audio_score: { label: "Audio score", help: "MOS, 1 to 4.5 (ITU-T G.107)." },
  video_score: { label: "Video score", help: "An index, 0 to 100." },
  loss: { label: "Loss" },
  lossy: { label: "Lossy windows", help: "Share with more than 2 % loss." },
  freeze: { label: "Frozen", help: "Share of the time." },
  concealed: { label: "Concealed", help: "Share of the audio that was made up." },
  jitter: { label: "Jitter" },
  bitrate: { label: "Bit rate", help: "Of a track." },
  bad: { label: "Bad windows", help: "Share with somebody to blame." },
  relay: { label: "Over TURN" },
  calls: { label: "Calls" },
  hops: { label: "Hops", help: "Round trip of each." },
  budget: { label: "Parts of mouth to ear" },
  rtt: { label: "Round trip" },
  mouth_to_ear: { label: "Mouth to ear" },
  receive: { label: "Received" },
  "rates.send": { label: "Sent" },
  available_receive: { label: "Could receive", help: "As bandwidth estimation says." },
  available_send: { label: "Could send", help: "As bandwidth estimation says." },
  limited: { label: "Limited by bandwidth" },
  below_3: { label: "Below 3 Mbit/s", help: "Share of participants." },
  from_3_to_4: { label: "3 to 4 Mbit/s", help: "Share of participants." },
  from_4: { label: "4 Mbit/s and more", help: "Share of participants." },
  receive_p5: { label: "Received, p5" },
  receive_p50: { label: "Received, p50" },
  receive_p95: { label: "Received, p95" },
  send_p5: { label: "Sent, p5" },
  send_p50: { label: "Sent, p50" },
  send_p95: { label: "Sent, p95" },
  limited_by_bandwidth: { label: "Limited by bandwidth" },
  limited_by_cpu: { label: "Limited by CPU" },
  participants: { label: "Participants" },
  connect_p50: { label: "Time to connect, p50" },
  connect_p95: { label: "Time to connect, p95" },
  connect_p99: { label: "Time to connect, p99" },
  connect_max: { label: "Time to connect, maximum" },
  turn: { label: "Over TURN" },
  tcp: { label: "Over TCP" },
  tls: { label: "Over TLS" },
  ipv6: { label: "Over IPv6" },
  ice_failed: { label: "ICE failed" },
  ice_restarted: { label: "ICE restarted" },
  coverage: { label: "Coverage", help: "Share of windows with a round-trip time." },
  complete: { label: "Complete", help: "Every hop measured." },
  imputed: { label: "Imputed", help: "With an older value of a hop." },
  partial: { label: "Partial", help: "A lower bound only." },
  unresolved: { label: "Unresolved", help: "Without a known sender." },
  active_calls: { label: "Active calls" },
  samples_rate: { label: "Samples per second" },
  sources: { label: "Sources" },
  delay_p50: { label: "Delay, p50", help: "From sampling to receiving." },
  delay_p95: { label: "Delay, p95", help: "From sampling to receiving." },
  late_ratio: { label: "Late", help: "Share of samples." },
  rows_rate: { label: "Rows per second" },
  unresolved_ratio: { label: "Unresolved" },
  partial_ratio: { label: "Partial" },
  dead_letters: { label: "Refused", help: "What could not be read, by reason." },
  freshness: { label: "Freshness", help: "Age of the newest window." },
};

export const VARIABLES: Record<string, Label> = {
  regions: { label: "Regions" },
  paths: { label: "Paths" },
  sfus: { label: "SFUs" },
  versions: { label: "App versions" },
  asns: { label: "Network operators" },
  countries: { label: "Countries" },
  browsers: { label: "Browsers" },
  networks: { label: "Networks" },
  calls: { label: "Calls", help: "Those of the dashboard's time range, the latest first." },
  participants: { label: "Participants of a call" },
  publishers: { label: "Those who speak in a call" },
  tracks: { label: "Tracks of a call" },
};

/** How a word is read: as its table says, for a type where it means something else there, or else the word itself. */
export function labelOf(table: Record<string, Label>, word: string, type = ""): string {
  return (table[`${type}.${word}`] ?? table[word])?.label ?? sentence(word);
}

function sentence(word: string): string {
  const text = word.replace(/_/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** One choice of a select. */
export interface Choice {
  value: string;
  label: string;
  description?: string;
}

/** The choices of a select. */
export function choices(words: string[], table: Record<string, Label>, type = ""): Choice[] {
  return words.map((value) => {
    const help = (table[`${type}.${value}`] ?? table[value])?.help;
    return { value, label: labelOf(table, value, type), ...(help === undefined ? {} : { description: help }) };
  });
}
