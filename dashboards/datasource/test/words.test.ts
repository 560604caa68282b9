import { FIELDS, FORMATS, GROUPS, KINDS, METRICS, SORTS, STATS, VARIABLES, fieldsOf, missing, ofCall, questions, variables, type Label } from "../src/words";
import { FILTER_FIELDS } from "../src/types";
import { readFileSync } from "node:fs";
import words from "../model/words.json";
import { macros } from "../src/macros";

/** Words of the back end that a table has no label for. */
const without = (table: Record<string, Label>, list: string[] | undefined): string[] => (list ?? []).filter((word) => table[word] === undefined);

describe("every word of the back end can be read by a person", () => {
  test.each(questions.map((w) => [w.type, w] as const))("%s", (_type, w) => {
    expect(w.title).not.toBe("");
    expect(w.help).toMatch(/\.$/);
    expect(without(METRICS, w.metrics)).toEqual([]);
    expect(without(FORMATS, w.formats)).toEqual([]);
    expect(without(STATS, w.stats)).toEqual([]);
    expect(without(GROUPS, w.by)).toEqual([]);
    expect(without(SORTS, w.sort)).toEqual([]);
    expect((w.filters ?? []).filter((f) => !(f in FIELDS))).toEqual([]);
    expect((w.needs ?? []).filter((f) => !(f in FIELDS) && f !== "sql")).toEqual([]);
  });

  test("variables", () => {
    expect(without(VARIABLES, words.variables)).toEqual([]);
    expect(ofCall.filter((v) => !variables.includes(v))).toEqual([]);
  });
});

test("no label is of a word that the back end does not have", () => {
  const all = (pick: (w: (typeof questions)[number]) => string[] | undefined): Set<string> => new Set(questions.flatMap((w) => pick(w) ?? []));
  const extra = (table: Record<string, Label>, known: Set<string>): string[] => Object.keys(table).filter((word) => !known.has(word.split(".").at(-1)!));
  expect(extra(METRICS, all((w) => w.metrics))).toEqual([]);
  expect(extra(FORMATS, all((w) => w.formats))).toEqual([]);
  expect(extra(STATS, all((w) => w.stats))).toEqual([]);
  expect(extra(GROUPS, all((w) => w.by))).toEqual([]);
  expect(extra(SORTS, all((w) => w.sort))).toEqual([]);
  expect(extra(VARIABLES, new Set(words.variables))).toEqual([]);
});

test("values of every filter but the kind of media can be listed", () => {
  for (const field of FILTER_FIELDS) {
    const { variable } = FIELDS[field];
    expect(field === "kind" ? Object.keys(KINDS) : variables).toContain(field === "kind" ? "audio" : variable);
  }
});

test("what a query needs comes first, and once", () => {
  const fields = fieldsOf(questions.find((w) => w.type === "waterfall")!);
  expect(fields.slice(0, 3)).toEqual(["call", "publisher", "participant"]);
  expect(new Set(fields).size).toBe(fields.length);
});

test("the macros of SQL are those that the back end replaces", () => {
  const go = readFileSync("statement/macro.go", "utf8");
  const sentence = /there are (\$__timeFilter[^"]*)"/.exec(go)![1]!;
  expect(macros.map((m) => m.name)).toEqual(sentence.split(/, | and /));
});

test("blank is missing", () => {
  expect(missing({ queryType: "participants", call: " " })).toEqual(["call"]);
  expect(missing({ queryType: "participants", call: "$call" })).toEqual([]);
  expect(missing({ queryType: "sql" })).toEqual(["sql"]);
});
