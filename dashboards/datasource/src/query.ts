/** A query as it is stored comes in, and goes out whole: of a known type, with words that this type has. */
import { DEFAULT_TYPE, FIELDS, SQL_TYPE, GROUPS, METRICS, STATS, fieldsOf, labelOf, missing, questions, variables, wordsOf } from "./words";
import type { EarshotQuery, EarshotVariableQuery } from "./types";

/**
 * What a new panel begins with. Grafana 11 lays it under every query, so nothing may stand here that another type does not know: the
 * back end fills in the words that a query leaves out.
 */
export const DEFAULT_QUERY: Partial<EarshotQuery> = { queryType: DEFAULT_TYPE };

/** What SQL begins with: the macros in use. */
export const DEFAULT_SQL = `SELECT $__timeInterval(window_start) AS time, quantile(0.95)(rtt_us) / 1000 AS p95
FROM e2e
WHERE $__timeFilter(window_start)
GROUP BY time
ORDER BY time`;

/** Anything that may stand where a query is: files by hand, other data sources' queries, earlier versions of this plugin. */
type Stored = Partial<Record<keyof EarshotQuery, unknown>> & { refId?: string };

/**
 * Makes a stored query one of today's. Written by hand or by an earlier version it may lack its type, or have one statistic instead of a list,
 * numbers for texts and texts for numbers; from another data source it may have a type that is not known here. What is right stays the same object.
 */
export function migrate(stored: Stored): EarshotQuery {
  const out: Record<string, unknown> = { ...stored };
  if (wordsOf(stored.queryType as string | undefined) === undefined) {
    // An empty type of a query with SQL is what a person means who pasted nothing else.
    out["queryType"] = typeof stored.sql === "string" && stored.sql !== "" ? SQL_TYPE : DEFAULT_TYPE;
  }
  for (const field of Object.keys(FIELDS)) {
    const value = out[field];
    if (value === null) {
      delete out[field];
    } else if (typeof value === "number" || typeof value === "boolean") {
      out[field] = String(value);
    }
  }
  if (typeof stored.stats === "string") {
    out["stats"] = stored.stats
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== "");
  }
  if (typeof stored.limit === "string") {
    const limit = Number.parseInt(stored.limit, 10);
    out["limit"] = Number.isFinite(limit) && limit > 0 ? limit : 0;
  }
  const same = Object.keys(out).length === Object.keys(stored).length && Object.entries(out).every(([k, v]) => stored[k as keyof Stored] === v);
  return (same ? stored : out) as unknown as EarshotQuery;
}

/** The query as one of another type: what both types know stays, what only the old one knew goes. */
export function ofType(query: EarshotQuery, type: string): EarshotQuery {
  const words = wordsOf(type);
  if (words === undefined || query.queryType === type) {
    return query;
  }
  const { refId, datasource, hide, key } = query;
  const out: EarshotQuery = { refId, queryType: type };
  Object.assign(out, datasource === undefined ? {} : { datasource }, hide === undefined ? {} : { hide }, key === undefined ? {} : { key });
  for (const field of fieldsOf(words)) {
    if (query[field] !== undefined && query[field] !== "") {
      out[field] = query[field];
    }
  }
  const keep = (name: "metric" | "by" | "format" | "sort", known: string[] | undefined): void => {
    const value = query[name];
    if (value !== undefined && known?.includes(value)) {
      out[name] = value;
    }
  };
  keep("metric", words.metrics);
  keep("by", words.by);
  keep("format", words.formats);
  keep("sort", words.sort);
  const stats = (query.stats ?? []).filter((stat) => words.stats?.includes(stat));
  if (stats.length > 0) {
    out.stats = stats;
  } else if (words.defaultStats !== undefined) {
    out.stats = words.defaultStats;
  }
  if (words.metrics !== undefined) {
    out.metric ??= words.metrics[0]!;
  }
  if (type === SQL_TYPE) {
    out.sql = query.sql ?? DEFAULT_SQL;
  }
  if (query.filters !== undefined) {
    out.filters = query.filters;
  }
  return out;
}

/** Whether there is anything to ask: a query that lacks what its type needs is still being written. */
export function complete(query: EarshotQuery): boolean {
  return !query.hide && missing(migrate(query)).length === 0;
}

/** A query in one line, as panels and the history of Explore show it. */
export function describe(query: EarshotQuery): string {
  const q = migrate(query);
  const words = wordsOf(q.queryType)!;
  if (q.queryType === SQL_TYPE) {
    return `${words.title}: ${(q.sql ?? "").replace(/\s+/g, " ").trim()}`;
  }
  const parts: string[] = [];
  if (words.metrics !== undefined) {
    parts.push(labelOf(METRICS, q.metric ?? words.metrics[0]!));
  }
  if (words.stats !== undefined) {
    const stats = q.stats?.length ? q.stats : (words.defaultStats ?? []);
    parts.push(stats.map((stat) => labelOf(STATS, stat, q.queryType)).join(", "));
  }
  if (q.by) {
    parts.push(`by ${labelOf(GROUPS, q.by).toLowerCase()}`);
  }
  for (const field of fieldsOf(words) ) {
    if (q[field]) {
      parts.push(`${FIELDS[field].label.toLowerCase()} ${q[field]}`);
    }
  }
  return parts.length === 0 ? words.title : `${words.title}: ${parts.join(" · ")}`;
}

/** The format in which the back end gives time, timeEnd, title, text and tags. */
const MARKS = "annotations";

/** What annotations can be made of. */
export const markable = questions.filter((words) => words.formats?.includes(MARKS));

/** What a new annotation begins with. */
export const DEFAULT_ANNOTATION: EarshotQuery = { refId: "Anno", queryType: "regressions", format: MARKS };

/** The query of an annotation, whatever is stored: one that cannot be marked, or none, is that for regressions. */
export function annotationQuery(stored: Partial<EarshotQuery> | undefined): EarshotQuery {
  if (stored?.queryType === undefined || !wordsOf(stored.queryType)?.formats?.includes(MARKS)) {
    return { ...DEFAULT_ANNOTATION };
  }
  const target = migrate(stored);
  return { ...target, refId: target.refId || DEFAULT_ANNOTATION.refId, format: MARKS };
}

/** A stored variable as today's: dashboards may have it as a text, such as `regions` or `participants($call)`. */
export function parseVariable(stored: unknown): EarshotVariableQuery {
  const refId = "EarshotVariable";
  if (typeof stored === "string") {
    const [, variable, call] = /^\s*(\w+)\s*(?:\((.*)\))?\s*$/.exec(stored) ?? [];
    return { refId, variable: listed(variable), ...(call ? { call: call.trim() } : {}) };
  }
  const query = (stored ?? {}) as Partial<EarshotVariableQuery> & { query?: unknown };
  if (query.variable === undefined && typeof query.query === "string") {
    return parseVariable(query.query);
  }
  return { ...query, refId: query.refId ?? refId, variable: listed(query.variable) };
}

function listed(variable: string | undefined): string {
  return variable !== undefined && variables.includes(variable) ? variable : variables[0]!;
}
