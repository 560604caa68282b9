import { DEFAULT_QUERY, annotationQuery, complete, describe as text, migrate, ofType, parseVariable } from "../src/query";
import type { EarshotQuery } from "../src/types";

const query = (q: Partial<EarshotQuery>): EarshotQuery => ({ refId: "A", queryType: "latency", ...q });

describe("a stored query becomes one of today's", () => {
  const cases: Array<[string, Record<string, unknown>, Record<string, unknown>]> = [
    ["without a type", { refId: "A" }, { refId: "A", queryType: "latency" }],
    ["of another data source", { refId: "A", queryType: "randomWalk", expr: "up" }, { refId: "A", queryType: "latency", expr: "up" }],
    ["with SQL and nothing else", { refId: "A", sql: "SELECT 1" }, { refId: "A", sql: "SELECT 1", queryType: "sql" }],
    ["one statistic", { queryType: "latency", stats: "p50" }, { queryType: "latency", stats: ["p50"] }],
    ["several in one text", { queryType: "latency", stats: "p50, p95" }, { queryType: "latency", stats: ["p50", "p95"] }],
    ["a number for a text", { queryType: "latency", asn: 3320 }, { queryType: "latency", asn: "3320" }],
    ["a text for a number", { queryType: "calls", limit: "20" }, { queryType: "calls", limit: 20 }],
    ["a limit that is none", { queryType: "calls", limit: "many" }, { queryType: "calls", limit: 0 }],
    ["null for nothing", { queryType: "latency", path: null }, { queryType: "latency" }],
  ];
  test.each(cases)("%s", (_name, stored, wanted) => expect(migrate(stored)).toEqual(wanted));

  test("one that is right stays the same object, so that no editor believes it changed", () => {
    const right = query({ stats: ["p50"], filters: [] });
    expect(migrate(right)).toBe(right);
  });
});

describe("another type", () => {
  test("keeps what both know and begins with its own words", () => {
    const before = query({ metric: "mouth_to_ear", stats: ["p99", "max"], by: "path", publisherRegion: "eu", country: "DE", format: "table", datasource: { uid: "e" } });
    expect(ofType(before, "links")).toEqual({ refId: "A", queryType: "links", datasource: { uid: "e" }, stats: ["p99", "max"], publisherRegion: "eu", format: "table" });
    expect(ofType(before, "connectivity")).toMatchObject({ stats: ["connect_p50", "connect_p95"], format: "table" });
    expect(ofType(before, "connectivity").by).toBeUndefined();
  });
  test("of two metrics takes the first", () => expect(ofType(query({ queryType: "links" }), "matrix").metric).toBe("rtt"));
  test("SQL begins with an example, and keeps what was written", () => {
    expect(ofType(query({}), "sql").sql).toContain("$__timeFilter");
    expect(ofType(query({ sql: "SELECT 1" }), "sql").sql).toBe("SELECT 1");
  });
  test("the same type is no change", () => {
    const q = query({});
    expect(ofType(q, "latency")).toBe(q);
  });
});

test("a query is asked when it is whole and not hidden", () => {
  expect(complete(query({}))).toBe(true);
  expect(complete(query({ hide: true }))).toBe(false);
  expect(complete(query({ queryType: "participants" }))).toBe(false);
  expect(complete(query({ queryType: "waterfall", call: "$call", publisher: "a" }))).toBe(false);
  expect(complete(query({ queryType: "waterfall", call: "$call", publisher: "a", participant: "b" }))).toBe(true);
  expect(complete({ refId: "A" } as EarshotQuery)).toBe(true);
});

test("a query reads as a line of text", () => {
  expect(text({ refId: "A", ...DEFAULT_QUERY } as EarshotQuery)).toBe("Latency: Round trip · p50, p95, p99");
  expect(text(query({ stats: ["p95"], by: "path", country: "DE" }))).toBe("Latency: Round trip · p95 · by path · country DE");
  expect(text(query({ queryType: "rates", call: "demo", stats: ["send"] }))).toBe("Bit rates of a call: Sent · call demo");
  expect(text(query({ queryType: "sql", sql: "SELECT\n  1" }))).toBe("SQL: SELECT 1");
  expect(text(query({ queryType: "calls" }))).toBe("Calls");
});

describe("an annotation", () => {
  test("without a query is that of regressions", () => expect(annotationQuery(undefined)).toEqual({ refId: "Anno", queryType: "regressions", format: "annotations" }));
  test("of a type that makes no marks too", () => expect(annotationQuery(query({}))).toMatchObject({ queryType: "regressions" }));
  test("of a call's events keeps the call", () =>
    expect(annotationQuery(query({ queryType: "events", call: "$call" }))).toEqual({ refId: "A", queryType: "events", call: "$call", format: "annotations" }));
});

describe("a stored variable", () => {
  const cases: Array<[string, unknown, unknown]> = [
    ["nothing", undefined, { variable: "regions" }],
    ["an empty text, as a new variable has it", "", { variable: "regions" }],
    ["a name", "versions", { variable: "versions" }],
    ["a name with a call", "participants($call)", { variable: "participants", call: "$call" }],
    ["a text in an object, as provisioned dashboards have it", { query: "tracks( demo )", refId: "X" }, { variable: "tracks", call: "demo" }],
    ["today's", { refId: "V", variable: "tracks", call: "demo" }, { refId: "V", variable: "tracks", call: "demo" }],
    ["a name that nobody knows", { variable: "users" }, { variable: "regions" }],
  ];
  test.each(cases)("%s", (_name, stored, wanted) => expect(parseVariable(stored)).toEqual({ refId: "EarshotVariable", ...(wanted as object) }));
});
