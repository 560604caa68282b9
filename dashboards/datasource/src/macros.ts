/** The macros of SQL, as the back end replaces them. */
export interface Macro {
  name: string;
  help: string;
}

export const macros: Macro[] = [
  { name: "$__timeFilter(column)", help: "column between the ends of the time range" },
  { name: "$__timeInterval(column)", help: "column rounded down to the panel's interval" },
  { name: "$__fromTime", help: "where the time range begins" },
  { name: "$__toTime", help: "where the time range ends" },
  { name: "$__interval_s", help: "the panel's interval in seconds" },
  { name: "$__tenant", help: "the tenant of the data source, as a text" },
];
