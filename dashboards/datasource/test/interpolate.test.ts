import { lastValueFrom } from "rxjs";
import { sqlText } from "../src/interpolate";
import type { EarshotQuery } from "../src/types";
import { FILTER_FIELDS } from "../src/types";
import { Grafana, request } from "./grafana";

/** The one query that arrives at the back end. */
async function asked(grafana: Grafana, query: Partial<EarshotQuery>, more: Parameters<typeof request>[1] = {}): Promise<EarshotQuery> {
  await lastValueFrom(grafana.datasource.query(request([query], more)));
  expect(grafana.queries).toHaveLength(1);
  return grafana.queries[0]!;
}

test("a variable is replaced in every field", async () => {
  const grafana = new Grafana();
  grafana.variables = { v: { value: "x" } };
  const fields = [...FILTER_FIELDS, "metric", "by", "format", "sort", "sql"] as const;
  const query = await asked(grafana, { queryType: "latency", stats: ["$v"], ...Object.fromEntries(fields.map((f) => [f, "<${v}>"])) });
  for (const field of fields) {
    expect([field, query[field]]).toEqual([field, "<x>"]);
  }
  expect(query.stats).toEqual(["x"]);
});

test("what a panel is for goes along: refId, interval, points", async () => {
  const query = await asked(new Grafana(), { queryType: "calls", limit: 5, live: true });
  expect(query).toMatchObject({ refId: "A", queryType: "calls", limit: 5, live: true, intervalMs: 10_000, maxDataPoints: 300, datasource: { uid: "earshot" } });
});

describe("All", () => {
  test.each([
    ["of a list", { value: ["eu", "us"], all: true, includeAll: true }],
    ["of one region", { value: ["eu"], all: true, includeAll: true }],
    ["as the variable's own value", { value: "$__all" }],
    ["as a star", { value: "*" }],
    ["as an empty text", { value: "" }],
  ])("%s matches everything", async (_name, variable) => {
    const grafana = new Grafana();
    grafana.variables = { region: variable };
    expect((await asked(grafana, { queryType: "latency", publisherRegion: "$region" })).publisherRegion).toBe("");
  });

  test("a repeated panel has its own value", async () => {
    const grafana = new Grafana();
    grafana.variables = { region: { value: ["eu", "us"], all: true } };
    const query = await asked(grafana, { queryType: "latency", publisherRegion: "$region" }, { scopedVars: { region: { text: "us", value: "us" } } });
    expect(query.publisherRegion).toBe("us");
  });
});

describe("several values", () => {
  test("of a filter are refused in a sentence, and nothing is asked", async () => {
    const grafana = new Grafana();
    grafana.variables = { region: { value: ["eu", "us"], multi: true } };
    const answer = await lastValueFrom(grafana.datasource.query(request([{ queryType: "latency", subscriberRegion: "$region" }])));
    expect(answer.errors).toEqual([{ refId: "A", message: "To region: $region has several values. Choose one, or All." }]);
    expect(grafana.asked).toEqual([]);
  });
  test("of statistics are as many statistics", async () => {
    const grafana = new Grafana();
    grafana.variables = { stats: { value: ["p50", "p95"], multi: true } };
    expect((await asked(grafana, { queryType: "latency", stats: ["$stats", "max"] })).stats).toEqual(["p50", "p95", "max"]);
  });
});

describe("in SQL", () => {
  test.each([
    ["a text stands as it is", "eu", {}, "eu"],
    ["a quote ends no text", "o'brien\\", {}, "o\\'brien\\\\"],
    ["a list is quoted", ["eu", "u's"], {}, "'eu','u\\'s'"],
    ["one of a list is quoted too", "eu", { multi: true }, "'eu'"],
    ["a number", 5, {}, "5"],
  ])("%s", (_name, value, variable, wanted) => expect(sqlText(value, variable)).toBe(wanted));
});

describe("ad-hoc filters", () => {
  const filters = [
    { key: "country", operator: "=", value: "$country" },
    { key: "", operator: "=", value: "" },
    { key: "version", operator: "!=", value: "2.0" },
  ];
  test("of the dashboard come after the query's own, with variables replaced, without empty ones", async () => {
    const grafana = new Grafana();
    grafana.variables = { country: { value: "DE" } };
    const query = await asked(grafana, { queryType: "latency", filters: [{ key: "browser", operator: "=", value: "Chrome 131" }] }, { filters });
    expect(query.filters).toEqual([
      { key: "browser", operator: "=", value: "Chrome 131" },
      { key: "country", operator: "=", value: "DE" },
      { key: "version", operator: "!=", value: "2.0" },
    ]);
  });
  test("that stand at All are none", async () => {
    const grafana = new Grafana();
    grafana.variables = { country: { value: "$__all" } };
    expect((await asked(grafana, { queryType: "latency" }, { filters: filters.slice(0, 2) })).filters).toBeUndefined();
  });
});
