/** What the data source and its panels are told: the JSON of package model, as TypeScript. */
import type { AdHocVariableFilter, DataSourceJsonData } from "@grafana/data";
import type { DataQuery } from "@grafana/schema";

/** One of a dashboard's ad-hoc filters, as the back end reads it. */
export type AdHoc = Pick<AdHocVariableFilter, "key" | "operator" | "value">;

/** The fields of a query that narrow it down: texts, in which template variables may stand. Empty matches everything. */
export const FILTER_FIELDS = [
  "kind",
  "call",
  "publisher",
  "participant",
  "publisherRegion",
  "subscriberRegion",
  "path",
  "sfu",
  "version",
  "asn",
  "country",
  "browser",
  "network",
] as const;

export type FilterField = (typeof FILTER_FIELDS)[number];

/** What one panel asks (model.Query). Fields that a type has no use for are ignored. */
export interface EarshotQuery extends DataQuery, Partial<Record<FilterField, string>> {
  queryType: string;
  metric?: string;
  stats?: string[];
  by?: string;
  format?: string;
  /** Rows or groups; 0 leaves it to the data source. */
  limit?: number;
  sort?: string;
  /** paths: streamed while the call runs; calls: only those that still run. */
  live?: boolean;
  sql?: string;
  filters?: AdHoc[];
}

/** What a template variable lists. */
export interface EarshotVariableQuery extends DataQuery {
  variable: string;
  /** The call whose participants, publishers or tracks are meant. */
  call?: string;
}

/** What everybody may know of the connection. */
export interface EarshotOptions extends DataSourceJsonData {
  /** host:port of the native protocol, several with commas between them. */
  address?: string;
  database?: string;
  username?: string;
  tenant?: string;
  secure?: boolean;
  tlsSkipVerify?: boolean;
  /** PEM. */
  tlsCACert?: string;
  rawSql?: boolean;
  maxRows?: number;
  timeoutSeconds?: number;
  consoleUrl?: string;
}

/** What never leaves the server again once it is stored. */
export interface EarshotSecureOptions {
  password?: string;
}
