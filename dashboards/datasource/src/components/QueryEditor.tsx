/** The editor of a panel's query: first what to see, then only the fields that this uses. */
import type { QueryEditorProps, SelectableValue } from "@grafana/data";
import { InlineField, InlineSwitch, Input, MultiSelect, RadioButtonGroup, Select, Text } from "@grafana/ui";
import React from "react";
import type { EarshotDataSource } from "../datasource";
import { migrate, ofType } from "../query";
import type { EarshotOptions, EarshotQuery } from "../types";
import { FORMATS, GROUPS, METRICS, SORTS, SQL_TYPE, STATS, choices, questions, wordsOf } from "../words";
import { Fields, Labelled } from "./Fields";
import { FilterFields } from "./FilterFields";
import { SqlEditor } from "./SqlEditor";

export type Props = QueryEditorProps<EarshotDataSource, EarshotQuery, EarshotOptions>;

/** Types of which there is one answer, or whose rows nobody limits. */
const WITHOUT_LIMIT: readonly string[] = ["topology", "call", "summary", "waterfall", "rates", "pipeline", SQL_TYPE];

/** What `live` means, where it means something. */
const LIVE: Record<string, { label: string; help: string }> = {
  paths: { label: "Live", help: "Stream the paths while the call runs, instead of asking at each refresh." },
  calls: { label: "Only running", help: "Leave out calls that are over." },
};

export function QueryEditor({ datasource, query: stored, range, onChange, onRunQuery }: Props): React.JSX.Element {
  const query = migrate(stored);
  const words = wordsOf(query.queryType)!;
  const live = LIVE[query.queryType];
  const id = (field: string): string => `earshot-${query.refId}-${field}`;

  const change = (next: EarshotQuery): void => {
    onChange(next);
    onRunQuery();
  };
  const set = (patch: Partial<EarshotQuery>): void => change({ ...query, ...patch });
  // A word that is no option (a template variable, or one of another version) still shows.
  const shown = (value: string | undefined, known: Array<SelectableValue<string>>): SelectableValue<string> | null =>
    value ? (known.find((c) => c.value === value) ?? { value, label: value }) : null;

  const groups = [{ value: "", label: "All together" }, ...choices(words.by ?? [], GROUPS)];
  const sorts = choices(words.sort ?? [], SORTS);
  const stats = choices(words.stats ?? [], STATS, query.queryType);
  return (
    <div>
      <InlineField label="What do you want to see?" labelWidth={26} htmlFor={id("type")} grow>
        <Select<string>
          inputId={id("type")}
          options={questions.map((w) => ({ value: w.type, label: w.title, description: w.help }))}
          value={query.queryType}
          onChange={(choice) => change(ofType(query, choice.value!))}
          maxMenuHeight={420}
        />
      </InlineField>
      <div style={{ marginBottom: 8 }}>
        <Text variant="bodySmall" color="secondary">
          {words.help}
        </Text>
      </div>
      <Fields>
        {words.stats !== undefined && (
          <Labelled label="Show" htmlFor={id("stats")} tooltip="One line or column each." wide>
            <MultiSelect<string>
              inputId={id("stats")}
              options={stats}
              value={(query.stats?.length ? query.stats : (words.defaultStats ?? [])).map((stat) => shown(stat, stats)!)}
              closeMenuOnSelect={false}
              onChange={(picked) => set({ stats: picked.map((p) => p.value!) })}
            />
          </Labelled>
        )}
        {words.metrics !== undefined && (
          <Labelled label="Of" tooltip="There and back, or one way from mouth to ear.">
            <RadioButtonGroup options={choices(words.metrics, METRICS)} value={query.metric ?? words.metrics[0]!} onChange={(metric) => set({ metric })} />
          </Labelled>
        )}
        {words.by !== undefined && (
          <Labelled label="By" htmlFor={id("by")} tooltip="One line or row for each.">
            <Select<string>
              inputId={id("by")}
              options={groups}
              value={shown(query.by, groups) ?? groups[0]!}
              allowCustomValue
              onCreateOption={(by) => set({ by })}
              onChange={(choice) => set({ by: choice.value ?? "" })}
            />
          </Labelled>
        )}
        {(words.formats?.length ?? 0) > 1 && (
          <Labelled label="As">
            <RadioButtonGroup options={choices(words.formats!, FORMATS)} value={query.format ?? words.formats![0]!} onChange={(format) => set({ format })} />
          </Labelled>
        )}
        {words.sort !== undefined && (
          <Labelled label="Order" htmlFor={id("sort")}>
            <Select<string>
              inputId={id("sort")}
              options={sorts}
              value={shown(query.sort, sorts) ?? sorts[0] ?? null}
              allowCustomValue
              onCreateOption={(sort) => set({ sort })}
              onChange={(choice) => set({ sort: choice.value ?? "" })}
            />
          </Labelled>
        )}
        {!WITHOUT_LIMIT.includes(query.queryType) && (
          <Labelled label="At most" htmlFor={id("limit")} tooltip="Rows, or groups over time. Empty: as many as the data source gives.">
            <Input
              id={id("limit")}
              key={query.limit ?? 0}
              type="number"
              min={0}
              placeholder="all"
              defaultValue={query.limit ? query.limit : ""}
              onBlur={(e) => {
                const limit = Math.max(0, Math.trunc(Number(e.currentTarget.value)) || 0);
                if (limit !== (query.limit ?? 0)) {
                  set({ limit });
                }
              }}
            />
          </Labelled>
        )}
        {live !== undefined && (
          <Labelled label={live.label} tooltip={live.help} htmlFor={id("live")}>
            <InlineSwitch id={id("live")} value={query.live ?? false} onChange={(e) => set({ live: e.currentTarget.checked })} />
          </Labelled>
        )}
      </Fields>
      {query.queryType === SQL_TYPE ? (
        <SqlEditor allowed={datasource.rawSql} sql={query.sql ?? ""} onChange={(sql) => set({ sql })} />
      ) : (
        <FilterFields datasource={datasource} query={query} words={words} range={range} onChange={change} />
      )}
    </div>
  );
}
