/** A Grafana around the data source: its services, as far as the plugin asks them, with what was asked kept. */
import { dateTime, type DataQueryRequest, type DataSourceInstanceSettings, type ScopedVars, type TimeRange, type TypedVariableModel } from "@grafana/data";
import {
  setBackendSrv,
  setDataSourceSrv,
  setTemplateSrv,
  type BackendSrv,
  type BackendSrvRequest,
  type DataSourceSrv,
  type FetchResponse,
  type TemplateSrv,
} from "@grafana/runtime";
import { of, throwError } from "rxjs";
import { EarshotDataSource } from "../src/datasource";
import type { EarshotOptions, EarshotQuery } from "../src/types";

/** A dashboard's variable; `all` says that it stands at All, with these values. */
export interface FakeVariable {
  value: string | string[];
  all?: boolean;
  multi?: boolean;
  includeAll?: boolean;
  type?: string;
}

type Format = (value: unknown, variable: { name: string; multi?: boolean; includeAll?: boolean }) => string;

export class Grafana {
  variables: Record<string, FakeVariable> = {};
  /** Answers of the back end's resources by path; an Error is thrown. */
  resources: Record<string, unknown> = {};
  /** What /api/ds/query answers. */
  answer: unknown = { results: {} };
  /** What the health check answers. */
  health: unknown = undefined;
  readonly asked: BackendSrvRequest[] = [];
  readonly datasource: EarshotDataSource;

  constructor(options: EarshotOptions = {}) {
    const settings = { id: 1, uid: "earshot", type: "earshot-datasource", name: "Earshot", jsonData: options, meta: {} };
    setTemplateSrv(this.templates());
    setBackendSrv({ fetch: (request: BackendSrvRequest) => this.fetch(request) } as unknown as BackendSrv);
    setDataSourceSrv({ getInstanceSettings: () => settings } as unknown as DataSourceSrv);
    this.datasource = new EarshotDataSource(settings as unknown as DataSourceInstanceSettings<EarshotOptions>);
  }

  /** The queries that went to the back end, all of them. */
  get queries(): EarshotQuery[] {
    return this.asked.filter((r) => r.url.startsWith("/api/ds/query")).flatMap((r) => (r.data as { queries: EarshotQuery[] }).queries);
  }

  /** Resources that were asked for, with what they were told. */
  get looked(): Array<{ path: string; params: unknown }> {
    return this.asked.flatMap((r) => {
      const path = r.url.split("/resources/")[1];
      return path === undefined ? [] : [{ path, params: r.params }];
    });
  }

  private fetch(request: BackendSrvRequest): ReturnType<BackendSrv["fetch"]> {
    this.asked.push(request);
    const path = request.url.split("/resources/")[1];
    const data = request.url.endsWith("/health") ? this.health : path === undefined ? this.answer : this.resources[path];
    if (data instanceof Error) {
      return throwError(() => data);
    }
    return of({ data, status: 200 } as FetchResponse) as ReturnType<BackendSrv["fetch"]>;
  }

  /** Replaces variables as Grafana does, as far as the plugin uses it. */
  private templates(): TemplateSrv {
    const replace = (target = "", scoped: ScopedVars = {}, format?: unknown): string =>
      target.replace(/\$(\w+)|\$\{(\w+)\}/g, (text: string, bare?: string, braced?: string) => {
        const name = (bare ?? braced)!;
        const variable = this.variables[name];
        const value: unknown = name in scoped ? scoped[name]!.value : variable?.value;
        if (value === undefined) {
          return text;
        }
        return typeof format === "function" ? (format as Format)(value, { name, ...variable }) : [value].flat().join(",");
      });
    const getVariables = (): TypedVariableModel[] =>
      Object.entries(this.variables).map(([name, v]) => ({ type: "query", ...v, name, current: { value: v.all ? ["$__all"] : v.value } }) as unknown as TypedVariableModel);
    return { replace, getVariables, containsTemplate: (s = "") => /\$\w/.test(s), updateTimeRange() {} };
  }
}

export const HOUR: TimeRange = {
  from: dateTime(1_700_000_000_000),
  to: dateTime(1_700_003_600_000),
  raw: { from: "now-1h", to: "now" },
};

/** What a panel asks with these queries. */
export function request(targets: Array<Partial<EarshotQuery>>, more: Partial<DataQueryRequest<EarshotQuery>> = {}): DataQueryRequest<EarshotQuery> {
  return {
    requestId: "r",
    interval: "10s",
    intervalMs: 10_000,
    maxDataPoints: 300,
    range: HOUR,
    scopedVars: {},
    timezone: "utc",
    app: "dashboard",
    startTime: 0,
    targets: targets.map((t, i) => ({ refId: String.fromCharCode(65 + i), ...t }) as EarshotQuery),
    ...more,
  };
}
