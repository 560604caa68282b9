import { CoreApp, dateTime } from "@grafana/data";
import { StreamingFrameAction } from "@grafana/runtime";
import { lastValueFrom } from "rxjs";
import type { EarshotQuery, EarshotVariableQuery } from "../src/types";
import { questions } from "../src/words";
import { Grafana, HOUR, request } from "./grafana";

const SPAN = { from: "1700000000000", to: "1700003600000" };

test("a query that a variable leaves without its call is not asked, the others are", async () => {
  const grafana = new Grafana();
  grafana.variables = { call: { value: "" } };
  await lastValueFrom(grafana.datasource.query(request([{ queryType: "participants", call: "$call" }, { queryType: "calls" }])));
  expect(grafana.queries.map((q) => q.queryType)).toEqual(["calls"]);
  const nothing = new Grafana();
  nothing.variables = { call: { value: "" } };
  expect(await lastValueFrom(nothing.datasource.query(request([{ queryType: "paths", call: "$call" }])))).toEqual({ data: [] });
  expect(nothing.asked).toEqual([]);
});

test("what a new panel begins with spoils no query of another type that it is laid under, as Grafana 11 does", () => {
  const { datasource } = new Grafana();
  for (const w of questions) {
    const laid = { ...datasource.getDefaultQuery(CoreApp.PanelEditor), refId: "A", queryType: w.type };
    expect(laid).toEqual({ refId: "A", queryType: w.type });
  }
});

test("a panel is asked only about queries that are whole", () => {
  const { datasource } = new Grafana();
  expect(datasource.filterQuery({ refId: "A", queryType: "paths" })).toBe(false);
  expect(datasource.filterQuery({ refId: "A", queryType: "paths", call: "$call" })).toBe(true);
});

test("for Explore, queries keep their data source and have their values", () => {
  const grafana = new Grafana();
  grafana.variables = { region: { value: "eu" } };
  const [query] = grafana.datasource.interpolateVariablesInQueries([{ refId: "A", queryType: "latency", publisherRegion: "$region" }], {});
  expect(query).toEqual({ refId: "A", queryType: "latency", publisherRegion: "eu", datasource: { type: "earshot-datasource", uid: "earshot" } });
});

test("a message of a stream takes the place of the one before", () => {
  expect(new Grafana().datasource.streamOptionsProvider()).toMatchObject({ action: StreamingFrameAction.Replace });
});

describe("a variable", () => {
  const ask = (grafana: Grafana, target: unknown): Promise<unknown> =>
    lastValueFrom(grafana.datasource.variables.query({ ...request([]), targets: [target as EarshotVariableQuery] } as never));

  test("lists what the back end knows in the dashboard's time", async () => {
    const grafana = new Grafana();
    grafana.resources = { "variables/regions": ["eu", "us"] };
    expect(await ask(grafana, { refId: "V", variable: "regions" })).toEqual({
      data: [
        { text: "eu", value: "eu" },
        { text: "us", value: "us" },
      ],
    });
    expect(grafana.looked).toEqual([{ path: "variables/regions", params: SPAN }]);
  });

  test("may say another text than its value", async () => {
    const grafana = new Grafana();
    grafana.resources = { "variables/asns": [{ text: "AS3320 Telekom", value: "3320" }] };
    expect(await ask(grafana, "asns")).toEqual({ data: [{ text: "AS3320 Telekom", value: "3320" }] });
  });

  test("of a call asks for the call that another variable names", async () => {
    const grafana = new Grafana();
    grafana.variables = { call: { value: "standup" } };
    grafana.resources = { "variables/participants": ["ann"] };
    expect(await ask(grafana, { refId: "V", variable: "participants", call: "$call" })).toEqual({ data: [{ text: "ann", value: "ann" }] });
    expect(grafana.looked).toEqual([{ path: "variables/participants", params: { ...SPAN, call: "standup" } }]);
  });

  test("of a call without one is empty, and nothing is asked", async () => {
    const grafana = new Grafana();
    grafana.variables = { call: { value: "" } };
    expect(await ask(grafana, { refId: "V", variable: "tracks", call: "$call" })).toEqual({ data: [] });
    expect(grafana.looked).toEqual([]);
  });

  test("that fails says so", async () => {
    const grafana = new Grafana();
    grafana.resources = { "variables/regions": new Error("the store is away") };
    await expect(ask(grafana, "regions")).rejects.toThrow("the store is away");
  });
});

test("ad-hoc filters offer keys, and the values of a key in the dashboard's time", async () => {
  const grafana = new Grafana();
  grafana.resources = { "adhoc/keys": [{ text: "Country", value: "country" }], "adhoc/values": ["DE"] };
  expect(await grafana.datasource.getTagKeys()).toEqual([{ text: "Country", value: "country" }]);
  expect(await grafana.datasource.getTagValues({ key: "country", filters: [], timeRange: HOUR })).toEqual([{ text: "DE", value: "DE" }]);
  expect(grafana.looked).toEqual([
    { path: "adhoc/keys", params: undefined },
    { path: "adhoc/values", params: { key: "country", ...SPAN } },
  ]);
});

describe("an annotation", () => {
  const support = new Grafana().datasource.annotations;

  test("begins with regressions", () => expect(support.getDefaultQuery!()).toEqual({ refId: "Anno", queryType: "regressions", format: "annotations" }));

  test("that is stored without a query gets one", () => {
    const prepared = support.prepareAnnotation!({ name: "Regressions", enable: true, iconColor: "red" });
    expect(prepared).toMatchObject({ name: "Regressions", target: { queryType: "regressions", format: "annotations" } });
    expect(support.prepareQuery!(prepared)).toMatchObject({ queryType: "regressions" });
  });

  test("asks in the format of marks, whatever is stored", () => {
    const target: EarshotQuery = { refId: "Anno", queryType: "events", call: "$call", format: "table" };
    expect(support.prepareQuery!({ name: "", enable: true, iconColor: "", target })).toEqual({ ...target, format: "annotations" });
  });
});

describe("the health check", () => {
  test("gives the back end's sentence", async () => {
    const grafana = new Grafana();
    grafana.health = { status: "OK", message: "Connected; no rows yet." };
    expect(await grafana.datasource.testDatasource()).toEqual({ status: "success", message: "Connected; no rows yet." });
  });
  test("is an error where the back end says so", async () => {
    const grafana = new Grafana();
    grafana.health = { status: "ERROR", message: "Password: it is wrong." };
    await expect(grafana.datasource.testDatasource()).rejects.toMatchObject({ status: "error", message: "Password: it is wrong." });
  });
});

test("times are whole milliseconds, whatever the zone", async () => {
  const grafana = new Grafana();
  grafana.resources = { "variables/regions": [] };
  const range = { ...HOUR, from: dateTime("2026-11-23T12:00:00+02:00") };
  await grafana.datasource.metricFindQuery("regions", { range });
  expect(grafana.looked[0]!.params).toMatchObject({ from: String(Date.UTC(2026, 10, 23, 10)) });
});
