/** The macros of SQL, as the back end replaces them (package statement). */
export interface Macro {
  name: string;
  help: string;
}

export const macros: Macro[] = [
  { name: "$__timeFilter(column)", help: "the column lies in the time range" },
  { name: "$__dateFilter(column)", help: "the column's day does" },
  { name: "$__timeInterval(column)", help: "the column, rounded down to the panel's interval" },
  { name: "$__from", help: "where the range begins, in milliseconds since 1970" },
  { name: "$__to", help: "where it ends" },
  { name: "$__interval_s", help: "the panel's interval in seconds" },
  { name: "$__interval_ms", help: "in milliseconds" },
];
