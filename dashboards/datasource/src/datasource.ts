/** The data source as Grafana sees it: queries of panels come in, they go to the back end with their variables replaced, frames come out. */
import {
  LoadingState,
  type AdHocVariableFilter,
  type CoreApp,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceGetTagKeysOptions,
  type DataSourceGetTagValuesOptions,
  type DataSourceInstanceSettings,
  type LegacyMetricFindQueryOptions,
  type MetricFindValue,
  type ScopedVars,
  type TimeRange,
} from "@grafana/data";
import { DataSourceWithBackend, StreamingFrameAction, getTemplateSrv, type StreamingFrameOptions, type TemplateSrv } from "@grafana/runtime";
import { of, type Observable } from "rxjs";
import { annotations } from "./annotations";
import { interpolate, several } from "./interpolate";
import { DEFAULT_QUERY, complete, describe, migrate, parseVariable } from "./query";
import type { EarshotOptions, EarshotQuery, EarshotVariableQuery } from "./types";
import { EarshotVariables } from "./variables";
import { FIELDS, missing, ofCall } from "./words";

/** Rows that a streamed table keeps: each message is the whole table. */
const STREAMED_ROWS = 2000;

/** Where values are listed from: a call, for what is of a call, and a span of time. */
export interface Scope {
  call?: string | undefined;
  range?: TimeRange | undefined;
}

export class EarshotDataSource extends DataSourceWithBackend<EarshotQuery, EarshotOptions> {
  override annotations = annotations;
  override variables = new EarshotVariables(this);

  /** Whether queries in SQL are allowed. */
  readonly rawSql: boolean;

  /** A message of a stream is all paths as they are now, so it takes the place of the one before. */
  override streamOptionsProvider = (): Partial<StreamingFrameOptions> => ({ maxLength: STREAMED_ROWS, action: StreamingFrameAction.Replace });

  constructor(
    settings: DataSourceInstanceSettings<EarshotOptions>,
    private readonly templates: TemplateSrv = getTemplateSrv(),
  ) {
    super(settings);
    this.rawSql = settings.jsonData?.rawSql === true;
  }

  override getDefaultQuery(_app: CoreApp): Partial<EarshotQuery> {
    return { ...DEFAULT_QUERY };
  }

  override filterQuery(query: EarshotQuery): boolean {
    return complete(query);
  }

  override getQueryDisplayText(query: EarshotQuery): string {
    return describe(query);
  }

  override query(request: DataQueryRequest<EarshotQuery>): Observable<DataQueryResponse> {
    for (const target of request.targets) {
      const found = several(migrate(target), request.scopedVars, this.templates);
      if (found !== undefined) {
        const message = `${FIELDS[found.field].label}: ${found.text} has several values. Choose one, or All.`;
        return of({ data: [], state: LoadingState.Error, errors: [{ message, refId: target.refId }] });
      }
    }
    // A variable without a value, such as $call where there is no call, leaves nothing to ask: no data, rather than an error.
    const targets = request.targets.filter((target) => missing(this.applyTemplateVariables(target, request.scopedVars)).length === 0);
    return super.query({ ...request, targets });
  }

  override applyTemplateVariables(query: EarshotQuery, scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): EarshotQuery {
    return interpolate(query, scopedVars, filters, this.templates);
  }

  override interpolateVariablesInQueries(queries: EarshotQuery[], scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): EarshotQuery[] {
    return queries.map((query) => ({ ...this.applyTemplateVariables(query, scopedVars, filters), datasource: this.getRef() }));
  }

  /** Values of a template variable: names, or names with another text. */
  override async metricFindQuery(
    query: EarshotVariableQuery | string | undefined,
    options: LegacyMetricFindQueryOptions = {},
  ): Promise<MetricFindValue[]> {
    const { variable, call = "" } = parseVariable(query);
    return this.values(variable, { call: this.templates.replace(call, options.scopedVars).trim(), range: options.range });
  }

  /** What there is of something in a span of time: regions, calls ... Things of a call without a call are none. */
  async values(variable: string, scope: Scope): Promise<MetricFindValue[]> {
    const call = scope.call === undefined ? "" : this.templates.replace(scope.call, {}).trim();
    if (ofCall.includes(variable) && call === "") {
      return [];
    }
    return toValues(await this.getResource(`variables/${variable}`, { ...span(scope.range), ...(call === "" ? {} : { call }) }));
  }

  override async getTagKeys(_options?: DataSourceGetTagKeysOptions): Promise<MetricFindValue[]> {
    return toValues(await this.getResource("adhoc/keys"));
  }

  override async getTagValues(options: DataSourceGetTagValuesOptions): Promise<MetricFindValue[]> {
    return toValues(await this.getResource("adhoc/values", { key: options.key, ...span(options.timeRange) }));
  }
}

/** A range as the back end's resources take it: milliseconds since 1970. */
function span(range: TimeRange | undefined): Record<string, string> {
  return range === undefined ? {} : { from: String(range.from.valueOf()), to: String(range.to.valueOf()) };
}

/** Texts, or texts with values. */
function toValues(answer: unknown): MetricFindValue[] {
  if (!Array.isArray(answer)) {
    return [];
  }
  return answer.map((v: unknown) => (typeof v === "string" ? { text: v, value: v } : (v as MetricFindValue)));
}
