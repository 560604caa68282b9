/** Template variables and ad-hoc filters: a query as it was written comes in, the one that the back end is asked goes out. */
import type { AdHocVariableFilter, ScopedVars, TypedVariableModel } from "@grafana/data";
import type { TemplateSrv } from "@grafana/runtime";
import { migrate } from "./query";
import { FILTER_FIELDS, type AdHoc, type EarshotQuery, type FilterField } from "./types";

type Variables = Pick<TemplateSrv, "replace" | "getVariables">;

/** Texts besides the filters in which a template variable may stand. */
const WORD_FIELDS = ["metric", "by", "format", "sort"] as const;

/** What dashboards say for "everything", also as the custom value of All. */
const EVERYTHING: readonly string[] = ["$__all", "*", ".*"];

/** A variable as formatters are told of it: all of it in older Grafanas, its name in those with scenes. */
interface Named {
  name?: string;
  multi?: boolean;
  includeAll?: boolean;
}

/**
 * The query with the values of template variables in its texts, and the dashboard's ad-hoc filters. "All" becomes an empty filter, which matches
 * everything. Several values of one variable are joined with commas; `several` finds them, since a filter takes one.
 */
export function interpolate(stored: EarshotQuery, scoped: ScopedVars, adHoc: AdHocVariableFilter[] | undefined, srv: Variables): EarshotQuery {
  const query = migrate(stored);
  const out: EarshotQuery = { ...query };
  const one = (text: string): string => {
    const value = srv.replace(text, scoped, (value: unknown, variable: Named = {}) => plain(value, variable, scoped, srv)).trim();
    return EVERYTHING.includes(value) ? "" : value;
  };
  for (const field of [...FILTER_FIELDS, ...WORD_FIELDS]) {
    const text = query[field];
    if (text) {
      out[field] = one(text);
    }
  }
  if (query.stats !== undefined) {
    // One element may be a variable with several values.
    out.stats = query.stats.flatMap((stat) => one(stat).split(",")).filter((stat) => stat !== "");
  }
  if (query.sql) {
    out.sql = srv.replace(query.sql, scoped, sqlText);
  }
  const filters = [...(query.filters ?? []), ...(adHoc ?? [])]
    .filter((filter) => filter.key !== "" && filter.value !== "")
    .map(({ key, operator, value }): AdHoc => ({ key, operator, value: one(value) }))
    .filter((filter) => filter.value !== "");
  if (filters.length > 0) {
    out.filters = filters;
  } else {
    delete out.filters;
  }
  return out;
}

function plain(value: unknown, variable: Named, scoped: ScopedVars, srv: Variables): string {
  if (Array.isArray(value)) {
    return all(variable.name, scoped, srv) ? "" : value.join(",");
  }
  return String(value ?? "");
}

/** Whether a variable stands at All, in which case its value is a list of all that it knows. */
function all(name: string | undefined, scoped: ScopedVars, srv: Variables): boolean {
  if (name === undefined || name in scoped) {
    return false; // a repeated panel has one value
  }
  const current = (srv.getVariables() as Array<TypedVariableModel & { current?: { value?: unknown } }>).find((v) => v.name === name)?.current?.value;
  return current === "$__all" || (Array.isArray(current) && current.includes("$__all"));
}

/** Values for SQL: between the quotes that the query has, or quoted where a variable may have several values, as other SQL data sources do. */
export function sqlText(value: unknown, variable: Named = {}): string {
  if (Array.isArray(value)) {
    return value.map((v) => `'${escape(String(v))}'`).join(",");
  }
  if (typeof value !== "string") {
    return String(value ?? "");
  }
  return variable.multi || variable.includeAll ? `'${escape(value)}'` : escape(value);
}

function escape(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/'/g, "\\'");
}

/** The first variable of a query's filters that has several values, with its field; undefined where there is none. */
export function several(query: EarshotQuery, scoped: ScopedVars, srv: Variables): { field: FilterField; text: string } | undefined {
  for (const field of FILTER_FIELDS) {
    const text = query[field];
    let many = false;
    if (text) {
      srv.replace(text, scoped, (value: unknown, variable: Named = {}) => {
        many ||= Array.isArray(value) && value.length > 1 && !all(variable.name, scoped, srv);
        return "";
      });
    }
    if (many) {
      return { field, text: text! };
    }
  }
  return undefined;
}
