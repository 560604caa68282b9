/** What specs ask of the Grafana behind the pages: resources, queries, provisioned things. */
import { expect, type APIRequestContext, type Page, type Response } from "@playwright/test";
import words from "../model/words.json" with { type: "json" };

/** The provisioned data source. */
export const UID = "earshot";
export const RANGE = process.env["GRAFANA_RANGE"] ?? "now-15m";

export interface Words {
  type: string;
  title: string;
  formats?: string[];
  needs?: string[];
}

/** Types that a panel can have. */
export const questions = (words.types as Words[]).filter((w) => w.type !== "variable");

/** Values that the data source lists. */
export async function values(api: APIRequestContext, variable: string, call = ""): Promise<string[]> {
  const to = Date.now();
  const params = { from: String(to - 3_600_000), to: String(to), ...(call === "" ? {} : { call }) };
  const answer = await api.get(`/api/datasources/uid/${UID}/resources/variables/${variable}`, { params });
  expect(answer.status(), await answer.text()).toBe(200);
  return ((await answer.json()) as Array<string | { value: string }>).map((v) => (typeof v === "string" ? v : v.value));
}

/** A query of a type that has all it needs, about the latest call. */
export async function whole(api: APIRequestContext, w: Words): Promise<Record<string, unknown>> {
  const query: Record<string, unknown> = { refId: "A", queryType: w.type, datasource: { type: "earshot-datasource", uid: UID } };
  if (w.needs?.includes("call") || w.type === "topology") {
    const [call] = await values(api, "calls");
    expect(call, "no call in the store; run a lab").toBeTruthy();
    query["call"] = call;
    if (w.needs?.includes("participant")) {
      const clients = await values(api, "participants", call);
      const [publisher] = await values(api, "publishers", call);
      query["publisher"] = publisher;
      query["participant"] = clients.find((c) => c !== publisher);
      query["kind"] = "audio";
    }
  }
  if (w.needs?.includes("sql")) {
    query["sql"] = "SELECT count() AS windows FROM e2e";
    query["format"] = "table";
  }
  return query;
}

interface Answer {
  results: Record<string, { error?: string; frames?: Array<{ data: { values: unknown[][] } }> }>;
}

/** What the data source answered while a page did something: errors of queries, and how many had rows. */
export class Answers {
  readonly errors: string[] = [];
  rows = 0;
  private readonly reading: Array<Promise<void>> = [];

  constructor(page: Page) {
    page.on("response", (response) => this.reading.push(this.read(response).catch(() => undefined)));
  }

  async settled(): Promise<void> {
    await Promise.all(this.reading);
  }

  private async read(response: Response): Promise<void> {
    if (!response.url().includes("/api/ds/query")) {
      return;
    }
    const { results = {} } = (await response.json()) as Answer;
    for (const [refId, { error, frames = [] }] of Object.entries(results)) {
      if (error !== undefined) {
        this.errors.push(`${refId}: ${error} (${response.request().postData()})`);
      }
      this.rows += frames.reduce((n, f) => n + (f.data.values[0]?.length ?? 0), 0);
    }
  }
}
